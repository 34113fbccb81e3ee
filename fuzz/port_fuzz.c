/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Config space of a port: what is accepted lies within the bytes, what is the caller's stays. */
#include <string.h>

#include "core/event/parse.h"
#include "fuzz.h"

#define SBDF BASE_SBDF(0, 0, 4, 0)

static void port_check(const struct event_port *port, size_t length)
{
        base_assert(length >= 0x40);
        base_assert(port->vendor != 0xffffu || port->device != 0xffffu);
        base_assert(port->pcie_cap >= 0x40 && port->pcie_cap % 4 == 0);
        base_assert(port->pcie_cap + 0x1cu <= length);
        base_assert(port->port_type == 4 || port->port_type == 6);
        base_assert(port->slot || port->slot_cap == 0);
        if (port->acs_cap == 0)
                return;
        base_assert(port->acs_cap >= 0x100 && port->acs_cap % 4 == 0);
        base_assert(port->acs_cap + 8u <= length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct event_port before = { .sbdf = SBDF,
                                                  .place = { .sbdf = SBDF },
                                                  .path = "/devices/pci0000:00/0000:00:04.0",
                                                  .vendor = 0xa5a5,
                                                  .acs_cap = 0xa5a5 };
        struct event_port port, again;

        if (size > 4096)
                return 0;
        memcpy(&port, &before, sizeof port);
        if (!event_port_parse(data, size, &port)) {
                base_assert(memcmp(&port, &before, sizeof port) == 0);
                return 0;
        }
        port_check(&port, size);
        base_assert(port.sbdf == before.sbdf);
        base_assert(memcmp(&port.place, &before.place, sizeof port.place) == 0);
        base_assert(memcmp(port.path, before.path, sizeof port.path) == 0);
        /* Nothing of an earlier reading survives. */
        memcpy(&again, &port, sizeof again);
        base_assert(event_port_parse(data, size, &again));
        base_assert(memcmp(&port, &again, sizeof port) == 0);
        return 0;
}
