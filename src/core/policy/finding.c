/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings: contradictions in what a function says of itself. */
#include "core/policy/finding.h"

#include "base/assert.h"

#define HEADER_TYPE_MASK 0x7fu
/* PCI Code and ID Assignment Specification: bridges to PCI, to CardBus, and to PCI through a window. */
#define CLASS_PCI_BRIDGE 0x0604u
#define CLASS_CARDBUS_BRIDGE 0x0607u
#define CLASS_SEMI_TRANSPARENT 0x0609u

const char *policy_finding_name(enum policy_finding finding)
{
        switch (finding) {
        case FINDING_UNREADABLE:
                return "unreadable";
        case FINDING_MALFORMED:
                return "malformed";
        case FINDING_CHANGED:
                return "changed";
        case FINDING_CONVENTIONAL:
                return "conventional";
        case FINDING_HEADER_CLASS:
                return "header-class";
        case FINDING_PORT_TYPE:
                return "port-type";
        case FINDING_MAX:
                break;
        }
        base_assert(false);
        return "";
}

/* Each header type is for one kind of class: 0 for what is no bridge (7.5.1.2), 1 for PCI (7.5.1.3), 2 for CardBus. */
static bool header_fits(const struct event_function *function)
{
        uint32_t class = function->class >> 8;

        switch (function->header_type & HEADER_TYPE_MASK) {
        case 0:
                return class != CLASS_PCI_BRIDGE && class != CLASS_CARDBUS_BRIDGE;
        case 1:
                return class == CLASS_PCI_BRIDGE || class == CLASS_SEMI_TRANSPARENT;
        case 2:
                return class == CLASS_CARDBUS_BRIDGE;
        default:
                return false;
        }
}

static uint32_t bit(bool found, enum policy_finding finding)
{
        return found ? 1u << finding : 0;
}

uint32_t policy_findings_gather(const struct event_function *function)
{
        if (!function->readable)
                return bit(true, FINDING_UNREADABLE);
        return bit(function->malformed, FINDING_MALFORMED) |
               bit(function->changed, FINDING_CHANGED) |
               bit(function->conventional, FINDING_CONVENTIONAL) |
               bit(!header_fits(function), FINDING_HEADER_CLASS) |
               bit(function->type_wrong, FINDING_PORT_TYPE);
}
