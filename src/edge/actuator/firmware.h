/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of a port that its config space does not hold: firmware's, and the kernel's of its neighbours. */
#pragma once

#include "core/event/parse.h"

/**
 * Reads every DSDT and SSDT below sysfs's firmware/acpi/tables into ret_acpi, which holds the ports to look for. Only
 * root may; what cannot be read makes it unclear.
 */
void actuator_firmware_read(int sysfs, struct event_acpi *ret_acpi);

/** Adds a port, whose folder in sysfs this is, with the ACPI device that the kernel found for it. */
void actuator_firmware_port_add(int folder, uint32_t sbdf, struct event_acpi *acpi);

/** Fills in what the kernel remembers of the functions beside and below a port: no device is asked. */
void actuator_firmware_neighbours(int folder, struct event_port *port);
