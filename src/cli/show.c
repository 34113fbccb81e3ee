/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport show DEVICE: all that is known of one port or function. */
#include <stdio.h>

#include "cli/from.h"
#include "cli/names.h"

enum cli_exit cli_show_run(const struct cli_options *options)
{
        CLI_ROWS_CLEANUP struct cli_rows functions = { .count = 0 }, ports = { .count = 0 };
        const struct cli_row *row;
        enum cli_exit result = cli_from_get(options, &ports, &functions);

        if (result != CLI_OK)
                return result;
        cli_names_add(&functions);
        row = cli_rows_find(&functions, "sbdf", options->device);
        if (row)
                return cli_row_show(&cli_table_functions, row, options);
        row = cli_rows_find(&ports, "sbdf", options->device);
        if (row)
                return cli_row_show(&cli_table_ports, row, options);
        fprintf(stderr,
                "sallyport: %s is neither a port nor below an external port; see sallyport tree\n",
                options->device);
        return CLI_FAILED;
}
