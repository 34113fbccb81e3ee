/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of a folder, in order, to whoever parses them. */
#include "edge/source/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "edge/cleanup.h"
#include "edge/file.h"

static int read_failed(const char *shown, const char *name, int error, const char *expected,
                       struct source_diagnosis *ret_diagnosis)
{
        (void)snprintf(ret_diagnosis->text, sizeof ret_diagnosis->text,
                       "%s%s%s: cannot be read (%s); expected a %s", shown, *shown ? "/" : "", name,
                       strerror(-error), expected);
        return error;
}

/* Reads a regular file whole. Returns its length, or a negative errno. */
static long text_read(int directory, const char *name, char *ret_text, size_t size)
{
        /* O_NONBLOCK: a FIFO in the folder must not keep the ports unguarded. */
        EDGE_CLEANUP_FD int fd =
                openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        long length = fd < 0 ? -errno : edge_file_read(fd, ret_text, size);

        return length >= 0 && (size_t)length == size ? -EFBIG : length;
}

int source_file_read(int directory, const char *shown, const char *name,
                     const struct source_reader *reader, struct source_diagnosis *ret_diagnosis)
{
        EDGE_CLEANUP_MEMORY char *text = malloc(reader->size_max + 1);
        const char *slash = strrchr(name, '/');
        struct policy_diagnosis diagnosis;
        char expected[64];
        long length = text ? text_read(directory, name, text, reader->size_max + 1) : -ENOMEM;

        if (length < 0) {
                (void)snprintf(expected, sizeof expected, "file of at most %zu bytes",
                               reader->size_max);
                return read_failed(shown, name, (int)length, expected, ret_diagnosis);
        }
        if (reader->parse(reader->userdata, slash ? slash + 1 : name, text, (size_t)length,
                          &diagnosis))
                return 0;
        (void)snprintf(ret_diagnosis->text, sizeof ret_diagnosis->text, "%s%s%s:%u:%u: %s", shown,
                       *shown ? "/" : "", name, diagnosis.line, diagnosis.column,
                       diagnosis.message);
        return -EINVAL;
}

static bool ends_with(const char *name, const char *suffix)
{
        size_t length = strlen(name), end = strlen(suffix);

        return length > end && strcmp(name + length - end, suffix) == 0;
}

int source_folder_read(int directory, const char *shown, const char *name, const char *suffix,
                       const struct source_reader *reader, struct source_diagnosis *ret_diagnosis)
{
        char path[PATH_MAX];
        struct dirent **entries;
        int error = 0, count = edge_folder_list(directory, name, &entries);

        if (count == -ENOENT)
                return 0;
        if (count < 0)
                return read_failed(shown, name, count, "folder", ret_diagnosis);
        for (int i = 0; i < count; i++) {
                (void)snprintf(path, sizeof path, "%s/%s", name, entries[i]->d_name);
                if (!error && ends_with(path, suffix))
                        error = source_file_read(directory, shown, path, reader, ret_diagnosis);
                free(entries[i]);
        }
        free(entries);
        return error;
}

int source_directory_open(const char *directory, struct source_diagnosis *ret_diagnosis)
{
        int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd >= 0 || errno == ENOENT)
                return fd >= 0 ? fd : -ENOENT;
        return read_failed("", directory, -errno, "folder", ret_diagnosis);
}
