/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State and records to text, byte-stable: what the CLI, the bus and the journal show. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "core/effect.h"
#include "core/limits.h"
#include "core/record.h"

struct core;
struct event;
struct event_machine;

/** Bytes of a value, NUL included: a path, or a sentence. */
#define REPORT_VALUE_SIZE 640

/** One named value of a row. Values are text; the CLI knows which keys are numbers and booleans. */
struct report_field {
        const char *key; /**< static; one of the stable JSON keys of sallyport(1) */
        char value[REPORT_VALUE_SIZE];
};

/** A row of `sallyport list`, `ports` or `status`. */
#define REPORT_FIELDS 28
struct report_row {
        uint32_t count;
        struct report_field fields[REPORT_FIELDS];
};

/**
 * Row number index of the functions below external ports, in the order of `list`: by port, then depth-first as
 * enumerated. Keys: sbdf port parent state owner driver kind class id subsystem reason at_boot verdict verdict_why
 * (reason why the rules' verdict is not followed) rule ("FILE:LINE"; empty where a default decided) guest findings
 * dangers (names of policy_finding_get, between blanks; dangers: that bar a verdict) assigned_to (the guest that it was
 * given to, whether that is there or not) router (the Thunderbolt router that it is behind:
 * "0-301"). Empty values stand for "none". False, with an empty row, where there is no such row. parent is the port's
 * sbdf for functions directly below it.
 */
bool report_function_row(const struct core *core, uint32_t index, struct report_row *ret_row);

/**
 * Row number index of the ports, by address. Keys: sbdf external ("true"/"false") gate ("closed"/"open"/"unknown")
 * presence ("present"/"empty"/"unknown") link ("up"/"down"/"unknown") bus_first bus_last (decimal) state reason pciehp
 * ("bound"/"unbound") acs ("true"/"false") functions (decimal) path slot (decimal or empty)
 * why (reason of the verdict) evidence (words of policy_evidence_word, between blanks) verdict verdict_why rule guest
 * (of the rules, for the hierarchy as a whole) tainted ("true"/"false") use (what dom0 does with what is below: words
 * of policy_use_word, and "unknown") used_by (the gravest of that, for people) requesters reserved (decimal: requester
 * IDs of the bus range, and how many of them are reserved or quarantined; empty but on AMD-Vi) assigned_to (the guest
 * that something below was given to).
 */
bool report_port_row(const struct core *core, uint32_t index, struct report_row *ret_row);

/**
 * The machine as a whole. Keys: contained ("true"/"false": exit code 4 where false) ports external functions
 * quarantined assigned (functions that guests own) problems exposed tainted (ports; decimals) iommu
 * ("vtd"/"amd"/"unknown") xen ("4.17" or empty) door2 ("holds"/"weak") reason memory ("good", "damaged"/"newer": set
 * aside at the start, "unusable", "unwritable", or empty: not looked at yet) requesters reserved (as in a port's row,
 * of all external ports) trusted (addresses of functions that a rule made dom0's, between blanks) routers
 * routers_authorized routers_foreign routers_held (decimals: how many Thunderbolt routers there are, and in these
 * states; empty where there is no domain) session ("unknown"/"locked"/"unlocked"/"none") session_why config
 * ("ok"/"auto": guarding with defaults after an error; set by the daemon).
 */
void report_status_row(const struct core *core, struct report_row *ret_row);

/**
 * Row number index of the Thunderbolt routers, as the kernel lists them. Keys: router ("0-301": domain and route) state
 * ("held"/"waiting"/"authorizing"/"authorized"/"foreign") reason port (where something of it appears, or empty) port_by
 * ("seen": something appeared there since it, or the one before it, was authorized; "only": there is no other)
 * unique_id vendor_name device_name id generation key ("none"/"claimed"/"verified") authorized
 * ("no"/"yes"/"challenged"/"unknown": what the kernel says) enrolled ("no"/"plain"/"new-key"/"key"/"unknown") manual
 * word (by whose it was authorized: "request"/"store"/"rule", or empty)
 * boot ("true"/"false") security (the domain's) verdict rule. False, with an empty row, where there is no such row.
 */
bool report_router_row(const struct core *core, uint32_t index, struct report_row *ret_row);

/** The row of the function, else of the port, with this address. False where there is neither. */
bool report_device_row(const struct core *core, uint32_t sbdf, struct report_row *ret_row);
/** The port that the address means: itself, or the one above the function; BASE_SBDF_NONE where neither is known. */
uint32_t report_device_port(const struct core *core, uint32_t sbdf);

/**
 * Lines of `sallyport explain` that are not records. Keys: event ("evidence", "device", "now") port function text.
 * Why the port is external, or not; what a function says that it is, and what was decided; how it stands, and what it
 * waits for. False where the core does not know the port, function or either.
 */
bool report_explain_port(const struct core *core, uint32_t port, struct report_row *ret_row);
bool report_explain_function(const struct core *core, uint32_t function,
                             struct report_row *ret_row);
/** One line (event "finding") for each finding of a function, by index: name, severity, meaning and consequence. */
bool report_explain_finding(const struct core *core, uint32_t function, uint32_t index,
                            struct report_row *ret_row);
bool report_explain_now(const struct core *core, uint32_t device, struct report_row *ret_row);

/**
 * The facts that an event brings, as records RECORD_EFFECT_ENDED and RECORD_SEEN_*: to be called before core_step takes
 * the event, with *seen empty. Nothing is decided here; what does not fit is left out.
 */
void report_seen(const struct core *core, const struct event *event, struct effects *seen);

/**
 * Change number index from one state of the core to another: of settings, of ports, of functions, of Thunderbolt
 * routers. Keys: kind ("setting", "port", "function", "router") sbdf (of a router "0-301") key (of the row, or the
 * setting's name) before after text (what it means, or empty). A function that the core forgets has an empty `after`.
 * False, with an empty row, where there is no such change.
 */
bool report_change_row(const struct core *before, const struct core *after, uint32_t index,
                       struct report_row *ret_row);

/**
 * Check number index of `sallyport audit`: of the machine, then of each external port, then of what hangs below and is
 * not as it should be. Keys: check subject verdict ("ok"/"weak"/"broken") what why todo (empty where ok). What is not
 * known is weak. False, with an empty row, where there is no such check.
 */
bool report_audit_row(const struct core *core, const struct event_machine *machine, uint32_t index,
                      struct report_row *ret_row);

/** Bytes that the rules for udev can need, NUL included. */
#define REPORT_UDEV_SIZE (LIMIT_PORTS * (LIMIT_PATH + 64u) + 128u)
/**
 * Rules for udev by which nothing below a port that is guarded has a MODALIAS, for which modules are loaded (systemd:
 * rules.d/80-drivers.rules). Ports that are left open for dom0's sake are not named. size: at least REPORT_UDEV_SIZE.
 * Bytes without the NUL.
 */
size_t report_udev_rules(const struct core *core, char *ret_text, size_t size);

/** A record as a row. Keys: event time_ms priority port function reason effect error text. */
void report_record_row(const struct record *record, struct report_row *ret_row);

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
