/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search: depth first over every move, each state once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "move.h"

#define SIM_PATH_MAX (1u << 20)

/* dom0 needs what is below port 0, and has something below the others. */
#define SIM_BOOTED_USED 2u
/* What is below port 0 is in quarantine, but for a leaf that a guest uses; nothing is below the others. */
#define SIM_BOOTED_GIVEN 3u
/* Likewise; and the other leaf was held back, so that the next enumeration of whatever port shows it. */
#define SIM_BOOTED_HELD_BACK 4u

/*
 * What is below port 0 is in quarantine, but for a leaf that a rule has made dom0's, which may use it; nothing is below
 * the others.
 */
#define SIM_BOOTED_TRUSTED 5u

struct sim_scope {
        enum sim_vendor vendor;
        uint16_t xen_minor;
        uint8_t ports;
        uint8_t faults;
        uint8_t attacks; /* UINT8_MAX: no bound */
        uint8_t wishes;  /* likewise */
        bool power_controller;
        uint8_t rules;  /* which of the explorer's rules are in force: sim_scope_rules; 0 = none */
        uint8_t booted; /* 1: a hierarchy is there when the daemon starts; SIM_BOOTED_USED... */
        uint8_t guests; /* 1: there are some, and RescanWhileOpen=postpone; 2: =pause */
        uint8_t thunderbolt; /* enum sim_bus: routers come and go, and what is plugged is behind one, or not */
        uint64_t states_max; /* gives up beyond */
};

struct sim_result {
        uint64_t states;       /* distinct */
        uint64_t moves;        /* transitions tried */
        uint64_t exposed;      /* of the states: check_exposed */
        uint64_t exposed_dead; /* of those, with the daemon dead */
        uint32_t depth;        /* of the longest path on the stack */
        bool exhausted;        /* nothing is left in this scope */
        const char *invariant; /* NULL, or the one that does not hold: "I1" */
        const char *wrong;     /* what is wrong */
        uint32_t path_count;   /* moves that lead there */
        struct sim_move *path; /* the caller frees it */
};

/** The state in which every run of this scope begins. */
void sim_scope_begin(const struct sim_scope *scope, struct sim_state *ret_state);
/**
 * "vtd.17.p1.f1.a255.w0.c0.b0": vendor, Xen minor, ports, faults, attacks, wishes, power controller, booted; and ".r1"
 * where rules are in force: 1 = what is plugged into the first port is rejected unseen, 2 = bridges are rejected, 3 =
 * leaves are given to the guest, 4 = the first leaf below the first port is made dom0's (trust-dom0). Then ".g1" or
 * ".g2" where there are guests. Then ".t1" to ".t4" where there is a Thunderbolt domain: enum sim_bus; its security
 * level is `user`, with ".t4" `secure`.
 */
void sim_scope_format(const struct sim_scope *scope, char ret_text[static 48]);
bool sim_scope_parse(const char *text, struct sim_scope *ret_scope);

/** Searches the whole scope, or up to the first violation. Says how far it is on stderr every few seconds. */
void sim_explore(const struct sim_scope *scope, struct sim_result *ret_result);
/** Seeded random walks of `length` moves each, with a random choice of move kinds switched off in each (swarm). */
void sim_walk(const struct sim_scope *scope, uint64_t seed, uint32_t walks, uint32_t length,
              struct sim_result *ret_result);
/** Can it happen now? A path that was shortened, or found with another core, may hold moves that no longer can. */
bool sim_move_possible(const struct sim_state *state, struct sim_move move);
/**
 * Runs a path, leaving moves out that cannot happen when their turn comes. Returns the invariant that fails first, or
 * NULL. path[0..*ret_count) is then what was done.
 */
const char *sim_replay(const struct sim_scope *scope, struct sim_move *path, uint32_t count,
                       uint32_t *ret_count, const char **ret_wrong);
/** Leaves moves out as long as the same invariant fails. */
void sim_shrink(const struct sim_scope *scope, struct sim_result *result);
