/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of states. */
#include "copy.h"

#include <string.h>

#include "base/assert.h"

/* What stands before the arrays, counts included; and of a port before its functions. */
#define WORLD_HEAD_SIZE offsetof(struct sim_world, ports)
#define CORE_HEAD_SIZE offsetof(struct core, ports)
#define PORT_HEAD_SIZE offsetof(struct sim_port, functions)

static size_t ports_size(const struct sim_state *state)
{
        return state->core.port_count * sizeof state->core.ports[0];
}

static size_t functions_size(const struct sim_state *state)
{
        return state->core.function_count * sizeof state->core.functions[0];
}

static size_t memory_size(const struct sim_state *state)
{
        return state->core.memory_function_count * sizeof state->core.memory_functions[0];
}

static size_t memory_routers_size(const struct sim_state *state)
{
        return state->core.memory_router_count * sizeof state->core.memory_routers[0];
}

static size_t routers_size(const struct sim_state *state)
{
        return state->core.router_count * sizeof state->core.routers[0];
}

/* What was seen counts only until it is delivered, and only where there is something to deliver. */
static bool port_seen(const struct sim_port *port)
{
        return port->pending_token != 0 && port->answer_observes;
}

static size_t places_size(const struct sim_world *world, uint32_t port)
{
        return sim_function_count(world, port) * sizeof(struct sim_function);
}

static void port_copy(struct sim_port *to, const struct sim_port *from, size_t size)
{
        memcpy(to, from, PORT_HEAD_SIZE + size);
        if (port_seen(from))
                memcpy(to->seen, from->seen, size);
}

/* Constant as well, but a state that was never begun has none. */
static void platform_copy(struct event_platform *to, const struct event_platform *from)
{
        memcpy(to, from,
               offsetof(struct event_platform, coverage.ranges) +
                       from->coverage.count * sizeof from->coverage.ranges[0]);
}

void sim_copy(struct sim_state *to, const struct sim_state *from)
{
        memcpy(&to->world, &from->world, WORLD_HEAD_SIZE);
        for (uint32_t i = 0; i < from->world.port_count; i++)
                port_copy(&to->world.ports[i], &from->world.ports[i], places_size(&from->world, i));
        memcpy(&to->core, &from->core, CORE_HEAD_SIZE);
        memcpy(to->core.ports, from->core.ports, ports_size(from));
        memcpy(to->core.functions, from->core.functions, functions_size(from));
        base_assert(from->core.memory_port_count == 0); /* every port was found at once */
        memcpy(to->core.memory_functions, from->core.memory_functions, memory_size(from));
        memcpy(to->core.memory_routers, from->core.memory_routers, memory_routers_size(from));
        memcpy(to->core.domains, from->core.domains, sizeof to->core.domains);
        memcpy(to->core.routers, from->core.routers, routers_size(from));
        platform_copy(&to->core.platform, &from->core.platform);
        to->core.config.pause = from->core.config.pause;
        to->core.config.toolstack = from->core.config.toolstack;
        to->core.config.auto_ports = from->core.config.auto_ports;
        to->core.config.in_use_quarantine = from->core.config.in_use_quarantine;
        to->core.config.poll_interval_ms = from->core.config.poll_interval_ms;
}

size_t sim_packed_size(const struct sim_state *state)
{
        size_t size = WORLD_HEAD_SIZE + CORE_HEAD_SIZE + ports_size(state) + functions_size(state) +
                      memory_size(state) + memory_routers_size(state) + routers_size(state) +
                      sizeof state->core.domains;

        for (uint32_t i = 0; i < state->world.port_count; i++)
                size += PORT_HEAD_SIZE +
                        places_size(&state->world, i) * (port_seen(&state->world.ports[i]) ? 2 : 1);
        return size;
}

static char *piece_pack(char *at, const void *from, size_t size)
{
        memcpy(at, from, size);
        return at + size;
}

static const char *piece_unpack(void *to, const char *at, size_t size)
{
        memcpy(to, at, size);
        return at + size;
}

void sim_pack(void *bytes, const struct sim_state *state)
{
        char *at = piece_pack(bytes, &state->world, WORLD_HEAD_SIZE);

        for (uint32_t i = 0; i < state->world.port_count; i++) {
                const struct sim_port *port = &state->world.ports[i];
                size_t size = places_size(&state->world, i);

                at = piece_pack(at, port, PORT_HEAD_SIZE + size);
                if (port_seen(port))
                        at = piece_pack(at, port->seen, size);
        }
        at = piece_pack(at, &state->core, CORE_HEAD_SIZE);
        at = piece_pack(at, state->core.ports, ports_size(state));
        at = piece_pack(at, state->core.functions, functions_size(state));
        at = piece_pack(at, state->core.memory_functions, memory_size(state));
        at = piece_pack(at, state->core.memory_routers, memory_routers_size(state));
        at = piece_pack(at, state->core.domains, sizeof state->core.domains);
        (void)piece_pack(at, state->core.routers, routers_size(state));
}

void sim_unpack(struct sim_state *to, const void *bytes)
{
        const char *at = piece_unpack(&to->world, bytes, WORLD_HEAD_SIZE);

        for (uint32_t i = 0; i < to->world.port_count; i++) {
                struct sim_port *port = &to->world.ports[i];
                size_t size = places_size(&to->world, i);

                at = piece_unpack(port, at, PORT_HEAD_SIZE + size);
                if (port_seen(port))
                        at = piece_unpack(port->seen, at, size);
        }
        at = piece_unpack(&to->core, at, CORE_HEAD_SIZE);
        at = piece_unpack(to->core.ports, at, ports_size(to));
        at = piece_unpack(to->core.functions, at, functions_size(to));
        at = piece_unpack(to->core.memory_functions, at, memory_size(to));
        at = piece_unpack(to->core.memory_routers, at, memory_routers_size(to));
        at = piece_unpack(to->core.domains, at, sizeof to->core.domains);
        (void)piece_unpack(to->core.routers, at, routers_size(to));
}
