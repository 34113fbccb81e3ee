/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeded random walks for what is too large to exhaust. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "canon.h"
#include "check/check.h"
#include "explore.h"
#include "set.h"

/* xorshift64*: the same seed gives the same walk on every machine. */
static uint64_t random_next(uint64_t *seed)
{
        *seed ^= *seed >> 12;
        *seed ^= *seed << 25;
        *seed ^= *seed >> 27;
        return *seed * 0x2545f4914f6cdd1du;
}

/* Which kinds take part in this walk: the machine's own always, each of the others by a coin (swarm testing). */
static uint64_t kinds_draw(uint64_t *seed)
{
        static const enum sim_move_kind always[] = {
                MOVE_POLL,          MOVE_TIME,      MOVE_ACT,    MOVE_ANSWER,       MOVE_UEVENT,
                MOVE_GUESTS,        MOVE_TAKE_BACK, MOVE_LOOK,   MOVE_ROUTER_EVENT, MOVE_ROUTER_ACT,
                MOVE_ROUTER_ANSWER, MOVE_TUNNEL,    MOVE_ROUTER, MOVE_START,        MOVE_PLUG
        };
        uint64_t kinds = random_next(seed);

        for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
                kinds |= UINT64_C(1) << always[i];
        return kinds;
}

static struct sim_move move_draw(const struct sim_state *state, uint64_t kinds, uint64_t *seed)
{
        struct sim_move moves[SIM_MOVES];
        uint32_t count = sim_moves(state, moves), kept = 0;

        for (uint32_t i = 0; i < count; i++)
                if (kinds >> moves[i].kind & 1)
                        moves[kept++] = moves[i];
        base_assert(kept > 0);
        return moves[random_next(seed) % kept];
}

void sim_walk(const struct sim_scope *scope, uint64_t seed, uint32_t walks, uint32_t length,
              struct sim_result *ret_result)
{
        static struct sim_state state;
        struct sim_set seen = { 0 };
        struct sim_move *path = malloc(length * sizeof *path);

        base_assert(path);
        memset(ret_result, 0, sizeof *ret_result);
        check_l1_reset();
        seed |= 1;
        for (uint32_t i = 0; i < walks && !ret_result->invariant; i++) {
                uint64_t kinds = kinds_draw(&seed);

                sim_scope_begin(scope, &state);
                for (uint32_t j = 0; j < length && !ret_result->invariant; j++) {
                        path[j] = move_draw(&state, kinds, &seed);
                        sim_move_do(&state, path[j]);
                        ret_result->moves++;
                        ret_result->wrong = check_all(&state, &ret_result->invariant);
                        if (!ret_result->wrong && sim_set_add(&seen, sim_canon_hash(&state))) {
                                ret_result->states++;
                                ret_result->wrong = check_l1(&state, sim_canon_calm(&state));
                                ret_result->invariant = ret_result->wrong ? "L1" : NULL;
                        }
                        ret_result->path_count = j + 1;
                }
        }
        ret_result->path = path;
        sim_set_clear(&seen);
}
