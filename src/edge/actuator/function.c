/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Untrusted functions: listed, kept from drivers, removed. Always through the folder that was checked. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sbdf.h"
#include "core/event/parse.h"
#include "edge/actuator/pci.h"
#include "edge/actuator/sysfs.h"
#include "edge/cleanup.h"

/* sysfs hands out a page at most. */
#define ATTRIBUTE_SIZE 4096

int actuator_function_open(const struct actuator *actuator, const struct effect *effect)
{
        int folder = actuator_sysfs_open_device(actuator->sysfs, effect->function);
        struct stat status;
        int error = 0;

        if (folder < 0 || effect->instance == 0)
                return folder;
        if (fstat(folder, &status) < 0)
                error = -errno;
        else if (status.st_ino != effect->instance)
                error = -ESTALE;
        if (error) {
                (void)close(folder);
                return error;
        }
        return folder;
}

int actuator_function_driver_off(const struct actuator *actuator, const struct effect *effect)
{
        EDGE_CLEANUP_FD int folder = actuator_function_open(actuator, effect);
        char name[BASE_SBDF_TEXT_SIZE];
        int error;

        if (folder < 0)
                return folder;
        error = actuator_sysfs_write(folder, "driver_override",
                                     effect->at_boot ? EVENT_KEEP_OFF_AT_BOOT
                                                     : EVENT_KEEP_OFF_DRIVER);
        if (error)
                return error;
        error = actuator_sysfs_write(folder, "driver/unbind",
                                     base_sbdf_format(effect->function, name));
        return error == -ENOENT ? 0 : error; /* no driver is bound */
}

int actuator_function_remove(const struct actuator *actuator, const struct effect *effect)
{
        EDGE_CLEANUP_FD int folder = actuator_function_open(actuator, effect);

        if (folder < 0)
                return folder;
        return actuator_sysfs_write(folder, "remove", "1");
}

static size_t length_or_none(ssize_t length)
{
        return length < 0 ? 0 : (size_t)length;
}

/* What cannot be read is handed over empty: the parser says what that means. */
static int function_read(int folder, struct event_function *ret_function)
{
        char uevent[ATTRIBUTE_SIZE], override[ATTRIBUTE_SIZE];
        uint8_t config[LIMIT_CONFIG_BYTES];
        struct event_kernel_view view = { .uevent = uevent, .override = override };
        struct stat status;
        size_t length;

        if (fstat(folder, &status) < 0)
                return -errno;
        length = length_or_none(actuator_sysfs_read(folder, "config", config, sizeof config));
        view.uevent_length =
                length_or_none(actuator_sysfs_read(folder, "uevent", uevent, sizeof uevent));
        view.override_length = length_or_none(
                actuator_sysfs_read(folder, "driver_override", override, sizeof override));
        event_function_parse(config, length, &view, ret_function);
        ret_function->instance = status.st_ino;
        return 0;
}

static void folder_walk(int folder, uint32_t parent, unsigned int depth,
                        struct event_inventory *inventory);

/* NOLINTNEXTLINE(misc-no-recursion): folder_walk ends it at LIMIT_DEPTH. */
static void function_walk(int above, uint32_t sbdf, uint32_t parent, unsigned int depth,
                          struct event_inventory *inventory)
{
        struct event_function *function = &inventory->functions[inventory->count];
        EDGE_CLEANUP_FD int folder = -1;
        char name[BASE_SBDF_TEXT_SIZE];

        if (inventory->count < LIMIT_PORT_FUNCTIONS)
                folder = actuator_sysfs_open(above, base_sbdf_format(sbdf, name));
        if (folder < 0 || function_read(folder, function) < 0) {
                inventory->truncated = true;
                return;
        }
        function->sbdf = sbdf;
        function->parent = parent;
        inventory->count++;
        folder_walk(folder, sbdf, depth + 1, inventory);
}

/* The kernel nests the folders as the bridges are nested: depth is bounded, and so is what a bus can hold. */
/* NOLINTNEXTLINE(misc-no-recursion): it ends at LIMIT_DEPTH. */
static void folder_walk(int folder, uint32_t parent, unsigned int depth,
                        struct event_inventory *inventory)
{
        uint32_t below[LIMIT_PORT_FUNCTIONS];
        bool truncated = true;
        int count = actuator_sysfs_functions(folder, below, LIMIT_PORT_FUNCTIONS, &truncated);

        if (truncated || (count > 0 && depth >= LIMIT_DEPTH))
                inventory->truncated = true;
        if (depth >= LIMIT_DEPTH)
                return;
        for (int i = 0; i < count; i++)
                function_walk(folder, below[i], parent, depth, inventory);
}

int actuator_inventory_read(const struct actuator *actuator, const struct effect *effect,
                            struct event_inventory *ret_inventory)
{
        EDGE_CLEANUP_FD int port = actuator_sysfs_open_device(actuator->sysfs, effect->port);

        if (port < 0)
                return port;
        memset(ret_inventory, 0, sizeof *ret_inventory);
        folder_walk(port, effect->port, 0, ret_inventory);
        return 0;
}
