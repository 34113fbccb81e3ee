/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings: contradictions in what a function says of itself, and what it could do with what it has. */
#include "core/policy/finding.h"

#include "base/assert.h"
#include "base/text.h"

#define HEADER_TYPE_MASK 0x7fu
/* PCI Code and ID Assignment Specification: bridges to PCI, to CardBus, and to PCI through a window. */
#define CLASS_PCI_BRIDGE 0x0604u
#define CLASS_CARDBUS_BRIDGE 0x0607u
#define CLASS_SEMI_TRANSPARENT 0x0609u

/*
 * mechanisms.md §9: H1 is msix-masked; H2 and H3 are pci-bridge, conventional and bus-numbers. Xen types a function by
 * class and PCI Express type (pci.c:pdev_type), Linux by header type (probe.c:pci_setup_device).
 */
/* clang-format off */
static const struct policy_finding_info infos[FINDING_MAX] = {
        [FINDING_UNREADABLE] = {
                "unreadable", SEVERITY_DANGEROUS,
                "its config space reads as all ones, or is cut short",
                "nobody knows what it is; it is removed" },
        [FINDING_MALFORMED] = {
                "malformed", SEVERITY_DANGEROUS,
                "a list of capabilities loops or leaves config space",
                "Xen and Linux may see other capabilities than were vetted" },
        [FINDING_CHANGED] = {
                "changed", SEVERITY_DANGEROUS,
                "it is not what the kernel enumerated",
                "kernel and Xen have another device in their books; it is removed" },
        [FINDING_CONVENTIONAL] = {
                "conventional", SEVERITY_WARNING,
                "it has no PCI Express capability",
                "its DMA can bear the requester ID of a bridge above it; VT-d may keep a stale "
                "entry for that until the reboot" },
        [FINDING_HEADER_CLASS] = {
                "header-class", SEVERITY_DANGEROUS,
                "header type and class contradict each other, or there is no such header type",
                "what is a bridge for Linux can be an endpoint for Xen, or the reverse" },
        [FINDING_PORT_TYPE] = {
                "port-type", SEVERITY_DANGEROUS,
                "its PCI Express type contradicts the header type, or cannot be below a port",
                "Xen may give it the IOMMU entry of another kind of device" },
        [FINDING_INCONSISTENT] = {
                "inconsistent", SEVERITY_DANGEROUS,
                "two readings of it, one right after the other, differ",
                "what was vetted need not be what Xen and Linux saw" },
        [FINDING_PCI_BRIDGE] = {
                "pci-bridge", SEVERITY_WARNING,
                "it is a bridge to or from conventional PCI",
                "what is behind it has no requester ID of its own; VT-d may keep a stale entry "
                "for it until the reboot" },
        [FINDING_BUS_NUMBERS] = {
                "bus-numbers", SEVERITY_DANGEROUS,
                "its bus numbers are outside those of the bridge above, also another's, or not "
                "those of what was found behind it",
                "config accesses and requester IDs go astray; Xen believes what conventional "
                "bridges say" },
        [FINDING_BAR_OVERLAP] = {
                "bar-overlap", SEVERITY_DANGEROUS,
                "an address range of it is also another's",
                "who is given one of them reaches the other" },
        [FINDING_BAR_OUTSIDE] = {
                "bar-outside", SEVERITY_DANGEROUS,
                "an address range of it is none that the bridge above forwards",
                "it could answer for the addresses of others" },
        [FINDING_MSI_X_MASKED] = {
                "msix-masked", SEVERITY_DANGEROUS,
                "all of its MSI-X vectors are masked at once (Function Mask)",
                "Xen refuses to quarantine it" },
        [FINDING_PHANTOM] = {
                "phantom", SEVERITY_WARNING,
                "it can use phantom functions",
                "their numbers may be those of others in its slot; Xen maps them with it" },
        [FINDING_PHANTOM_ENABLED] = {
                "phantom-enabled", SEVERITY_DANGEROUS,
                "it may use phantom functions now",
                "its DMA can bear requester IDs that nobody enumerated" },
        [FINDING_SR_IOV] = {
                "sr-iov", SEVERITY_INFO,
                "it has SR-IOV",
                "switched on, its virtual functions would have requester IDs of their own" },
        [FINDING_SR_IOV_ENABLED] = {
                "sr-iov-enabled", SEVERITY_DANGEROUS,
                "its virtual functions are switched on",
                "their DMA bears requester IDs that may not be quarantined" },
        [FINDING_ATS] = {
                "ats", SEVERITY_INFO,
                "it has ATS",
                "switched on, it would say itself which addresses were translated" },
        [FINDING_ATS_ENABLED] = {
                "ats-enabled", SEVERITY_DANGEROUS,
                "its ATS is switched on",
                "it says itself which addresses were translated, and the IOMMU may believe it" },
        [FINDING_PRI] = {
                "pri", SEVERITY_INFO,
                "it has the Page Request Interface",
                "switched on, it would send requests that nobody answers" },
        [FINDING_PRI_ENABLED] = {
                "pri-enabled", SEVERITY_DANGEROUS,
                "its Page Request Interface is switched on",
                "neither Xen nor a dom0 on it ever does that" },
        [FINDING_PASID] = {
                "pasid", SEVERITY_INFO,
                "it has PASID",
                "switched on, its requests would name address spaces" },
        [FINDING_PASID_ENABLED] = {
                "pasid-enabled", SEVERITY_DANGEROUS,
                "its PASID is switched on",
                "neither Xen nor a dom0 on it ever does that" },
};
/* clang-format on */

const struct policy_finding_info *policy_finding_get(enum policy_finding finding)
{
        base_assert(finding < FINDING_MAX);
        return &infos[finding];
}

const char *policy_severity_name(enum policy_severity severity)
{
        static const char *const names[SEVERITY_MAX] = { "info", "warning", "dangerous" };

        base_assert(severity < SEVERITY_MAX);
        return names[severity];
}

bool policy_finding_find(const char *name, size_t length, enum policy_finding *ret_finding)
{
        for (enum policy_finding i = 0; i < FINDING_MAX; i++) {
                if (!base_text_is(name, length, infos[i].name))
                        continue;
                *ret_finding = i;
                return true;
        }
        return false;
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

/* What it has, and what of that is on. That MSI-X is there is nothing odd. */
static uint32_t capabilities_gather(const struct event_function *function)
{
        static const struct {
                enum event_capability capability;
                enum policy_finding has, on;
        } pairs[] = {
                { CAPABILITY_PHANTOM, FINDING_PHANTOM, FINDING_PHANTOM_ENABLED },
                { CAPABILITY_SR_IOV, FINDING_SR_IOV, FINDING_SR_IOV_ENABLED },
                { CAPABILITY_ATS, FINDING_ATS, FINDING_ATS_ENABLED },
                { CAPABILITY_PRI, FINDING_PRI, FINDING_PRI_ENABLED },
                { CAPABILITY_PASID, FINDING_PASID, FINDING_PASID_ENABLED },
        };
        uint32_t found = bit(function->enabled & EVENT_CAPABILITY_BIT(CAPABILITY_MSI_X),
                             FINDING_MSI_X_MASKED);

        for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
                uint32_t mask = EVENT_CAPABILITY_BIT(pairs[i].capability);

                found |= bit(function->capabilities & mask, pairs[i].has) |
                         bit(function->enabled & mask, pairs[i].on);
        }
        return found;
}

uint32_t policy_findings_gather(const struct event_function *function)
{
        if (!function->readable)
                return bit(true, FINDING_UNREADABLE);
        return bit(function->malformed, FINDING_MALFORMED) |
               bit(function->changed, FINDING_CHANGED) |
               bit(function->conventional, FINDING_CONVENTIONAL) |
               bit(!header_fits(function), FINDING_HEADER_CLASS) |
               bit(function->type_wrong, FINDING_PORT_TYPE) |
               bit(function->inconsistent, FINDING_INCONSISTENT) |
               bit(function->pci_bridge, FINDING_PCI_BRIDGE) |
               bit(function->buses_wrong, FINDING_BUS_NUMBERS) |
               bit(function->bars_overlap, FINDING_BAR_OVERLAP) |
               bit(function->bars_outside, FINDING_BAR_OUTSIDE) | capabilities_gather(function);
}

uint32_t policy_findings_worse(uint32_t findings, enum policy_severity severity)
{
        uint32_t worse = 0;

        for (enum policy_finding i = 0; i < FINDING_MAX; i++)
                worse |= bit(infos[i].severity >= severity, i);
        return findings & worse;
}
