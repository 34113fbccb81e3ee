/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and folders read whole. */
#include "edge/file.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

long edge_file_read(int fd, void *ret_bytes, size_t size)
{
        struct stat status;
        size_t length = 0;
        ssize_t got;

        if (fstat(fd, &status) < 0)
                return -errno;
        if (!S_ISREG(status.st_mode))
                return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
        if ((uint64_t)status.st_size > size)
                return -EFBIG;
        do {
                got = pread(fd, (uint8_t *)ret_bytes + length, size - length, (off_t)length);
                if (got < 0)
                        return -errno;
                length += (size_t)got;
        } while (got > 0 && length < size);
        return (long)length;
}

DIR *edge_folder_open(int fd)
{
        DIR *folder = fd < 0 ? NULL : fdopendir(fd);
        int error = errno;

        if (!folder && fd >= 0)
                (void)close(fd);
        errno = error;
        return folder;
}

static int entry_shown(const struct dirent *entry)
{
        return entry->d_name[0] != '.';
}

static int entry_compare(const struct dirent **a, const struct dirent **b)
{
        return strcmp((*a)->d_name, (*b)->d_name);
}

int edge_folder_list(int directory, const char *name, struct dirent ***ret_entries)
{
        int count = scandirat(directory, name, ret_entries, entry_shown, entry_compare);

        return count < 0 ? -errno : count;
}
