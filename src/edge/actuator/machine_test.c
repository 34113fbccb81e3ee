/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an audit asks of dom0's kernel, on a sysfs of plain files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "edge/actuator/actuator.h"

static char root[64], run[80];
static struct actuator actuator;
static struct event_machine machine;

static void folder_make(const char *path)
{
        char part[256];

        for (size_t i = 1; i <= strlen(path); i++)
                if (path[i] == '/' || path[i] == '\0') {
                        (void)snprintf(part, sizeof part, "%.*s", (int)i, path);
                        (void)mkdirat(actuator.sysfs, part, 0700);
                }
}

static void text_write(const char *folder, const char *name, const char *text)
{
        char path[256];
        int fd;

        folder_make(folder);
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        fd = openat(actuator.sysfs, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        assert_int_equal(close(fd), 0);
}

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

static int entry_remove(const char *path, const struct stat *status, int type, struct FTW *position)
{
        (void)status, (void)type, (void)position;
        return remove(path);
}

static int teardown(void **state)
{
        (void)state;
        actuator_close(&actuator);
        return nftw(root, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
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
        assert_int_equal(machine.thunderbolt, THUNDERBOLT_ABSENT);
        assert_false(machine.drivers_known);
        assert_false(machine.cardbus_known);
        assert_int_equal(machine.cardbus_count, 0);
}

static void test_attributes(void **state)
{
        (void)state;
        folder_make("module");
        folder_make("run");
        text_write("kernel/security", "lockdown", "none [integrity] confidentiality\n");
        machine_read();
        assert_int_equal(machine.lockdown, FACT_YES);
        assert_int_equal(machine.acpiphp, FACT_NO); /* not built */
        assert_int_equal(machine.boltd, FACT_NO);
        folder_make("run/boltd");
        text_write("module/acpiphp/parameters", "disable", "N\n");
        machine_read();
        assert_int_equal(machine.acpiphp, FACT_YES);
        assert_int_equal(machine.boltd, FACT_YES);
        text_write("module/acpiphp/parameters", "disable", "Y\n");
        machine_read();
        assert_int_equal(machine.acpiphp, FACT_NO);
        text_write("module/acpiphp/parameters", "disable", "?\n");
        machine_read();
        assert_int_equal(machine.acpiphp, FACT_UNKNOWN);
}

/* The worst domain counts, and one that cannot be read most of all. */
static void test_thunderbolt(void **state)
{
        (void)state;
        text_write("bus/thunderbolt/devices/domain0", "security", "user\n");
        text_write("bus/thunderbolt/devices/0-0", "security", "none\n");
        machine_read();
        assert_int_equal(machine.thunderbolt, THUNDERBOLT_GUARDED);
        text_write("bus/thunderbolt/devices/domain1", "security", "none\n");
        machine_read();
        assert_int_equal(machine.thunderbolt, THUNDERBOLT_UNGUARDED);
        folder_make("bus/thunderbolt/devices/domain2");
        machine_read();
        assert_int_equal(machine.thunderbolt, THUNDERBOLT_UNKNOWN);
}

static void test_drivers(void **state)
{
        (void)state;
        folder_make("bus/pci/drivers/pcieport");
        text_write("bus/pci/drivers/nvme/module", "initstate", "live\n");
        machine_read();
        assert_true(machine.drivers_known);
        assert_int_equal(machine.built_in, 0);
        folder_make("bus/pci/drivers/shpchp/module");
        folder_make("bus/pci/drivers/ahci");
        machine_read();
        assert_int_equal(machine.built_in, 2);
        assert_string_equal(machine.built_in_first, "ahci");
}

static void test_cardbus(void **state)
{
        char folder[64];

        (void)state;
        text_write("bus/pci/devices/0000:00:04.0", "class", "0x060400\n");
        machine_read();
        assert_true(machine.cardbus_known);
        assert_int_equal(machine.cardbus_count, 0);
        text_write("bus/pci/devices/0000:02:00.0", "class", "0x060700\n");
        machine_read();
        assert_int_equal(machine.cardbus_count, 1);
        assert_int_equal(machine.cardbus[0], BASE_SBDF(0, 2, 0, 0));
        text_write("bus/pci/devices/0000:00:05.0", "class", "0x06");
        machine_read();
        assert_false(machine.cardbus_known);
        text_write("bus/pci/devices/0000:00:05.0", "class", "0x020000\n");
        for (unsigned int i = 0; i < LIMIT_CARDBUS; i++) {
                (void)snprintf(folder, sizeof folder, "bus/pci/devices/0000:03:%02x.0", i);
                text_write(folder, "class", "0x060700\n");
        }
        machine_read();
        assert_false(machine.cardbus_known);
        assert_int_equal(machine.cardbus_count, LIMIT_CARDBUS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_nothing), TEST(test_attributes), TEST(test_thunderbolt),
                TEST(test_drivers), TEST(test_cardbus),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
