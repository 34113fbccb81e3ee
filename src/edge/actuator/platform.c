/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of the machine: which IOMMU, which Xen, and how it was started. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "core/event/parse.h"
#include "edge/actuator/actuator.h"
#include "edge/actuator/sysfs.h"
#include "edge/actuator/xen.h"
#include "edge/cleanup.h"
#include "edge/clock.h"

static bool table_exists(int sysfs, const char *path)
{
        return faccessat(sysfs, path, F_OK, 0) == 0;
}

/* The firmware's tables say which IOMMU there is. Xen renames DMAR to RMAD to hide it from dom0 (lab-facts.md). */
static enum event_iommu iommu_find(int sysfs)
{
        if (table_exists(sysfs, "firmware/acpi/tables/IVRS"))
                return IOMMU_AMD;
        if (table_exists(sysfs, "firmware/acpi/tables/DMAR") ||
            table_exists(sysfs, "firmware/acpi/tables/RMAD"))
                return IOMMU_VTD;
        return IOMMU_UNKNOWN;
}

/* Xen leaves IVRS its name. One entry a function, and more, for 256 buses fit; what is longer is not understood. */
#define IVRS_SIZE_MAX ((size_t)1 << 20)

static void coverage_read(int sysfs, struct event_coverage *coverage)
{
        EDGE_CLEANUP_MEMORY uint8_t *bytes = malloc(IVRS_SIZE_MAX);
        ssize_t length = -ENOMEM;

        if (bytes)
                length = actuator_sysfs_read(sysfs, "firmware/acpi/tables/IVRS", bytes,
                                             IVRS_SIZE_MAX);
        if (length > 0)
                (void)event_ivrs_parse(bytes, (size_t)length, coverage);
}

#define INTREMAP_NOTE "interrupt-remapping"

/*
 * Xen says it once, at boot, in a ring that wraps: what we have it print once a minute is enough for that. So whoever
 * read it notes it for those who start later in this boot. Only that it is on: what is not noted stays unknown.
 */
static void intremap_remember(const struct store *store, enum event_fact *intremap)
{
        if (*intremap == FACT_YES)
                (void)store_note(store, INTREMAP_NOTE);
        else if (*intremap == FACT_UNKNOWN && store_noted(store, INTREMAP_NOTE))
                *intremap = FACT_YES;
}

void actuator_platform_read(const struct actuator *actuator, struct event *ret_event)
{
        struct event event = { .kind = EVENT_PLATFORM, .port = BASE_SBDF_NONE };
        struct actuator_xen *xen = NULL;

        event.platform.iommu = iommu_find(actuator->sysfs);
        if (event.platform.iommu == IOMMU_AMD)
                coverage_read(actuator->sysfs, &event.platform.coverage);
        if (actuator_xen_open(&xen) == 0) {
                actuator_xen_facts(xen, &event.platform);
                intremap_remember(&actuator->store, &event.platform.intremap);
        } else {
                event.platform.xen = FACT_NO;
        }
        (void)actuator_xen_close(xen);
        event.time_ms = edge_clock_ms();
        *ret_event = event;
}
