/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Untrusted functions: listed, kept from drivers, removed. Always through the folder that was checked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sbdf.h"
#include "core/event/parse.h"
#include "edge/actuator/pci.h"
#include "edge/actuator/sysfs.h"
#include "edge/cleanup.h"

/* sysfs hands out a page at most. */
#define ATTRIBUTE_SIZE 4096
#define PCIBACK_FOLDER "bus/pci/drivers/" EVENT_PCIBACK_DRIVER

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

/*
 * Whatever pciback is bound to it would take again, whoever is at that address next, the moment the kernel lists it
 * (xen-pciback/pci_stub.c:pcistub_seize, pcistub_match): before any look, and with MSI-X that Xen may not know (H5).
 */
static int slot_forget(const struct actuator *actuator, uint32_t function)
{
        char name[BASE_SBDF_TEXT_SIZE];
        int error = actuator_sysfs_write(actuator->sysfs, PCIBACK_FOLDER "/remove_slot",
                                         base_sbdf_format(function, name));

        return error == -ENOENT ? 0 : error; /* it is not loaded, or remembers nothing */
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
        if (error && error != -ENOENT) /* no driver is bound */
                return error;
        return slot_forget(actuator, effect->function);
}

/*
 * Names a driver for the function, and has it offered by its address in a folder of sysfs. -ENODEV, with nothing done:
 * there is no such folder.
 */
static int function_offer(const struct actuator *actuator, const struct effect *effect,
                          const char *driver, const char *by, const char *attribute)
{
        EDGE_CLEANUP_FD int folder = actuator_function_open(actuator, effect), offers = -1;
        char name[BASE_SBDF_TEXT_SIZE];
        int error;

        if (folder < 0)
                return folder;
        offers = actuator_sysfs_open(actuator->sysfs, by);
        if (offers < 0)
                return offers == -ENOENT ? -ENODEV : offers;
        error = actuator_sysfs_write(folder, "driver_override", driver);
        if (error)
                return error;
        return actuator_sysfs_write(offers, attribute, base_sbdf_format(effect->function, name));
}

/*
 * xen-pciback takes a function by its driver_override (xen-pciback/pci_stub.c:pcistub_probe); its lists of slots are
 * for those that have none. Who is bound goes by the address: a function that came meanwhile has no such override.
 */
int actuator_function_pciback(const struct actuator *actuator, const struct effect *effect)
{
        int error = function_offer(actuator, effect, EVENT_PCIBACK_DRIVER, PCIBACK_FOLDER, "bind");

        return error ? error : slot_forget(actuator, effect->function);
}

/*
 * An empty name leaves no override at all (base/driver.c:driver_set_override), and whatever matches may bind. Who is
 * probed goes by the address (base/bus.c:drivers_probe_store): what came meanwhile was offered to drivers already.
 */
int actuator_function_probe(const struct actuator *actuator, const struct effect *effect)
{
        return function_offer(actuator, effect, "\n", "bus/pci", "drivers_probe");
}

/* NOLINTNEXTLINE(misc-no-recursion): it ends at LIMIT_DEPTH. */
static void resets_forget(int folder, unsigned int depth)
{
        uint32_t below[LIMIT_PORT_FUNCTIONS];
        bool truncated;
        int count;

        (void)actuator_sysfs_write(folder, "reset_method", "\n");
        if (depth >= LIMIT_DEPTH)
                return;
        count = actuator_sysfs_functions(folder, below, LIMIT_PORT_FUNCTIONS, &truncated);
        for (int i = 0; i < count; i++) {
                char name[BASE_SBDF_TEXT_SIZE];
                EDGE_CLEANUP_FD int child =
                        actuator_sysfs_open(folder, base_sbdf_format(below[i], name));

                if (child >= 0)
                        resets_forget(child, depth + 1);
        }
}

void actuator_function_resets_forget(const struct actuator *actuator, const struct effect *effect)
{
        EDGE_CLEANUP_FD int folder = actuator_function_open(actuator, effect);

        if (folder >= 0)
                resets_forget(folder, 0);
}

int actuator_function_remove(const struct actuator *actuator, const struct effect *effect)
{
        EDGE_CLEANUP_FD int folder = actuator_function_open(actuator, effect);

        if (folder < 0)
                return folder;
        if (effect->forced)
                resets_forget(folder, 0);
        return actuator_sysfs_write(folder, "remove", "1");
}

static size_t length_or_none(ssize_t length)
{
        return length < 0 ? 0 : (size_t)length;
}

/* A walk's result: the inventory, and the address ranges of each of its functions. */
struct walk {
        struct event_inventory *inventory;
        struct event_ranges ranges[LIMIT_PORT_FUNCTIONS];
};

static void ranges_read(int folder, const uint8_t *config, size_t config_length,
                        struct event_ranges *ret_ranges)
{
        char text[ATTRIBUTE_SIZE];
        size_t length = length_or_none(actuator_sysfs_read(folder, "resource", text, sizeof text));

        event_ranges_parse(text, length, config, config_length, ret_ranges);
}

/* What cannot be read is handed over empty: the parser says what that means. */
static int function_read(int folder, struct event_function *ret_function,
                         struct event_ranges *ret_ranges)
{
        char uevent[ATTRIBUTE_SIZE], override[ATTRIBUTE_SIZE];
        uint8_t config[2][LIMIT_CONFIG_BYTES];
        struct event_kernel_view view = { .uevent = uevent, .override = override };
        struct event_function again = { 0 };
        struct stat status;
        size_t length[2];

        if (fstat(folder, &status) < 0)
                return -errno;
        for (size_t i = 0; i < 2; i++)
                length[i] = length_or_none(
                        actuator_sysfs_read(folder, "config", config[i], sizeof config[i]));
        view.uevent_length =
                length_or_none(actuator_sysfs_read(folder, "uevent", uevent, sizeof uevent));
        view.override_length = length_or_none(
                actuator_sysfs_read(folder, "driver_override", override, sizeof override));
        event_function_parse(config[0], length[0], &view, ret_function);
        event_function_parse(config[1], length[1], &view, &again);
        event_function_repeat(&again, ret_function);
        ret_function->instance = status.st_ino;
        ranges_read(folder, config[0], length[0], ret_ranges);
        return 0;
}

static void folder_walk(int folder, uint32_t parent, unsigned int depth, struct walk *walk);

/* NOLINTNEXTLINE(misc-no-recursion): folder_walk ends it at LIMIT_DEPTH. */
static void function_walk(int above, uint32_t sbdf, uint32_t parent, unsigned int depth,
                          struct walk *walk)
{
        struct event_inventory *inventory = walk->inventory;
        uint32_t index = inventory->count;
        EDGE_CLEANUP_FD int folder = -1;
        char name[BASE_SBDF_TEXT_SIZE];

        if (index < LIMIT_PORT_FUNCTIONS)
                folder = actuator_sysfs_open(above, base_sbdf_format(sbdf, name));
        if (folder < 0 ||
            function_read(folder, &inventory->functions[index], &walk->ranges[index]) < 0) {
                inventory->truncated = true;
                return;
        }
        inventory->functions[index].sbdf = sbdf;
        inventory->functions[index].parent = parent;
        inventory->count++;
        folder_walk(folder, sbdf, depth + 1, walk);
}

/* The kernel nests the folders as the bridges are nested: depth is bounded, and so is what a bus can hold. */
/* NOLINTNEXTLINE(misc-no-recursion): it ends at LIMIT_DEPTH. */
static void folder_walk(int folder, uint32_t parent, unsigned int depth, struct walk *walk)
{
        uint32_t below[LIMIT_PORT_FUNCTIONS];
        bool truncated = true;
        int count = actuator_sysfs_functions(folder, below, LIMIT_PORT_FUNCTIONS, &truncated);

        if (truncated || (count > 0 && depth >= LIMIT_DEPTH))
                walk->inventory->truncated = true;
        if (depth >= LIMIT_DEPTH)
                return;
        for (int i = 0; i < count; i++)
                function_walk(folder, below[i], parent, depth, walk);
}

int actuator_inventory_read(const struct actuator *actuator, const struct effect *effect,
                            struct event_inventory *ret_inventory)
{
        EDGE_CLEANUP_FD int port = actuator_sysfs_open_device(actuator->sysfs, effect->port);
        EDGE_CLEANUP_MEMORY struct walk *walk = NULL;
        struct event_above above = { .secondary = effect->bus_first,
                                     .subordinate = effect->bus_last };

        if (port < 0)
                return port;
        walk = calloc(1, sizeof *walk);
        if (!walk)
                return -ENOMEM;
        walk->inventory = ret_inventory;
        memset(ret_inventory, 0, sizeof *ret_inventory);
        folder_walk(port, effect->port, 0, walk);
        ranges_read(port, NULL, 0, &above.ranges);
        event_hierarchy_judge(ret_inventory, walk->ranges, &above);
        return 0;
}
