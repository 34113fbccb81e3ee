/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two states of the core side by side: what a new configuration changes. */
#include "base/assert.h"
#include "base/sbdf.h"
#include "core/policy/config.h"
#include "core/report/name.h"

typedef bool (*row_get)(const struct core *core, uint32_t index, struct report_row *ret_row);

#define KEYS_MAX 8

/* Rows of one kind, the keys by which one is known again, and what is decided, in the order in which it is told; what
 * only follows from it later is not among it. */
struct kind {
        const char *name;
        row_get get;
        const char *same[2];
        const char *keys[KEYS_MAX];
};

#define DEVICE_KEYS                                                                              \
        {                                                                                        \
                "external", "why", "state", "verdict", "rule", "guest", "verdict_why", "dangers" \
        }

static const struct kind kinds[] = {
        { "port", report_port_row, { "sbdf", "port" }, DEVICE_KEYS },
        /* An address can stand below two ports while one takes over from the other. */
        { "function", report_function_row, { "sbdf", "port" }, DEVICE_KEYS },
        { "router",
          report_router_row,
          { "router", "unique_id" },
          { "state", "reason", "verdict", "rule" } },
};

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
        if (base_text_equal(after, report_router_state_name(ROUTER_AUTHORIZING)))
                return "It is let in: what it leads to appears behind a closed port, and is "
                       "quarantined.";
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

/* The row about the same one. */
static bool row_find(const struct core *core, const struct report_row *old, const struct kind *kind,
                     struct report_row *ret_row)
{
        for (uint32_t i = 0; kind->get(core, i, ret_row); i++)
                if (base_text_equal(value_of(ret_row, kind->same[0]),
                                    value_of(old, kind->same[0])) &&
                    base_text_equal(value_of(ret_row, kind->same[1]), value_of(old, kind->same[1])))
                        return true;
        return false; /* the row is empty then */
}

/* The index-th change among rows of one kind, or how many there are with *index taken down by them. */
static bool rows_change(const struct core *before, const struct core *after,
                        const struct kind *kind, uint32_t *index, struct report_row *ret_row)
{
        struct report_row old, new;

        for (uint32_t i = 0; kind->get(before, i, &old); i++) {
                const char *place = value_of(&old, kind->same[0]);

                (void)row_find(after, &old, kind, &new);
                for (size_t j = 0; j < KEYS_MAX && kind->keys[j]; j++) {
                        const char *key = kind->keys[j];
                        const char *was = value_of(&old, key), *is = value_of(&new, key);

                        if (base_text_equal(was, is) || (*index)-- > 0)
                                continue;
                        change_write(kind->name, place, key, was, is, ret_row);
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
        bool found;

        ret_row->count = 0;
        found = settings_change(before, after, &index, ret_row);
        for (size_t i = 0; !found && i < sizeof kinds / sizeof kinds[0]; i++)
                found = rows_change(before, after, &kinds[i], &index, ret_row);
        return found;
}
