/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport audit: can the doors hold on this machine? */
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/from.h"

enum cli_exit cli_audit_exit(const struct cli_rows *rows)
{
        enum cli_exit worst = rows->count > 0 ? CLI_OK : CLI_FAILED;

        for (size_t i = 0; i < rows->count; i++) {
                const char *verdict = cli_row_get(&rows->rows[i], "verdict");

                if (strcmp(verdict, "ok") != 0 && worst != CLI_NOT_CONTAINED)
                        worst = strcmp(verdict, "weak") == 0 ? CLI_FAILED : CLI_NOT_CONTAINED;
        }
        return worst;
}

enum cli_exit cli_audit_run(const struct cli_options *options)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        struct cli_options more = *options;
        enum cli_exit result = options->from ? cli_from_audit(options, &rows)
                                             : cli_client_fetch(options, "Audit", &rows);
        enum cli_exit verdict;

        /* JSON has all columns anyhow. */
        if (options->verbose && !options->style.json && !options->style.columns)
                more.style.columns = "+WHY,TODO";
        if (result == CLI_OK)
                result = cli_rows_show(&cli_table_audit, &rows, &more);
        if (result != CLI_OK)
                return result;
        verdict = cli_audit_exit(&rows);
        if (verdict == CLI_NOT_CONTAINED)
                (void)fputs("sallyport: a door cannot hold here. Why, and what to do: sallyport "
                            "audit --verbose.\n",
                            stderr);
        return verdict;
}
