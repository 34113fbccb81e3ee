/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport show DEVICE: all that is known of one port or function. */
#include <stdio.h>

#include "cli/client.h"
#include "cli/names.h"

enum cli_exit cli_show_run(const struct cli_options *options)
{
        CLI_CLIENT_CLEANUP sd_bus *bus = NULL;
        CLI_ROWS_CLEANUP struct cli_rows functions = { .count = 0 }, ports = { .count = 0 };
        const struct cli_row *row;
        enum cli_exit result = cli_client_open(options, &bus);

        if (result == CLI_OK)
                result = cli_client_get(bus, "Functions", &functions);
        if (result == CLI_OK)
                result = cli_client_get(bus, "Ports", &ports);
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
