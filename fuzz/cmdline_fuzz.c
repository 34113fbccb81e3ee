/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen's command line: only what it may judge is judged, and the last word on a boolean counts. */
#include <string.h>

#include "core/event/parse.h"
#include "fuzz.h"

#define TEXT_MAX 1024u

static const char last_words[] = " no-ats iommu=no-intremap,dom0-passthrough";

static struct event_platform platform_before(enum event_fact fact)
{
        return (struct event_platform){ .iommu = IOMMU_VTD,
                                        .xen = fact,
                                        .iommu_on = fact,
                                        .intremap = fact,
                                        .ats = fact,
                                        .passthrough = fact,
                                        .xen_major = 4,
                                        .xen_minor = 17 };
}

static void platform_check(const struct event_platform *platform, enum event_fact before)
{
        base_assert(platform->iommu == IOMMU_VTD && platform->xen == before);
        base_assert(platform->xen_major == 4 && platform->xen_minor == 17);
        base_assert(platform->iommu_on == before || platform->iommu_on == FACT_NO);
        base_assert(platform->intremap == before || platform->intremap == FACT_NO);
        base_assert(platform->ats == FACT_NO || platform->ats == FACT_YES);
        base_assert(platform->passthrough == FACT_NO || platform->passthrough == FACT_YES);
        base_assert(platform->quarantine > QUARANTINE_UNKNOWN &&
                    platform->quarantine < QUARANTINE_MAX);
}

/* The same text as attributes of dom0's kernel: short ones, read by parsers of their own. */
static void machine_check(const char *text, size_t size)
{
        uint16_t major = 1, minor = 1;

        base_assert(event_linux_parse(text, size, &major, &minor) == (major > 0));
        base_assert(major > 0 || minor == 0);
        base_assert(event_lockdown_parse(text, size) <= FACT_YES);
        base_assert(event_thunderbolt_parse(text, size) < THUNDERBOLT_ABSENT);
        base_assert(event_parameter_parse(text, size) <= FACT_YES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static char text[TEXT_MAX + sizeof last_words];
        struct event_platform on = platform_before(FACT_YES);
        struct event_platform unknown = platform_before(FACT_UNKNOWN);

        if (size > TEXT_MAX)
                return 0;
        event_cmdline_parse((const char *)data, size, &on);
        event_cmdline_parse((const char *)data, size, &unknown);
        machine_check((const char *)data, size);
        platform_check(&on, FACT_YES);
        platform_check(&unknown, FACT_UNKNOWN);
        base_assert(on.ats == unknown.ats && on.passthrough == unknown.passthrough);
        base_assert((on.iommu_on == FACT_NO) == (unknown.iommu_on == FACT_NO));
        base_assert((on.intremap == FACT_NO) == (unknown.intremap == FACT_NO));

        memcpy(text, data, size);
        memcpy(text + size, last_words, sizeof last_words - 1);
        event_cmdline_parse(text, size + sizeof last_words - 1, &on);
        base_assert(on.ats == FACT_NO && on.passthrough == FACT_YES && on.intremap == FACT_NO);
        return 0;
}
