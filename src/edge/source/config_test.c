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
#include "edge/source/config.h"

static char directory[64];
static struct policy_rules rules;

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
                "rules.d/10-a.rules",
                "rules.d/20-b.rules",
                "rules.d/30-c.rules",
                "rules.d/.hidden.rules",
                "rules.d/README",
                "rules.d",
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
        struct source_diagnosis diagnosis;

        (void)state;
        policy_config_default(&defaults);
        assert_int_equal(source_config_read(directory, &config, &diagnosis), 0);
        assert_int_equal(config.poll_interval_ms, defaults.poll_interval_ms);
        assert_true(config.auto_ports);
        assert_int_equal(source_config_read("/nonexistent/folder", &config, &diagnosis), 0);
        assert_true(config.auto_ports);
}

static void test_order(void **state)
{
        struct source_diagnosis diagnosis;
        struct event_config config;

        (void)state;
        folder_make("conf.d");
        file_write("sallyport.conf",
                   "[Watch]\nPollIntervalMs=50\n[Paths]\nRunDirectory=/run/one\n");
        file_write("conf.d/20-b.conf", "[Watch]\nPollIntervalMs=70\n");
        file_write("conf.d/10-a.conf", "[Watch]\nPollIntervalMs=60\n");
        file_write("conf.d/.hidden.conf", "nonsense");
        file_write("conf.d/README", "nonsense");
        assert_int_equal(source_config_read(directory, &config, &diagnosis), 0);
        assert_int_equal(config.poll_interval_ms, 70);
        assert_string_equal(config.run_directory, "/run/one");
}

static void test_error_position(void **state)
{
        struct event_config config = { .poll_interval_ms = 1234 };
        struct source_diagnosis diagnosis;
        char expected[128];

        (void)state;
        folder_make("conf.d");
        file_write("conf.d/10-a.conf", "[Watch]\n\nPollIntervalMs=6x\n");
        assert_int_equal(source_config_read(directory, &config, &diagnosis), -EINVAL);
        (void)snprintf(expected, sizeof expected, "%s/conf.d/10-a.conf:3:", directory);
        assert_int_equal(strncmp(diagnosis.text, expected, strlen(expected)), 0);
        assert_int_equal(config.poll_interval_ms, 1234);
}

/* Not a file: neither waited for nor ignored. */
static void test_fifo(void **state)
{
        struct source_diagnosis diagnosis;
        struct event_config config;
        char path[256];

        (void)state;
        folder_make("conf.d");
        (void)snprintf(path, sizeof path, "%s/conf.d/fifo.conf", directory);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(source_config_read(directory, &config, &diagnosis), -EINVAL);
        assert_non_null(strstr(diagnosis.text, "fifo.conf: cannot be read"));
}

static void test_too_large(void **state)
{
        struct source_diagnosis diagnosis;
        struct event_config config;
        char *text = malloc(SOURCE_CONFIG_SIZE_MAX + 2);

        (void)state;
        assert_non_null(text);
        memset(text, '\n', SOURCE_CONFIG_SIZE_MAX + 1);
        text[SOURCE_CONFIG_SIZE_MAX + 1] = '\0';
        file_write("sallyport.conf", text);
        assert_int_equal(source_config_read(directory, &config, &diagnosis), -EFBIG);
        text[SOURCE_CONFIG_SIZE_MAX] = '\0';
        file_write("sallyport.conf", text);
        assert_int_equal(source_config_read(directory, &config, &diagnosis), 0);
        free(text);
}

static void test_rules_order(void **state)
{
        struct source_diagnosis diagnosis;

        (void)state;
        assert_int_equal(source_rules_read("/nonexistent/folder", &rules, &diagnosis), 0);
        assert_int_equal(source_rules_read(directory, &rules, &diagnosis), 0);
        assert_int_equal(rules.rule_count, 0);
        folder_make("rules.d");
        file_write("rules.d/20-b.rules", "ask\n");
        file_write("rules.d/10-a.rules", "# first\nreject\n");
        file_write("rules.d/.hidden.rules", "nonsense");
        file_write("rules.d/README", "nonsense");
        assert_int_equal(source_rules_read(directory, &rules, &diagnosis), 0);
        assert_int_equal(rules.rule_count, 2);
        assert_string_equal(policy_rules_file(&rules, 0), "10-a.rules");
        assert_int_equal(policy_rules_line(&rules, 0), 2);
        assert_string_equal(policy_rules_file(&rules, 1), "20-b.rules");
}

static void rules_rejected(int error, const char *message)
{
        struct source_diagnosis diagnosis;

        rules.rule_count = 77;
        assert_int_equal(source_rules_read(directory, &rules, &diagnosis), error);
        assert_int_equal(rules.rule_count, 0);
        assert_int_equal(strncmp(diagnosis.text, directory, strlen(directory)), 0);
        if (!strstr(diagnosis.text, message))
                fail_msg("%s", diagnosis.text);
}

/* One bad file, and there are no rules at all. */
static void test_rules_rejected(void **state)
{
        char path[256];

        (void)state;
        folder_make("rules.d");
        file_write("rules.d/10-a.rules", "reject\n");
        file_write("rules.d/20-b.rules", "ask if\nport = 4\n");
        rules_rejected(-EINVAL, "/rules.d/20-b.rules:2:8: not a value: '4'");
        file_write("rules.d/20-b.rules", "ask\n");
        (void)snprintf(path, sizeof path, "%s/rules.d/30-c.rules", directory);
        assert_int_equal(symlink("nowhere", path), 0);
        rules_rejected(-ENOENT, "/rules.d/30-c.rules: cannot be read");
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        rules_rejected(-EISDIR, "/rules.d/30-c.rules: cannot be read");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(test_order, setup, teardown),
                cmocka_unit_test_setup_teardown(test_error_position, setup, teardown),
                cmocka_unit_test_setup_teardown(test_fifo, setup, teardown),
                cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
                cmocka_unit_test_setup_teardown(test_rules_order, setup, teardown),
                cmocka_unit_test_setup_teardown(test_rules_rejected, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
