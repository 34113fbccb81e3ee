/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of the machine: which IOMMU, which Xen, and how it was started. */
#include <unistd.h>

#include "base/sbdf.h"
#include "edge/actuator/actuator.h"
#include "edge/actuator/xen.h"
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

void actuator_platform_read(const struct actuator *actuator, struct event *ret_event)
{
        struct event event = { .kind = EVENT_PLATFORM, .port = BASE_SBDF_NONE };
        struct actuator_xen *xen = NULL;

        event.platform.iommu = iommu_find(actuator->sysfs);
        if (actuator_xen_open(&xen) == 0)
                actuator_xen_facts(xen, &event.platform);
        else
                event.platform.xen = FACT_NO;
        (void)actuator_xen_close(xen);
        event.time_ms = edge_clock_ms();
        *ret_event = event;
}
