/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dom0 mounts and swaps to, under any name: mountinfo, NUL, swaps, NUL, what a loop device shows. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edge/actuator/use.h"
#include "fuzz.h"

#define PORT "/devices/pci0000:00/0000:00:1c.0"
#define DISK PORT "/0000:04:00.0/nvme/nvme0/nvme0n1"

static char root[] = "/tmp/sallyport-fuzz-XXXXXX";
static struct actuator actuator = { .sysfs = -1, .proc = -1, .store.folder = -1 };
static int files[3]; /* mountinfo, swaps, backing_file */

/* Nested, parents first. */
static const char *const folders[] = {
        "1",
        "bus",
        "class",
        "class/block",
        "dev",
        "dev/block",
        "devices",
        "devices/pci0000:00",
        "devices/pci0000:00/0000:00:1c.0",
        "devices/pci0000:00/0000:00:1c.0/0000:04:00.0",
        "devices/pci0000:00/0000:00:1c.0/0000:04:00.0/nvme",
        "devices/pci0000:00/0000:00:1c.0/0000:04:00.0/nvme/nvme0",
        "devices/pci0000:00/0000:00:1c.0/0000:04:00.0/nvme/nvme0/nvme0n1",
        "devices/virtual",
        "devices/virtual/block",
        "devices/virtual/block/loop0",
        "devices/virtual/block/loop0/loop",
};

static int file_make(const char *path)
{
        int fd = openat(actuator.sysfs, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        base_assert(fd >= 0);
        return fd;
}

static void file_set(int fd, const uint8_t *bytes, size_t length)
{
        base_assert(ftruncate(fd, 0) == 0);
        base_assert(pwrite(fd, bytes, length, 0) == (ssize_t)length);
}

static void tree_end(void)
{
        static const char *const names[] = { "1/mountinfo",
                                             "swaps",
                                             "devices/virtual/block/loop0/loop/backing_file",
                                             "class/block/nvme0n1",
                                             "dev/block/259:0",
                                             "dev/block/7:0" };

        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                (void)unlinkat(actuator.sysfs, names[i], 0);
        for (size_t i = sizeof folders / sizeof folders[0]; i > 0; i--)
                (void)unlinkat(actuator.sysfs, folders[i - 1], AT_REMOVEDIR);
        (void)rmdir(root);
}

static void tree_begin(void)
{
        base_assert(mkdtemp(root) != NULL);
        actuator.sysfs = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        actuator.proc = actuator.sysfs;
        base_assert(actuator.sysfs >= 0 && atexit(tree_end) == 0);
        for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
                base_assert(mkdirat(actuator.sysfs, folders[i], 0700) == 0);
        base_assert(symlinkat("../.." DISK, actuator.sysfs, "dev/block/259:0") == 0);
        base_assert(symlinkat("../.." DISK, actuator.sysfs, "class/block/nvme0n1") == 0);
        base_assert(symlinkat("../../devices/virtual/block/loop0", actuator.sysfs,
                              "dev/block/7:0") == 0);
        files[0] = file_make("1/mountinfo");
        files[1] = file_make("swaps");
        files[2] = file_make("devices/virtual/block/loop0/loop/backing_file");
}

static void use_check(const struct actuator_use *use)
{
        struct event_use below;

        base_assert(use->count <= ACTUATOR_USES_MAX);
        for (uint32_t i = 0; i < use->count; i++) {
                const struct actuator_use_entry *entry = &use->entries[i];

                base_assert(entry->kind < USE_MAX && entry->path[0] == '/');
                base_assert(memchr(entry->path, '\0', sizeof entry->path) != NULL);
                base_assert(memchr(entry->name, '\0', sizeof entry->name) != NULL);
        }
        actuator_use_below(use, PORT, &below);
        base_assert(memchr(below.first, '\0', sizeof below.first) != NULL);
        /* A disk that is mounted or swapped to keeps its port: nothing that stands beside it may hide it. */
        for (uint32_t i = 0; i < use->count; i++)
                base_assert(strcmp(use->entries[i].path, DISK) != 0 || below.uses != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct actuator_use use;
        size_t at = 0;

        if (actuator.sysfs < 0)
                tree_begin();
        for (size_t i = 0; i < 3; i++) {
                const uint8_t *end = at < size ? memchr(data + at, '\0', size - at) : NULL;
                size_t length = end ? (size_t)(end - data) - at : size - at;

                file_set(files[i], size > 0 ? data + at : (const uint8_t *)"", length);
                at += length + (end != NULL);
        }
        actuator_use_read(&actuator, NULL, 0, &use);
        use_check(&use);
        return 0;
}
