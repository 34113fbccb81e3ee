/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and neighbours in a sysfs of plain files: a switch of a Thunderbolt controller below a root port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "edge/actuator/firmware.h"
#include "edge/actuator/sysfs.h"

#define ROOT_PORT "devices/pci0000:00/0000:00:1c.0"
#define UPSTREAM ROOT_PORT "/0000:04:00.0"
#define FIXED UPSTREAM "/0000:05:00.0"
#define TUNNEL UPSTREAM "/0000:05:01.0"
#define HOST_INTERFACE FIXED "/0000:06:00.0"
#define TABLES "firmware/acpi/tables"

/* DSDT: Scope (\_SB.PCI0) { Device (RP01) { } } */
static const char dsdt[] = "DSDT\x3d\0\0\0\2\0SALLYPTABLES  \0\0\0\0TEST\0\0\0\0"
                           "\x10\x18\\\x2e_SB_PCI0\x5b\x82\x0bRP01\x08_STA\x01";
/* SSDT: Name (\_SB.PCI0.RP01._DSD, "") */
static const char ssdt[] = "SSDT\x3a\0\0\0\2\0SALLYPTABLES  \0\0\0\0TEST\0\0\0\0"
                           "\x08\\\x2f\x04_SB_PCI0RP01_DSD\x0d";

static char root[64];
static int sysfs;

static void folder_make(const char *path)
{
        char part[256];

        for (size_t i = 1; i <= strlen(path); i++) {
                if (path[i] != '/' && path[i] != '\0')
                        continue;
                (void)snprintf(part, sizeof part, "%.*s", (int)i, path);
                assert_true(mkdirat(sysfs, part, 0700) == 0 || errno == EEXIST);
        }
}

static void file_write(const char *folder, const char *name, const char *bytes, size_t length)
{
        char path[256];
        int fd;

        folder_make(folder);
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        fd = openat(sysfs, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, length), length);
        assert_int_equal(close(fd), 0);
}

static void text_write(const char *folder, const char *name, const char *text)
{
        file_write(folder, name, text, strlen(text));
}

static int setup(void **state)
{
        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-firmware-XXXXXX");
        assert_non_null(mkdtemp(root));
        sysfs = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(sysfs >= 0);
        text_write(HOST_INTERFACE, "class", "0x0c0340\n");
        text_write(TUNNEL, "class", "0x060400\n");
        return 0;
}

static int entry_remove(const char *path, const struct stat *status, int type, struct FTW *place)
{
        (void)status;
        (void)type;
        (void)place;
        return remove(path);
}

static int teardown(void **state)
{
        (void)state;
        (void)close(sysfs);
        return nftw(root, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

static struct event_firmware firmware_read(void)
{
        struct event_acpi acpi = { 0 };
        struct event_firmware firmware;
        int folder = actuator_sysfs_open(sysfs, ROOT_PORT);

        actuator_firmware_port_add(folder, BASE_SBDF(0, 0, 0x1c, 0), &acpi);
        actuator_firmware_read(sysfs, &acpi);
        event_acpi_firmware(&acpi, BASE_SBDF(0, 0, 0x1c, 0), &firmware);
        (void)close(folder);
        return firmware;
}

static void test_tables(void **state)
{
        (void)state;
        /* No tables can be read: what is in them is not known. */
        assert_true(firmware_read().unclear);
        text_write(ROOT_PORT "/firmware_node", "path", "\\_SB_.PCI0.RP01\n");
        file_write(TABLES, "DSDT", dsdt, sizeof dsdt - 1);
        text_write(TABLES, "APIC", "not for us");
        assert_true(firmware_read().described);
        assert_false(firmware_read().unclear);
        file_write(TABLES, "SSDT17", ssdt, sizeof ssdt);
        assert_true(firmware_read().unclear);
        assert_int_equal(unlinkat(sysfs, TABLES "/SSDT17", 0), 0);
        file_write(TABLES "/dynamic", "SSDT18", ssdt, sizeof ssdt);
        assert_true(firmware_read().unclear);
        file_write(TABLES "/dynamic", "SSDT18", dsdt, sizeof dsdt - 1);
        assert_false(firmware_read().unclear);
        file_write(TABLES, "DSDT", dsdt, sizeof dsdt - 2); /* cut */
        assert_true(firmware_read().unclear);
}

/* One that is there but cannot be read. */
static void test_unreadable_table(void **state)
{
        (void)state;
        file_write(TABLES, "DSDT", dsdt, sizeof dsdt - 1);
        assert_false(firmware_read().unclear);
        folder_make(TABLES "/SSDT1");
        assert_true(firmware_read().unclear);
}

static struct event_port neighbours(const char *path, uint32_t sbdf, uint8_t type)
{
        struct event_port port = { .sbdf = sbdf, .port_type = type };
        int folder = actuator_sysfs_open(sysfs, path);

        assert_true(folder >= 0);
        actuator_firmware_neighbours(folder, &port);
        (void)close(folder);
        return port;
}

static void test_controller(void **state)
{
        struct event_port port;

        (void)state;
        port = neighbours(TUNNEL, BASE_SBDF(0, 5, 1, 0), 6);
        assert_true(port.controller_beside);
        assert_false(port.controller_below || port.child_removable);
        port = neighbours(FIXED, BASE_SBDF(0, 5, 0, 0), 6);
        assert_false(port.controller_beside || port.controller_below);
        port = neighbours(ROOT_PORT, BASE_SBDF(0, 0, 0x1c, 0), 4);
        assert_true(port.controller_below);
        assert_false(port.controller_beside);
        /* Beside a root port there are all of the machine's: that says nothing. */
        assert_false(neighbours(TUNNEL, BASE_SBDF(0, 5, 1, 0), 4).controller_beside);
        text_write(HOST_INTERFACE, "class", "0x088000\n");
        assert_false(neighbours(TUNNEL, BASE_SBDF(0, 5, 1, 0), 6).controller_beside);
        text_write(HOST_INTERFACE, "vendor", "0x1b21\n");
        assert_false(neighbours(TUNNEL, BASE_SBDF(0, 5, 1, 0), 6).controller_beside);
        text_write(HOST_INTERFACE, "vendor", "0x8086\n");
        assert_true(neighbours(TUNNEL, BASE_SBDF(0, 5, 1, 0), 6).controller_beside);
}

static void test_removable(void **state)
{
        (void)state;
        text_write(UPSTREAM, "removable", "fixed\n");
        assert_false(neighbours(ROOT_PORT, BASE_SBDF(0, 0, 0x1c, 0), 4).child_removable);
        text_write(UPSTREAM, "removable", "removable\n");
        assert_true(neighbours(ROOT_PORT, BASE_SBDF(0, 0, 0x1c, 0), 4).child_removable);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_tables),
                TEST(test_unreadable_table),
                TEST(test_controller),
                TEST(test_removable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
