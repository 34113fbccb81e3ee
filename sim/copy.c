/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of states. */
#include "copy.h"

#include <string.h>

/* What stands before the arrays, counts included. */
#define HEAD_SIZE (offsetof(struct sim_state, core) + offsetof(struct core, ports))

static size_t ports_size(const struct sim_state *state)
{
        return state->core.port_count * sizeof state->core.ports[0];
}

static size_t functions_size(const struct sim_state *state)
{
        return state->core.function_count * sizeof state->core.functions[0];
}

void sim_copy(struct sim_state *to, const struct sim_state *from)
{
        memcpy(to, from, HEAD_SIZE);
        memcpy(to->core.ports, from->core.ports, ports_size(from));
        memcpy(to->core.functions, from->core.functions, functions_size(from));
        to->core.config.auto_ports = from->core.config.auto_ports;
        to->core.config.poll_interval_ms = from->core.config.poll_interval_ms;
}

size_t sim_packed_size(const struct sim_state *state)
{
        return HEAD_SIZE + ports_size(state) + functions_size(state);
}

void sim_pack(void *bytes, const struct sim_state *state)
{
        char *at = bytes;

        memcpy(at, state, HEAD_SIZE);
        memcpy(at + HEAD_SIZE, state->core.ports, ports_size(state));
        memcpy(at + HEAD_SIZE + ports_size(state), state->core.functions, functions_size(state));
}

void sim_unpack(struct sim_state *to, const void *bytes)
{
        const char *at = bytes;

        memcpy(to, at, HEAD_SIZE);
        memcpy(to->core.ports, at + HEAD_SIZE, ports_size(to));
        memcpy(to->core.functions, at + HEAD_SIZE + ports_size(to), functions_size(to));
}
