/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Canonical form of a state, and the moments that matter. */
#include "canon.h"

#include <stddef.h>
#include <string.h>

#include "base/assert.h"
#include "core/verify/verify.h"

/* A port of model and world, and each of its places: at most so many words (core_port_add, core_function_add...). */
#define PORT_WORDS 72
#define PLACE_WORDS 14
#define WORDS_MAX (16 + SIM_PORTS * (PORT_WORDS + SIM_FUNCTIONS * PLACE_WORDS))

struct canon {
        uint64_t now_ms;
        uint64_t next_ms; /* of the moments seen so far; 0 = none */
        uint32_t count;
        uint64_t words[WORDS_MAX];
};

static void word_add(struct canon *canon, uint64_t word)
{
        base_assert(canon->count < WORDS_MAX);
        canon->words[canon->count++] = word;
}

/* A moment in the future counts by its distance, one in the past (or none, 0) not at all. */
static void moment_add(struct canon *canon, uint64_t moment_ms)
{
        bool ahead = moment_ms > canon->now_ms;

        word_add(canon, ahead ? moment_ms - canon->now_ms : 0);
        if (ahead && (canon->next_ms == 0 || moment_ms < canon->next_ms))
                canon->next_ms = moment_ms;
}

static void attempt_add(struct canon *canon, const struct model_attempt *attempt)
{
        /* Beyond the tries that are told apart, only the doublings of the wait count, up to its maximum. */
        uint32_t tries = attempt->tries < VERIFY_TRIES + 6 ? attempt->tries : VERIFY_TRIES + 6;

        word_add(canon, (uint64_t)tries << 1 | (attempt->error != 0));
        moment_add(canon, attempt->tries ? attempt->retry_at_ms : 0);
}

static void core_function_add(struct canon *canon, const struct model_port *port,
                              const struct model_function *function,
                              const struct sim_function *real)
{
        uint64_t flags = 0;

        flags = flags << 1 | function->listed;
        flags = flags << 1 | function->driver_asked;
        flags = flags << 1 | function->asked;
        flags = flags << 1 | function->confirmed;
        flags = flags << 1 | function->at_boot;
        flags = flags << 1 | function->facts.readable;
        flags = flags << 1 | function->facts.changed;
        flags = flags << 1 | function->facts.kept_off;
        flags = flags << 1 | (function->facts.driver[0] != 0);
        flags = flags << 1 | (function->incarnation == port->incarnation);
        flags = flags << 1 | (function->incarnation == port->rescanned);
        flags = flags << 1 | (function->incarnation == port->pending_incarnation);
        flags = flags << 1 | (function->facts.instance == real->instance);
        flags = flags << 1 | (function->facts.instance == port->pending_instance);
        word_add(canon, flags << 32 | function->facts.sbdf);
        word_add(canon, (uint64_t)function->owner << 48 | (uint64_t)function->state << 40 |
                                (uint64_t)function->reason << 32 |
                                (uint32_t)function->facts.digest);
        attempt_add(canon, &function->driver);
        attempt_add(canon, &function->quarantine);
        attempt_add(canon, &function->removal);
}

static uint64_t port_flags(const struct model_port *port)
{
        uint64_t flags = 0;

        flags = flags << 1 | port->external;
        flags = flags << 1 | port->read_once;
        flags = flags << 1 | port->registers_fresh;
        flags = flags << 1 | port->rechecked;
        flags = flags << 1 | port->guarded;
        flags = flags << 1 | port->closed;
        flags = flags << 1 | port->occupied;
        flags = flags << 1 | port->up;
        flags = flags << 1 | (port->rescanned == port->incarnation);
        flags = flags << 1 | (port->pending_incarnation == port->incarnation);
        flags = flags << 1 | (port->pending_incarnation == port->rescanned);
        flags = flags << 1 | port->inventory_fresh;
        flags = flags << 1 | port->inventory_dirty;
        flags = flags << 1 | port->inventory_once;
        flags = flags << 1 | port->inventory_partial;
        flags = flags << 1 | port->stable;
        flags = flags << 1 | port->owners_fresh;
        flags = flags << 1 | port->owners_dirty;
        flags = flags << 1 | port->owners_due;
        flags = flags << 1 | port->leaving;
        flags = flags << 1 | port->ejected;
        flags = flags << 1 | (port->token != 0);
        flags = flags << 1 | (port->request != 0);
        flags = flags << 1 | port->acs_told;
        flags = flags << 1 | port->registers.readable;
        flags = flags << 1 | port->registers.pcieport;
        flags = flags << 1 | port->registers.pciehp;
        flags = flags << 1 | port->registers.awake;
        return flags;
}

static void core_port_add(struct canon *canon, const struct model_port *port)
{
        word_add(canon, port_flags(port));
        word_add(canon, (uint64_t)port->registers.command << 48 |
                                (uint64_t)port->registers.slot_control << 32 |
                                (uint64_t)port->registers.slot_status << 16 |
                                port->registers.link_status);
        word_add(canon, (uint64_t)port->status_seen << 48 | (uint64_t)port->state << 40 |
                                (uint64_t)port->reason << 32 |
                                (port->token ? (uint64_t)port->pending << 16 |
                                                       (uint64_t)port->pending_goal << 8
                                             : 0));
        word_add(canon, port->token ? port->pending_function : 0);
        moment_add(canon, port->command_until_ms);
        moment_add(canon, port->up ? port->up_since_ms + VERIFY_SETTLE_MS : 0);
        moment_add(canon, port->occupied ? port->occupied_since_ms + VERIFY_LINK_MS + 1 : 0);
        moment_add(canon, port->button_at_ms ? port->button_at_ms + 5000 : 0);
        moment_add(canon, port->request ? port->request_until_ms : 0);
        word_add(canon, port->token ? port->pending_until_ms - canon->now_ms : 0);
        for (int goal = 0; goal < GOAL_MAX; goal++)
                attempt_add(canon, &port->attempts[goal]);
}

static void function_add(struct canon *canon, const struct sim_function *function)
{
        word_add(canon, (uint64_t)function->identity | (uint64_t)function->dumb << 8 |
                                (uint64_t)function->strange << 9 | (uint64_t)function->hid << 10 |
                                (uint64_t)function->known << 16 | (uint64_t)function->driver << 24 |
                                (uint64_t)function->kept_off << 25 |
                                (uint64_t)function->owner << 32 |
                                (uint64_t)function->mapping << 40);
}

static void port_add(struct canon *canon, const struct sim_port *port, uint32_t count)
{
        bool pending = port->pending_token != 0;

        word_add(canon, (uint64_t)port->command << 48 | (uint64_t)port->slot_control << 32 |
                                (uint64_t)port->slot_status << 16 | port->link_status);
        word_add(canon, (uint64_t)port->pcieport | (uint64_t)port->pciehp << 1 |
                                (uint64_t)port->awake << 2 | (uint64_t)port->guarded_once << 3 |
                                (uint64_t)port->intruded << 4 | (uint64_t)port->changed << 40 |
                                (uint64_t)pending << 6 | (uint64_t)(pending && port->acted) << 7 |
                                (uint64_t)port->uevents << 8 | (uint64_t)port->requests << 16 |
                                (uint64_t)port->replies << 24 |
                                (uint64_t)(pending && port->acted ? (uint8_t)port->answer_error : 0)
                                        << 32);
        for (uint32_t i = 0; i < count; i++) {
                function_add(canon, &port->functions[i]);
                if (pending && port->acted && port->answer_observes) {
                        function_add(canon, &port->seen[i]);
                        word_add(canon, port->seen[i].instance == port->functions[i].instance);
                }
        }
        if (pending) {
                word_add(canon, (uint64_t)port->pending.kind << 32 | port->pending.function);
                for (uint32_t i = 0; i < count; i++)
                        word_add(canon, port->pending.instance == port->functions[i].instance);
        }
}

static void canon_make(const struct sim_state *state, struct canon *canon)
{
        const struct sim_world *world = &state->world;
        const struct core *core = &state->core;

        canon->now_ms = world->now_ms;
        canon->next_ms = 0;
        canon->count = 0;
        word_add(canon, (uint64_t)world->faults_left | (uint64_t)world->attacks_left << 8 |
                                (uint64_t)world->crashed << 16 | (uint64_t)world->panicked << 17 |
                                (uint64_t)world->licence_broken << 18 |
                                (uint64_t)world->rescan_while_open << 19 |
                                (uint64_t)core->discover << 20 | (uint64_t)core->discovered << 21 |
                                (uint64_t)world->wishes_left << 24 |
                                (uint64_t)world->xen_minor << 32 | (uint64_t)world->vendor << 48);
        for (uint32_t i = 0; i < world->port_count; i++)
                port_add(canon, &world->ports[i], sim_function_count(world, i));
        if (world->crashed)
                return; /* the core's state is lost */
        for (uint32_t i = 0; i < core->port_count; i++)
                core_port_add(canon, &core->ports[i]);
        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *function = &core->functions[i];
                uint32_t number = sim_port_index(world, function->port);
                uint32_t count = sim_function_count(world, number);
                uint32_t index = 0;

                while (index < count - 1 && sim_sbdf(world, number, index) != function->facts.sbdf)
                        index++;
                core_function_add(canon, &core->ports[number], function,
                                  &world->ports[number].functions[index]);
        }
}

/* A multiply-and-fold over 64-bit words (the mixing step of wyhash-like hashes), good enough for a hash set. */
static uint64_t mix(uint64_t a, uint64_t b)
{
        unsigned __int128 product =
                (unsigned __int128)(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xd6e8feb86659fd93u);

        return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t sim_canon_hash(const struct sim_state *state)
{
        struct canon canon;
        uint64_t hash = 1;

        canon_make(state, &canon);
        for (uint32_t i = 0; i < canon.count; i++)
                hash = mix(hash + canon.words[i], 0xa0761d6478bd642fu + i);
        return hash ? hash : 1;
}

uint64_t sim_canon_next(const struct sim_state *state)
{
        struct canon canon;

        canon_make(state, &canon);
        return canon.next_ms;
}
