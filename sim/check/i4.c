/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I4: a dead daemon leaves every port that it guarded shut, but for what it had opened. (Restarts are L1's.) */
#include "check/check.h"

#include <stddef.h>

/* What is open for a guest stays so: I1 judges what is below. */
const char *check_i4(const struct sim_state *state)
{
        if (!state->world.crashed)
                return NULL;
        for (uint32_t i = 0; i < state->world.port_count; i++) {
                const struct sim_port *port = &state->world.ports[i];

                if (port->guarded_once && !port->intruded && !port->opened &&
                    (port->command & MODEL_COMMAND_BME))
                        return "the daemon died and left a guarded port open";
        }
        return NULL;
}
