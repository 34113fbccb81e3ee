/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of hashes. */
#include "set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define SLOTS_FIRST (1u << 16)

static uint64_t slot_find(const struct sim_set *set, uint64_t hash)
{
        uint64_t at = hash & set->mask;

        while (set->slots[at] != 0 && set->slots[at] != hash)
                at = (at + 1) & set->mask;
        return at;
}

static void set_grow(struct sim_set *set)
{
        struct sim_set larger = { .mask = set->slots ? set->mask * 2 + 1 : SLOTS_FIRST - 1,
                                  .count = set->count };

        larger.slots = calloc(larger.mask + 1, sizeof *larger.slots);
        if (!larger.slots) {
                fprintf(stderr, "sim: out of memory at %llu states\n",
                        (unsigned long long)set->count);
                exit(3);
        }
        for (uint64_t i = 0; set->slots && i <= set->mask; i++)
                if (set->slots[i] != 0)
                        larger.slots[slot_find(&larger, set->slots[i])] = set->slots[i];
        free(set->slots);
        *set = larger;
}

bool sim_set_add(struct sim_set *set, uint64_t hash)
{
        uint64_t at;

        base_assert(hash != 0);
        if (!set->slots || set->count * 2 > set->mask)
                set_grow(set);
        at = slot_find(set, hash);
        if (set->slots[at] == hash)
                return false;
        set->slots[at] = hash;
        set->count++;
        return true;
}

bool sim_set_has(const struct sim_set *set, uint64_t hash)
{
        return set->slots && set->slots[slot_find(set, hash)] == hash;
}

void sim_set_clear(struct sim_set *set)
{
        free(set->slots);
        memset(set, 0, sizeof *set);
}
