/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two states of the core side by side: what a new configuration changes. */
#include "base/assert.h"
#include "base/sbdf.h"
#include "core/policy/config.h"
#include "core/report/name.h"

typedef bool (*row_get)(const struct core *core, uint32_t index, struct report_row *ret_row);

/* What is decided, in the order in which it is told; what only follows from it later is not among it. */
static const char *const keys[] = { "external", "why",   "state",       "verdict",
                                    "rule",     "guest", "verdict_why", "dangers" };

#define KEY_COUNT (sizeof keys / sizeof keys[0])

static const char *value_of(const struct report_row *row, const char *key)
{
        const char *value = report_row_value(row, key);

        return value ? value : "";
}

static const char *meaning_of(const char *key, const char *after)
{
        if (base_text_equal(after, report_reason_name(REASON_OCCUPIED)))
                return "It stays guarded until nothing is below it, and is released then: eject "
                       "what is plugged.";
        if (!base_text_equal(key, "external"))
                return "";
        if (base_text_equal(after, "true"))
                return "It is closed and guarded, and what is below it is quarantined.";
        return "It stays closed and pciehp stays off, but nobody watches it any more: what is "
               "plugged there is not enumerated. Reboot to use it without Sallyport.";
}

static void change_write(const char *kind, const char *sbdf, const char *key, const char *before,
                         const char *after, struct report_row *ret_row)
{
        ret_row->count = 0;
        report_field_text(ret_row, "kind", kind);
        report_field_text(ret_row, "sbdf", sbdf);
        report_field_text(ret_row, "key", key);
        report_field_text(ret_row, "before", before);
        report_field_text(ret_row, "after", after);
        report_field_text(ret_row, "text", meaning_of(key, after));
}

/* The row about the same device: an address can stand below two ports while one takes over from the other. */
static bool row_find(const struct core *core, const struct report_row *old, row_get get,
                     struct report_row *ret_row)
{
        for (uint32_t i = 0; get(core, i, ret_row); i++)
                if (base_text_equal(value_of(ret_row, "sbdf"), value_of(old, "sbdf")) &&
                    base_text_equal(value_of(ret_row, "port"), value_of(old, "port")))
                        return true;
        return false; /* the row is empty then */
}

/* The index-th change among rows of one kind, or how many there are with *index taken down by them. */
static bool rows_change(const struct core *before, const struct core *after, row_get get,
                        const char *kind, uint32_t *index, struct report_row *ret_row)
{
        struct report_row old, new;

        for (uint32_t i = 0; get(before, i, &old); i++) {
                const char *sbdf = value_of(&old, "sbdf");

                (void)row_find(after, &old, get, &new);
                for (size_t j = 0; j < KEY_COUNT; j++) {
                        const char *was = value_of(&old, keys[j]), *is = value_of(&new, keys[j]);

                        if (base_text_equal(was, is) || (*index)-- > 0)
                                continue;
                        change_write(kind, sbdf, keys[j], was, is, ret_row);
                        return true;
                }
        }
        return false;
}

static void interval_write(const struct event_config *config, struct base_text *text)
{
        base_text_add_u64(text, config->poll_interval_ms);
}

static void toolstack_write(const struct event_config *config, struct base_text *text)
{
        base_text_add(text, policy_config_toolstack(config->toolstack));
}

static void rescan_write(const struct event_config *config, struct base_text *text)
{
        base_text_add(text, config->pause ? "pause" : "postpone");
}

static void while_locked_write(const struct event_config *config, struct base_text *text)
{
        base_text_add(text, config->while_locked ? "allow" : "hold");
}

/* Settings that change no row by themselves. */
static const struct {
        const char *name;
        void (*write)(const struct event_config *config, struct base_text *text);
} settings[] = {
        { "PollIntervalMs", interval_write },
        { "Toolstack", toolstack_write },
        { "RescanWhileOpen", rescan_write },
        { "WhileLocked", while_locked_write },
};

static bool settings_change(const struct core *before, const struct core *after, uint32_t *index,
                            struct report_row *ret_row)
{
        char was[16], is[16];

        for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
                struct base_text was_text = base_text_on(was, sizeof was),
                                 is_text = base_text_on(is, sizeof is);

                settings[i].write(&before->config, &was_text);
                settings[i].write(&after->config, &is_text);
                if (base_text_equal(was, is) || (*index)-- > 0)
                        continue;
                change_write("setting", "", settings[i].name, was, is, ret_row);
                return true;
        }
        return false;
}

bool report_change_row(const struct core *before, const struct core *after, uint32_t index,
                       struct report_row *ret_row)
{
        ret_row->count = 0;
        return settings_change(before, after, &index, ret_row) ||
               rows_change(before, after, report_port_row, "port", &index, ret_row) ||
               rows_change(before, after, report_function_row, "function", &index, ret_row);
}
