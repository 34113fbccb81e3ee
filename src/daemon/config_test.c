/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files are read, in which order, and where an error is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/policy/config.h"
#include "daemon/config.h"

static char directory[64];

static void file_write(const char *name, const char *text)
{
        char path[256];
        FILE *file;

        (void)snprintf(path, sizeof path, "%s/%s", directory, name);
        file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static void folder_make(const char *name)
{
        char path[256];

        (void)snprintf(path, sizeof path, "%s/%s", directory, name);
        assert_int_equal(mkdir(path, 0700), 0);
}

static int setup(void **state)
{
        (void)state;
        (void)snprintf(directory, sizeof directory, "/tmp/sallyport-config-XXXXXX");
        return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
        static const char *const names[] = {
                "conf.d/10-a.conf",
                "conf.d/20-b.conf",
                "conf.d/.hidden.conf",
                "conf.d/README",
                "conf.d/fifo.conf",
                "sallyport.conf",
                "conf.d",
                "",
        };
        char path[256];

        (void)state;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                (void)snprintf(path, sizeof path, "%s/%s", directory, names[i]);
                if (remove(path) < 0 && errno != ENOENT)
                        return -1;
        }
        return 0;
}

static void test_nothing(void **state)
{
        struct event_config config, defaults;
        struct daemon_diagnosis diagnosis;

        (void)state;
        policy_config_default(&defaults);
        assert_int_equal(daemon_config_read(directory, &config, &diagnosis), 0);
        assert_int_equal(config.poll_interval_ms, defaults.poll_interval_ms);
        assert_true(config.auto_ports);
        assert_int_equal(daemon_config_read("/nonexistent/folder", &config, &diagnosis), 0);
        assert_true(config.auto_ports);
}

static void test_order(void **state)
{
        struct daemon_diagnosis diagnosis;
        struct event_config config;

        (void)state;
        folder_make("conf.d");
        file_write("sallyport.conf",
                   "[Watch]\nPollIntervalMs=50\n[Paths]\nRunDirectory=/run/one\n");
        file_write("conf.d/20-b.conf", "[Watch]\nPollIntervalMs=70\n");
        file_write("conf.d/10-a.conf", "[Watch]\nPollIntervalMs=60\n");
        file_write("conf.d/.hidden.conf", "nonsense");
        file_write("conf.d/README", "nonsense");
        assert_int_equal(daemon_config_read(directory, &config, &diagnosis), 0);
        assert_int_equal(config.poll_interval_ms, 70);
        assert_string_equal(config.run_directory, "/run/one");
}

static void test_error_position(void **state)
{
        struct event_config config = { .poll_interval_ms = 1234 };
        struct daemon_diagnosis diagnosis;
        char expected[128];

        (void)state;
        folder_make("conf.d");
        file_write("conf.d/10-a.conf", "[Watch]\n\nPollIntervalMs=6x\n");
        assert_int_equal(daemon_config_read(directory, &config, &diagnosis), -EINVAL);
        (void)snprintf(expected, sizeof expected, "%s/conf.d/10-a.conf:3:", directory);
        assert_int_equal(strncmp(diagnosis.text, expected, strlen(expected)), 0);
        assert_int_equal(config.poll_interval_ms, 1234);
}

/* Not a file: neither waited for nor ignored. */
static void test_fifo(void **state)
{
        struct daemon_diagnosis diagnosis;
        struct event_config config;
        char path[256];

        (void)state;
        folder_make("conf.d");
        (void)snprintf(path, sizeof path, "%s/conf.d/fifo.conf", directory);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(daemon_config_read(directory, &config, &diagnosis), -EINVAL);
        assert_non_null(strstr(diagnosis.text, "fifo.conf: cannot be read"));
}

static void test_too_large(void **state)
{
        struct daemon_diagnosis diagnosis;
        struct event_config config;
        char *text = malloc(DAEMON_CONFIG_SIZE_MAX + 2);

        (void)state;
        assert_non_null(text);
        memset(text, '\n', DAEMON_CONFIG_SIZE_MAX + 1);
        text[DAEMON_CONFIG_SIZE_MAX + 1] = '\0';
        file_write("sallyport.conf", text);
        assert_int_equal(daemon_config_read(directory, &config, &diagnosis), -EFBIG);
        text[DAEMON_CONFIG_SIZE_MAX] = '\0';
        file_write("sallyport.conf", text);
        assert_int_equal(daemon_config_read(directory, &config, &diagnosis), 0);
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(test_order, setup, teardown),
                cmocka_unit_test_setup_teardown(test_error_position, setup, teardown),
                cmocka_unit_test_setup_teardown(test_fifo, setup, teardown),
                cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
