/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an audit asks of dom0's kernel, on a sysfs of plain files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "edge/actuator/actuator.h"
#include "tree/tree.h"

static char root[64], run[80];
static struct actuator actuator;
static struct event_machine machine;

static void machine_read(void)
{
        memset(&machine, 0xff, sizeof machine);
        actuator_machine_read(&actuator, run, &machine);
}

static int setup(void **state)
{
        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-machine-XXXXXX");
        if (!mkdtemp(root) || actuator_open(root, root, &actuator) < 0)
                return -1;
        (void)snprintf(run, sizeof run, "%s/run", root);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        actuator_close(&actuator);
        return tree_remove(root);
}

/* Nothing there: unknown, but for what the absence of tells. */
static void test_nothing(void **state)
{
        (void)state;
        machine_read();
        assert_true(machine.linux_major > 0); /* this one's */
        assert_int_equal(machine.lockdown, FACT_UNKNOWN);
        assert_int_equal(machine.acpiphp, FACT_UNKNOWN);
        assert_int_equal(machine.boltd, FACT_UNKNOWN);
        assert_int_equal(machine.udev, FACT_UNKNOWN);
        assert_int_equal(machine.udev_rules, FACT_UNKNOWN);
        assert_int_equal(machine.modules, FACT_UNKNOWN);
        assert_int_equal(machine.thunderbolt, THUNDERBOLT_ABSENT);
        assert_false(machine.drivers_known);
        assert_false(machine.cardbus_known);
        assert_int_equal(machine.cardbus_count, 0);
}

static void test_attributes(void **state)
{
        (void)state;
        tree_folder_make(actuator.sysfs, "module");
        tree_folder_make(actuator.sysfs, "run");
        tree_text_write(actuator.sysfs, "kernel/security", "lockdown",
                        "none [integrity] confidentiality\n");
        machine_read();
        assert_int_equal(machine.lockdown, FACT_YES);
        assert_int_equal(machine.acpiphp, FACT_NO); /* not built */
        assert_int_equal(machine.boltd, FACT_NO);
        assert_int_equal(machine.udev, FACT_NO);
        assert_int_equal(machine.udev_rules, FACT_NO);
        tree_folder_make(actuator.sysfs, "run/boltd");
        tree_folder_make(actuator.sysfs, "run/udev/control");
        tree_text_write(actuator.sysfs, "run/udev/rules.d", "10-sallyport.rules", "");
        tree_text_write(actuator.sysfs, "module/acpiphp/parameters", "disable", "N\n");
        machine_read();
        assert_int_equal(machine.acpiphp, FACT_YES);
        assert_int_equal(machine.boltd, FACT_YES);
        assert_int_equal(machine.udev, FACT_YES);
        assert_int_equal(machine.udev_rules, FACT_YES);
        tree_text_write(actuator.sysfs, "module/acpiphp/parameters", "disable", "Y\n");
        machine_read();
        assert_int_equal(machine.acpiphp, FACT_NO);
        tree_text_write(actuator.sysfs, "module/acpiphp/parameters", "disable", "?\n");
        machine_read();
        assert_int_equal(machine.acpiphp, FACT_UNKNOWN);
}

/* The worst domain counts, and one that cannot be read most of all. */
static void test_thunderbolt(void **state)
{
        (void)state;
        tree_text_write(actuator.sysfs, "bus/thunderbolt/devices/domain3", "security", "nopcie\n");
        machine_read();
        assert_int_equal(machine.thunderbolt, THUNDERBOLT_NO_TUNNELS);
        tree_text_write(actuator.sysfs, "bus/thunderbolt/devices/domain0", "security", "user\n");
        tree_text_write(actuator.sysfs, "bus/thunderbolt/devices/0-0", "security", "none\n");
        machine_read();
        assert_int_equal(machine.thunderbolt, THUNDERBOLT_GUARDED);
        tree_text_write(actuator.sysfs, "bus/thunderbolt/devices/domain1", "security", "none\n");
        machine_read();
        assert_int_equal(machine.thunderbolt, THUNDERBOLT_UNGUARDED);
        tree_folder_make(actuator.sysfs, "bus/thunderbolt/devices/domain2");
        machine_read();
        assert_int_equal(machine.thunderbolt, THUNDERBOLT_UNKNOWN);
}

static void test_drivers(void **state)
{
        (void)state;
        tree_folder_make(actuator.sysfs, "bus/pci/drivers/pcieport");
        tree_text_write(actuator.sysfs, "bus/pci/drivers/nvme/module", "initstate", "live\n");
        machine_read();
        assert_true(machine.drivers_known);
        assert_int_equal(machine.built_in, 0);
        tree_folder_make(actuator.sysfs, "bus/pci/drivers/shpchp/module");
        tree_folder_make(actuator.sysfs, "bus/pci/drivers/ahci");
        machine_read();
        assert_int_equal(machine.built_in, 2);
        assert_string_equal(machine.built_in_first, "ahci");
}

static void test_cardbus(void **state)
{
        char folder[64];

        (void)state;
        tree_text_write(actuator.sysfs, "bus/pci/devices/0000:00:04.0", "class", "0x060400\n");
        machine_read();
        assert_true(machine.cardbus_known);
        assert_int_equal(machine.cardbus_count, 0);
        tree_text_write(actuator.sysfs, "bus/pci/devices/0000:02:00.0", "class", "0x060700\n");
        machine_read();
        assert_int_equal(machine.cardbus_count, 1);
        assert_int_equal(machine.cardbus[0], BASE_SBDF(0, 2, 0, 0));
        tree_text_write(actuator.sysfs, "bus/pci/devices/0000:00:05.0", "class", "0x06");
        machine_read();
        assert_false(machine.cardbus_known);
        tree_text_write(actuator.sysfs, "bus/pci/devices/0000:00:05.0", "class", "0x020000\n");
        for (unsigned int i = 0; i < LIMIT_CARDBUS; i++) {
                (void)snprintf(folder, sizeof folder, "bus/pci/devices/0000:03:%02x.0", i);
                tree_text_write(actuator.sysfs, folder, "class", "0x060700\n");
        }
        machine_read();
        assert_false(machine.cardbus_known);
        assert_int_equal(machine.cardbus_count, LIMIT_CARDBUS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Whether modules can be loaded. */
static void test_modules(void **state)
{
        (void)state;
        tree_text_write(actuator.proc, "sys/kernel", "modules_disabled", "0\n");
        machine_read();
        assert_int_equal(machine.modules, FACT_YES);
        tree_text_write(actuator.proc, "sys/kernel", "modules_disabled", "1\n");
        machine_read();
        assert_int_equal(machine.modules, FACT_NO);
        tree_text_write(actuator.proc, "sys/kernel", "modules_disabled", "2\n");
        machine_read();
        assert_int_equal(machine.modules, FACT_UNKNOWN);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_nothing), TEST(test_attributes), TEST(test_thunderbolt),
                TEST(test_drivers), TEST(test_cardbus),    TEST(test_modules),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
