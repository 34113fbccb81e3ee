/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Variables that release what they hold when they go out of scope. */
#pragma once

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

static inline void edge_cleanup_fd(const int *fd)
{
        if (*fd >= 0)
                (void)close(*fd);
}

/** Takes the descriptor out of a variable that would close it. */
static inline int edge_cleanup_keep_fd(int *fd)
{
        int kept = *fd;

        *fd = -1;
        return kept;
}

static inline void edge_cleanup_memory(void *pointer)
{
        free(*(void **)pointer);
}

static inline void edge_cleanup_folder(DIR *const *folder)
{
        if (*folder)
                (void)closedir(*folder);
}

/** The file descriptor is closed at the end of the scope; negative = none. */
#define EDGE_CLEANUP_FD __attribute__((cleanup(edge_cleanup_fd)))
/** The folder is closed at the end of the scope; NULL = none. */
#define EDGE_CLEANUP_FOLDER __attribute__((cleanup(edge_cleanup_folder)))
/** The memory is freed at the end of the scope. */
#define EDGE_CLEANUP_MEMORY __attribute__((cleanup(edge_cleanup_memory)))
