/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is odd about a function, by what it shows: words for rules and for people. */
#pragma once

#include <stdint.h>

#include "core/event/event.h"

/** Bits of a set of findings, by number. Only ever append. */
enum policy_finding {
        FINDING_UNREADABLE, /**< config space reads as all ones, or is cut short; then there are no others */
        FINDING_MALFORMED,    /**< capability list loops or leaves the config space */
        FINDING_CHANGED,      /**< it is not what the kernel enumerated */
        FINDING_CONVENTIONAL, /**< no PCI Express capability: its requester ID may be its bridge's */
        FINDING_HEADER_CLASS, /**< header type and class contradict each other, or there is no such header type */
        FINDING_PORT_TYPE, /**< the PCI Express type contradicts the header type, or cannot be below a port */
        FINDING_MAX
};

/** "malformed": the word in rules. */
const char *policy_finding_name(enum policy_finding finding);

/** All findings of one function, as bits: 1u << enum policy_finding. */
uint32_t policy_findings_gather(const struct event_function *function);
