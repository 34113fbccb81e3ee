/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are there whole or not at all. */
#include "edge/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "edge/cleanup.h"
#include "edge/file.h"

/* Some of them hold keys: what was read back does not stay on the stack. */
static int bytes_compare(int fd, const uint8_t *bytes, size_t length, size_t at)
{
        uint8_t back[4096];
        int error = 0;

        for (size_t done = 0; !error && done < length;) {
                size_t piece = length - done < sizeof back ? length - done : sizeof back;
                ssize_t got = pread(fd, back, piece, (off_t)(at + done));

                if (got < 0)
                        error = -errno;
                else if (got == 0 || memcmp(back, bytes + done, (size_t)got) != 0)
                        error = -EIO;
                else
                        done += (size_t)got;
        }
        explicit_bzero(back, sizeof back);
        return error;
}

int store_file_write(int fd, const void *bytes, size_t length, size_t at)
{
        for (size_t done = 0; done < length;) {
                ssize_t written = pwrite(fd, (const uint8_t *)bytes + done, length - done,
                                         (off_t)(at + done));

                if (written < 0)
                        return -errno;
                if (written == 0)
                        return -EIO;
                done += (size_t)written;
        }
        if (fsync(fd) < 0)
                return -errno;
        return bytes_compare(fd, bytes, length, at);
}

int store_file_replace(int folder, const char *name, const void *bytes, size_t length)
{
        char name_new[STORE_FILE_NAME_MAX + sizeof ".new"];
        EDGE_CLEANUP_FD int fd = -1;
        int error;

        (void)snprintf(name_new, sizeof name_new, "%s.new", name);
        fd = openat(folder, name_new, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        error = store_file_write(fd, bytes, length, 0);
        if (!error && renameat(folder, name_new, folder, name) < 0)
                error = -errno;
        if (error)
                (void)unlinkat(folder, name_new, 0);
        else if (fsync(folder) < 0)
                error = -EIO;
        return error;
}

long store_file_read(int folder, const char *name, void *ret_bytes, size_t size)
{
        /* O_NONBLOCK: what is no file must not keep anybody waiting. */
        EDGE_CLEANUP_FD int fd =
                openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

        return fd < 0 ? -errno : edge_file_read(fd, ret_bytes, size);
}
