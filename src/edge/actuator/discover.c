/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every bridge that can be a port. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "core/event/parse.h"
#include "edge/actuator/actuator.h"
#include "edge/actuator/firmware.h"
#include "edge/actuator/sysfs.h"
#include "edge/actuator/use.h"
#include "edge/cleanup.h"
#include "edge/clock.h"

/* PCI functions of a whole machine; the largest servers have about 2000. */
#define DISCOVER_FUNCTIONS_MAX 4096
#define CONFIG_SPACE_SIZE 4096

/* What the kernel enumerated as a PCI-to-PCI bridge (class 0604). The attribute is its memory: no device is asked. */
static bool bridge_is(int folder)
{
        char text[16];
        ssize_t length = actuator_sysfs_read(folder, "class", text, sizeof text);

        return length >= 6 && strncmp(text, "0x0604", 6) == 0;
}

static bool path_read(int sysfs, uint32_t sbdf, char ret_path[static LIMIT_PATH])
{
        char link[sizeof "bus/pci/devices/" + BASE_SBDF_TEXT_SIZE], name[BASE_SBDF_TEXT_SIZE];

        (void)snprintf(link, sizeof link, "bus/pci/devices/%s", base_sbdf_format(sbdf, name));
        return actuator_sysfs_device_path(sysfs, link, ret_path);
}

/* Is this the folder of a port? With what its config space says. */
static bool port_read(int folder, struct event_port *found)
{
        uint8_t config[CONFIG_SPACE_SIZE];
        ssize_t length;

        if (folder < 0 || !bridge_is(folder))
                return false;
        length = actuator_sysfs_read(folder, "config", config, sizeof config);
        return length >= 0 && event_port_parse(config, (size_t)length, found);
}

/* What is read once and asked about each port. */
struct surroundings {
        struct event_acpi acpi;
        struct actuator_use use;
};

static bool port_find(const struct actuator *actuator, const struct surroundings *around,
                      uint32_t sbdf, struct event *ret_event)
{
        EDGE_CLEANUP_FD int folder = actuator_sysfs_open_device(actuator->sysfs, sbdf);
        struct event_port *found = &ret_event->found;

        if (!port_read(folder, found))
                return false;
        found->sbdf = sbdf;
        event_acpi_firmware(&around->acpi, sbdf, &found->firmware);
        actuator_firmware_neighbours(folder, found);
        if (!path_read(actuator->sysfs, sbdf, found->path))
                return false;
        actuator_use_below(&around->use, found->path, &found->use);
        return event_place_parse(found->path, strlen(found->path), &found->place);
}

/* All of the ports come first: whether firmware marks others is a fact of each. */
static void acpi_read(const struct actuator *actuator, const uint32_t *functions, int count,
                      struct event_acpi *ret_acpi)
{
        memset(ret_acpi, 0, sizeof *ret_acpi);
        for (int i = 0; i < count; i++) {
                EDGE_CLEANUP_FD int folder =
                        actuator_sysfs_open_device(actuator->sysfs, functions[i]);
                struct event_port unused = { .sbdf = functions[i] };

                if (port_read(folder, &unused))
                        actuator_firmware_port_add(folder, functions[i], ret_acpi);
        }
        actuator_firmware_read(actuator->sysfs, ret_acpi);
}

static void port_announce(const struct actuator *actuator, const struct effect *effect,
                          const struct surroundings *around, uint32_t sbdf, actuator_found found,
                          void *userdata)
{
        struct event event = { .kind = EVENT_PORT_FOUND, .token = effect->token, .port = sbdf };

        if (!port_find(actuator, around, sbdf, &event))
                return;
        event.time_ms = edge_clock_ms();
        found(userdata, &event);
}

void actuator_discover(const struct actuator *actuator, const struct effect *effect,
                       actuator_found found, void *userdata)
{
        EDGE_CLEANUP_FD int devices = actuator_sysfs_open(actuator->sysfs, "bus/pci/devices");
        struct event end = { .kind = EVENT_PORTS_END,
                             .token = effect->token,
                             .port = BASE_SBDF_NONE };
        uint32_t functions[DISCOVER_FUNCTIONS_MAX];
        struct surroundings around;
        bool truncated = false;
        int count = devices;

        if (devices >= 0)
                count = actuator_sysfs_functions(devices, functions, DISCOVER_FUNCTIONS_MAX,
                                                 &truncated);
        acpi_read(actuator, functions, count, &around.acpi);
        actuator_use_read(actuator, functions, count, &around.use);
        /* Parents come first by themselves: what is below a bridge has a higher bus number than the bridge, else the
         * kernel numbers it anew (drivers/pci/probe.c:pci_scan_bridge_extend). */
        for (int i = 0; i < count; i++)
                port_announce(actuator, effect, &around, functions[i], found, userdata);
        if (count < 0 || truncated) {
                end.kind = EVENT_COMPLETED;
                end.error = count < 0 ? -count : E2BIG;
        }
        end.time_ms = edge_clock_ms();
        found(userdata, &end);
}
