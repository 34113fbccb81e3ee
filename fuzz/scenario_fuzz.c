/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenarios: an error points into the text; what is accepted has a sound shape, runs, and starts contained. */
#include <string.h>

#include "fuzz.h"
#include "sim/scenario.h"

/* Simulated are only short ones: each event can take many moves. */
#define EVENTS_RUN 4

static void diagnosis_check(const struct sim_diagnosis *diagnosis, const char *text, size_t length)
{
        size_t message = strnlen(diagnosis->message, sizeof diagnosis->message);
        const char *at = text, *end = text + length;

        base_assert(message > 0 && message < sizeof diagnosis->message);
        for (size_t i = 0; i < message; i++)
                base_assert(diagnosis->message[i] >= 0x20 && diagnosis->message[i] < 0x7f);
        base_assert(diagnosis->line >= 1 && diagnosis->column >= 1);
        for (uint32_t line = 1; line < diagnosis->line; line++) {
                at = memchr(at, '\n', (size_t)(end - at));
                base_assert(at);
                at++;
        }
        base_assert(diagnosis->column - 1 <= (size_t)(end - at));
        base_assert(diagnosis->column == 1 || !memchr(at, '\n', diagnosis->column - 1));
}

static void port_check(const struct sim_shape_port *port)
{
        base_assert(port->sbdf != BASE_SBDF_NONE && port->count <= SIM_FUNCTIONS);
        base_assert(port->bus_first >= 1 && port->bus_first <= port->bus_last);
        base_assert(!port->fixed || !port->power_controller);
        for (uint32_t i = 0; i < port->count; i++) {
                const struct sim_place *place = &port->places[i];

                base_assert(base_sbdf_bus(place->sbdf) >= port->bus_first);
                base_assert(base_sbdf_bus(place->sbdf) <= port->bus_last);
                base_assert(place->first <= i &&
                            (place->parent == SIM_DIRECT || place->parent < i));
                base_assert(port->places[place->first].parent == place->parent);
                for (uint32_t j = 0; j < i; j++)
                        base_assert(port->places[j].sbdf != place->sbdf);
        }
}

static void scenario_check(const struct sim_scenario *scenario)
{
        const struct sim_shape *shape = &scenario->shape;

        base_assert(shape->port_count >= 1 && shape->port_count <= SIM_PORTS);
        base_assert(scenario->event_count <= SIM_EVENTS);
        for (uint32_t i = 0; i < shape->port_count; i++) {
                port_check(&shape->ports[i]);
                base_assert(scenario->at_boot[i] <= SIM_DEVICES);
                base_assert(i == 0 || shape->ports[i].bus_first > shape->ports[i - 1].bus_last);
        }
        for (uint32_t i = 0; i < scenario->event_count; i++) {
                base_assert(scenario->events[i].move.port < shape->port_count);
                base_assert(scenario->events[i].text[0] != '\0');
        }
}

static const char *value_get(const struct sim_field *fields, uint32_t count, const char *key)
{
        for (uint32_t i = 0; i < count; i++)
                if (strcmp(fields[i].key, key) == 0)
                        return fields[i].value;
        return "";
}

/* Whatever is plugged at boot: once the daemon has started and all is at rest, it is contained. */
static int on_row(void *userdata, const struct sim_field *fields, uint32_t count)
{
        uint32_t *rows = userdata;

        base_assert(count >= 2 && count <= SIM_FIELDS && ++*rows < 100000);
        base_assert(value_get(fields, count, "kind")[0] != '\0');
        if (strcmp(value_get(fields, count, "event"), "start") == 0 &&
            strcmp(value_get(fields, count, "step"), "0") == 0)
                base_assert(strcmp(value_get(fields, count, "contained"), "true") == 0);
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct sim_scenario scenario;
        struct sim_diagnosis diagnosis;
        uint32_t rows = 0;

        if (!sim_scenario_parse((const char *)data, size, &scenario, &diagnosis)) {
                diagnosis_check(&diagnosis, (const char *)data, size);
                return 0;
        }
        scenario_check(&scenario);
        if (scenario.event_count <= EVENTS_RUN)
                base_assert(sim_simulate((const char *)data, size, on_row, &rows, &diagnosis) >= 0);
        return 0;
}
