/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of hashes. */
#include "set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/assert.h"

#define SLOTS_FIRST (1u << 21)

static uint64_t slot_find(const struct sim_set *set, uint64_t hash)
{
        uint64_t at = hash & set->mask;

        while (set->slots[at] != 0 && set->slots[at] != hash)
                at = (at + 1) & set->mask;
        return at;
}

/* Free slots. Each look-up is a miss; on huge pages it is one in the cache only. */
static uint64_t *slots_get(uint64_t count)
{
        size_t size = count * sizeof(uint64_t);
        void *slots = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (slots == MAP_FAILED)
                return NULL;
        (void)madvise(slots, size, MADV_HUGEPAGE);
        return slots;
}

static void slots_free(struct sim_set *set)
{
        if (set->slots)
                (void)munmap(set->slots, (set->mask + 1) * sizeof *set->slots);
}

static void set_grow(struct sim_set *set)
{
        struct sim_set larger = { .mask = set->slots ? set->mask * 2 + 1 : SLOTS_FIRST - 1,
                                  .count = set->count };

        larger.slots = slots_get(larger.mask + 1);
        if (!larger.slots) {
                fprintf(stderr, "sim: out of memory at %llu states\n",
                        (unsigned long long)set->count);
                exit(3);
        }
        for (uint64_t i = 0; set->slots && i <= set->mask; i++)
                if (set->slots[i] != 0)
                        larger.slots[slot_find(&larger, set->slots[i])] = set->slots[i];
        slots_free(set);
        *set = larger;
}

bool sim_set_add(struct sim_set *set, uint64_t hash)
{
        uint64_t at;

        hash |= hash == 0; /* 0 marks a free slot */
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
        hash |= hash == 0;
        return set->slots && set->slots[slot_find(set, hash)] == hash;
}

void sim_set_expect(const struct sim_set *set, uint64_t hash)
{
        if (set->slots)
                __builtin_prefetch(&set->slots[hash & set->mask]);
}

void sim_set_clear(struct sim_set *set)
{
        slots_free(set);
        memset(set, 0, sizeof *set);
}
