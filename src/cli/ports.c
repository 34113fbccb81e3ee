/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport ports: every port that something can be plugged into. */
#include "cli/from.h"

enum cli_exit cli_ports_run(const struct cli_options *options)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        struct cli_options more = *options;
        enum cli_exit result = cli_from_get(options, &rows, NULL, NULL);

        /* JSON has all columns anyhow. */
        if (options->verbose && !options->style.json && !options->style.columns)
                more.style.columns = "+WHY,EVIDENCE";
        return result == CLI_OK ? cli_rows_show(&cli_table_ports, &rows, &more) : result;
}
