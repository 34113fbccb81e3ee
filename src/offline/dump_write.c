/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This machine as a dump: what sallyportd would read of it, and nothing else. Only reads. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "edge/actuator/sysfs.h"
#include "edge/actuator/use.h"
#include "edge/cleanup.h"
#include "edge/file.h"
#include "offline/dump.h"

#define TABLES "firmware/acpi/tables"
#define CLASS_BRIDGE_PCI 0x0604u

struct writing {
        int sysfs;
        const struct actuator_use *use;
        bool redact;
        FILE *out;
        uint8_t *table; /* OFFLINE_TABLE_SIZE_MAX bytes */
};

/* The text of an attribute up to its line feed; what does not print becomes '?'. False where there is none. */
static bool attribute_get(int folder, const char *name, char *ret_text, size_t size)
{
        ssize_t length = actuator_sysfs_read(folder, name, ret_text, size - 1);
        size_t end = 0;

        if (length <= 0)
                return false;
        for (; end < (size_t)length && ret_text[end] != '\n'; end++)
                if (ret_text[end] < ' ' || ret_text[end] > '~')
                        ret_text[end] = '?';
        ret_text[end] = '\0';
        return end > 0;
}

static void fact_write(const struct writing *writing, enum event_dump_fact fact, const char *value)
{
        (void)fprintf(writing->out, "@%s %s\n", event_dump_key(fact), value);
}

static void attribute_write(const struct writing *writing, int folder, const char *name,
                            enum event_dump_fact fact)
{
        char text[LIMIT_PATH];

        if (attribute_get(folder, name, text, sizeof text))
                fact_write(writing, fact, text);
}

static uint32_t number_get(int folder, const char *name)
{
        char text[16];

        return attribute_get(folder, name, text, sizeof text) ? (uint32_t)strtoul(text, NULL, 16)
                                                              : 0;
}

/* Where it is, and unless it is a bridge, what dom0 does with it: no names, they may be somebody's. */
static void path_write(const struct writing *writing, uint32_t sbdf, bool bridge)
{
        char link[sizeof "bus/pci/devices/" + BASE_SBDF_TEXT_SIZE], name[BASE_SBDF_TEXT_SIZE];
        char path[LIMIT_PATH];
        uint32_t uses;

        (void)snprintf(link, sizeof link, "bus/pci/devices/%s", base_sbdf_format(sbdf, name));
        if (!actuator_sysfs_device_path(writing->sysfs, link, path))
                return;
        fact_write(writing, DUMP_PATH, path);
        uses = bridge ? 0 : actuator_use_kinds(writing->use, path);
        for (enum event_use_kind i = 0; i < USE_MAX; i++)
                if (uses & EVENT_USE_BIT(i))
                        fact_write(writing, DUMP_USE, event_dump_use(i));
}

/* Does the port have a hot-plug service, and is pciehp bound to it? "SBDF:pcieXXX" (drivers/pci/pcie/portdrv.c). */
static void pciehp_write(const struct writing *writing, int folder)
{
        EDGE_CLEANUP_FOLDER DIR *services = edge_folder_open(actuator_sysfs_open(folder, "."));
        const struct dirent *entry;
        bool bound = false;

        if (!services)
                return;
        while ((entry = readdir(services))) {
                char link[64], driver[LIMIT_DRIVER];

                if (!strstr(entry->d_name, ":pcie") || strlen(entry->d_name) > 32)
                        continue;
                (void)snprintf(link, sizeof link, "%.32s/driver", entry->d_name);
                bound = bound ||
                        (actuator_sysfs_link_name(folder, link, driver, sizeof driver) == 0 &&
                         strcmp(driver, "pciehp") == 0);
        }
        fact_write(writing, DUMP_PCIEHP, bound ? "1" : "0");
}

static void facts_write(const struct writing *writing, int folder, uint32_t sbdf, bool bridge)
{
        char driver[LIMIT_DRIVER], text[8];

        path_write(writing, sbdf, bridge);
        (void)fprintf(writing->out, "@%s %04x:%04x %06x\n", event_dump_key(DUMP_KERNEL_ID),
                      number_get(folder, "vendor") & 0xffffu,
                      number_get(folder, "device") & 0xffffu,
                      number_get(folder, "class") & 0xffffffu);
        attribute_write(writing, folder, "firmware_node/path", DUMP_FIRMWARE);
        if (actuator_sysfs_link_name(folder, "driver", driver, sizeof driver) == 0)
                fact_write(writing, DUMP_DRIVER, driver);
        attribute_write(writing, folder, "driver_override", DUMP_OVERRIDE);
        attribute_write(writing, folder, "removable", DUMP_REMOVABLE);
        attribute_write(writing, folder, "power/control", DUMP_POWER);
        if (attribute_get(folder, "boot_vga", text, sizeof text))
                fact_write(writing, DUMP_BOOT_VGA, text[0] == '1' ? "1" : "0");
        if (bridge)
                pciehp_write(writing, folder);
}

/* Sixteen in a line, behind an offset of so many digits at least. */
static void hex_write(const struct writing *writing, const char *indent, int digits,
                      const uint8_t *bytes, size_t length)
{
        for (size_t at = 0; at < length; at++) {
                if (at % EVENT_DUMP_BYTES == 0)
                        (void)fprintf(writing->out, "%s%s%0*zx:", at ? "\n" : "", indent, digits,
                                      at);
                (void)fprintf(writing->out, " %02x", bytes[at]);
        }
        (void)fputc('\n', writing->out);
}

/*
 * Reading config space wakes what sleeps (drivers/pci/pci-sysfs.c:pci_read_config). Bridges are read all the same:
 * without their registers nothing could be said, and sallyportd reads them too.
 */
static void config_write(const struct writing *writing, int folder, bool bridge)
{
        uint8_t bytes[OFFLINE_CONFIG_SIZE];
        char text[16];
        ssize_t length = 0;

        if (!bridge && attribute_get(folder, "power/runtime_status", text, sizeof text) &&
            strncmp(text, "suspended", 9) == 0) {
                (void)fputs("\tit sleeps: its config space was not read\n", writing->out);
                return;
        }
        length = actuator_sysfs_read(folder, "config", bytes, sizeof bytes);
        if (length < (ssize_t)EVENT_DUMP_BYTES) {
                (void)fputs("\tits config space could not be read\n", writing->out);
                return;
        }
        length -= length % (ssize_t)EVENT_DUMP_BYTES;
        if (writing->redact)
                offline_dump_redact_config(bytes, (size_t)length);
        hex_write(writing, "", 2, bytes, (size_t)length);
}

static void function_write(const struct writing *writing, uint32_t sbdf)
{
        EDGE_CLEANUP_FD int folder = actuator_sysfs_open_device(writing->sysfs, sbdf);
        char name[BASE_SBDF_TEXT_SIZE];
        uint32_t class;

        if (folder < 0)
                return; /* it went meanwhile */
        class = number_get(folder, "class") >> 8;
        (void)fprintf(writing->out, "\n%s %04x: %04x:%04x\n", base_sbdf_format(sbdf, name),
                      class & 0xffffu, number_get(folder, "vendor") & 0xffffu,
                      number_get(folder, "device") & 0xffffu);
        facts_write(writing, folder, sbdf, class == CLASS_BRIDGE_PCI);
        config_write(writing, folder, class == CLASS_BRIDGE_PCI);
}

/* Those that say what ports are, and which IOMMU there is; RMAD is what Xen makes of DMAR. */
static bool table_wanted(const char *name)
{
        static const char *const signatures[] = { "DSDT", "SSDT", "DMAR", "RMAD", "IVRS" };

        for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
                if (strncmp(name, signatures[i], 4) == 0)
                        return true;
        return false;
}

static void table_write(const struct writing *writing, int folder, const char *name)
{
        ssize_t length = actuator_sysfs_read(folder, name, writing->table, OFFLINE_TABLE_SIZE_MAX);

        (void)fprintf(writing->out, "\n%.4s @ 0x0000000000000000\n", name);
        if (length <= 0)
                return; /* empty: firmware is unclear to whoever reads this, as it is here */
        if (writing->redact)
                offline_dump_redact_table(writing->table, (size_t)length);
        hex_write(writing, "    ", 4, writing->table, (size_t)length);
}

static int tables_write(const struct writing *writing, const char *path)
{
        struct dirent **entries;
        int fd = actuator_sysfs_open(writing->sysfs, path), count;

        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        count = scandirat(fd, ".", &entries, NULL, alphasort);
        for (int i = 0; i < count; i++) {
                if (table_wanted(entries[i]->d_name))
                        table_write(writing, fd, entries[i]->d_name);
                free(entries[i]);
        }
        if (count >= 0)
                free(entries);
        (void)close(fd);
        return count < 0 ? -EIO : 0;
}

/* Kernel and Xen, as the kernel tells them. */
static void machine_write(const struct writing *writing)
{
        char major[16], minor[16], extra[32];
        struct utsname kernel;

        fact_write(writing, DUMP_VERSION, "1");
        fact_write(writing, DUMP_USES, writing->use->unknown ? "incomplete" : "complete");
        if (uname(&kernel) == 0)
                (void)fprintf(writing->out, "@%s %.63s\n", event_dump_key(DUMP_KERNEL),
                              kernel.release);
        if (attribute_get(writing->sysfs, "hypervisor/version/major", major, sizeof major) &&
            attribute_get(writing->sysfs, "hypervisor/version/minor", minor, sizeof minor)) {
                if (!attribute_get(writing->sysfs, "hypervisor/version/extra", extra, 16))
                        extra[0] = '\0';
                (void)fprintf(writing->out, "@%s %.7s.%.7s%.15s\n", event_dump_key(DUMP_XEN), major,
                              minor, extra);
        }
}

int offline_dump_write(const struct actuator *actuator, bool redact, FILE *out)
{
        EDGE_CLEANUP_FD int devices = actuator_sysfs_open(actuator->sysfs, "bus/pci/devices");
        EDGE_CLEANUP_MEMORY struct actuator_use *use = malloc(sizeof *use);
        EDGE_CLEANUP_MEMORY uint8_t *table = malloc(OFFLINE_TABLE_SIZE_MAX);
        EDGE_CLEANUP_MEMORY uint32_t *functions = calloc(OFFLINE_FUNCTIONS_MAX, sizeof *functions);
        struct writing writing = { actuator->sysfs, use, redact, out, table };
        bool truncated = false;
        int count, error;

        if (devices < 0)
                return devices;
        if (!table || !functions || !use)
                return -ENOMEM;
        count = actuator_sysfs_functions(devices, functions, OFFLINE_FUNCTIONS_MAX, &truncated);
        if (count < 0)
                return count;
        if (truncated)
                return -E2BIG;
        actuator_use_read(actuator, functions, count, use);
        machine_write(&writing);
        for (int i = 0; i < count; i++)
                function_write(&writing, functions[i]);
        error = tables_write(&writing, TABLES);
        if (error == 0)
                error = tables_write(&writing, TABLES "/dynamic");
        if (error == 0 && (fflush(out) != 0 || ferror(out)))
                error = errno > 0 ? -errno : -EIO;
        return error;
}
