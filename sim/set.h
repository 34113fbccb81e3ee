/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of hashes: open addressing, grows by doubling. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sim_set {
        uint64_t *slots; /* 0 = free */
        uint64_t count;
        uint64_t mask;
};

/** Adds a hash. True where it was not there. Ends the process where there is no memory. */
bool sim_set_add(struct sim_set *set, uint64_t hash);
bool sim_set_has(const struct sim_set *set, uint64_t hash);
/** The look-up of this hash comes soon. */
void sim_set_expect(const struct sim_set *set, uint64_t hash);
void sim_set_clear(struct sim_set *set);
