/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is taken from a former guest, and how sure that is, on a sysfs of plain files and a Xen of variables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/sbdf.h"
#include "edge/actuator/actuator.h"
#include "edge/actuator/xen_fake.h"
#include "tree/tree.h"

#define LEAF BASE_SBDF(0, 1, 0, 1)
#define LEAF_FOLDER "bus/pci/devices/0000:01:00.1"
#define GUEST 5u
#define NONE "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"

static char root[64];
static struct actuator actuator;
static uint64_t instance;

/* 16 KiB of 64 bits, 32 ports, 256 bytes, and a ROM of 64 KiB. */
#define RESOURCES                                                              \
        "0x000000fffe000000 0x000000fffe003fff 0x000000000014220c\n" NONE      \
        "0x000000000000c040 0x000000000000c05f 0x0000000000040101\n"           \
        "0x00000000fa900100 0x00000000fa9001ff 0x0000000000040200\n" NONE NONE \
        "0x00000000fa910000 0x00000000fa91ffff 0x0000000000046200\n"

static int setup(void **state)
{
        struct stat status;

        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-rights-XXXXXX");
        if (!mkdtemp(root) || actuator_open(root, root, &actuator) < 0)
                return -1;
        tree_text_write(actuator.sysfs, LEAF_FOLDER, "resource", RESOURCES);
        if (fstatat(actuator.sysfs, LEAF_FOLDER, &status, 0) < 0)
                return -1;
        instance = status.st_ino;
        xen_error = xen_add_error = xen_deny_error = 0;
        xen_owners = "";
        xen_guest = GUEST;
        xen_translated = false;
        xen_stays_frame = 0;
        xen_denied = xen_asked = xen_port_first = xen_port_count = 0;
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        actuator_close(&actuator);
        return tree_remove(root);
}

static void revoke(uint64_t of, int32_t error)
{
        const struct effect effect = { .kind = EFFECT_REVOKE,
                                       .token = 7,
                                       .port = BASE_SBDF(0, 0, 4, 0),
                                       .function = LEAF,
                                       .instance = of,
                                       .domid = GUEST };
        static struct event event;

        assert_int_equal(actuator_perform(&actuator, &effect, &event), 0);
        assert_int_equal(event.kind, EVENT_COMPLETED);
        assert_int_equal(event.error, error);
}

/* Every range as the kernel has it, whole pages, beyond 4 GiB too (XSA-476). */
static void test_ranges(void **state)
{
        (void)state;
        revoke(instance, 0);
        assert_int_equal(xen_denied, 3);
        assert_int_equal(xen_denied_first[0], 0xfffe000);
        assert_int_equal(xen_denied_count[0], 4);
        assert_int_equal(xen_denied_first[1], 0xfa900);
        assert_int_equal(xen_denied_count[1], 1);
        assert_int_equal(xen_denied_first[2], 0xfa910);
        assert_int_equal(xen_denied_count[2], 16);
        assert_int_equal(xen_port_first, 0xc040);
        assert_int_equal(xen_port_count, 0x20);
        assert_int_equal(xen_asked, 4 + 1 + 16);
        assert_false(xen_asked_translated);
        xen_translated = true;
        revoke(instance, 0);
        assert_true(xen_asked_translated);
}

/* Any frame that it may still map, the first, the last and one between: that fails. */
static void test_stays(void **state)
{
        static const uint64_t frames[] = { 0xfffe000, 0xfffe002, 0xfffe003, 0xfa900, 0xfa91f };

        (void)state;
        for (uint32_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
                xen_denied = 0;
                xen_stays_frame = frames[i];
                revoke(instance, EBUSY);
        }
}

/* Of 16 GiB a few hundred frames are asked about, the ends among them. */
static void test_large(void **state)
{
        (void)state;
        tree_text_write(actuator.sysfs, LEAF_FOLDER, "resource",
                        "0x0000380000000000 0x00003803ffffffff 0x000000000014220c\n" NONE NONE NONE
                                NONE NONE NONE);
        revoke(instance, 0);
        assert_int_equal(xen_denied_count[0], 0x400000);
        assert_in_range(xen_asked, 200, 300);
        xen_denied = 0;
        xen_stays_frame = 0x380000000;
        revoke(instance, EBUSY);
        xen_denied = 0;
        xen_stays_frame = 0x3803fffff;
        revoke(instance, EBUSY);
}

/* Who has ended has nothing; who cannot be asked may. */
static void test_failures(void **state)
{
        (void)state;
        xen_deny_error = -EPERM;
        revoke(instance, EPERM);
        xen_deny_error = -ESRCH; /* it ends meanwhile */
        revoke(instance, 0);
        xen_deny_error = 0;
        xen_guest = 0;
        revoke(instance, 0);
        assert_int_equal(xen_denied, 0);
        xen_error = -ENODEV;
        revoke(instance, ENODEV);
        xen_error = 0;
        xen_guest = GUEST;
        revoke(instance + 1, ESTALE);
        tree_text_write(actuator.sysfs, LEAF_FOLDER, "resource", "nonsense\n");
        revoke(instance, ENODATA);
        tree_text_write(actuator.sysfs, LEAF_FOLDER, "resource",
                        "0x0000000000010000 0x000000000001001f 0x0000000000040101\n" NONE NONE NONE
                                NONE NONE NONE);
        revoke(instance, ERANGE); /* there are no such ports */
        assert_int_equal(xen_denied, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_ranges),
                TEST(test_stays),
                TEST(test_large),
                TEST(test_failures),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
