/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State and records to text, byte-stable: what the CLI, the bus and the journal show. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "core/effect.h"
#include "core/record.h"

struct core;

/** One named value of a row. Values are text; the CLI knows which keys are numbers and booleans. */
struct report_field {
        const char *key; /**< static; one of the stable JSON keys of sallyport(1) */
        char value[LIMIT_PATH];
};

/** A row of `sallyport list`, `ports` or `status`. */
#define REPORT_FIELDS 28
struct report_row {
        uint32_t count;
        struct report_field fields[REPORT_FIELDS];
};

/**
 * Row number index of the functions below external ports, in the order of `list`: by port, then depth-first as
 * enumerated. Keys: sbdf port parent state owner driver kind class id reason at_boot verdict rule ("FILE:LINE"; empty
 * where a default decided) guest. Empty values stand for "none".
 * False, with an empty row, where there is no such row. parent is the port's sbdf for functions directly below it.
 */
bool report_function_row(const struct core *core, uint32_t index, struct report_row *ret_row);

/**
 * Row number index of the ports, by address. Keys: sbdf external ("true"/"false") gate ("closed"/"open"/"unknown")
 * presence ("present"/"empty"/"unknown") link ("up"/"down"/"unknown") bus_first bus_last (decimal) state reason pciehp
 * ("bound"/"unbound") acs ("true"/"false") functions (decimal) path slot (decimal or empty)
 * why (reason of the verdict) evidence (words of policy_evidence_word, between blanks) verdict rule guest (of the
 * rules, for the hierarchy as a whole).
 */
bool report_port_row(const struct core *core, uint32_t index, struct report_row *ret_row);

/**
 * The machine as a whole. Keys: contained ("true"/"false": exit code 4 where false) ports external functions
 * quarantined problems (decimals) iommu ("vtd"/"amd"/"unknown") xen ("4.17" or empty) door2 ("holds"/"weak")
 * reason config ("ok"/"auto": guarding with defaults after an error; set by the daemon).
 */
void report_status_row(const struct core *core, struct report_row *ret_row);

/** The value of a key in a row, or NULL. */
const char *report_row_value(const struct report_row *row, const char *key);

/** How a record's kind is published. */
struct report_message {
        const char *name;       /**< "gate-opened": SALLYPORT_EVENT= in the journal, stable */
        const char *message_id; /**< 32 hexadecimal digits, MESSAGE_ID= */
        int priority;           /**< enum record_priority */
};

/** Never NULL; kind must be < RECORD_MAX. */
const struct report_message *report_message_get(enum record_kind kind);

/**
 * The sentence for an operator: what happened, to what, what it means for safety, what to do. At most 512 bytes are
 * ever needed.
 */
void report_record_text(const struct record *record, struct base_text *text);

/** "quarantine-refused": stable word for a reason; "" for REASON_NONE. */
const char *report_reason_name(enum record_reason reason);
/** "port-close": stable word for an effect kind (enum effect_kind). */
const char *report_effect_name(uint32_t kind);
/** "quarantine": stable word for what the rules want. */
const char *report_verdict_name(enum record_verdict verdict);
/** "done": stable word for how a request ended. */
const char *report_result_name(enum effect_result result);
