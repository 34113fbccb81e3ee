/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read of the machine, on a sysfs of plain files and a Xen of variables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "edge/actuator/actuator.h"
#include "edge/actuator/xen_fake.h"
#include "tree/tree.h"

static char root[64];
static struct actuator actuator;

static int setup(void **state)
{
        (void)state;
        xen_error = 0;
        xen_owners = "";
        (void)snprintf(root, sizeof root, "/tmp/sallyport-platform-XXXXXX");
        return mkdtemp(root) && actuator_open(root, root, &actuator) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
        (void)state;
        actuator_close(&actuator);
        return tree_remove(root);
}

/* One block with one function, 01:00.0. */
static void ivrs_write(void)
{
        uint8_t bytes[48 + 24 + 4] = { 'I', 'V', 'R', 'S', sizeof bytes };
        uint8_t sum = 0;
        int fd =
                openat(actuator.sysfs, "firmware/acpi/tables/IVRS", O_WRONLY | O_TRUNC | O_CLOEXEC);

        bytes[48] = 0x10;
        bytes[50] = 24 + 4;
        bytes[72] = 2;
        bytes[74] = 1;
        for (size_t i = 0; i < sizeof bytes; i++)
                sum = (uint8_t)(sum + bytes[i]);
        bytes[9] = (uint8_t)-sum;
        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, sizeof bytes), (ssize_t)sizeof bytes);
        assert_int_equal(close(fd), 0);
}

static void test_platform(void **state)
{
        struct event event;

        (void)state;
        actuator_platform_read(&actuator, &event);
        assert_int_equal(event.kind, EVENT_PLATFORM);
        assert_int_equal(event.platform.iommu, IOMMU_UNKNOWN);
        assert_int_equal(event.platform.intremap, FACT_YES);
        tree_folder_make(actuator.sysfs, "firmware/acpi/tables");
        tree_text_write(actuator.sysfs, "firmware/acpi/tables", "RMAD", "");
        actuator_platform_read(&actuator, &event);
        assert_int_equal(event.platform.iommu, IOMMU_VTD);
        assert_false(event.platform.coverage.known);
        tree_text_write(actuator.sysfs, "firmware/acpi/tables", "IVRS", "");
        xen_error = -ENODEV;
        actuator_platform_read(&actuator, &event);
        assert_int_equal(event.platform.iommu, IOMMU_AMD);
        assert_false(event.platform.coverage.known);
        ivrs_write();
        actuator_platform_read(&actuator, &event);
        assert_true(event.platform.coverage.known);
        assert_int_equal(event.platform.coverage.count, 1);
        assert_int_equal(event.platform.coverage.ranges[0].first, 0x0100);
        assert_int_equal(event.platform.xen, FACT_NO);
        assert_int_equal(event.platform.intremap, FACT_UNKNOWN);
}

/* Xen's word that interrupts are remapped outlives its console, in this boot; that they are not, does not. */
static void test_platform_noted(void **state)
{
        static const struct {
                enum event_fact read, told;
        } steps[] = { { FACT_UNKNOWN, FACT_UNKNOWN }, { FACT_NO, FACT_NO },
                      { FACT_UNKNOWN, FACT_UNKNOWN }, { FACT_YES, FACT_YES },
                      { FACT_UNKNOWN, FACT_YES },     { FACT_NO, FACT_NO } };
        struct event event;

        (void)state;
        actuator.store.folder = actuator.sysfs;
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
                xen_intremap = steps[i].read;
                actuator_platform_read(&actuator, &event);
                assert_int_equal(event.platform.intremap, steps[i].told);
        }
        xen_intremap = FACT_UNKNOWN;
        actuator.store.boot[0] ^= 1;
        actuator_platform_read(&actuator, &event);
        assert_int_equal(event.platform.intremap, FACT_UNKNOWN);
        actuator.store.folder = -1;
        xen_intremap = FACT_YES;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_platform),
                TEST(test_platform_noted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
