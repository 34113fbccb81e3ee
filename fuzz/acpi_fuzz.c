/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI tables: whatever they hold, what is said of a port comes of what was read, and the ports stay the caller's. */
#include <string.h>

#include "core/event/parse.h"
#include "fuzz.h"

#define PORTS 3

static const char *const paths[PORTS] = { "\\_SB_.PCI0.S20_", "\\_SB_.PCI0.S28_", "" };

static void port_check(const struct event_acpi *acpi, const struct event_acpi_port *port,
                       bool named)
{
        struct event_firmware firmware;

        base_assert(port->path.depth == (named ? 3u : 0u));
        event_acpi_firmware(acpi, port->sbdf, &firmware);
        base_assert(firmware.unclear || !acpi->unclear);
        base_assert(firmware.unclear || firmware.described || !named);
        base_assert(firmware.external_facing == port->firmware.external_facing);
        base_assert(!firmware.external_facing || port->told != 0);
        /* Where the kernel knows no ACPI device, no table can speak of it. */
        base_assert(named || !(firmware.described || firmware.external_facing));
        base_assert(named || !firmware.contradicts);
        base_assert(!firmware.others || acpi->ports[0].firmware.external_facing ||
                    acpi->ports[1].firmware.external_facing);
}

static void ports_check(const struct event_acpi *acpi)
{
        base_assert(acpi->count == PORTS);
        for (uint32_t i = 0; i < PORTS; i++) {
                base_assert(acpi->ports[i].sbdf == BASE_SBDF(0, 0, 4 + i, 0));
                port_check(acpi, &acpi->ports[i], *paths[i]);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct event_acpi acpi, again;

        memset(&acpi, 0, sizeof acpi);
        for (uint32_t i = 0; i < PORTS; i++)
                event_acpi_port_add(&acpi, BASE_SBDF(0, 0, 4 + i, 0), paths[i], strlen(paths[i]));
        event_acpi_table_parse(data, size, &acpi);
        ports_check(&acpi);
        /* A table that comes twice says nothing new: what contradicts itself did so before, or does now. */
        again = acpi;
        event_acpi_table_parse(data, size, &again);
        ports_check(&again);
        for (uint32_t i = 0; i < PORTS; i++) {
                base_assert(again.ports[i].told == acpi.ports[i].told);
                base_assert(again.ports[i].firmware.external_facing ==
                            acpi.ports[i].firmware.external_facing);
        }
        /* Any bytes as the kernel's path. */
        event_acpi_port_add(&again, BASE_SBDF(0, 0, 9, 0), (const char *)data, size);
        base_assert(again.ports[PORTS].path.depth <= LIMIT_ACPI_DEPTH);
        base_assert(again.ports[PORTS].path.depth > 0 || again.ports[PORTS].firmware.unclear ||
                    size == 0 || (size == 1 && data[0] == '\n'));
        return 0;
}
