/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and neighbours in a sysfs of plain files: a switch of a Thunderbolt controller below a root port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "edge/actuator/firmware.h"
#include "edge/actuator/sysfs.h"
#include "tree/tree.h"

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

static int setup(void **state)
{
        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-firmware-XXXXXX");
        assert_non_null(mkdtemp(root));
        sysfs = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(sysfs >= 0);
        tree_text_write(sysfs, HOST_INTERFACE, "class", "0x0c0340\n");
        tree_text_write(sysfs, TUNNEL, "class", "0x060400\n");
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        (void)close(sysfs);
        return tree_remove(root);
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
        tree_text_write(sysfs, ROOT_PORT "/firmware_node", "path", "\\_SB_.PCI0.RP01\n");
        tree_file_write(sysfs, TABLES, "DSDT", dsdt, sizeof dsdt - 1);
        tree_text_write(sysfs, TABLES, "APIC", "not for us");
        assert_true(firmware_read().described);
        assert_false(firmware_read().unclear);
        tree_file_write(sysfs, TABLES, "SSDT17", ssdt, sizeof ssdt);
        assert_true(firmware_read().unclear);
        assert_int_equal(unlinkat(sysfs, TABLES "/SSDT17", 0), 0);
        tree_file_write(sysfs, TABLES "/dynamic", "SSDT18", ssdt, sizeof ssdt);
        assert_true(firmware_read().unclear);
        tree_file_write(sysfs, TABLES "/dynamic", "SSDT18", dsdt, sizeof dsdt - 1);
        assert_false(firmware_read().unclear);
        tree_file_write(sysfs, TABLES, "DSDT", dsdt, sizeof dsdt - 2); /* cut */
        assert_true(firmware_read().unclear);
}

/* One that is there but cannot be read. */
static void test_unreadable_table(void **state)
{
        (void)state;
        tree_file_write(sysfs, TABLES, "DSDT", dsdt, sizeof dsdt - 1);
        assert_false(firmware_read().unclear);
        tree_folder_make(sysfs, TABLES "/SSDT1");
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
        tree_text_write(sysfs, HOST_INTERFACE, "class", "0x088000\n");
        assert_false(neighbours(TUNNEL, BASE_SBDF(0, 5, 1, 0), 6).controller_beside);
        tree_text_write(sysfs, HOST_INTERFACE, "vendor", "0x1b21\n");
        assert_false(neighbours(TUNNEL, BASE_SBDF(0, 5, 1, 0), 6).controller_beside);
        tree_text_write(sysfs, HOST_INTERFACE, "vendor", "0x8086\n");
        assert_true(neighbours(TUNNEL, BASE_SBDF(0, 5, 1, 0), 6).controller_beside);
}

static void test_removable(void **state)
{
        (void)state;
        tree_text_write(sysfs, UPSTREAM, "removable", "fixed\n");
        assert_false(neighbours(ROOT_PORT, BASE_SBDF(0, 0, 0x1c, 0), 4).child_removable);
        tree_text_write(sysfs, UPSTREAM, "removable", "removable\n");
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
