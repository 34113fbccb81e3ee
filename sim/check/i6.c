/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I6: what is not known is not called quarantined. */
#include "check/check.h"

#include <stddef.h>

bool check_port_told(const struct sim_port *port)
{
        return port->pending_token == 0 && port->uevents == 0 && !port->lost && !port->intruded;
}

/* Of a function below a port that is called quarantined, assigned or trusted. */
static const char *function_wrong(const struct sim_port *port, const struct sim_function *function)
{
        bool owned = sim_guest_owns(function);

        if (function->mapping == SIM_UNTRANSLATED)
                return "a port is called quarantined, and a requester ID of it is not blocked";
        if (function->known == 0 || function->seized || (port->hid && owned))
                return NULL;
        if ((function->owner != SIM_DOM_IO && !owned) || function->mapping != SIM_BLOCKED)
                return "a port is called quarantined, and a function below is not";
        if (function->driver || !(owned ? function->pciback : function->kept_off))
                return "a port is called quarantined, and a driver can bind below";
        return NULL;
}

const char *check_i6(const struct sim_state *state)
{
        const struct core *core = &state->core;

        if (state->world.crashed)
                return NULL;
        for (uint32_t i = 0; i < core->port_count; i++) {
                const struct sim_port *port = &state->world.ports[i];

                if ((core->ports[i].state != STATE_QUARANTINED &&
                     core->ports[i].state != STATE_ASSIGNED &&
                     core->ports[i].state != STATE_TRUSTED) ||
                    !check_port_told(port))
                        continue;
                for (uint32_t j = 0; j < sim_function_count(&state->world, i); j++) {
                        const char *wrong = check_trusted(state, i, j)
                                                    ? NULL
                                                    : function_wrong(port, &port->functions[j]);

                        if (wrong)
                                return wrong;
                }
        }
        return NULL;
}
