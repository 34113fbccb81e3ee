/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of the identity store: what is written is read, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/event/parse.h"

static const char dock[] = "sallyport-router 001\npolicy auto\nkey given\nvendor-name Dell\n"
                           "device-name WD19TB\\x0aDock\n";

static struct event_enrolment entry;

static bool parse(const char *text)
{
        memset(&entry, 0xff, sizeof entry);
        return event_enrolment_parse(text, strlen(text), &entry);
}

static bool bolt(const char *text)
{
        memset(&entry, 0xff, sizeof entry);
        return event_bolt_parse(text, strlen(text), &entry);
}

static void test_written(void **state)
{
        char text[EVENT_ENROLMENT_SIZE];

        (void)state;
        assert_true(parse(dock));
        assert_false(entry.manual);
        assert_int_equal(entry.key, ENROLLED_KEY);
        assert_string_equal(entry.vendor_name, "Dell");
        assert_string_equal(entry.device_name, "WD19TB\nDock");
        assert_int_equal(event_enrolment_write(&entry, text), sizeof dock - 1);
        assert_string_equal(text, dock);
        entry.manual = true;
        entry.key = ENROLLED_NEW_KEY;
        (void)event_enrolment_write(&entry, text);
        assert_true(parse(text));
        assert_true(entry.manual);
        assert_int_equal(entry.key, ENROLLED_NEW_KEY);
        entry.key = ENROLLED_YES;
        (void)event_enrolment_write(&entry, text);
        assert_true(parse(text));
        assert_int_equal(entry.key, ENROLLED_YES);
}

static void test_key_words(void **state)
{
        (void)state;
        assert_string_equal(event_enrolment_key_word(ENROLLED_YES), "none");
        assert_string_equal(event_enrolment_key_word(ENROLLED_NEW_KEY), "new");
        assert_string_equal(event_enrolment_key_word(ENROLLED_KEY), "given");
        assert_string_equal(event_enrolment_key_word(ENROLLED_NO), "");
        assert_string_equal(event_enrolment_key_word(ENROLLED_UNKNOWN), "");
}

/* The longest names, all of it escaped, fit; one more byte does not. */
static void test_longest(void **state)
{
        static char text[EVENT_ENROLMENT_SIZE], longer[EVENT_ENROLMENT_SIZE + 8];
        size_t length;

        (void)state;
        memset(&entry, 0, sizeof entry);
        entry.key = ENROLLED_KEY;
        memset(entry.vendor_name, 0xff, LIMIT_ROUTER_NAME - 1);
        memset(entry.device_name, '\\', LIMIT_ROUTER_NAME - 1);
        length = event_enrolment_write(&entry, text);
        assert_int_equal(length, strlen(text));
        assert_true(parse(text));
        assert_int_equal(strlen(entry.vendor_name), LIMIT_ROUTER_NAME - 1);
        assert_int_equal(strlen(entry.device_name), LIMIT_ROUTER_NAME - 1);
        memcpy(longer, text, length - 1);
        memcpy(longer + length - 1, "a\n", 3);
        assert_false(parse(longer));
}

static void test_malformed(void **state)
{
        static const char *const bad[] = {
                "",
                "sallyport-router 001\n",
                "sallyport-router 002\npolicy auto\nkey none\nvendor-name \ndevice-name \n",
                "sallyport-router 001\npolicy Auto\nkey none\nvendor-name \ndevice-name \n",
                "sallyport-router 001\npolicy\nkey none\nvendor-name \ndevice-name \n",
                "sallyport-router 001\npolicy auto\nkey some\nvendor-name \ndevice-name \n",
                "sallyport-router 001\npolicy auto\nkey \nvendor-name \ndevice-name \n",
                "sallyport-router 001\nkey none\npolicy auto\nvendor-name \ndevice-name \n",
                "sallyport-router 001\npolicy auto\nkey none\nvendor-name \n",
                "sallyport-router 001\npolicy auto\nkey none\nvendor-name \ndevice-name ",
                "sallyport-router 001\npolicy auto\nkey none\nvendor-name \ndevice-name \n\n",
                "sallyport-router 001\npolicy auto\nkey none\nvendor-name \ndevice-name \nmore 1\n",
                "sallyport-router 001\npolicy auto\nkey none\nvendor-name \ndevice-name \t\n",
                "sallyport-router 001\npolicy auto\nkey none\nvendor-name \ndevice-name \\x41\n",
                "sallyport-router 001\npolicy auto\nkey none\nvendor-name \ndevice-name \\x0A\n",
                "sallyport-router 001\npolicy auto\nkey none\nvendor-name \ndevice-name \\x00\n",
                "sallyport-router 001\npolicy auto\nkey none\nvendor-name \ndevice-name \\x0\n",
                "sallyport-router 001\npolicy auto\nkey none\nvendor-name \ndevice-name \\\n",
                "sallyport-router 001\npolicy auto\nkey none\nvendor-name \ndevice-name \\n00\n",
        };
        static const struct event_enrolment none;

        (void)state;
        assert_true(
                parse("sallyport-router 001\npolicy auto\nkey none\nvendor-name \ndevice-name \n"));
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                assert_false(parse(bad[i]));
                assert_memory_equal(&entry, &none, sizeof none);
        }
        memset(&entry, 0xff, sizeof entry);
        assert_false(event_enrolment_parse(dock, sizeof dock, &entry)); /* with its NUL */
        for (size_t i = 0; i < sizeof dock - 1; i++)                    /* cut short anywhere */
                assert_false(event_enrolment_parse(dock, i, &entry));
}

static void test_bolt(void **state)
{
        (void)state;
        assert_true(bolt("[device]\nname=Thunderbolt\\sDock\\\\\nvendor=Lenovo\ngeneration=3\n"
                         "type=peripheral\n\n[user]\npolicy=auto\nstoretime=1603712460\n"));
        assert_string_equal(entry.device_name, "Thunderbolt Dock\\");
        assert_string_equal(entry.vendor_name, "Lenovo");
        assert_false(entry.manual);
        assert_int_equal(entry.key, ENROLLED_YES);
        /* Whatever does not say that it is authorized by itself is not. */
        assert_true(bolt("[device]\nname = a\nvendor\t=\tb\n[user]\npolicy=iommu\n"));
        assert_string_equal(entry.device_name, "a");
        assert_string_equal(entry.vendor_name, "b");
        assert_true(entry.manual);
        assert_true(bolt("# c\n[device]\nname=a\nvendor=b"));
        assert_true(entry.manual);
        assert_true(bolt("[device]\nname=a\nvendor=b\npolicy=auto\n")); /* not in its group */
        assert_true(entry.manual);
        assert_true(bolt("[user]\npolicy=auto\nname=x\nvendor=y\n[device]\nname=a\nvendor=b\n"));
        assert_false(entry.manual);
        assert_string_equal(entry.device_name, "a");
        assert_true(bolt("[device]\nname=a\nvendor=b\nnames=c\n[user]\npolicy=automatic\n"));
        assert_string_equal(entry.device_name, "a");
        assert_true(entry.manual);
}

static void test_bolt_malformed(void **state)
{
        static const char *const bad[] = {
                "",
                "name=a\nvendor=b\n",
                "[device]\nname=a\n",
                "[device]\nvendor=b\n",
                "[user]\nname=a\nvendor=b\n",
                "[device]\nvendor=b\n[user]\nname=a\n",
                "[device]\nname=a\n[user]\nvendor=b\n",
                "[device]\nname=a\\\nvendor=b\n",
                "[device]\nname=a\\q\nvendor=b\n",
                "[device]\nname\nvendor=b\n",
                "[device]\nname",
        };
        static const struct event_enrolment none;
        static char longest[LIMIT_ROUTER_NAME + 64];

        (void)state;
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                assert_false(bolt(bad[i]));
                assert_memory_equal(&entry, &none, sizeof none);
        }
        assert_false(event_bolt_parse("[device]\nname=a\0b\nvendor=b", 26, &entry));
        (void)memcpy(longest, "[device]\nvendor=b\nname=", 23);
        memset(longest + 23, 'a', LIMIT_ROUTER_NAME - 1);
        assert_true(bolt(longest));
        longest[23 + LIMIT_ROUTER_NAME - 1] = 'a';
        assert_false(bolt(longest));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_written),        cmocka_unit_test(test_longest),
                cmocka_unit_test(test_key_words),
                cmocka_unit_test(test_malformed),      cmocka_unit_test(test_bolt),
                cmocka_unit_test(test_bolt_malformed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
