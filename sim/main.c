/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sim explore SCOPE | walk SCOPE SEED WALKS LENGTH | replay SCOPE:MOVE,MOVE... | canary */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "canon.h"
#include "check/check.h"
#include "core/report/name.h"
#include "core/report/report.h"
#include "edge.h"
#include "explore.h"

enum { EXIT_GOOD = 0, EXIT_VIOLATION = 1, EXIT_USAGE = 2, EXIT_UNFINISHED = 4 };

static const char usage[] =
        "sim explore SCOPE                      all orders; SCOPE: vtd.17.p1.f1.a255.w0.c0.b0\n"
        "sim walk SCOPE SEED WALKS LENGTH       random walks; SEED: hexadecimal, e.g. a commit\n"
        "sim replay SCOPE:MOVE,MOVE...          one run, told move by move\n"
        "sim canary                             a broken core must be found\n"
        "exit status: 0 no violation, 1 violation, 2 usage, 4 scope not exhausted\n";

static double seconds_now(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void replay_line(const struct sim_scope *scope, const struct sim_result *result)
{
        char text[48];

        sim_scope_format(scope, text);
        printf("violation of %s: %s\nsim replay %s:", result->invariant, result->wrong, text);
        for (uint32_t i = 0; i < result->path_count; i++) {
                char name[24];

                sim_move_format(result->path[i], name);
                printf("%s%s", i ? "," : "", name);
        }
        printf("\n");
}

static int result_tell(const struct sim_scope *scope, struct sim_result *result, double begun)
{
        double seconds = seconds_now() - begun;
        char text[48];

        sim_scope_format(scope, text);
        printf("%s: %llu distinct states, %llu moves, depth %u, %.1f s, %.0f states/s%s\n", text,
               (unsigned long long)result->states, (unsigned long long)result->moves, result->depth,
               seconds, (double)result->states / seconds,
               result->exhausted ? ", scope exhausted" : "");
        if (result->exposed)
                printf("in %llu of them somebody else's rescan exposes dom0, and nobody has told "
                       "the daemon; in %llu "
                       "it is dead\n",
                       (unsigned long long)result->exposed,
                       (unsigned long long)result->exposed_dead);
        if (result->invariant) {
                sim_shrink(scope, result);
                replay_line(scope, result);
        }
        free(result->path);
        return result->invariant ? EXIT_VIOLATION : EXIT_GOOD;
}

static int explore(const char *text)
{
        struct sim_result result;
        struct sim_scope scope;
        double begun = seconds_now();
        int status;

        if (!sim_scope_parse(text, &scope))
                return EXIT_USAGE;
        sim_explore(&scope, &result);
        status = result_tell(&scope, &result, begun);
        return status == EXIT_GOOD && !result.exhausted ? EXIT_UNFINISHED : status;
}

static int walk(const char *text, const char *seed, const char *walks, const char *length)
{
        struct sim_result result;
        struct sim_scope scope;
        double begun = seconds_now();

        if (!sim_scope_parse(text, &scope) || strtoul(length, NULL, 10) == 0)
                return EXIT_USAGE;
        sim_walk(&scope, strtoull(seed, NULL, 16), (uint32_t)strtoul(walks, NULL, 10),
                 (uint32_t)strtoul(length, NULL, 10), &result);
        return result_tell(&scope, &result, begun);
}

/* A core that believes every port to be closed has to be found, else nothing else here means anything. */
static bool canary_closed(void)
{
        struct sim_scope scope;
        struct sim_result result;
        bool found;

        (void)sim_scope_parse("vtd.17.p1.f0.a255.w0.c0.b0", &scope);
        sim_edge_canary(SIM_CANARY_CLOSED);
        sim_explore(&scope, &result);
        found = result.invariant != NULL;
        printf("canary: %s after %llu states\n", found ? "found" : "NOT found",
               (unsigned long long)result.states);
        if (found) {
                sim_shrink(&scope, &result);
                replay_line(&scope, &result);
        }
        free(result.path);
        return found;
}

/*
 * And one that leaves a port open for dom0 when another device is there, as soon as it could know: else what may be
 * dom0's is more than was trusted.
 */
static bool canary_same(void)
{
        struct sim_move path[] = { { MOVE_SWAP, 0, 0 }, { MOVE_POLL, 0, 0 } };
        struct sim_scope scope;
        const char *wrong, *name;
        uint32_t count;

        (void)sim_scope_parse("vtd.17.p1.f0.a1.w0.c0.b5.r4", &scope);
        sim_edge_canary(SIM_CANARY_SAME);
        name = sim_replay(&scope, path, 2, &count, &wrong);
        printf("canary: %s after %u moves: %s\n", name ? name : "NOT found", count,
               wrong ? wrong : "");
        return count == 2 && name && strcmp(name, "I1") == 0;
}

static int canary(void)
{
        bool closed = canary_closed(), same = canary_same();

        return closed && same ? EXIT_GOOD : EXIT_VIOLATION;
}

static void effects_tell(void *userdata, const struct sim_state *state,
                         const struct effects *effects)
{
        (void)userdata;
        (void)state;
        for (uint32_t i = 0; i < effects->record_count; i++) {
                char buffer[640];
                struct base_text text = base_text_on(buffer, sizeof buffer);

                if (effects->records[i].kind == RECORD_EFFECT_STARTED)
                        continue;
                report_record_text(&effects->records[i], &text);
                printf("        %s: %s\n", report_message_get(effects->records[i].kind)->name,
                       buffer);
        }
        for (uint32_t i = 0; i < effects->count; i++) {
                char address[BASE_SBDF_TEXT_SIZE] = "-";

                if (effects->items[i].function != BASE_SBDF_NONE)
                        (void)base_sbdf_format(effects->items[i].function, address);
                printf("    -> %s %s", report_effect_name(effects->items[i].kind), address);
                if (effects->items[i].kind == EFFECT_REPLY)
                        printf(" %s %s", report_result_name(effects->items[i].result),
                               report_reason_name(effects->items[i].reason));
                printf("\n");
        }
}

/* What the core says where the run came to rest. */
static void states_tell(const struct core *core)
{
        for (uint32_t i = 0; i < core->port_count; i++) {
                char address[BASE_SBDF_TEXT_SIZE];

                printf("port %s: %s (%s)\n", base_sbdf_format(core->ports[i].found.sbdf, address),
                       report_state_name(core->ports[i].state),
                       report_reason_name(core->ports[i].reason));
        }
        for (uint32_t i = 0; i < core->router_count; i++)
                printf("router %llx: %s (%s)\n", (unsigned long long)core->routers[i].facts.route,
                       report_router_state_name(core->routers[i].state),
                       report_reason_name(core->routers[i].reason));
}

/* Writes into text. */
static int moves_replay(char *text)
{
        static struct sim_state state;
        struct sim_scope scope;
        char *moves = strchr(text, ':'), *rest = NULL;
        const char *name = NULL, *wrong;
        struct sim_move move;

        if (!moves)
                return EXIT_USAGE;
        *moves++ = '\0';
        if (!sim_scope_parse(text, &scope))
                return EXIT_USAGE;
        sim_edge_watch(effects_tell, NULL);
        printf("start\n");
        sim_scope_begin(&scope, &state);
        wrong = check_all(&state, &name);
        for (char *word = strtok_r(moves, ",", &rest); word && !wrong;
             word = strtok_r(NULL, ",", &rest)) {
                if (!sim_move_parse(word, &move)) {
                        fprintf(stderr, "sim: '%s' is no move\n", word);
                        return EXIT_USAGE;
                }
                printf("%s  (t=%llu ms)\n", word, (unsigned long long)state.world.now_ms);
                if (!sim_move_possible(&state, move)) {
                        printf("    cannot happen now: left out\n");
                        continue;
                }
                sim_move_do(&state, move);
                wrong = check_all(&state, &name);
        }
        if (!wrong) {
                printf("faults and attacks stop\n");
                wrong = check_l1(&state, sim_canon_calm(&state));
                name = "L1";
        }
        states_tell(check_l1_end());
        if (wrong)
                printf("violation of %s: %s\n", name, wrong);
        return wrong ? EXIT_VIOLATION : EXIT_GOOD;
}

static int replay(const char *text)
{
        char *copy = strdup(text);
        int status = copy ? moves_replay(copy) : EXIT_USAGE;

        free(copy);
        return status;
}

int main(int argc, char **argv)
{
        int status = EXIT_USAGE;

        if (argc == 3 && strcmp(argv[1], "explore") == 0)
                status = explore(argv[2]);
        else if (argc == 6 && strcmp(argv[1], "walk") == 0)
                status = walk(argv[2], argv[3], argv[4], argv[5]);
        else if (argc == 3 && strcmp(argv[1], "replay") == 0)
                status = replay(argv[2]);
        else if (argc == 2 && strcmp(argv[1], "canary") == 0)
                status = canary();
        if (status == EXIT_USAGE)
                (void)fputs(usage, stderr);
        return status;
}
