/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that can happen next. A run is a start and a list of moves; both have a text form. */
#pragma once

#include "world.h"

enum sim_move_kind {
        /* Time and the daemon's own life. */
        MOVE_POLL,   /* the watcher reads every port; no time passes */
        MOVE_TIME,   /* time passes up to the next moment that the core waits for, then MOVE_POLL */
        MOVE_ACT,    /* the worker of a port does its work; detail: what lies to it */
        MOVE_ANSWER, /* its answer arrives */
        MOVE_UEVENT, /* the next uevent of a port arrives */
        MOVE_GUESTS, /* xenstore tells which guests are there */
        MOVE_LOOK,   /* the daemon looks again at what guests use */
        MOVE_ROUTER_EVENT, /* the kernel tells of routers */
        MOVE_ROUTER_ACT,   /* the worker that is about them does its work */
        MOVE_ROUTER_ANSWER,
        MOVE_SESSION,   /* logind tells whether the session is locked */
        MOVE_TUNNEL,    /* what is behind an authorized router (detail) appears below this port */
        MOVE_TAKE_BACK, /* Xen takes back what a guest had that is no more */
        /* The attacker. */
        MOVE_PLUG,
        MOVE_UNPLUG,
        MOVE_SWAP, /* another device at the same address, faster than anybody looks */
        MOVE_ROUTER, /* a Thunderbolt router (port: which place) comes; detail: who. Who was there is gone */
        MOVE_ROUTER_GO,
        MOVE_ROUTER_NAME, /* it says another name, or the first one again */
        MOVE_DUMB, /* a function begins or ends to answer all ones: for scenarios, the explorer has sim_lie */
        /* The operator. */
        MOVE_EJECT,
        MOVE_BUTTON,
        MOVE_RELOAD, /* of the configuration */
        MOVE_USE,    /* dom0 ceases to use what is below, or begins to */
        MOVE_ATTACH, /* somebody else gives a quarantined leaf to another guest; detail: a function, 16: to ours */
        MOVE_DETACH,   /* ... takes it back */
        MOVE_ASSIGN,   /* detail: a function, 0: all of them */
        MOVE_UNASSIGN, /* all below */
        MOVE_GUEST_START,
        MOVE_GUEST_DIE,
        MOVE_ROUTER_AUTHORIZE, /* this once; MOVE_ROUTER_FORGET is about what it says as its unique ID */
        MOVE_ROUTER_ENROLL,
        MOVE_ROUTER_FORGET,
        MOVE_LOCK, /* somebody locks the screen, or unlocks it */
        /* Faults, each costs one of faults_left. */
        MOVE_FAIL,           /* the worker's effect answers EIO and does nothing */
        MOVE_LIE,            /* it answers 0 and does nothing */
        MOVE_LATE,           /* it does its work, but the answer is ETIMEDOUT, at its deadline */
        MOVE_HANG,           /* it does nothing until its deadline */
        MOVE_ROUTER_FAIL,    /* the worker's effect on a router answers EIO and does nothing */
        MOVE_ROUTER_LIE,     /* it answers 0 and does nothing */
        MOVE_ROUTER_LATE,    /* it does its work, but the answer is ETIMEDOUT, at its deadline */
        MOVE_ROUTER_FOREIGN, /* somebody else authorizes it; detail 1: with a key of his own */
        MOVE_ROUTER_LOSE, /* what the kernel tells of routers is lost; detail 1: and the socket says so */
        MOVE_LOSE,        /* the uevent is lost, and nobody says so */
        MOVE_OVERRUN, /* the uevent is lost, and the socket says so */
        MOVE_DOUBLE,  /* the uevent arrives, and will once more */
        MOVE_JUMP, /* ten minutes pass at once (suspend): every worker under way is past its deadline */
        MOVE_BLIND,      /* a poll in which every register write that follows does nothing */
        MOVE_CRASH,      /* SIGKILL; the worker dies before it acted */
        MOVE_CRASH_LATE, /* SIGKILL; the worker's work is done all the same */
        MOVE_AMNESIA,    /* the state file is damaged while no daemon runs: nothing of it is used */
        MOVE_START,      /* the daemon starts again */
        /* dom0's root, or its kernel, behind our back: likewise. */
        MOVE_SET_BME,
        MOVE_BIND_PCIEHP,
        MOVE_RESCAN, /* detail: what lies to the kernel */
        MOVE_MAX
};

/*
 * What a device answers is decided when it is asked, not before: so every change of its mind between two looks is
 * searched without being a state of its own. In a move's `detail`: what, below which port, which function. (A rescan
 * asks below every port.)
 */
enum sim_lie {
        LIE_NONE,
        LIE_SILENT,  /* all ones; behind a bridge that is silent nothing answers either */
        LIE_STRANGE, /* a type that Xen cannot add */
        LIE_ALTERED, /* other bytes than a moment ago */
};

#define SIM_DETAIL(lie, port, function) ((uint8_t)((lie) << 6 | (port) << 4 | (function)))

struct sim_move {
        uint8_t kind;
        uint8_t port;
        uint8_t detail; /* MOVE_ACT, MOVE_RESCAN: SIM_DETAIL; MOVE_PLUG, MOVE_SWAP: identity or 0; else a function */
};

#define SIM_MOVES 160

/** Adds one to moves[*count]. */
void sim_move_add(struct sim_move *moves, uint32_t *count, enum sim_move_kind kind, uint32_t port,
                  uint32_t detail);
/** All moves that make sense in this state. Returns their number, at most SIM_MOVES. */
uint32_t sim_moves(const struct sim_state *state, struct sim_move ret_moves[static SIM_MOVES]);
/** The fair schedule: whoever can go on does, and only then time passes. */
struct sim_move sim_move_fair(const struct sim_world *world);
/** Does it, with everything that happens at once because of it. */
void sim_move_do(struct sim_state *state, struct sim_move move);
/** The daemon's start: configuration, platform, discovery. */
void sim_daemon_start(struct sim_state *state);
/** "plug0", "act1", "act0.17". Writes at most 24 bytes with the NUL. */
void sim_move_format(struct sim_move move, char ret_text[static 24]);
/** False where the text is no move. */
bool sim_move_parse(const char *text, struct sim_move *ret_move);
