/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of dom0's kernel that an audit asks for. Attributes of the kernel's memory: no device is asked. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "core/event/parse.h"
#include "edge/actuator/actuator.h"
#include "edge/actuator/sysfs.h"
#include "edge/cleanup.h"
#include "edge/file.h"
#include "edge/sink/udev.h"

#define FUNCTIONS_MAX 4096
#define TEXT_SIZE 128

/* Called with the name of each entry of a folder, in the order of their bytes. */
typedef void (*entry_take)(int folder, const char *name, struct event_machine *machine);

/* 0, or a negative errno where the folder cannot be listed. */
static int entries_each(int sysfs, const char *path, entry_take take, struct event_machine *machine)
{
        EDGE_CLEANUP_FD int folder = actuator_sysfs_open(sysfs, path);
        struct dirent **entries;
        int count;

        if (folder < 0)
                return folder;
        count = edge_folder_list(folder, ".", &entries);
        if (count < 0)
                return count;
        for (int i = 0; i < count; i++) {
                take(folder, entries[i]->d_name, machine);
                free(entries[i]);
        }
        free(entries);
        return 0;
}

/* Only a module that was loaded has initstate (kernel/module/sysfs.c); pcieport is needed by the guard itself. */
static void driver_take(int folder, const char *name, struct event_machine *machine)
{
        char path[TEXT_SIZE + sizeof "/module/initstate"];
        int length = snprintf(path, sizeof path, "%s/module/initstate", name);

        if (strcmp(name, "pcieport") == 0 ||
            (length < (int)sizeof path && faccessat(folder, path, F_OK, 0) == 0))
                return;
        if (machine->built_in++ == 0)
                (void)base_text_copy(name, strnlen(name, LIMIT_DRIVER - 1), machine->built_in_first,
                                     LIMIT_DRIVER);
}

static void domain_take(int folder, const char *name, struct event_machine *machine)
{
        char path[NAME_MAX + sizeof "/security"], text[TEXT_SIZE];
        enum event_thunderbolt security = THUNDERBOLT_UNKNOWN;
        ssize_t length;

        if (strncmp(name, "domain", 6) != 0)
                return;
        (void)snprintf(path, sizeof path, "%s/security", name);
        length = actuator_sysfs_read(folder, path, text, sizeof text);
        if (length > 0)
                security = event_thunderbolt_parse(text, (size_t)length);
        if (security < machine->thunderbolt)
                machine->thunderbolt = security;
}

static void thunderbolt_read(int sysfs, struct event_machine *machine)
{
        int error;

        machine->thunderbolt = THUNDERBOLT_ABSENT;
        error = entries_each(sysfs, "bus/thunderbolt/devices", domain_take, machine);
        if (error < 0 && error != -ENOENT)
                machine->thunderbolt = THUNDERBOLT_UNKNOWN;
}

/* Of a parameter that switches something off, as it was read: is that on? */
static enum event_fact switched_on(const char *text, ssize_t length)
{
        if (length < 0)
                return FACT_UNKNOWN;
        switch (event_parameter_parse(text, (size_t)length)) {
        case FACT_NO:
                return FACT_YES;
        case FACT_YES:
                return FACT_NO;
        case FACT_UNKNOWN:
                break;
        }
        return FACT_UNKNOWN;
}

/* No such module: it was not built. The parameter exists where it was (drivers/pci/hotplug/acpiphp_core.c). */
static enum event_fact acpiphp_read(int sysfs)
{
        char text[TEXT_SIZE];
        ssize_t length =
                actuator_sysfs_read(sysfs, "module/acpiphp/parameters/disable", text, sizeof text);

        if (length == -ENOENT)
                return faccessat(sysfs, "module", F_OK, 0) == 0 ? FACT_NO : FACT_UNKNOWN;
        return switched_on(text, length);
}

/* Without securityfs, or without the security module, nobody can tell. */
static enum event_fact lockdown_read(int sysfs)
{
        char text[TEXT_SIZE];
        ssize_t length = actuator_sysfs_read(sysfs, "kernel/security/lockdown", text, sizeof text);

        return length < 0 ? FACT_UNKNOWN : event_lockdown_parse(text, (size_t)length);
}

/* The sysctl says whether loading is switched off, and cannot be switched on again (kernel/module/main.c). */
static enum event_fact modules_read(int proc)
{
        char text[TEXT_SIZE];
        ssize_t length = proc < 0 ? -EBADF
                                  : actuator_sysfs_read(proc, "sys/kernel/modules_disabled", text,
                                                        sizeof text);

        return switched_on(text, length);
}

/* Linux keeps a header of type 2 only with class 0607 (drivers/pci/probe.c:pci_setup_device). */
static void cardbus_take(int devices, uint32_t sbdf, struct event_machine *machine)
{
        char path[BASE_SBDF_TEXT_SIZE + sizeof "/class"], name[BASE_SBDF_TEXT_SIZE], text[16];
        ssize_t length;

        (void)snprintf(path, sizeof path, "%s/class", base_sbdf_format(sbdf, name));
        length = actuator_sysfs_read(devices, path, text, sizeof text);
        if (length < 6) {
                machine->cardbus_known = machine->cardbus_known && length == -ENOENT;
                return;
        }
        if (strncmp(text, "0x0607", 6) != 0)
                return;
        if (machine->cardbus_count < LIMIT_CARDBUS)
                machine->cardbus[machine->cardbus_count++] = sbdf;
        else
                machine->cardbus_known = false;
}

static void cardbus_read(int sysfs, struct event_machine *machine)
{
        EDGE_CLEANUP_FD int devices = actuator_sysfs_open(sysfs, "bus/pci/devices");
        uint32_t functions[FUNCTIONS_MAX];
        bool truncated = false;
        int count = devices < 0 ? devices
                                : actuator_sysfs_functions(devices, functions, FUNCTIONS_MAX,
                                                           &truncated);

        machine->cardbus_known = count >= 0 && !truncated;
        for (int i = 0; i < count; i++)
                cardbus_take(devices, functions[i], machine);
}

static enum event_fact path_is(int folder, const char *path)
{
        if (folder < 0)
                return FACT_UNKNOWN;
        return faccessat(folder, path, F_OK, 0) == 0 ? FACT_YES : FACT_NO;
}

void actuator_machine_read(const struct actuator *actuator, const char *run,
                           struct event_machine *ret_machine)
{
        EDGE_CLEANUP_FD int folder = actuator_sysfs_open(AT_FDCWD, run);
        struct event_machine machine = { 0 };
        struct utsname name;

        if (uname(&name) == 0)
                (void)event_linux_parse(name.release, strlen(name.release), &machine.linux_major,
                                        &machine.linux_minor);
        machine.lockdown = lockdown_read(actuator->sysfs);
        machine.acpiphp = acpiphp_read(actuator->sysfs);
        /* boltd's unit has RuntimeDirectory=boltd: there while it runs; udev listens on a socket. */
        machine.boltd = path_is(folder, "boltd");
        machine.udev = path_is(folder, "udev/control");
        machine.udev_rules = path_is(folder, SINK_UDEV_FILE);
        machine.modules = modules_read(actuator->proc);
        thunderbolt_read(actuator->sysfs, &machine);
        machine.drivers_known =
                entries_each(actuator->sysfs, "bus/pci/drivers", driver_take, &machine) == 0;
        cardbus_read(actuator->sysfs, &machine);
        *ret_machine = machine;
}
