/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xenstore is asked by a child: libxenstore waits without bound. */
#include "edge/source/guests.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <xenstore.h>

#include "edge/cleanup.h"
#include "edge/clock.h"

#define ANSWER_MS 2000

static void name_write(struct xs_handle *store, const char *domain, int fd)
{
        char path[64];
        EDGE_CLEANUP_MEMORY char *name = NULL;

        (void)snprintf(path, sizeof path, "/local/domain/%.32s/name", domain);
        name = xs_read(store, XBT_NULL, path, NULL);
        if (name && strcmp(domain, "0") != 0)
                (void)dprintf(fd, "%s\n", name);
}

/* In the child: the names, then a NUL, so that half an answer is none. */
static int names_write(int fd)
{
        struct xs_handle *store = xs_open(0);
        unsigned int count = 0;
        char **domains = store ? xs_directory(store, XBT_NULL, "/local/domain", &count) : NULL;

        if (!domains)
                return errno > 0 ? errno : EIO;
        for (unsigned int i = 0; i < count; i++)
                name_write(store, domains[i], fd);
        free(domains);
        xs_close(store);
        return write(fd, "", 1) == 1 ? 0 : EIO;
}

/* Until the NUL, the end, or the deadline. */
static int names_read(int fd, char *ret_names, size_t size)
{
        uint64_t deadline = edge_clock_ms() + ANSWER_MS, now;
        size_t length = 0;

        while ((now = edge_clock_ms()) < deadline && length < size) {
                struct pollfd ready = { .fd = fd, .events = POLLIN };
                int count = poll(&ready, 1, (int)(deadline - now));
                ssize_t got = count > 0 ? read(fd, ret_names + length, size - length) : -1;

                if (count < 0 && errno == EINTR)
                        continue;
                if (count == 0)
                        break;
                if (got <= 0)
                        return got < 0 ? -errno : -ENODATA;
                length += (size_t)got;
                if (ret_names[length - 1] == '\0')
                        return 0;
        }
        return length == size ? -EFBIG : -ETIMEDOUT;
}

int source_guests_read(char *ret_names, size_t size)
{
        int ends[2], error, status;
        pid_t child;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        child = fork();
        if (child == 0)
                _exit(names_write(ends[1]));
        error = child < 0 ? -errno : 0;
        (void)close(ends[1]);
        if (!error)
                error = names_read(ends[0], ret_names, size);
        (void)close(ends[0]);
        if (child < 0)
                return error;
        if (error && error != -ENODATA)
                (void)kill(child, SIGKILL);
        /* A child that ended without an answer says why. */
        if (waitpid(child, &status, 0) == child && error == -ENODATA && WIFEXITED(status) &&
            WEXITSTATUS(status) > 0)
                error = -WEXITSTATUS(status);
        return error;
}
