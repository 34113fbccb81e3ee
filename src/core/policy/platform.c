/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Can door 2 hold on this machine? Where it cannot, door 1 stays shut for good, and we say so. */
#include "base/sbdf.h"
#include "core/policy/policy.h"

enum record_reason policy_platform_weakness(const struct event_platform *platform)
{
        if (platform->xen != FACT_YES)
                return REASON_NO_XEN;
        if (platform->iommu_on != FACT_YES)
                return REASON_NO_IOMMU;
        if (platform->iommu == IOMMU_UNKNOWN)
                return REASON_UNKNOWN_VENDOR;
        if (platform->ats != FACT_NO)
                return REASON_ATS;
        if (platform->passthrough != FACT_NO)
                return REASON_PASSTHROUGH;
        if (platform->intremap != FACT_YES)
                return REASON_NO_INTREMAP;
        if (platform->iommu == IOMMU_AMD && !platform->coverage.known)
                return REASON_COVERAGE;
        return REASON_NONE;
}

void policy_platform_judge(struct core *core, struct effects *effects)
{
        enum record_reason weakness;
        struct record record;

        if (core->platform_known || core->platform.xen == FACT_UNKNOWN)
                return;
        core->platform_known = true;
        weakness = policy_platform_weakness(&core->platform);
        record = model_record(core, weakness ? RECORD_PLATFORM_WEAK : RECORD_PLATFORM_READY,
                              weakness, BASE_SBDF_NONE, BASE_SBDF_NONE);
        core_record_add(effects, &record);
}

enum record_reason policy_port_uncovered(const struct core *core, const struct model_port *port)
{
        struct model_requesters requesters = model_port_requesters(core, port);

        if (core->platform.iommu != IOMMU_AMD)
                return core->platform.iommu == IOMMU_VTD ? REASON_NONE : REASON_UNKNOWN_VENDOR;
        if (!core->platform.coverage.known)
                return REASON_COVERAGE;
        if (requesters.count == 0 || requesters.covered != requesters.count)
                return REASON_UNCOVERED;
        return model_port_reserves(core, port) ? REASON_NONE : REASON_RESERVE_LIMIT;
}

bool policy_port_validated(const struct model_port *port)
{
        return port->found.acs_cap != 0 && port->read_once &&
               (port->registers.acs_control & MODEL_ACS_SV);
}
