/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration files, in order. */
#include "daemon/config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/policy/config.h"
#include "edge/cleanup.h"

/* Reads a regular file whole. Returns its length, or a negative errno. */
static ssize_t file_read(int directory, const char *name, char *ret_text, size_t size)
{
        /* O_NONBLOCK: a FIFO in the folder must not keep the ports unguarded. */
        EDGE_CLEANUP_FD int fd =
                openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat status;
        size_t length = 0;
        ssize_t got;

        if (fd < 0 || fstat(fd, &status) < 0)
                return -errno;
        if (!S_ISREG(status.st_mode))
                return -EINVAL;
        do {
                got = read(fd, ret_text + length, size - length);
                if (got < 0)
                        return -errno;
                length += (size_t)got;
        } while (got > 0 && length < size);
        return length == size ? -EFBIG : (ssize_t)length;
}

static int file_apply(int directory, const char *shown, const char *name,
                      struct event_config *config, struct daemon_diagnosis *ret_diagnosis)
{
        EDGE_CLEANUP_MEMORY char *text = malloc(DAEMON_CONFIG_SIZE_MAX + 1);
        struct policy_diagnosis diagnosis;
        ssize_t length =
                text ? file_read(directory, name, text, DAEMON_CONFIG_SIZE_MAX + 1) : -ENOMEM;

        if (length == -ENOENT)
                return 0;
        if (length < 0) {
                (void)snprintf(ret_diagnosis->text, sizeof ret_diagnosis->text,
                               "%s/%s: cannot be read (%s); expected a file of at most %d bytes",
                               shown, name, strerror((int)-length), DAEMON_CONFIG_SIZE_MAX);
                return (int)length;
        }
        if (policy_config_parse(text, (size_t)length, config, &diagnosis))
                return 0;
        (void)snprintf(ret_diagnosis->text, sizeof ret_diagnosis->text, "%s/%s:%u:%u: %s", shown,
                       name, diagnosis.line, diagnosis.column, diagnosis.message);
        return -EINVAL;
}

static int entry_wanted(const struct dirent *entry)
{
        size_t length = strlen(entry->d_name);

        return entry->d_name[0] != '.' && length > 5 &&
               strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static int entry_compare(const struct dirent **a, const struct dirent **b)
{
        return strcmp((*a)->d_name, (*b)->d_name); /* not alphasort(): that follows the locale */
}

static int drop_ins_apply(int directory, const char *shown, struct event_config *config,
                          struct daemon_diagnosis *ret_diagnosis)
{
        char path[PATH_MAX];
        struct dirent **entries;
        int error = 0,
            count = scandirat(directory, "conf.d", &entries, entry_wanted, entry_compare);

        if (count < 0 && errno == ENOENT)
                return 0;
        if (count < 0) {
                error = -errno;
                (void)snprintf(ret_diagnosis->text, sizeof ret_diagnosis->text,
                               "%s/conf.d: cannot be read (%s); expected a folder", shown,
                               strerror(-error));
                return error;
        }
        for (int i = 0; i < count; i++) {
                (void)snprintf(path, sizeof path, "conf.d/%s", entries[i]->d_name);
                if (!error)
                        error = file_apply(directory, shown, path, config, ret_diagnosis);
                free(entries[i]);
        }
        free(entries);
        return error;
}

int daemon_config_read(const char *directory, struct event_config *ret_config,
                       struct daemon_diagnosis *ret_diagnosis)
{
        EDGE_CLEANUP_FD int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct event_config config;
        int error;

        policy_config_default(&config);
        if (fd < 0 && errno != ENOENT) {
                error = -errno;
                (void)snprintf(ret_diagnosis->text, sizeof ret_diagnosis->text,
                               "%s: cannot be read (%s); expected a folder", directory,
                               strerror(-error));
                return error;
        }
        if (fd >= 0) {
                error = file_apply(fd, directory, "sallyport.conf", &config, ret_diagnosis);
                if (!error)
                        error = drop_ins_apply(fd, directory, &config, ret_diagnosis);
                if (error)
                        return error;
        }
        *ret_config = config;
        return 0;
}
