/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport status: is everything below external ports contained? */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/client.h"

/* The worst comes first, and by name: what a rule makes dom0's. What is not an address is not printed. */
static void trusted_tell(const char *trusted)
{
        if (*trusted == '\0')
                return;
        if (trusted[strspn(trusted, "0123456789abcdef:. ")] != '\0')
                trusted = "see sallyport list";
        (void)fprintf(
                stderr,
                "sallyport: TRUSTED: %s: made dom0's by a rule (trust-dom0). Each CAN "
                "OVERWRITE DOM0, as can whatever claims its identity in its port. To end it: "
                "sallyport unassign DEVICE; for good: take the rule away, sallyport reload.\n",
                trusted);
}

enum cli_exit cli_status_run(const struct cli_options *options)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        enum cli_exit result = cli_client_fetch(options, "Status", &rows);

        if (result == CLI_OK && rows.count != 1)
                result = cli_client_failed(-EPROTO);
        if (result == CLI_OK)
                trusted_tell(cli_row_get(&rows.rows[0], "trusted"));
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
