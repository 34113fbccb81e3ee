/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of logind's sessions (systemd: src/login/logind-session.c, session_class_table and session_state_table). */
#include <stddef.h>

#include "base/text.h"
#include "core/event/parse.h"

enum event_session_class event_session_class_parse(const char *word)
{
        static const struct {
                const char *word;
                enum event_session_class class;
        } classes[] = {
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
        };

        for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
                if (base_text_equal(word, classes[i].word))
                        return classes[i].class;
        return SESSION_CLASS_UNKNOWN;
}

enum event_session_state event_session_state_parse(const char *word)
{
        static const char *const words[] = {
                [SESSION_STATE_OPENING] = "opening",
                [SESSION_STATE_ONLINE] = "online",
                [SESSION_STATE_ACTIVE] = "active",
                [SESSION_STATE_CLOSING] = "closing",
        };

        for (size_t i = SESSION_STATE_OPENING; i < sizeof words / sizeof words[0]; i++)
                if (base_text_equal(word, words[i]))
                        return (enum event_session_state)i;
        return SESSION_STATE_UNKNOWN;
}
