/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI tables, and a port's neighbours. */
#include "edge/actuator/firmware.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "edge/actuator/sysfs.h"
#include "edge/cleanup.h"
#include "edge/file.h"

#define TABLES "firmware/acpi/tables"
/* The largest DSDTs have less than 1 MiB. What is longer is cut, and parsing says so. */
#define TABLE_SIZE_MAX ((size_t)4 << 20)
/* The kernel numbers SSDTs; laptops have about 30. */
#define TABLES_MAX 256
/* Functions on one bus. */
#define NEIGHBOURS_MAX 256

static bool table_wanted(const char *name)
{
        return strncmp(name, "DSDT", 4) == 0 || strncmp(name, "SSDT", 4) == 0;
}

/* How many tables of one folder were handed to the parser; all that go wrong makes it unclear. */
static unsigned int tables_read(int sysfs, const char *path, uint8_t *buffer,
                                struct event_acpi *acpi)
{
        int fd = actuator_sysfs_open(sysfs, path);
        EDGE_CLEANUP_FOLDER DIR *folder = edge_folder_open(fd);
        const struct dirent *entry;
        unsigned int count = 0;
        ssize_t length;

        if (!folder)
                return 0;
        while (errno = 0, (entry = readdir(folder))) {
                if (!table_wanted(entry->d_name))
                        continue;
                length = count < TABLES_MAX
                                 ? actuator_sysfs_read(fd, entry->d_name, buffer, TABLE_SIZE_MAX)
                                 : -E2BIG;
                if (length < 0)
                        acpi->unclear = true;
                else
                        event_acpi_table_parse(buffer, (size_t)length, acpi);
                count++;
        }
        if (errno != 0)
                acpi->unclear = true;
        return count;
}

void actuator_firmware_read(int sysfs, struct event_acpi *ret_acpi)
{
        EDGE_CLEANUP_MEMORY uint8_t *buffer = malloc(TABLE_SIZE_MAX);

        if (!buffer || tables_read(sysfs, TABLES, buffer, ret_acpi) == 0) {
                ret_acpi->unclear = true;
                return;
        }
        /* What AML loaded (drivers/acpi/sysfs.c:acpi_table_notify_handler); most machines have none. */
        (void)tables_read(sysfs, TABLES "/dynamic", buffer, ret_acpi);
}

void actuator_firmware_port_add(int folder, uint32_t sbdf, struct event_acpi *acpi)
{
        char text[LIMIT_PATH];
        ssize_t length = actuator_sysfs_read(folder, "firmware_node/path", text, sizeof text);

        event_acpi_port_add(acpi, sbdf, text, length > 0 ? (size_t)length : 0);
}

static bool attribute_is(int folder, const char *name, const char *value)
{
        char text[16];
        ssize_t length = actuator_sysfs_read(folder, name, text, sizeof text);

        return length >= (ssize_t)strlen(value) && memcmp(text, value, strlen(value)) == 0;
}

/* "0x0c0340"; what is not there is all ones. */
static uint32_t attribute_number(int folder, const char *name)
{
        char text[16];
        ssize_t length = actuator_sysfs_read(folder, name, text, sizeof text - 1);

        text[length > 0 ? length : 0] = '\0';
        return length > 0 ? (uint32_t)strtoul(text, NULL, 16) : UINT32_MAX;
}

static bool host_interface_is(int folder)
{
        return event_host_interface_is(attribute_number(folder, "class"),
                                       (uint16_t)attribute_number(folder, "vendor"));
}

/* Is something so among the functions in this folder? Those called `except` are not asked. */
static bool any_below(int folder, uint32_t except, bool (*is)(int folder))
{
        uint32_t functions[NEIGHBOURS_MAX];
        bool truncated;
        int count = actuator_sysfs_functions(folder, functions, NEIGHBOURS_MAX, &truncated);

        for (int i = 0; i < count; i++) {
                EDGE_CLEANUP_FD int function = -1;
                char name[BASE_SBDF_TEXT_SIZE];

                if (functions[i] == except)
                        continue;
                function = actuator_sysfs_open(folder, base_sbdf_format(functions[i], name));
                if (function >= 0 && is(function))
                        return true;
        }
        return false;
}

static bool removable_is(int folder)
{
        return attribute_is(folder, "removable", "removable");
}

/* Downstream port: is a host interface on its bus? */
static bool host_interface_on_bus(int folder)
{
        return any_below(folder, BASE_SBDF_NONE, host_interface_is);
}

/* Upstream port: the same, of one of its downstream ports. */
static bool host_interface_in_switch(int folder)
{
        return any_below(folder, BASE_SBDF_NONE, host_interface_on_bus);
}

void actuator_firmware_neighbours(int folder, struct event_port *port)
{
        EDGE_CLEANUP_FD int above = actuator_sysfs_open(folder, "..");

        port->controller_beside = port->port_type == 6 && above >= 0 &&
                                  any_below(above, port->sbdf, host_interface_on_bus);
        port->controller_below = any_below(folder, BASE_SBDF_NONE, host_interface_in_switch);
        port->child_removable = any_below(folder, BASE_SBDF_NONE, removable_is);
}
