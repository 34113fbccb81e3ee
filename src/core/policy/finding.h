/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is odd about a function, by what it shows: words for rules and for people. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event/event.h"

/** Bits of a set of findings, by number. Only ever append. What each means: policy_finding_get. */
enum policy_finding {
        FINDING_UNREADABLE, /**< config space reads as all ones, or is cut short; then there are no others */
        FINDING_MALFORMED,
        FINDING_CHANGED,
        FINDING_CONVENTIONAL,
        FINDING_HEADER_CLASS,
        FINDING_PORT_TYPE,
        FINDING_INCONSISTENT,
        FINDING_PCI_BRIDGE,
        FINDING_BUS_NUMBERS,
        FINDING_BAR_OVERLAP,
        FINDING_BAR_OUTSIDE,
        FINDING_MSI_X_MASKED,
        FINDING_PHANTOM,
        FINDING_PHANTOM_ENABLED,
        FINDING_SR_IOV,
        FINDING_SR_IOV_ENABLED,
        FINDING_ATS,
        FINDING_ATS_ENABLED,
        FINDING_PRI,
        FINDING_PRI_ENABLED,
        FINDING_PASID,
        FINDING_PASID_ENABLED,
        FINDING_MAX
};

enum policy_severity {
        SEVERITY_INFO,    /**< recorded; nothing follows from it */
        SEVERITY_WARNING, /**< told: it makes isolation harder, but honest devices are like that */
        SEVERITY_DANGEROUS, /**< told; nothing of the hierarchy is given to anybody, unless it is forgiven */
        SEVERITY_MAX
};

struct policy_finding_info {
        const char *
                name; /**< "malformed": the word in rules, in sallyport.conf(5) and in the output */
        enum policy_severity severity;
        const char *meaning;     /**< what is so */
        const char *consequence; /**< what that can lead to */
};

/** The table's line for a finding. */
const struct policy_finding_info *policy_finding_get(enum policy_finding finding);
/** "dangerous": stable word for a severity. */
const char *policy_severity_name(enum policy_severity severity);
/** The finding with this name; false where there is none. */
bool policy_finding_find(const char *name, size_t length, enum policy_finding *ret_finding);

/** All findings of one function, as bits: 1u << enum policy_finding. */
uint32_t policy_findings_gather(const struct event_function *function);
/** Those of a set that are as bad as this, or worse. */
uint32_t policy_findings_worse(uint32_t findings, enum policy_severity severity);
