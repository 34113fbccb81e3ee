/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport status: is everything below external ports contained? */
#include <errno.h>
#include <stdio.h>

#include "cli/client.h"

enum cli_exit cli_status_run(const struct cli_options *options)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        enum cli_exit result = cli_client_fetch(options, "Status", &rows);

        if (result == CLI_OK && rows.count != 1)
                result = cli_client_failed(-EPROTO);
        if (result == CLI_OK)
                result = cli_row_show(&cli_table_status, &rows.rows[0], options);
        if (result != CLI_OK || cli_row_true(&rows.rows[0], "contained"))
                return result;
        (void)fputs("sallyport: something below an external port is NOT contained. What and why: "
                    "sallyport ports, sallyport list. Unplug it, or keep it "
                    "away from work that matters.\n",
                    stderr);
        return CLI_NOT_CONTAINED;
}
