/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening socket and the connections on it. */
#include "edge/sink/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "edge/cleanup.h"

_Static_assert(LIMIT_DIRECTORY + sizeof SINK_BUS_SOCKET <
                       sizeof(((struct sockaddr_un *)NULL)->sun_path),
               "a run directory that is allowed must be usable");

int sink_server_listen(const char *run_directory)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        EDGE_CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        mode_t umask_before;
        int length, error = 0;

        if (fd < 0)
                return -errno;
        length = snprintf(address.sun_path, sizeof address.sun_path, "%s/" SINK_BUS_SOCKET,
                          run_directory);
        if (length < 0 || (size_t)length >= sizeof address.sun_path)
                return -ENAMETOOLONG;
        if (mkdir(run_directory, 0700) < 0 && errno != EEXIST)
                return -errno;
        if (unlink(address.sun_path) < 0 && errno != ENOENT)
                return -errno;
        umask_before = umask(0177); /* so that it is never more than 0600 */
        if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
                error = -errno;
        (void)umask(umask_before);
        if (!error && listen(fd, SINK_BUS_CLIENTS_MAX) < 0)
                error = -errno;
        return error ? error : edge_cleanup_keep_fd(&fd);
}

void sink_server_drop(struct sink_bus *bus, unsigned int index)
{
        sd_bus *client = bus->clients[index];

        if (!client)
                return;
        bus->clients[index] = NULL;
        sink_bus_forget(bus, client);
        (void)sd_bus_detach_event(client);
        (void)sd_bus_close_unref(client);
}

static int client_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct sink_bus *bus = userdata;

        (void)error;
        for (unsigned int i = 0; i < SINK_BUS_CLIENTS_MAX; i++)
                if (bus->clients[i] == sd_bus_message_get_bus(message))
                        sink_server_drop(bus, i);
        return 0;
}

static bool client_allowed(int fd)
{
        struct ucred peer;
        socklen_t size = sizeof peer;

        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == 0;
}

/* Takes over fd with success only. */
static int client_set_up(struct sink_bus *bus, sd_bus *client, int fd)
{
        sd_id128_t id;
        int r;

        r = sd_id128_randomize(&id);
        if (r >= 0)
                r = sd_bus_set_fd(client, fd, fd);
        if (r >= 0)
                r = sd_bus_set_server(client, 1, id);
        if (r >= 0)
                r = sd_bus_set_anonymous(client, 1);
        if (r >= 0)
                r = sd_bus_set_trusted(client, 1); /* its user id was checked */
        if (r >= 0)
                r = sd_bus_match_signal_async(client, NULL, "org.freedesktop.DBus.Local",
                                              "/org/freedesktop/DBus/Local",
                                              "org.freedesktop.DBus.Local", "Disconnected",
                                              client_disconnected, NULL, bus);
        if (r >= 0)
                r = sink_bus_serve(bus, client);
        if (r >= 0)
                r = sd_bus_start(client);
        if (r >= 0)
                r = sd_bus_attach_event(client, bus->loop, SD_EVENT_PRIORITY_NORMAL);
        return r;
}

static void client_add(struct sink_bus *bus, int fd)
{
        unsigned int index = 0;
        sd_bus *client = NULL;

        while (index < SINK_BUS_CLIENTS_MAX && bus->clients[index])
                index++;
        if (index == SINK_BUS_CLIENTS_MAX || !client_allowed(fd) || sd_bus_new(&client) < 0) {
                (void)close(fd);
                return;
        }
        bus->clients[index] = client;
        if (client_set_up(bus, client, fd) < 0)
                sink_server_drop(bus, index);
}

static int listener_dispatch(sd_event_source *listener, int fd, uint32_t revents, void *userdata)
{
        int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        (void)listener, (void)revents;
        if (client >= 0)
                client_add(userdata, client);
        return 0; /* whoever could not be accepted tries again */
}

int sink_server_start(struct sink_bus *bus)
{
        return sd_event_add_io(bus->loop, &bus->listener, bus->fd, EPOLLIN, listener_dispatch, bus);
}
