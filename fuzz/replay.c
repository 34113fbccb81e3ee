/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feeds every file of the folders that the command line names to a target: its corpus as a test, without libFuzzer. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define INPUT_MAX 65536

/*
 * Reads a whole file into memory of just its size; the caller frees it. 0 or a negative errno. Without fstat: the
 * MemorySanitizer of clang 14 does not know glibc 2.36's, and takes what that says for uninitialised.
 */
static int input_read(int folder, const char *name, uint8_t **ret_data, size_t *ret_size)
{
        static uint8_t buffer[INPUT_MAX + 1];
        int fd = openat(folder, name, O_RDONLY | O_CLOEXEC), error;
        ssize_t count;
        uint8_t *data;

        if (fd < 0)
                return -errno;
        count = read(fd, buffer, sizeof buffer);
        error = errno;
        (void)close(fd);
        if (count < 0 || count > INPUT_MAX)
                return count < 0 ? -error : -EFBIG;
        data = malloc((size_t)count);
        if (!data && count > 0)
                return -ENOMEM;
        if (count > 0)
                memcpy(data, buffer, (size_t)count);
        *ret_data = data;
        *ret_size = (size_t)count;
        return 0;
}

/* Number of files fed, or a negative errno. A file's name stands on stderr before it is fed: a crash names it. */
static int folder_replay(const char *path)
{
        DIR *folder = opendir(path);
        int count = 0, result = 0;
        struct dirent *entry;

        if (!folder)
                return -errno;
        while (result == 0 && (errno = 0, entry = readdir(folder))) {
                uint8_t *data = NULL;
                size_t size = 0;

                if (entry->d_name[0] == '.')
                        continue;
                fprintf(stderr, "%s/%s\n", path, entry->d_name);
                result = input_read(dirfd(folder), entry->d_name, &data, &size);
                if (result < 0)
                        continue;
                LLVMFuzzerTestOneInput(data, size);
                free(data);
                count++;
        }
        if (result == 0)
                result = -errno;
        closedir(folder);
        return result < 0 ? result : count;
}

int main(int argc, char **argv)
{
        bool counted = argc > 2 && strcmp(argv[1], "--least") == 0;
        long least = counted ? strtol(argv[2], NULL, 10) : 1;
        int first = counted ? 3 : 1;

        if (argc <= first) {
                fprintf(stderr, "usage: %s [--least COUNT] FOLDER...\n", argv[0]);
                return 2;
        }
        for (int i = first; i < argc; i++) {
                int count = folder_replay(argv[i]);

                if (count < 0 || count < least) {
                        fprintf(stderr, "%s: %s\n", argv[i],
                                count < 0 ? strerror(-count) : "not enough inputs in this folder");
                        return 1;
                }
                printf("%s: %d inputs\n", argv[i], count);
        }
        return 0;
}
