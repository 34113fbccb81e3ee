/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between bus.c (what is said) and server.c (who is connected). */
#pragma once

#include "edge/sink/bus.h"

/** Listens on run_directory/SINK_BUS_SOCKET, mode 0600. A descriptor, or a negative errno. */
int sink_server_listen(const char *run_directory);
/** Accepts clients on bus->fd from now on. 0, or a negative errno. */
int sink_server_start(struct sink_bus *bus);
/** Ends the connection of bus->clients[index]. */
void sink_server_drop(struct sink_bus *bus, unsigned int index);
/** bus.c: gives a new connection its objects. 0, or a negative errno. */
int sink_bus_serve(struct sink_bus *bus, sd_bus *client);
/** bus.c: forgets the requests of a connection. */
void sink_bus_forget(struct sink_bus *bus, sd_bus *client);
