/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shape that the explorer searches. */
#include "shape.h"

#include "base/sbdf.h"

#define BRIDGE_FACTS                                                          \
        {                                                                     \
                SIM_BRIDGE, false, 0x01, 0x8086, 0x15ef, 0x060400, "pcieport" \
        }
#define LEAF_FACTS                                                          \
        {                                                                   \
                SIM_ENDPOINT, false, 0x00, 0x144d, 0xa80a, 0x010802, "nvme" \
        }

#define PLACE(address, above, own, what)                                                      \
        {                                                                                     \
                .sbdf = (address), .parent = (above), .first = (own), .facts = { what, what } \
        }

#define PORT(number, bus, controller)                                                       \
        {                                                                                   \
                .sbdf = BASE_SBDF(0, 0, 4 + (number), 0), .power_controller = (controller), \
                .bus_first = (bus), .bus_last = (bus) + 1, .count = 3,                      \
                .places = {                                                                 \
                        PLACE(BASE_SBDF(0, bus, 0, 0), SIM_DIRECT, 0, BRIDGE_FACTS),        \
                        PLACE(BASE_SBDF(0, (bus) + 1, 0, 0), 0, 1, LEAF_FACTS),             \
                        PLACE(BASE_SBDF(0, (bus) + 1, 1, 0), 0, 2, LEAF_FACTS),             \
                },                                                                          \
        }

const struct sim_shape *sim_shape_explored(bool power_controller)
{
        static const struct sim_shape shapes[] = {
                { .port_count = 2, .ports = { PORT(0, 1, false), PORT(1, 3, false) } },
                { .port_count = 2, .ports = { PORT(0, 1, true), PORT(1, 3, true) } },
        };

        return &shapes[power_controller];
}
