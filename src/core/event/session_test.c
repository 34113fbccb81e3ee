/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logind's words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event/parse.h"

static void test_class(void **state)
{
        static const struct {
                const char *word;
                enum event_session_class class;
        } words[] = {
                { "user", SESSION_CLASS_USER },
                { "user-early", SESSION_CLASS_USER },
                { "user-incomplete", SESSION_CLASS_USER },
                { "user-light", SESSION_CLASS_USER },
                { "user-early-light", SESSION_CLASS_USER },
                { "greeter", SESSION_CLASS_GREETER },
                { "lock-screen", SESSION_CLASS_LOCK_SCREEN },
                { "background", SESSION_CLASS_OTHER },
                { "background-light", SESSION_CLASS_OTHER },
                { "manager", SESSION_CLASS_OTHER },
                { "manager-early", SESSION_CLASS_OTHER },
                { "none", SESSION_CLASS_OTHER },
                { "", SESSION_CLASS_UNKNOWN },
                { "users", SESSION_CLASS_UNKNOWN },
                { "use", SESSION_CLASS_UNKNOWN },
                { "User", SESSION_CLASS_UNKNOWN },
        };

        (void)state;
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                assert_int_equal(event_session_class_parse(words[i].word), words[i].class);
}

static void test_state(void **state)
{
        (void)state;
        assert_int_equal(event_session_state_parse("opening"), SESSION_STATE_OPENING);
        assert_int_equal(event_session_state_parse("online"), SESSION_STATE_ONLINE);
        assert_int_equal(event_session_state_parse("active"), SESSION_STATE_ACTIVE);
        assert_int_equal(event_session_state_parse("closing"), SESSION_STATE_CLOSING);
        assert_int_equal(event_session_state_parse("lingering"), SESSION_STATE_UNKNOWN);
        assert_int_equal(event_session_state_parse(""), SESSION_STATE_UNKNOWN);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_class),
                cmocka_unit_test(test_state),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
