/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Depth first over every move; each state, by its canonical hash, once. */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "canon.h"
#include "check/check.h"
#include "copy.h"
#include "set.h"

#define PROGRESS_STATES (1u << 20)

/* One state on the path: its copy lies in the arena, its moves are made anew each time it is come back to. */
struct frame {
        size_t at;
        struct sim_move came_by;
        uint32_t next; /* move to try next */
};

struct search {
        struct sim_set seen;
        struct frame *frames;
        uint32_t depth;
        uint32_t frames_size;
        char *arena;
        size_t arena_used, arena_size;
        struct sim_state state;
};

static void *larger(void *memory, size_t size)
{
        void *result = realloc(memory, size);

        if (!result) {
                fprintf(stderr, "sim: out of memory\n");
                exit(3);
        }
        return result;
}

/* Puts the state that was just reached on the path. */
static void frame_push(struct search *search, struct sim_move came_by)
{
        size_t size = (sim_packed_size(&search->state) + 15) & ~(size_t)15;

        if (search->depth == search->frames_size) {
                search->frames_size = search->frames_size * 2 + 1024;
                search->frames =
                        larger(search->frames, search->frames_size * sizeof *search->frames);
        }
        if (search->arena_used + size > search->arena_size) {
                search->arena_size = search->arena_size * 2 + (1u << 20);
                search->arena = larger(search->arena, search->arena_size);
        }
        sim_pack(search->arena + search->arena_used, &search->state);
        search->frames[search->depth++] =
                (struct frame){ .at = search->arena_used, .came_by = came_by };
        search->arena_used += size;
}

static void frame_pop(struct search *search)
{
        search->arena_used = search->frames[--search->depth].at;
}

static void violation_note(const struct search *search, const char *name, const char *wrong,
                           struct sim_result *result)
{
        result->invariant = name;
        result->wrong = wrong;
        result->path_count = search->depth - 1;
        result->path = larger(NULL, search->depth * sizeof *result->path);
        for (uint32_t i = 1; i < search->depth; i++)
                result->path[i - 1] = search->frames[i].came_by;
}

/* Judges the state on top of the path. wrong: what check_all said of it, by the name of an invariant. */
static bool state_good(const struct search *search, uint64_t calm, const char *wrong,
                       const char *name, struct sim_result *result)
{
        if (!wrong) {
                name = "L1";
                wrong = check_l1(&search->state, calm);
        }
        if (!wrong)
                return true;
        violation_note(search, name, wrong, result);
        return false;
}

static double seconds_now(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void progress_tell(const struct search *search, const struct sim_result *result,
                          double begun)
{
        if (result->states % PROGRESS_STATES == 0)
                fprintf(stderr, "sim: %llu states, depth %u, %.0f states/s\n",
                        (unsigned long long)result->states, search->depth,
                        (double)result->states / (seconds_now() - begun));
}

static void exposure_count(const struct sim_state *state, struct sim_result *result)
{
        if (!check_exposed(state))
                return;
        result->exposed++;
        result->exposed_dead += state->world.crashed;
}

static void search_run(struct search *search, const struct sim_scope *scope,
                       struct sim_result *result)
{
        struct sim_move moves[SIM_MOVES];
        double begun = seconds_now();

        while (search->depth > 0 && result->states < scope->states_max) {
                struct frame *top = &search->frames[search->depth - 1];
                uint32_t count;
                const char *name = NULL, *wrong;
                struct sim_move move;
                uint64_t calm, hash;

                sim_unpack(&search->state, search->arena + top->at);
                count = sim_moves(&search->state, moves);
                if (top->next == count) {
                        frame_pop(search);
                        continue;
                }
                move = moves[top->next++];
                sim_move_do(&search->state, move);
                result->moves++;
                calm = sim_canon_calm(&search->state);
                hash = sim_canon_with_scope(calm, &search->state);
                sim_set_expect(&search->seen, hash);
                check_l1_expect(calm);
                wrong = check_all(&search->state, &name); /* while the look-ups are on their way */
                if (!sim_set_add(&search->seen, hash))
                        continue;
                result->states++;
                exposure_count(&search->state, result);
                progress_tell(search, result, begun);
                frame_push(search, move);
                if (search->depth > result->depth)
                        result->depth = search->depth;
                if (!state_good(search, calm, wrong, name, result))
                        return;
        }
        result->exhausted = search->depth == 0;
}

void sim_explore(const struct sim_scope *scope, struct sim_result *ret_result)
{
        static struct search search; /* large */
        const char *name = NULL, *wrong;

        memset(&search, 0, sizeof search);
        memset(ret_result, 0, sizeof *ret_result);
        check_l1_reset();
        sim_scope_begin(scope, &search.state);
        (void)sim_set_add(&search.seen, sim_canon_hash(&search.state));
        ret_result->states = 1;
        frame_push(&search, (struct sim_move){ MOVE_START, 0, 0 });
        wrong = check_all(&search.state, &name);
        if (state_good(&search, sim_canon_calm(&search.state), wrong, name, ret_result))
                search_run(&search, scope, ret_result);
        sim_set_clear(&search.seen);
        free(search.frames);
        free(search.arena);
}
