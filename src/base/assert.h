/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Assertions that stay on in release builds: a broken invariant ends the process, and the doors stay shut. */
#pragma once

/**
 * Ends the process after naming the broken assertion on stderr. Never returns.
 * The one thing that core calls and that is not pure: it is only reached when the program is wrong.
 */
__attribute__((noreturn, cold)) void base_assert_fail(const char *expression, const char *file,
                                                      int line);

/** Checks what the programmer holds to be true; the expression is always evaluated. Never for input. */
#define base_assert(expression) \
        ((expression) ? (void)0 : base_assert_fail(#expression, __FILE__, __LINE__))
