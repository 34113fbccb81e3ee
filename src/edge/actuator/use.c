/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dom0 uses. Every loop and every buffer is bounded; what does not fit is unknown. */
#include "edge/actuator/use.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "edge/actuator/sysfs.h"
#include "edge/cleanup.h"
#include "edge/file.h"

/* A mount is a line of about 100 bytes; a machine with thousands of them is not asked for the rest. */
#define TEXT_SIZE_MAX ((size_t)1 << 20)
/* Entries of one folder of sysfs that are looked at. */
#define FOLDER_MAX 1024
/* Block devices on top of each other: partition, md, crypt, thin pool, volume, loop... */
#define STACK_MAX 12
/* Block devices that are followed in all: those of a volume group are below each of its volumes. */
#define STEPS_MAX 4096
#define DEVICE_SIZE 24 /* "MAJOR:MINOR" */
#define LINK_SIZE 320
/* include/linux/input-event-codes.h: what repeats keys is a keyboard; power buttons and mice do not. */
#define INPUT_EV_REP 20
/* include/uapi/linux/if.h */
#define INTERFACE_UP 1ul

/* What is being collected, with what it is read from. */
struct reader {
        const struct actuator *actuator;
        struct actuator_use *use;
        char *mounts; /* process 1's mountinfo, NUL-terminated */
        unsigned int steps;
};

/* Fields of a line of mountinfo (Linux: Documentation/filesystems/proc.rst), not unescaped. */
struct mount {
        char device[DEVICE_SIZE];
        char point[LIMIT_PATH];
        char type[16];
};

void actuator_use_add(struct actuator_use *use, enum event_use_kind kind, const char *path,
                      const char *name)
{
        struct actuator_use_entry *entry = &use->entries[use->count];

        for (uint32_t i = 0; i < use->count; i++) /* bind mounts, volumes of one disk */
                if (use->entries[i].kind == kind && strcmp(use->entries[i].path, path) == 0)
                        return;
        if (use->count == ACTUATOR_USES_MAX) {
                use->unknown = true;
                return;
        }
        memset(entry, 0, sizeof *entry);
        entry->kind = kind;
        (void)snprintf(entry->path, sizeof entry->path, "%s", path);
        (void)snprintf(entry->name, sizeof entry->name, "%s", name);
        use->count++;
}

/* The whole of a file, NUL-terminated, to be freed; NULL where it cannot be read or is too long. */
static char *text_read(int directory, const char *path)
{
        char *text = malloc(TEXT_SIZE_MAX);
        ssize_t length = text ? actuator_sysfs_read(directory, path, text, TEXT_SIZE_MAX) : -1;

        if (length < 0 || (size_t)length == TEXT_SIZE_MAX) {
                free(text);
                return NULL;
        }
        text[length] = '\0';
        return text;
}

/* An attribute without its newline; false where it cannot be read or does not fit. */
static bool attribute_read(int directory, const char *path, char *ret_text, size_t size)
{
        ssize_t length = actuator_sysfs_read(directory, path, ret_text, size);

        if (length <= 0 || (size_t)length == size)
                return false;
        ret_text[length] = '\0';
        ret_text[strcspn(ret_text, "\n")] = '\0';
        return true;
}

/* A folder of sysfs; NULL where it is not there. */
static DIR *folder_open(const struct reader *reader, const char *path)
{
        return edge_folder_open(actuator_sysfs_open(reader->actuator->sysfs, path));
}

/* The next name of a folder that is no dot file; NULL at the end, and where *left names were taken. */
static const char *name_next(const struct reader *reader, DIR *folder, int *left)
{
        const struct dirent *entry = NULL;

        do
                entry = readdir(folder);
        while (entry && entry->d_name[0] == '.');
        if (entry && (*left)-- == 0) {
                reader->use->unknown = true;
                return NULL;
        }
        return entry ? entry->d_name : NULL;
}

/* Calls `take` for each name in a folder of sysfs that begins so. A folder that is not there has none. */
static void folder_each(struct reader *reader, const char *path, const char *prefix,
                        void (*take)(struct reader *reader, const char *name))
{
        EDGE_CLEANUP_FOLDER DIR *folder = folder_open(reader, path);
        int left = FOLDER_MAX;
        const char *name;

        while (folder && (name = name_next(reader, folder, &left)))
                if (strncmp(name, prefix, strlen(prefix)) == 0)
                        take(reader, name);
}

/* One line of mountinfo; *at goes to the next. False at the end. */
static bool mount_next(const char **at, struct mount *ret_mount)
{
        const char *line = *at, *separator;
        size_t length = strcspn(line, "\n");

        if (line[0] == '\0')
                return false;
        *at = line + length + (line[length] == '\n');
        memset(ret_mount, 0, sizeof *ret_mount);
        /* What does not fit leaves the rest empty: a mount of nothing. */
        if (sscanf(line, "%*[^ \n] %*[^ \n] %23[^ \n] %*[^ \n] %447[^ \n] ", ret_mount->device,
                   ret_mount->point) != 2)
                return true;
        separator = strstr(line, " - ");
        if (separator && separator < line + length)
                (void)sscanf(separator, " - %15[^ \n]", ret_mount->type);
        return true;
}

_Static_assert(DEVICE_SIZE == 24 && LIMIT_PATH == 448, "mount_next names the sizes");

/* The device below the file system that a path lies in: that of the longest mount point, and the last one there. */
static bool mount_above(const struct reader *reader, const char *path,
                        char ret_device[static DEVICE_SIZE])
{
        const char *at = reader->mounts;
        struct mount mount;
        size_t longest = 0;

        while (mount_next(&at, &mount)) {
                size_t length = strlen(mount.point);

                if (strcmp(mount.point, "/") != 0 &&
                    (strncmp(path, mount.point, length) != 0 ||
                     (path[length] != '/' && path[length] != '\0')))
                        continue;
                if (length == 0 || length < longest)
                        continue;
                longest = length;
                memcpy(ret_device, mount.device, DEVICE_SIZE);
        }
        return longest > 0;
}

static const char *base_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

/* What is being followed down: "nvme0n1p2 on /" is made of what it ends at and of `suffix`. */
struct block {
        struct reader *reader;
        enum event_use_kind kind;
        const char *suffix;
        unsigned int depth;
};

static void block_follow(struct block *block, const char *device);

/* "nvme-subsysN": a namespace that several controllers can show has no place below any of them. */
static void subsystem_add(const struct block *block, const char *subsystem, const char *name)
{
        char link[LINK_SIZE], path[LIMIT_PATH];
        EDGE_CLEANUP_FOLDER DIR *folder = NULL;
        const char *controller;
        int left = FOLDER_MAX;

        (void)snprintf(link, sizeof link, "class/nvme-subsystem/%.200s", subsystem);
        folder = folder_open(block->reader, link);
        if (!folder)
                block->reader->use->unknown = true;
        while (folder && (controller = name_next(block->reader, folder, &left))) {
                (void)snprintf(link, sizeof link, "class/nvme/%s", controller);
                if (actuator_sysfs_device_path(block->reader->actuator->sysfs, link, path))
                        actuator_use_add(block->reader->use, block->kind, path, name);
        }
}

static void block_leaf(const struct block *block, const char *path)
{
        static const char subsystems[] = "/devices/virtual/nvme-subsystem/";
        char name[LIMIT_USE], subsystem[LIMIT_PATH];

        (void)snprintf(name, sizeof name, "%.30s%s", base_name(path), block->suffix);
        if (strncmp(path, subsystems, strlen(subsystems)) != 0) {
                actuator_use_add(block->reader->use, block->kind, path, name);
                return;
        }
        (void)snprintf(subsystem, sizeof subsystem, "%s", path + strlen(subsystems));
        subsystem[strcspn(subsystem, "/")] = '\0';
        subsystem_add(block, subsystem, name);
}

/* The file that a loop device shows: it lies in a mounted file system. */
/* NOLINTNEXTLINE(misc-no-recursion): STACK_MAX ends it. */
static bool loop_follow(struct block *block, const char *device)
{
        char link[LINK_SIZE], file[LIMIT_PATH], below[DEVICE_SIZE];

        (void)snprintf(link, sizeof link, "dev/block/%s/loop/backing_file", device);
        if (!attribute_read(block->reader->actuator->sysfs, link, file, sizeof file))
                return false;
        if (mount_above(block->reader, file, below))
                block_follow(block, below);
        else
                block->reader->use->unknown = true;
        return true;
}

/* Follows what this folder names: devices that another is made of. Returns whether there were any. */
/* NOLINTNEXTLINE(misc-no-recursion): STACK_MAX ends it. */
static bool folder_follow(struct block *block, const char *path)
{
        EDGE_CLEANUP_FOLDER DIR *folder = folder_open(block->reader, path);
        char link[2 * LINK_SIZE], device[DEVICE_SIZE];
        int left = FOLDER_MAX;
        const char *name;

        while (folder && (name = name_next(block->reader, folder, &left))) {
                (void)snprintf(link, sizeof link, "%s/%s/dev", path, name);
                if (attribute_read(block->reader->actuator->sysfs, link, device, sizeof device))
                        block_follow(block, device);
                else
                        block->reader->use->unknown = true;
        }
        return left < FOLDER_MAX;
}

/* NOLINTNEXTLINE(misc-no-recursion): STACK_MAX ends it. */
static void block_follow(struct block *block, const char *device)
{
        int sysfs = block->reader->actuator->sysfs;
        char link[LINK_SIZE], path[LIMIT_PATH];

        (void)snprintf(link, sizeof link, "dev/block/%s", device);
        if (block->depth == STACK_MAX || ++block->reader->steps > STEPS_MAX ||
            !actuator_sysfs_device_path(sysfs, link, path)) {
                block->reader->use->unknown = true;
                return;
        }
        block->depth++;
        /* A partition's folder lies in its disk's: the disk is what can be made of others. */
        (void)snprintf(link, sizeof link, "dev/block/%s/partition", device);
        (void)snprintf(link, sizeof link, "dev/block/%s%s/slaves", device,
                       faccessat(sysfs, link, F_OK, 0) == 0 ? "/.." : "");
        if (!folder_follow(block, link) && !loop_follow(block, device))
                block_leaf(block, path);
        block->depth--;
}

/* Every device of every btrfs: which of them are whose is not told by mountinfo. */
static void btrfs_follow(struct block *block)
{
        EDGE_CLEANUP_FOLDER DIR *folder = folder_open(block->reader, "fs/btrfs");
        int left = FOLDER_MAX;
        char path[LINK_SIZE];
        const char *name;

        if (!folder)
                block->reader->use->unknown = true;
        while (folder && (name = name_next(block->reader, folder, &left))) {
                (void)snprintf(path, sizeof path, "fs/btrfs/%s/devices", name);
                (void)folder_follow(block, path);
        }
}

/* What dom0 itself runs from. /var holds what it writes, /boot what it starts from next. */
static bool system_is(const char *point)
{
        static const char *const points[] = { "/", "/usr", "/boot", "/boot/efi", "/var" };

        for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
                if (strcmp(point, points[i]) == 0)
                        return true;
        return false;
}

static void mounts_read(struct reader *reader)
{
        const char *at = reader->mounts;
        struct mount mount;

        while (mount_next(&at, &mount)) {
                char suffix[LIMIT_PATH + 8];
                struct block block = { reader, USE_MOUNT, suffix, 0 };

                if (system_is(mount.point))
                        block.kind = USE_SYSTEM;
                (void)snprintf(suffix, sizeof suffix, " on %s", mount.point);
                if (strcmp(mount.type, "btrfs") == 0)
                        btrfs_follow(&block);
                else if (mount.device[0] == '\0' || strcmp(mount.type, "zfs") == 0)
                        reader->use->unknown = true;
                else if (strncmp(mount.device, "0:", 2) != 0)
                        block_follow(&block, mount.device); /* 0: has no block device */
        }
}

/* "/dev/nvme0n1p3 partition ..." or "/swap file ..." (Linux: mm/swapfile.c:swap_show). */
static void swap_read(struct reader *reader, const char *line)
{
        struct block block = { reader, USE_SWAP, " as swap", 0 };
        char file[LIMIT_PATH], type[16], link[LINK_SIZE], device[DEVICE_SIZE];
        bool known;

        if (sscanf(line, "%447[^ \t\n] %15[a-z]", file, type) != 2) {
                reader->use->unknown = true;
                return;
        }
        (void)snprintf(link, sizeof link, "class/block/%.200s/dev", base_name(file));
        if (strcmp(type, "partition") == 0)
                known = attribute_read(reader->actuator->sysfs, link, device, sizeof device);
        else
                known = mount_above(reader, file, device);
        if (known)
                block_follow(&block, device);
        else
                reader->use->unknown = true;
}

static void swaps_read(struct reader *reader)
{
        EDGE_CLEANUP_MEMORY char *text = text_read(reader->actuator->proc, "swaps");
        const char *at = text;

        if (!text) {
                reader->use->unknown = true;
                return;
        }
        while ((at = strchr(at, '\n')) && at[1] != '\0') /* the first line is a heading */
                swap_read(reader, ++at);
}

/* What has no device behind it (lo, bridges, tunnels) lies below /devices/virtual. */
static bool physical_is(const char *path)
{
        return strncmp(path, "/devices/virtual/", strlen("/devices/virtual/")) != 0;
}

static void network_take(struct reader *reader, const char *name)
{
        int sysfs = reader->actuator->sysfs;
        char link[LINK_SIZE], path[LIMIT_PATH], flags[24], state[24];

        (void)snprintf(link, sizeof link, "class/net/%s", name);
        if (!actuator_sysfs_device_path(sysfs, link, path) || !physical_is(path))
                return;
        (void)snprintf(link, sizeof link, "class/net/%s/flags", name);
        if (!attribute_read(sysfs, link, flags, sizeof flags)) {
                reader->use->unknown = true;
                return;
        }
        (void)snprintf(link, sizeof link, "class/net/%s/operstate", name);
        if (!attribute_read(sysfs, link, state, sizeof state)) {
                reader->use->unknown = true;
                return;
        }
        /* Some drivers never tell more than "unknown" (Linux: Documentation/networking/operstates.rst). */
        if ((strtoul(flags, NULL, 16) & INTERFACE_UP) &&
            (strcmp(state, "up") == 0 || strcmp(state, "unknown") == 0))
                actuator_use_add(reader->use, USE_NETWORK, path, name);
}

static void keyboard_take(struct reader *reader, const char *name)
{
        int sysfs = reader->actuator->sysfs;
        char link[LINK_SIZE], path[LIMIT_PATH], events[64];

        (void)snprintf(link, sizeof link, "class/input/%s", name);
        if (!actuator_sysfs_device_path(sysfs, link, path) || !physical_is(path))
                return;
        (void)snprintf(link, sizeof link, "class/input/%s/capabilities/ev", name);
        if (!attribute_read(sysfs, link, events, sizeof events))
                reader->use->unknown = true;
        else if (strtoul(events, NULL, 16) & 1ul << INPUT_EV_REP)
                actuator_use_add(reader->use, USE_KEYBOARDS, path, name);
}

/* Storage controllers; and the boot VGA device, which is a mere claim until a driver holds it. */
static void function_take(const struct reader *reader, uint32_t sbdf)
{
        EDGE_CLEANUP_FD int folder = actuator_sysfs_open_device(reader->actuator->sysfs, sbdf);
        char name[BASE_SBDF_TEXT_SIZE], link[LINK_SIZE], path[LIMIT_PATH], text[16];

        (void)snprintf(link, sizeof link, "bus/pci/devices/%s", base_sbdf_format(sbdf, name));
        if (folder < 0 || !actuator_sysfs_device_path(reader->actuator->sysfs, link, path))
                return;
        if (attribute_read(folder, "class", text, sizeof text) && strncmp(text, "0x01", 4) == 0)
                actuator_use_add(reader->use, USE_STORAGE, path, name);
        if (attribute_read(folder, "boot_vga", text, sizeof text) && strcmp(text, "1") == 0 &&
            faccessat(folder, "driver", F_OK, 0) == 0)
                actuator_use_add(reader->use, USE_CONSOLE, path, name);
}

void actuator_use_read(const struct actuator *actuator, const uint32_t *functions, int count,
                       struct actuator_use *ret_use)
{
        EDGE_CLEANUP_MEMORY char *mounts = NULL;
        struct reader reader = { .actuator = actuator, .use = ret_use };
        char path[LIMIT_PATH];

        ret_use->unknown = false;
        ret_use->count = 0;
        mounts = text_read(actuator->proc, "1/mountinfo");
        reader.mounts = mounts;
        if (mounts) {
                mounts_read(&reader);
                swaps_read(&reader);
        } else {
                ret_use->unknown = true;
        }
        if (actuator_sysfs_device_path(actuator->sysfs, "class/graphics/fb0", path) &&
            physical_is(path))
                actuator_use_add(ret_use, USE_CONSOLE, path, "fb0");
        folder_each(&reader, "class/net", "", network_take);
        folder_each(&reader, "class/input", "input", keyboard_take);
        for (int i = 0; i < count; i++)
                function_take(&reader, functions[i]);
}

static bool below(const char *path, const char *above)
{
        size_t length = strlen(above);

        return strncmp(path, above, length) == 0 && path[length] == '/';
}

uint32_t actuator_use_kinds(const struct actuator_use *use, const char *path)
{
        uint32_t kinds = 0;

        for (uint32_t i = 0; i < use->count; i++)
                if (strcmp(use->entries[i].path, path) == 0 || below(use->entries[i].path, path))
                        kinds |= EVENT_USE_BIT(use->entries[i].kind);
        return kinds;
}

/* As the port sees it: "every interface that is up" depends on where the others are. */
static enum event_use_kind kind_below(enum event_use_kind kind, const uint32_t *here,
                                      const uint32_t *all)
{
        if (kind == USE_NETWORK && here[kind] == all[kind])
                return USE_NETWORKS;
        if (kind == USE_KEYBOARDS && here[kind] != all[kind])
                return USE_MAX;
        return kind;
}

void actuator_use_below(const struct actuator_use *use, const char *path, struct event_use *ret_use)
{
        uint32_t here[USE_MAX] = { 0 }, all[USE_MAX] = { 0 };
        enum event_use_kind gravest = USE_STORAGE; /* which needs no name */

        memset(ret_use, 0, sizeof *ret_use);
        ret_use->unknown = use->unknown;
        for (uint32_t i = 0; i < use->count; i++) {
                all[use->entries[i].kind]++;
                here[use->entries[i].kind] += below(use->entries[i].path, path);
        }
        for (uint32_t i = 0; i < use->count; i++) {
                const struct actuator_use_entry *entry = &use->entries[i];
                enum event_use_kind kind = kind_below(entry->kind, here, all);

                if (kind == USE_MAX || !below(entry->path, path))
                        continue;
                ret_use->uses |= EVENT_USE_BIT(kind);
                if (kind >= gravest)
                        continue;
                gravest = kind;
                memcpy(ret_use->first, entry->name, sizeof ret_use->first);
        }
}
