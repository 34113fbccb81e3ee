/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon that was here before: of the initramfs, or started by hand. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "edge/cleanup.h"
#include "edge/sink/bus.h"

/* How long SIGKILL may take: a process that hangs in the kernel lives on. */
#define KILL_MS 1000

/* A connection to the socket, or a negative errno: -ECONNREFUSED and -ENOENT where nobody listens. */
static int socket_connect(const char *run_directory)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        EDGE_CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int length;

        if (fd < 0)
                return -errno;
        length = snprintf(address.sun_path, sizeof address.sun_path, "%s/" SINK_BUS_SOCKET,
                          run_directory);
        if (length < 0 || (size_t)length >= sizeof address.sun_path)
                return -ENAMETOOLONG;
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
                return -errno;
        return edge_cleanup_keep_fd(&fd);
}

static bool process_gone(int process, int wait_ms)
{
        struct pollfd end = { .fd = process, .events = POLLIN };

        return poll(&end, 1, wait_ms) > 0;
}

static int process_end(int process, int patience_ms)
{
        if (pidfd_send_signal(process, SIGTERM, NULL, 0) < 0)
                return errno == ESRCH ? 0 : -errno;
        if (process_gone(process, patience_ms))
                return 0;
        (void)pidfd_send_signal(process, SIGKILL, NULL, 0);
        return process_gone(process, KILL_MS) ? 0 : -ETIMEDOUT;
}

int sink_predecessor_end(const char *run_directory, int patience_ms)
{
        EDGE_CLEANUP_FD int fd = socket_connect(run_directory), process = -1;
        struct pollfd hangup = { .fd = fd };
        struct ucred peer;
        socklen_t size = sizeof peer;

        if (fd == -ENOENT || fd == -ECONNREFUSED)
                return 0;
        if (fd < 0)
                return fd;
        /* Who called listen(2). */
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return -errno;
        if (peer.pid == getpid())
                return 0;
        process = pidfd_open(peer.pid, 0);
        if (process < 0)
                return errno == ESRCH ? 0 : -errno;
        /* While the connection stands, the number is still that process's. */
        if (poll(&hangup, 1, 0) > 0)
                return 0;
        return process_end(process, patience_ms);
}
