/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trusted port: its registers, its drivers, its slot. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "edge/actuator/pci.h"
#include "edge/actuator/sysfs.h"
#include "edge/cleanup.h"
#include "edge/file.h"

/* Offsets of registers. PCIe Base Spec 7.5.1.1 and 7.5.1.3 (header), 7.5.3 (capability), 7.7.11 (ACS). */
#define REGISTER_COMMAND 0x04
#define REGISTER_BUS_NUMBERS 0x18
#define REGISTER_MEMORY 0x20
#define REGISTER_PREFETCHABLE 0x24
#define REGISTER_PREFETCHABLE_BASE_UPPER 0x28
#define REGISTER_PREFETCHABLE_LIMIT_UPPER 0x2c
#define REGISTER_LINK_STATUS 0x12
#define REGISTER_SLOT_CONTROL 0x18
#define REGISTER_SLOT_STATUS 0x1a
#define REGISTER_ACS_CONTROL 0x06

#define COMMAND_MEMORY 0x0002u
#define COMMAND_BUS_MASTER 0x0004u
#define SLOT_STATUS_COMMAND_COMPLETED 0x0010u

/* "SBDF:pcieXXX" (drivers/pci/pcie/portdrv.c:pcie_device_init) */
#define SERVICE_NAME_SIZE (BASE_SBDF_TEXT_SIZE + sizeof ":pcieXXX")

/*
 * Little-endian register of 2 or 4 bytes. -ENODEV where it reads as all ones: none of the registers above can hold
 * that, so nobody answers.
 */
static int register_read(int config, off_t offset, size_t size, uint32_t *ret_value)
{
        uint32_t value = 0, ones = size == 2 ? UINT16_MAX : UINT32_MAX;
        uint8_t bytes[4] = { 0 };
        ssize_t got = pread(config, bytes, size, offset);

        if (got < 0)
                return -errno;
        if ((size_t)got != size)
                return -EIO;
        for (size_t i = 0; i < size; i++)
                value |= (uint32_t)bytes[i] << 8 * i;
        if (value == ones)
                return -ENODEV;
        *ret_value = value;
        return 0;
}

static int register_write(int config, off_t offset, uint32_t value)
{
        uint8_t bytes[2] = { (uint8_t)value, (uint8_t)(value >> 8) };
        ssize_t written = pwrite(config, bytes, sizeof bytes, offset);

        if (written < 0)
                return -errno;
        return written == (ssize_t)sizeof bytes ? 0 : -EIO;
}

static int config_open(const struct actuator *actuator, uint32_t sbdf, int flags)
{
        EDGE_CLEANUP_FD int port = actuator_sysfs_open_device(actuator->sysfs, sbdf);
        int config;

        if (port < 0)
                return port;
        config = openat(port, "config", flags | O_CLOEXEC);
        return config < 0 ? -errno : config;
}

static int port_write(const struct actuator *actuator, uint32_t sbdf, const char *attribute,
                      const char *text)
{
        EDGE_CLEANUP_FD int port = actuator_sysfs_open_device(actuator->sysfs, sbdf);

        if (port < 0)
                return port;
        return actuator_sysfs_write(port, attribute, text);
}

/* Is this link a driver's, and that one's? */
static bool driver_is(int directory, const char *link, const char *driver)
{
        char name[LIMIT_DRIVER];

        return actuator_sysfs_link_name(directory, link, name, sizeof name) == 0 &&
               strcmp(name, driver) == 0;
}

/*
 * Finds the port's service that pciehp is bound to. Its folder is looked for, rather than its name made up, since the
 * name depends on the port's type. 0, -ENOENT where there is none, or another negative errno.
 */
static int pciehp_service_find(int port, uint32_t sbdf, char ret_name[static SERVICE_NAME_SIZE])
{
        char prefix[SERVICE_NAME_SIZE], link[SERVICE_NAME_SIZE + sizeof "/driver"],
                text[BASE_SBDF_TEXT_SIZE];
        int fd = actuator_sysfs_open(port, "."), error = -ENOENT;
        const struct dirent *entry;
        DIR *folder;

        if (fd < 0)
                return fd;
        folder = edge_folder_open(fd);
        if (!folder)
                return -errno;
        (void)snprintf(prefix, sizeof prefix, "%s:pcie", base_sbdf_format(sbdf, text));
        while ((entry = readdir(folder))) {
                if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
                    strlen(entry->d_name) >= SERVICE_NAME_SIZE)
                        continue;
                (void)snprintf(link, sizeof link, "%.*s/driver", (int)SERVICE_NAME_SIZE,
                               entry->d_name);
                if (!driver_is(port, link, "pciehp"))
                        continue;
                memcpy(ret_name, entry->d_name, strlen(entry->d_name) + 1);
                error = 0;
                break;
        }
        (void)closedir(folder);
        return error;
}

/* Command := (old & ~mask) | value */
static int command_set(const struct actuator *actuator, uint32_t port, uint32_t mask,
                       uint32_t value)
{
        EDGE_CLEANUP_FD int config = config_open(actuator, port, O_RDWR);
        uint32_t command = 0;
        int error;

        if (config < 0)
                return config;
        error = register_read(config, REGISTER_COMMAND, 2, &command);
        if (error)
                return error;
        return register_write(config, REGISTER_COMMAND, (command & ~mask) | value);
}

int actuator_port_command(const struct actuator *actuator, const struct effect *effect)
{
        uint32_t bit = effect->kind == EFFECT_PORT_DECODE ? COMMAND_MEMORY : COMMAND_BUS_MASTER;

        return command_set(actuator, effect->port, bit,
                           effect->kind == EFFECT_PORT_CLOSE ? 0 : bit);
}

int actuator_port_bind(const struct actuator *actuator, const struct effect *effect)
{
        char name[BASE_SBDF_TEXT_SIZE];

        return actuator_sysfs_write(actuator->sysfs, "bus/pci/drivers/pcieport/bind",
                                    base_sbdf_format(effect->port, name));
}

int actuator_port_awake(const struct actuator *actuator, const struct effect *effect)
{
        return port_write(actuator, effect->port, "power/control", "on");
}

int actuator_port_rescan(const struct actuator *actuator, const struct effect *effect)
{
        int error, note;

        error = effect->mutes ? command_set(actuator, effect->port, COMMAND_MEMORY, 0) : 0;
        if (error)
                return error;
        note = actuator_autoprobe_hold(actuator);
        error = port_write(actuator, effect->port, "rescan", "1");
        actuator_autoprobe_release(actuator, note);
        return error;
}

int actuator_pciehp_unbind(const struct actuator *actuator, const struct effect *effect)
{
        EDGE_CLEANUP_FD int port = actuator_sysfs_open_device(actuator->sysfs, effect->port);
        char service[SERVICE_NAME_SIZE];
        int error;

        if (port < 0)
                return port;
        error = pciehp_service_find(port, effect->port, service);
        if (error)
                return error;
        return actuator_sysfs_write(actuator->sysfs, "bus/pci_express/drivers/pciehp/unbind",
                                    service);
}

int actuator_slot_control(const struct actuator *actuator, const struct effect *effect)
{
        EDGE_CLEANUP_FD int config = -1;
        uint32_t control = 0;
        int error;

        if (effect->pcie_cap == 0)
                return -EINVAL;
        config = config_open(actuator, effect->port, O_RDWR);
        if (config < 0)
                return config;
        error = register_read(config, effect->pcie_cap + REGISTER_SLOT_CONTROL, 2, &control);
        if (error)
                return error;
        /* Else the completion of this command could not be told from that of an earlier one (6.7.3.2). */
        error = register_write(config, effect->pcie_cap + REGISTER_SLOT_STATUS,
                               SLOT_STATUS_COMMAND_COMPLETED);
        if (error)
                return error;
        return register_write(config, effect->pcie_cap + REGISTER_SLOT_CONTROL,
                              (control & ~(uint32_t)effect->mask) | effect->value);
}

int actuator_slot_clear(const struct actuator *actuator, const struct effect *effect)
{
        EDGE_CLEANUP_FD int config = -1;

        if (effect->pcie_cap == 0)
                return -EINVAL;
        config = config_open(actuator, effect->port, O_RDWR);
        if (config < 0)
                return config;
        return register_write(config, effect->pcie_cap + REGISTER_SLOT_STATUS, effect->value);
}

static int capability_read(int config, const struct effect *effect,
                           struct event_port_registers *registers)
{
        uint32_t link = 0, control = 0, status = 0, acs = 0;
        int error = 0;

        if (effect->pcie_cap != 0)
                error = register_read(config, effect->pcie_cap + REGISTER_LINK_STATUS, 2, &link);
        if (effect->pcie_cap != 0 && !error)
                error = register_read(config, effect->pcie_cap + REGISTER_SLOT_CONTROL, 2,
                                      &control);
        if (effect->pcie_cap != 0 && !error)
                error = register_read(config, effect->pcie_cap + REGISTER_SLOT_STATUS, 2, &status);
        if (effect->acs_cap != 0 && !error)
                error = register_read(config, effect->acs_cap + REGISTER_ACS_CONTROL, 2, &acs);
        if (error)
                return error;
        registers->link_status = (uint16_t)link;
        registers->slot_control = (uint16_t)control;
        registers->slot_status = (uint16_t)status;
        registers->acs_control = (uint16_t)acs;
        return 0;
}

/*
 * Has a memory window of the bridge an address? Base and Limit hold address bits 31:20 in their upper 12; the
 * prefetchable ones say in the lower 4 that bits 63:32 are in registers of their own (PCI-to-PCI Bridge Spec 3.2.5.8 to
 * 3.2.5.10). A window that leads nowhere has a base above its limit; one that nobody has set up has base 0, where RAM
 * is.
 */
static bool window_set(int config, off_t offset)
{
        uint32_t value = 0, base_upper = 0, limit_upper = 0;
        uint64_t base, limit;

        if (register_read(config, offset, 4, &value) != 0)
                return false;
        if (offset == REGISTER_PREFETCHABLE &&
            (register_read(config, REGISTER_PREFETCHABLE_BASE_UPPER, 4, &base_upper) != 0 ||
             register_read(config, REGISTER_PREFETCHABLE_LIMIT_UPPER, 4, &limit_upper) != 0))
                return false;
        base = (uint64_t)base_upper << 32 | (value & 0xfff0u) << 16;
        limit = (uint64_t)limit_upper << 32 | (value & 0xfff00000u);
        return base != 0 && base <= limit;
}

static int registers_read(int port, const struct effect *effect,
                          struct event_port_registers *registers)
{
        EDGE_CLEANUP_FD int config = openat(port, "config", O_RDONLY | O_CLOEXEC);
        uint32_t command = 0, buses = 0;
        int error;

        if (config < 0)
                return -errno;
        error = register_read(config, REGISTER_COMMAND, 2, &command);
        if (error)
                return error;
        error = register_read(config, REGISTER_BUS_NUMBERS, 4, &buses);
        if (error)
                return error;
        error = capability_read(config, effect, registers);
        if (error)
                return error;
        registers->command = (uint16_t)command;
        registers->decodes =
                (command & COMMAND_MEMORY) || (!window_set(config, REGISTER_MEMORY) &&
                                               !window_set(config, REGISTER_PREFETCHABLE));
        registers->secondary = (uint8_t)(buses >> 8);
        registers->subordinate = (uint8_t)(buses >> 16);
        return 0;
}

static bool awake_read(int port)
{
        char text[16];
        ssize_t length = actuator_sysfs_read(port, "power/control", text, sizeof text);

        return length >= 2 && strncmp(text, "on", 2) == 0 && (length == 2 || text[2] == '\n');
}

void actuator_port_read(const struct actuator *actuator, const struct effect *effect,
                        struct event_port_registers *ret_registers)
{
        EDGE_CLEANUP_FD int port = actuator_sysfs_open_device(actuator->sysfs, effect->port);
        struct event_port_registers registers = { 0 };
        char service[SERVICE_NAME_SIZE];

        if (port >= 0 && registers_read(port, effect, &registers) == 0) {
                registers.readable = true;
                registers.pcieport = driver_is(port, "driver", "pcieport");
                registers.pciehp = pciehp_service_find(port, effect->port, service) == 0;
                registers.awake = awake_read(port);
        }
        *ret_registers = registers;
}
