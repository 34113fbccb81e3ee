/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees of plain files: made and removed. */
#include "tree/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDERS_OPEN 16

void tree_folder_make(int root, const char *path)
{
        char part[256];

        for (size_t i = 1; i <= strlen(path); i++) {
                if (path[i] != '/' && path[i] != '\0')
                        continue;
                (void)snprintf(part, sizeof part, "%.*s", (int)i, path);
                assert_true(mkdirat(root, part, 0700) == 0 || errno == EEXIST);
        }
}

void tree_file_write(int root, const char *folder, const char *name, const void *bytes,
                     size_t length)
{
        char path[256];
        int fd;

        tree_folder_make(root, folder);
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, length), length);
        assert_int_equal(close(fd), 0);
}

void tree_text_write(int root, const char *folder, const char *name, const char *text)
{
        tree_file_write(root, folder, name, text, strlen(text));
}

void tree_file_read(int root, const char *path, void *ret_bytes, size_t size)
{
        int fd = openat(root, path, O_RDONLY | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_true(read(fd, ret_bytes, size) >= 0);
        assert_int_equal(close(fd), 0);
}

void tree_text_assert(int root, const char *path, const char *expected)
{
        char text[1024] = "";

        tree_file_read(root, path, text, sizeof text - 1);
        assert_string_equal(text, expected);
}

static int entry_remove(const char *path, const struct stat *status, int type, struct FTW *position)
{
        (void)status, (void)type, (void)position;
        return remove(path);
}

int tree_remove(const char *path)
{
        return nftw(path, entry_remove, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
}
