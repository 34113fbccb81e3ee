/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of rules to errors and warnings. */
#include "offline/rules.h"

#include <errno.h>
#include <string.h>

#include "core/event/guests.h"
#include "edge/source/config.h"
#include "edge/source/guests.h"

/* Where the rules came from, to name files as the operator does. */
struct origin {
        const char *directory;
        const char *const *files; /* or NULL: DIRECTORY/rules.d */
};

static void place_print(const struct policy_rules *rules, const struct origin *origin,
                        uint32_t file, FILE *told)
{
        if (origin->files)
                (void)fputs(origin->files[file], told);
        else
                (void)fprintf(told, "%s/rules.d/%s", origin->directory,
                              rules->text + rules->files[file]);
}

static void warnings_print(const struct policy_rules *rules, const struct origin *origin,
                           FILE *told)
{
        struct policy_warning warning;
        uint32_t item = 0;

        while (policy_rules_check(rules, &item, &warning)) {
                place_print(rules, origin, warning.file, told);
                (void)fprintf(told, ":%u:%u: warning: %s\n", warning.diagnosis.line,
                              warning.diagnosis.column, warning.diagnosis.message);
        }
}

static bool guest_known(const struct event_guests *guests, const char *name)
{
        return event_guest_find(guests, name) || guests->truncated; /* it may be one of the others */
}

/* Xen knows only guests that exist now: one that does not run may still be right. */
static void guests_print(const struct policy_rules *rules, const struct origin *origin, FILE *told)
{
        static struct event_guests guests;
        int error = -ENODATA;
        uint32_t assigned = 0;

        for (uint32_t i = 0; i < rules->rule_count; i++) {
                const struct policy_rule *rule = &rules->rules[i];

                if (rule->verdict != VERDICT_ASSIGN)
                        continue;
                if (assigned++ == 0)
                        error = source_guests_read(&guests);
                if (error || guest_known(&guests, policy_rules_guest(rules, i)))
                        continue;
                place_print(rules, origin, rule->file, told);
                (void)fprintf(told, ":%u:%u: warning: no guest '%s' runs now: is that its name?\n",
                              rule->line, rule->column, policy_rules_guest(rules, i));
        }
        if (assigned > 0 && error)
                (void)fprintf(told,
                              "names of guests were not checked: xenstore cannot be asked (%s)\n",
                              strerror(-error));
}

int offline_rules_check(const char *directory, const char *const *files, size_t count, FILE *told)
{
        static struct policy_rules rules;
        struct source_diagnosis diagnosis = { .text = "" };
        struct origin origin = { directory ? directory : SOURCE_CONFIG_DIRECTORY,
                                 count > 0 ? files : NULL };
        int error = 0;

        policy_rules_init(&rules);
        for (size_t i = 0; i < count && !error; i++)
                error = source_rules_add(files[i], &rules, &diagnosis);
        if (count == 0)
                error = source_rules_read(origin.directory, &rules, &diagnosis);
        if (error) {
                (void)fprintf(told, "%s\n", diagnosis.text);
                return error;
        }
        warnings_print(&rules, &origin, told);
        guests_print(&rules, &origin, told);
        return 0;
}

const struct policy_rules *offline_rules_read(const char *directory, FILE *told)
{
        static struct policy_rules rules;
        struct source_diagnosis diagnosis = { .text = "" };

        if (source_rules_read(directory ? directory : SOURCE_CONFIG_DIRECTORY, &rules,
                              &diagnosis) == 0)
                return &rules;
        (void)fprintf(told, "%s\n", diagnosis.text);
        return NULL;
}
