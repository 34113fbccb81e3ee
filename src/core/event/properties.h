/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of a _DSD: device properties in packages. */
#pragma once

#include "core/event/aml.h"

/**
 * Takes the value of Name(_DSD, ...) of a port. False where it is not what a _DSD is made of: what was understood up to
 * there is in the port all the same.
 */
bool event_properties_take(struct event_aml *aml, struct event_acpi_port *port);
