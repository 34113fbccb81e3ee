/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers_autoprobe comes back, whatever happens; what an administrator set is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/event/parse.h"
#include "edge/actuator/pci.h"
#include "tree/tree.h"

static char root[64];
static struct actuator actuator;

static int setup(void **state)
{
        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-autoprobe-XXXXXX");
        if (!mkdtemp(root) || actuator_open(root, root, &actuator) < 0)
                return -1;
        tree_text_write(actuator.sysfs, "bus/pci", "drivers_autoprobe", "1");
        actuator.run = dup(actuator.sysfs); /* whatever kernel this one is */
        return actuator.run < 0;
}

static int teardown(void **state)
{
        (void)state;
        actuator_close(&actuator);
        return tree_remove(root);
}

static char switch_get(void)
{
        char value = 0;
        int fd = openat(actuator.sysfs, "bus/pci/drivers_autoprobe", O_RDONLY | O_CLOEXEC);

        assert_int_equal(read(fd, &value, 1), 1);
        assert_int_equal(close(fd), 0);
        return value;
}

static void test_held(void **state)
{
        int note = actuator_autoprobe_hold(&actuator);

        (void)state;
        assert_true(note >= 0);
        assert_int_equal(switch_get(), '0');
        actuator_autoprobe_release(&actuator, note);
        assert_int_equal(switch_get(), '1');
}

/* Killed while it was held: the next rescan and the next daemon know that the 0 is ours. */
static void test_killed(void **state)
{
        int note = actuator_autoprobe_hold(&actuator);

        (void)state;
        assert_int_equal(close(note), 0);
        note = actuator_autoprobe_hold(&actuator);
        assert_true(note >= 0);
        assert_int_equal(switch_get(), '0');
        assert_int_equal(close(note), 0);
        actuator_autoprobe_heal(&actuator);
        assert_int_equal(switch_get(), '1');
        tree_text_write(actuator.sysfs, "bus/pci", "drivers_autoprobe", "0");
        actuator_autoprobe_heal(&actuator); /* that was somebody else */
        assert_int_equal(switch_get(), '0');
}

/* A worker of the daemon before is still enumerating. */
static void test_busy(void **state)
{
        int note = actuator_autoprobe_hold(&actuator);

        (void)state;
        actuator_autoprobe_heal(&actuator);
        assert_int_equal(switch_get(), '0');
        actuator_autoprobe_release(&actuator, note);
        assert_int_equal(switch_get(), '1');
}

static void test_administrator(void **state)
{
        (void)state;
        tree_text_write(actuator.sysfs, "bus/pci", "drivers_autoprobe", "0");
        assert_int_equal(actuator_autoprobe_hold(&actuator), -1);
        actuator_autoprobe_release(&actuator, -1);
        assert_int_equal(switch_get(), '0');
}

static void test_not_possible(void **state)
{
        (void)state;
        tree_folder_make(actuator.sysfs, "autoprobe"); /* no note, no hold */
        assert_int_equal(actuator_autoprobe_hold(&actuator), -1);
        assert_int_equal(switch_get(), '1');
        assert_int_equal(close(actuator.run), 0);
        actuator.run = -1;
        assert_int_equal(actuator_autoprobe_hold(&actuator), -1);
}

/* Where the kernel ignores it for what is enumerated it is not touched: a module loaded then would miss its device. */
static void test_kernel(void **state)
{
        struct utsname kernel;
        uint16_t major, minor;

        (void)state;
        assert_int_equal(close(actuator.run), 0);
        actuator.run = -1;
        assert_int_equal(uname(&kernel), 0);
        assert_true(event_linux_parse(kernel.release, strlen(kernel.release), &major, &minor));
        actuator_autoprobe_open(&actuator, root);
        assert_int_equal(actuator.run >= 0, event_linux_autoprobe(major, minor));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_held, setup, teardown),
                cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_busy, setup, teardown),
                cmocka_unit_test_setup_teardown(test_administrator, setup, teardown),
                cmocka_unit_test_setup_teardown(test_not_possible, setup, teardown),
                cmocka_unit_test_setup_teardown(test_kernel, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
