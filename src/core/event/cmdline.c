/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen's boot command line: what switches the IOMMU's protection off (docs/misc/xen-command-line.pandoc). */
#include "base/assert.h"
#include "base/text.h"
#include "core/event/parse.h"

/* Xen takes "no-X", "X=no|off|false|disable|0" for a boolean X (common/kernel.c:parse_boolean). */
static bool value_false(const char *value, size_t length)
{
        static const char *const words[] = { "no", "off", "false", "disable", "0" };

        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                if (base_text_is(value, length, words[i]))
                        return true;
        return false;
}

/* Is text[0..length) the boolean `name` in any spelling? Tells which way. */
static bool boolean_parse(const char *text, size_t length, const char *name, bool *ret_on)
{
        size_t equal = 0;

        while (equal < length && text[equal] != '=')
                equal++;
        if (base_text_is(text, equal, name)) {
                *ret_on = equal == length || !value_false(text + equal + 1, length - equal - 1);
                return true;
        }
        if (length > 3 && base_text_is(text, 3, "no-") &&
            base_text_is(text + 3, length - 3, name)) {
                *ret_on = false;
                return true;
        }
        return false;
}

/* One item of iommu=a,b,c or dom0-iommu=a,b,c. */
static void item_parse(const char *item, size_t length, bool dom0, struct event_platform *platform)
{
        bool on;

        if (!dom0 && base_text_is(item, length, "quarantine=scratch-page"))
                platform->quarantine = QUARANTINE_SCRATCH;
        else if (!dom0 && boolean_parse(item, length, "quarantine", &on))
                platform->quarantine = on ? QUARANTINE_BASIC : QUARANTINE_OFF;
        else if (!dom0 &&
                 (value_false(item, length) || (boolean_parse(item, length, "enable", &on) && !on)))
                platform->iommu_on = FACT_NO;
        else if (boolean_parse(item, length, dom0 ? "passthrough" : "dom0-passthrough", &on))
                platform->passthrough = on ? FACT_YES : FACT_NO;
        else if (!dom0 && boolean_parse(item, length, "intremap", &on) && !on)
                platform->intremap = FACT_NO;
}

static void items_parse(const char *text, size_t length, bool dom0, struct event_platform *platform)
{
        for (size_t start = 0, end; start < length; start = end + 1) {
                for (end = start; end < length && text[end] != ',';)
                        end++;
                item_parse(text + start, end - start, dom0, platform);
        }
}

static void word_parse(const char *word, size_t length, struct event_platform *platform)
{
        bool on;

        if (length > 6 && base_text_is(word, 6, "iommu="))
                items_parse(word + 6, length - 6, false, platform);
        else if (length > 11 && base_text_is(word, 11, "dom0-iommu="))
                items_parse(word + 11, length - 11, true, platform);
        else if (boolean_parse(word, length, "iommu", &on) && !on)
                platform->iommu_on = FACT_NO;
        else if (boolean_parse(word, length, "ats", &on))
                platform->ats = on ? FACT_YES : FACT_NO;
}

void event_cmdline_parse(const char *text, size_t length, struct event_platform *platform)
{
        base_assert(text || length == 0);
        platform->ats = FACT_NO;
        platform->passthrough = FACT_NO;
        platform->quarantine = QUARANTINE_BASIC;
        for (size_t start = 0, end; start < length; start = end + 1) {
                for (end = start;
                     end < length && text[end] != ' ' && text[end] != '\t' && text[end] != '\n';)
                        end++;
                word_parse(text + start, end - start, platform);
        }
}
