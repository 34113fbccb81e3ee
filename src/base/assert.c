/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The assertion handler, apart from the rest of base so that the purity test can leave it out. */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void base_assert_fail(const char *expression, const char *file, int line)
{
        fprintf(stderr,
                "sallyport: broken assertion '%s' at %s:%d; stopping. Closed ports stay closed.\n",
                expression, file, line);
        abort();
}
