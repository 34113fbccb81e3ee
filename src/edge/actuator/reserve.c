/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requester IDs of one bus, reserved in Xen. */
#include <errno.h>
#include <string.h>

#include "base/sbdf.h"
#include "edge/actuator/pci.h"
#include "edge/actuator/xen.h"

/*
 * Levels at which Xen says nothing of what it is told: "PCI add device" (debug), AMD-Vi's tables (info, with
 * iommu=debug), and "unknown type 0" of what is not there (warning; pci.c:alloc_pdev).
 */
static bool level_quiet(const char *level)
{
        static const char *const words[] = { "none", "error" };
        const char *second = strchr(level, '/');

        if (second)
                return false; /* some of the lines are printed as well */
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                if (strcmp(level, words[i]) == 0)
                        return true;
        return false;
}

/* Four lines for each requester ID would push out of Xen's console ring what is read there (actuator_xen_facts). */
static bool level_lower(struct actuator_xen *xen, char ret_level[static ACTUATOR_XEN_LEVEL])
{
        if (!actuator_xen_level_get(xen, ret_level) || level_quiet(ret_level))
                return false;
        actuator_xen_level_set(xen, "error");
        return true;
}

/* The second assignment says that it is so. *ret_failed: an add failed, and no other is to be tried. */
static int requester_reserve(struct actuator_xen *xen, uint32_t sbdf, bool *ret_failed)
{
        int error = actuator_xen_quarantine(xen, sbdf);

        if (error == -ENODEV) {
                error = actuator_xen_add(xen, sbdf);
                if (error) {
                        *ret_failed = true;
                        return error;
                }
                error = actuator_xen_quarantine(xen, sbdf);
        }
        return error ? error : actuator_xen_quarantine(xen, sbdf);
}

static void bus_reserve(struct actuator_xen *xen, const struct effect *effect,
                        struct event_reserved *reserved)
{
        uint32_t bus = BASE_SBDF(base_sbdf_segment(effect->port), effect->bus_first, 0, 0);
        bool failed = false;

        for (uint32_t i = 0; i < 256 && !failed; i++) {
                int error;

                if (!(effect->requesters[i / 64] >> i % 64 & 1))
                        continue;
                error = requester_reserve(xen, bus + i, &failed);
                if (error == 0)
                        reserved->blocked[i / 64] |= UINT64_C(1) << i % 64;
                else if (reserved->error == 0)
                        reserved->error = -error;
        }
}

int actuator_requesters_reserve(const struct effect *effect, struct event_reserved *ret_reserved)
{
        char level[ACTUATOR_XEN_LEVEL];
        struct actuator_xen *xen = NULL;
        int error = actuator_xen_open(&xen);
        bool lowered;

        if (error)
                return error;
        memset(ret_reserved, 0, sizeof *ret_reserved);
        lowered = level_lower(xen, level);
        bus_reserve(xen, effect, ret_reserved);
        if (lowered)
                actuator_xen_level_set(xen, level);
        (void)actuator_xen_close(xen);
        return 0;
}
