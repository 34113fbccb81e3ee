/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Methods of the bus that ask for something, and wait for the core to have done it. For bus.c. */
#pragma once

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "core/record.h"

/** The address that a call is about. 0, or a negative errno, with *error set where that is the client's fault. */
int sink_request_device(sd_bus_message *call, uint32_t *ret_sbdf, sd_bus_error *error);

/**
 * The address that a call is about, and no router; or the router, and BASE_SBDF_NONE. Likewise.
 */
int sink_request_subject(sd_bus_message *call, uint32_t *ret_sbdf, struct record_router *ret_router,
                         sd_bus_error *error);

/* Methods of these names; userdata is the struct sink_bus. sink_bus_reply answers them. */
int sink_request_eject(sd_bus_message *call, void *userdata, sd_bus_error *error);
int sink_request_assign(sd_bus_message *call, void *userdata, sd_bus_error *error);
int sink_request_unassign(sd_bus_message *call, void *userdata, sd_bus_error *error);
int sink_request_authorize(sd_bus_message *call, void *userdata, sd_bus_error *error);
int sink_request_enroll(sd_bus_message *call, void *userdata, sd_bus_error *error);
int sink_request_forget(sd_bus_message *call, void *userdata, sd_bus_error *error);
