/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of devices from udev's hardware database, hwdb(7). */
#include "cli/names.h"

#include <stdio.h>
#include <string.h>

#include <systemd/sd-hwdb.h>

#define NAME_SIZE 160

static void name_add(sd_hwdb *database, struct cli_row *row)
{
        char modalias[48], name[NAME_SIZE];
        const char *vendor_name, *device_name;
        unsigned int vendor, device;

        if (sscanf(cli_row_get(row, "id"), "%4x:%4x", &vendor, &device) != 2)
                return;
        (void)snprintf(modalias, sizeof modalias, "pci:v%08Xd%08X", vendor, device);
        if (sd_hwdb_get(database, modalias, "ID_VENDOR_FROM_DATABASE", &vendor_name) < 0)
                return;
        if (sd_hwdb_get(database, modalias, "ID_MODEL_FROM_DATABASE", &device_name) < 0)
                device_name = "";
        (void)snprintf(name, sizeof name, "%s%s%s", vendor_name, *device_name ? " " : "",
                       device_name);
        (void)cli_row_set(row, "name", name); /* without memory: no name */
}

void cli_names_add(struct cli_rows *rows)
{
        __attribute__((cleanup(sd_hwdb_unrefp))) sd_hwdb *database = NULL;

        if (sd_hwdb_new(&database) < 0)
                return;
        for (size_t i = 0; i < rows->count; i++)
                name_add(database, &rows->rows[i]);
}
