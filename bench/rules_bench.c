/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules against functions: how long a set takes to decide for all of them, by the size of both. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/sbdf.h"
#include "core/policy/rules.h"

#define FUNCTIONS 4096u
#define ROUNDS 5u
#define WORK 2000000u /* rules times functions that one round asks for, at least */

static struct policy_rules rules;
static struct event_function functions[FUNCTIONS];
static struct policy_facts facts[FUNCTIONS];
static uint32_t decided;

static double seconds(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* One kind of rule after the other, as people write them; each names another device, and none is ever met. */
static int rule_write(uint32_t number, char *ret_text, size_t size)
{
        uint32_t vendor = 0xa000 + number;

        if (number % 4 == 0)
                return snprintf(ret_text, size, "reject if id = %04x:%04x and class = 0c03\n",
                                vendor, number);
        if (number % 4 == 1)
                return snprintf(ret_text, size, "assign net if port = 00:1c.4 and id = %04x:*\n",
                                vendor);
        if (number % 4 == 2)
                return snprintf(ret_text, size,
                                "ask if path = *:1c.4 and id = { 8086:0001 %04x:%04x }\n", vendor,
                                number);
        return snprintf(ret_text, size,
                        "quarantine if not finding = malformed and functions < 200 and "
                        "subsystem = %04x:%04x\n",
                        vendor, number);
}

static bool rules_make(uint32_t count)
{
        static char text[LIMIT_RULES * 128];
        struct policy_diagnosis diagnosis;
        size_t length = 0;

        for (uint32_t i = 0; i < count; i++)
                length += (size_t)rule_write(i, text + length, sizeof text - length);
        policy_rules_init(&rules);
        return policy_rules_parse("bench.rules", text, length, &rules, &diagnosis);
}

static void facts_make(void)
{
        for (uint32_t i = 0; i < FUNCTIONS; i++) {
                functions[i] = (struct event_function){ .vendor = (uint16_t)(0x1000 + i % 97),
                                                        .device = (uint16_t)i,
                                                        .subsystem_vendor = 0x1028,
                                                        .class = 0x0c0330,
                                                        .readable = true };
                facts[i] = (struct policy_facts){ .known = POLICY_KNOWN_ALL,
                                                  .port = BASE_SBDF(0, 0, 0x1c, 4),
                                                  .path = "/devices/pci0000:00/0000:00:1c.4",
                                                  .function = &functions[i],
                                                  .depth = 1,
                                                  .count = 128 };
        }
}

static void decide(uint32_t count)
{
        struct policy_decision decision;

        for (uint32_t i = 0; i < count; i++)
                decided += policy_rules_decide(&rules, &facts[i], &decision) &&
                           decision.rule == POLICY_RULE_NONE;
}

/* Seconds of the fastest round: others do other work on the machine. */
static double measure(uint32_t rule_count, uint32_t function_count)
{
        uint32_t repetitions = 1 + WORK / (rule_count * function_count);
        double best = 1e9;

        for (uint32_t round = 0; round < ROUNDS; round++) {
                double start = seconds(), took;

                for (uint32_t i = 0; i < repetitions; i++)
                        decide(function_count);
                took = (seconds() - start) / repetitions;
                best = took < best ? took : best;
        }
        return best;
}

int main(void)
{
        static const uint32_t rule_counts[] = { 10, 100, 1000 },
                              counts[] = { 256, 1024, FUNCTIONS };

        facts_make();
        for (size_t i = 0; i < 3; i++) {
                if (!rules_make(rule_counts[i])) {
                        (void)fputs("rules_bench: the rules were rejected\n", stderr);
                        return 1;
                }
                for (size_t j = 0; j < 3; j++)
                        printf("rules_%ux%u_ms %.4f\n", rule_counts[i], counts[j],
                               1000 * measure(rule_counts[i], counts[j]));
        }
        return decided > 0 ? 0 : 1;
}
