/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What giving a function to a guest takes, but for the toolstack, on a sysfs of plain files and a Xen of variables. */
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
#include "edge/actuator/actuator.h"
#include "edge/actuator/xen_fake.h"
#include "tree/tree.h"

#define PORT BASE_SBDF(0, 0, 4, 0)
#define PORT_FOLDER "bus/pci/devices/0000:00:04.0"
#define LEAF BASE_SBDF(0, 1, 0, 1)
#define LEAF_FOLDER "bus/pci/devices/0000:01:00.1"
#define BELOW_FOLDER LEAF_FOLDER "/0000:02:00.0" /* should it turn out to be a bridge */
#define PCIBACK_FOLDER "bus/pci/drivers/pciback"

static char root[64];
static struct actuator actuator;
static uint64_t instance;

static void command_set(uint16_t command)
{
        uint8_t config[64] = {
                0x36, 0x1b, 0x0c, 0x00, (uint8_t)command, (uint8_t)(command >> 8), 7
        };

        tree_file_write(actuator.sysfs, PORT_FOLDER, "config", config, sizeof config);
}

static uint16_t command_get(void)
{
        uint8_t config[64] = { 0 };

        tree_file_read(actuator.sysfs, PORT_FOLDER "/config", config, sizeof config);
        assert_int_equal(config[6], 7); /* Status is not written to */
        return (uint16_t)(config[4] | config[5] << 8);
}

static int setup(void **state)
{
        struct stat status;

        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-release-XXXXXX");
        if (!mkdtemp(root) || actuator_open(root, root, &actuator) < 0)
                return -1;
        command_set(0x0103);
        tree_text_write(actuator.sysfs, LEAF_FOLDER, "driver_override", "sallyport\n");
        if (fstatat(actuator.sysfs, LEAF_FOLDER, &status, 0) < 0)
                return -1;
        instance = status.st_ino;
        xen_error = xen_add_error = 0;
        xen_quarantined = xen_withdrawn = xen_added = 0;
        xen_owners = "";
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        actuator_close(&actuator);
        return tree_remove(root);
}

static void assert_performed(enum effect_kind kind, uint64_t meant, bool forced, int error)
{
        const struct effect effect = { .kind = kind,
                                       .port = PORT,
                                       .function = LEAF,
                                       .instance = meant,
                                       .forced = forced,
                                       .toolstack = TOOLSTACK_NONE };
        struct event event;

        assert_int_equal(actuator_perform(&actuator, &effect, &event), 0);
        assert_int_equal(event.kind, EVENT_COMPLETED);
        assert_int_equal(event.error, error);
}

static void assert_completed(enum effect_kind kind, uint64_t meant, int error)
{
        assert_performed(kind, meant, false, error);
}

static void test_port_open(void **state)
{
        (void)state;
        assert_completed(EFFECT_PORT_OPEN, 0, 0);
        assert_int_equal(command_get(), 0x0107);
        assert_completed(EFFECT_PORT_OPEN, 0, 0);
        assert_int_equal(command_get(), 0x0107);
        assert_completed(EFFECT_PORT_CLOSE, 0, 0);
        assert_int_equal(command_get(), 0x0103);
        command_set(0xffff); /* it is not there */
        assert_completed(EFFECT_PORT_OPEN, 0, ENODEV);
}

static void test_pciback(void **state)
{
        (void)state;
        /* Not loaded: what is loaded later must not find a wish. */
        assert_completed(EFFECT_PCIBACK_BIND, instance, ENODEV);
        tree_text_assert(actuator.sysfs, LEAF_FOLDER "/driver_override", "sallyport\n");
        tree_text_write(actuator.sysfs, PCIBACK_FOLDER, "bind", "");
        assert_completed(EFFECT_PCIBACK_BIND, instance, 0);
        tree_text_assert(actuator.sysfs, LEAF_FOLDER "/driver_override", EVENT_PCIBACK_DRIVER);
        tree_text_assert(actuator.sysfs, PCIBACK_FOLDER "/bind", "0000:01:00.1");
        tree_text_write(actuator.sysfs, PCIBACK_FOLDER, "remove_slot", "");
        assert_completed(EFFECT_PCIBACK_BIND, instance, 0);
        tree_text_assert(actuator.sysfs, PCIBACK_FOLDER "/remove_slot", "0000:01:00.1");
        tree_text_write(actuator.sysfs, PCIBACK_FOLDER, "remove_slot", "");
        assert_int_equal(unlinkat(actuator.sysfs, PCIBACK_FOLDER "/bind", 0), 0);
        assert_completed(EFFECT_PCIBACK_BIND, instance, ENOENT);
        tree_text_assert(actuator.sysfs, PCIBACK_FOLDER "/remove_slot", "");
}

/* What pciback would take again at this address is forgotten with the driver, also where somebody else told it. */
static void test_forget(void **state)
{
        (void)state;
        assert_completed(EFFECT_DRIVER_OFF, instance, 0); /* pciback is not loaded */
        tree_text_write(actuator.sysfs, PCIBACK_FOLDER, "remove_slot", "");
        assert_completed(EFFECT_DRIVER_OFF, instance + 1, ESTALE);
        tree_text_assert(actuator.sysfs, PCIBACK_FOLDER "/remove_slot", "");
        assert_completed(EFFECT_DRIVER_OFF, instance, 0);
        tree_text_assert(actuator.sysfs, PCIBACK_FOLDER "/remove_slot", "0000:01:00.1");
        assert_int_equal(unlinkat(actuator.sysfs, PCIBACK_FOLDER "/remove_slot", 0), 0);
        assert_int_equal(mkdirat(actuator.sysfs, PCIBACK_FOLDER "/remove_slot", 0700), 0);
        assert_completed(EFFECT_DRIVER_OFF, instance, EISDIR); /* it may remember */
}

/* The keep-off goes, then the bus is asked; where it cannot go nobody is asked. */
static void test_probe(void **state)
{
        (void)state;
        assert_completed(EFFECT_PROBE, instance, ENOENT); /* no such attribute */
        tree_text_write(actuator.sysfs, "bus/pci", "drivers_probe", "");
        tree_text_write(actuator.sysfs, LEAF_FOLDER, "driver_override", "sallyport\n");
        assert_completed(EFFECT_PROBE, instance + 1, ESTALE);
        tree_text_assert(actuator.sysfs, LEAF_FOLDER "/driver_override", "sallyport\n");
        tree_text_assert(actuator.sysfs, "bus/pci/drivers_probe", "");
        assert_completed(EFFECT_PROBE, instance, 0);
        tree_text_assert(actuator.sysfs, LEAF_FOLDER "/driver_override", "\n");
        tree_text_assert(actuator.sysfs, "bus/pci/drivers_probe", "0000:01:00.1");
        tree_text_write(actuator.sysfs, "bus/pci", "drivers_probe", "");
        assert_int_equal(unlinkat(actuator.sysfs, LEAF_FOLDER "/driver_override", 0), 0);
        assert_completed(EFFECT_PROBE, instance, ENOENT);
        tree_text_assert(actuator.sysfs, "bus/pci/drivers_probe", "");
}

static void test_register(void **state)
{
        (void)state;
        assert_completed(EFFECT_REGISTER, instance, 0);
        assert_int_equal(xen_withdrawn, LEAF);
        assert_int_equal(xen_added, LEAF);
        xen_add_error = -EINVAL; /* nobody's then */
        assert_completed(EFFECT_REGISTER, instance, EINVAL);
        xen_added = 0;
        xen_error = -EBUSY; /* Xen still knows it: an add would change nothing */
        assert_completed(EFFECT_REGISTER, instance, EBUSY);
        assert_int_equal(xen_added, 0);
}

/* Nothing is done to a successor. */
static void test_stale(void **state)
{
        (void)state;
        tree_text_write(actuator.sysfs, PCIBACK_FOLDER, "bind", "");
        assert_completed(EFFECT_PCIBACK_BIND, instance + 1, ESTALE);
        assert_completed(EFFECT_REGISTER, instance + 1, ESTALE);
        assert_completed(EFFECT_ATTACH, instance + 1, ESTALE);
        tree_text_assert(actuator.sysfs, PCIBACK_FOLDER "/bind", "");
        tree_text_assert(actuator.sysfs, LEAF_FOLDER "/driver_override", "sallyport\n");
        assert_int_equal(xen_withdrawn, 0);
        assert_int_equal(xen_added, 0);
}

/* Linux would wait for the reset of each function that was pulled and that pciback holds; of none else. */
static void test_resets(void **state)
{
        (void)state;
        for (enum effect_kind kind = EFFECT_REMOVE; kind <= EFFECT_DETACH;
             kind += EFFECT_DETACH - EFFECT_REMOVE) {
                tree_text_write(actuator.sysfs, LEAF_FOLDER, "remove", "");
                tree_text_write(actuator.sysfs, LEAF_FOLDER, "reset_method", "flr bus\n");
                tree_text_write(actuator.sysfs, BELOW_FOLDER, "reset_method", "flr\n");
                assert_performed(kind, instance, false, 0);
                tree_text_assert(actuator.sysfs, LEAF_FOLDER "/reset_method", "flr bus\n");
                assert_performed(kind, instance + 1, true, kind == EFFECT_REMOVE ? ESTALE : 0);
                tree_text_assert(actuator.sysfs, LEAF_FOLDER "/reset_method", "flr bus\n");
                assert_performed(kind, instance, true, 0);
                tree_text_assert(actuator.sysfs, LEAF_FOLDER "/reset_method", "\n");
                tree_text_assert(actuator.sysfs, BELOW_FOLDER "/reset_method", "\n");
                assert_int_equal(unlinkat(actuator.sysfs, LEAF_FOLDER "/reset_method", 0), 0);
                assert_performed(kind, instance, true, 0); /* before Linux 5.15 it is waited for */
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_port_open), TEST(test_pciback), TEST(test_forget), TEST(test_probe),
                TEST(test_register),  TEST(test_stale),   TEST(test_resets),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
