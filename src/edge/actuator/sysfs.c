/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes and folders of sysfs. */
#include "edge/actuator/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "edge/cleanup.h"
#include "edge/file.h"

int actuator_sysfs_open(int directory, const char *path)
{
        int fd = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int actuator_sysfs_open_device(int sysfs, uint32_t sbdf)
{
        char path[sizeof "bus/pci/devices/" + BASE_SBDF_TEXT_SIZE], name[BASE_SBDF_TEXT_SIZE];

        (void)snprintf(path, sizeof path, "bus/pci/devices/%s", base_sbdf_format(sbdf, name));
        return actuator_sysfs_open(sysfs, path);
}

int actuator_sysfs_write(int directory, const char *path, const char *text)
{
        EDGE_CLEANUP_FD int fd = openat(directory, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        size_t length = strlen(text);
        ssize_t written;

        if (fd < 0)
                return -errno;
        written = write(fd, text, length);
        if (written < 0)
                return -errno;
        return (size_t)written == length ? 0 : -EIO;
}

ssize_t actuator_sysfs_read(int directory, const char *path, void *ret_buffer, size_t size)
{
        EDGE_CLEANUP_FD int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
        size_t length = 0;
        ssize_t got;

        if (fd < 0)
                return -errno;
        do {
                got = pread(fd, (char *)ret_buffer + length, size - length, (off_t)length);
                if (got < 0)
                        return -errno;
                length += (size_t)got;
        } while (got > 0 && length < size);
        return (ssize_t)length;
}

int actuator_sysfs_link_name(int directory, const char *path, char *ret_name, size_t size)
{
        char target[PATH_MAX];
        const char *name;
        ssize_t length = readlinkat(directory, path, target, sizeof target - 1);

        if (length < 0)
                return -errno;
        target[length] = '\0';
        name = strrchr(target, '/');
        name = name ? name + 1 : target;
        if (strlen(name) >= size)
                return -ENAMETOOLONG;
        memcpy(ret_name, name, strlen(name) + 1);
        return 0;
}

bool actuator_sysfs_device_path(int directory, const char *link, char ret_path[static LIMIT_PATH])
{
        char target[LIMIT_PATH + 32];
        const char *path = target;
        ssize_t length = readlinkat(directory, link, target, sizeof target - 1);

        if (length < 0)
                return false;
        target[length] = '\0';
        while (strncmp(path, "../", 3) == 0)
                path += 3;
        if (path == target)
                return false;
        path--; /* keeps the slash */
        return base_text_copy(path, strlen(path), ret_path, LIMIT_PATH);
}

static int sbdf_compare(const void *a, const void *b)
{
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return (x > y) - (x < y);
}

int actuator_sysfs_functions(int directory, uint32_t *ret_functions, size_t size,
                             bool *ret_truncated)
{
        EDGE_CLEANUP_FOLDER DIR *folder = NULL;
        int fd = actuator_sysfs_open(directory,
                                     "."); /* a descriptor of its own: its position is not shared */
        const struct dirent *entry;
        bool truncated = false;
        size_t count = 0;
        uint32_t sbdf;

        if (fd < 0)
                return fd;
        folder = edge_folder_open(fd);
        if (!folder)
                return -errno;
        while (errno = 0, (entry = readdir(folder))) {
                if (!base_sbdf_parse(entry->d_name, strlen(entry->d_name), &sbdf))
                        continue;
                if (count == size)
                        truncated = true;
                else
                        ret_functions[count++] = sbdf;
        }
        if (errno != 0)
                return -errno;
        qsort(ret_functions, count, sizeof *ret_functions, sbdf_compare);
        *ret_truncated = truncated;
        return (int)count;
}
