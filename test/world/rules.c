/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/policy/rules.h"
#include "world/world.h"

const struct policy_rules *world_rules_make(const char *text)
{
        static struct policy_rules
                sets[2]; /* what was there before is used until the other one was stepped in */
        static unsigned int last;
        struct policy_rules *rules = &sets[++last % 2];
        struct policy_diagnosis diagnosis = { .message = "" };

        policy_rules_init(rules);
        if (!policy_rules_parse("50-test.rules", text, strlen(text), rules, &diagnosis))
                fail_msg("%u:%u: %s", diagnosis.line, diagnosis.column, diagnosis.message);
        return rules;
}

void world_rules(struct world *world, const char *text, uint32_t polls)
{
        world_event(world, &(struct event){ .kind = EVENT_RULES,
                                            .time_ms = world->now_ms,
                                            .port = BASE_SBDF_NONE,
                                            .rules = world_rules_make(text) });
        world_run(world, polls);
}
