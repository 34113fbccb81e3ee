/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files are read, and in which order. */
#include "edge/source/config.h"

#include <errno.h>
#include <fcntl.h>

#include "edge/cleanup.h"

static bool config_parse(void *userdata, const char *name, const char *text, size_t length,
                         struct policy_diagnosis *ret_diagnosis)
{
        (void)name;
        return policy_config_parse(text, length, userdata, ret_diagnosis);
}

static bool rules_parse(void *userdata, const char *name, const char *text, size_t length,
                        struct policy_diagnosis *ret_diagnosis)
{
        return policy_rules_parse(name, text, length, userdata, ret_diagnosis);
}

int source_config_read(const char *directory, struct event_config *ret_config,
                       struct source_diagnosis *ret_diagnosis)
{
        EDGE_CLEANUP_FD int fd = source_directory_open(directory, ret_diagnosis);
        struct event_config config;
        struct source_reader reader = { SOURCE_CONFIG_SIZE_MAX, config_parse, &config };
        int error = fd == -ENOENT || fd >= 0 ? 0 : fd;

        policy_config_default(&config);
        if (fd >= 0)
                error = source_file_read(fd, directory, "sallyport.conf", &reader, ret_diagnosis);
        if (error == -ENOENT)
                error = 0;
        if (fd >= 0 && !error)
                error = source_folder_read(fd, directory, "conf.d", ".conf", &reader,
                                           ret_diagnosis);
        if (!error)
                *ret_config = config;
        return error;
}

int source_config_add(const char *path, struct event_config *config,
                      struct source_diagnosis *ret_diagnosis)
{
        struct source_reader reader = { SOURCE_CONFIG_SIZE_MAX, config_parse, config };

        return source_file_read(AT_FDCWD, "", path, &reader, ret_diagnosis);
}

int source_rules_read(const char *directory, struct policy_rules *ret_rules,
                      struct source_diagnosis *ret_diagnosis)
{
        EDGE_CLEANUP_FD int fd = source_directory_open(directory, ret_diagnosis);
        struct source_reader reader = { SOURCE_RULES_SIZE_MAX, rules_parse, ret_rules };
        int error = fd == -ENOENT || fd >= 0 ? 0 : fd;

        policy_rules_init(ret_rules);
        if (fd >= 0)
                error = source_folder_read(fd, directory, "rules.d", ".rules", &reader,
                                           ret_diagnosis);
        if (error)
                policy_rules_init(ret_rules);
        return error;
}

int source_rules_add(const char *path, struct policy_rules *rules,
                     struct source_diagnosis *ret_diagnosis)
{
        struct source_reader reader = { SOURCE_RULES_SIZE_MAX, rules_parse, rules };

        return source_file_read(AT_FDCWD, "", path, &reader, ret_diagnosis);
}
