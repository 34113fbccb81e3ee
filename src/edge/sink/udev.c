/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules for udev. No fsync: they need not outlive the boot. */
#include "edge/sink/udev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edge/cleanup.h"

/* udev reads what ends in .rules only. */
#define FILE_NEW SINK_UDEV_FILE ".new"

static int folder_make(int run, const char *path)
{
        return mkdirat(run, path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

static int file_write(int run, const char *text, size_t length)
{
        EDGE_CLEANUP_FD int fd =
                openat(run, FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        ssize_t written;

        if (fd < 0)
                return -errno;
        written = write(fd, text, length);
        if (written < 0)
                return -errno;
        return (size_t)written == length ? 0 : -ENOSPC;
}

int sink_udev_write(const char *run, const char *text, size_t length)
{
        EDGE_CLEANUP_FD int folder = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int error;

        if (folder < 0)
                return -errno;
        error = folder_make(folder, "udev");
        if (!error)
                error = folder_make(folder, "udev/rules.d");
        if (!error)
                error = file_write(folder, text, length);
        if (!error && renameat(folder, FILE_NEW, folder, SINK_UDEV_FILE) < 0)
                error = -errno;
        return error;
}
