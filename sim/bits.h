/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pieces of which a canonical form is made. */
#pragma once

#include <stdint.h>

#include "base/assert.h"
#include "core/model/model.h"
#include "core/verify/verify.h"
#include "world.h"

/* A port of model and world, and four of its places: at most so many words (core_port_add, world_port_add). */
#define PORT_WORDS 20
#define WORDS_MAX (24 + SIM_PORTS * (PORT_WORDS + SIM_FUNCTIONS * 4))

/* Bits that are written one after the other: a state is compared by what it says, not by how it is laid out. */
struct canon {
        uint32_t count; /* words that are full */
        uint32_t used;  /* bits of the next one */
        uint64_t next;
        uint64_t words[WORDS_MAX];
};

static inline void bits_add(struct canon *canon, uint64_t value, uint32_t width)
{
        if (canon->used + width > 64) {
                base_assert(canon->count < WORDS_MAX);
                canon->words[canon->count++] = canon->next;
                canon->next = canon->used = 0;
        }
        canon->next |= (value & (UINT64_MAX >> (64 - width))) << canon->used;
        canon->used += width;
}

/* A moment in the future counts by its distance, one in the past (or none, 0) not at all. */
static inline void moment_add(struct canon *canon, uint64_t now_ms, uint64_t moment_ms)
{
        uint64_t ahead_ms = moment_ms > now_ms ? moment_ms - now_ms : 0;

        base_assert(ahead_ms < 1u << 21);
        bits_add(canon, ahead_ms, 21);
}

#define ATTEMPT_BITS 4

/* From the fourth try on only the length of the wait differs; how long it still is, is not told apart (canon.h). */
static inline uint64_t attempt_code(uint64_t now_ms, const struct model_attempt *attempt)
{
        uint64_t tries = attempt->tries < VERIFY_TRIES ? attempt->tries : VERIFY_TRIES;

        return tries << 1 | (tries != 0 && attempt->retry_at_ms > now_ms);
}

/* Thunderbolt, as it is and as the core knows it: canon_router.c. */
void sim_canon_thunderbolt(struct canon *canon, const struct sim_world *world);
void sim_canon_routers(struct canon *canon, const struct sim_world *world, const struct core *core);
