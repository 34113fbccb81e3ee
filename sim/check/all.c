/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every invariant that is a statement about one state. */
#include "check/check.h"

#include <stddef.h>

const char *check_all(const struct sim_state *state, const char **ret_name)
{
        static const struct {
                const char *name;
                check_call call;
        } checks[] = {
                { "I1", check_i1 }, { "I2", check_i2 }, { "I3", check_i3 }, { "I4", check_i4 },
                { "I5", check_i5 }, { "I6", check_i6 }, { "I7", check_i7 }, { "L1", check_answers },
        };

        for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
                const char *wrong = checks[i].call(state);

                if (wrong) {
                        *ret_name = checks[i].name;
                        return wrong;
                }
        }
        return NULL;
}
