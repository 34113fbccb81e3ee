/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules for udev: whole or not at all. */
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

#include "edge/sink/udev.h"
#include "tree/tree.h"

static char run[64];
static int folder = -1;

static int setup(void **state)
{
        (void)state;
        (void)snprintf(run, sizeof run, "/tmp/sallyport-udev-XXXXXX");
        if (!mkdtemp(run))
                return -1;
        folder = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return folder < 0;
}

static int teardown(void **state)
{
        (void)state;
        return close(folder) | tree_remove(run);
}

static void text_expect(const char *expected)
{
        char text[64] = "";
        int fd = openat(folder, SINK_UDEV_FILE, O_RDONLY | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(read(fd, text, sizeof text - 1), strlen(expected));
        assert_string_equal(text, expected);
        assert_int_equal(close(fd), 0);
}

static void test_written(void **state)
{
        struct stat status;

        (void)state;
        assert_int_equal(sink_udev_write(run, "# a longer one\n", 15), 0);
        text_expect("# a longer one\n");
        assert_int_equal(sink_udev_write(run, "# short\n", 8), 0);
        text_expect("# short\n");
        /* Others read it too, whatever the umask: `udevadm test` does. */
        assert_int_equal(fstatat(folder, SINK_UDEV_FILE, &status, 0), 0);
        assert_int_equal(status.st_mode & 0777, 0644);
        assert_int_equal(fstatat(folder, SINK_UDEV_FILE ".new", &status, 0), -1);
}

static void test_failed(void **state)
{
        (void)state;
        assert_int_equal(sink_udev_write("/nonexistent", "#\n", 2), -ENOENT);
        tree_text_write(folder, "udev", "rules.d", "no folder\n");
        assert_int_equal(sink_udev_write(run, "#\n", 2), -ENOTDIR);
}

/* What was good stays where the new one cannot be written. */
static void test_kept(void **state)
{
        (void)state;
        assert_int_equal(sink_udev_write(run, "# good\n", 7), 0);
        tree_folder_make(folder, SINK_UDEV_FILE ".new");
        assert_int_equal(sink_udev_write(run, "# new\n", 6), -EISDIR);
        text_expect("# good\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_written, setup, teardown),
                cmocka_unit_test_setup_teardown(test_failed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
