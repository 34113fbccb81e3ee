/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport show DEVICE|ROUTER: all that is known of one port, function or Thunderbolt router. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/from.h"
#include "cli/names.h"

static void unknown_tell(const char *device)
{
        char shown[128];
        struct base_text text = base_text_on(shown, sizeof shown);

        base_text_add_escaped(&text, device, strlen(device));
        (void)fprintf(
                stderr,
                "sallyport: %s is neither a port nor below an external port, nor a Thunderbolt "
                "router; see sallyport tree\n",
                shown);
}

enum cli_exit cli_show_run(const struct cli_options *options)
{
        CLI_ROWS_CLEANUP struct cli_rows functions = { .count = 0 }, ports = { .count = 0 };
        CLI_ROWS_CLEANUP struct cli_rows routers = { .count = 0 };
        const struct cli_row *row;
        enum cli_exit result = cli_from_get(options, &ports, &functions, &routers);

        if (result != CLI_OK)
                return result;
        cli_names_add(&functions);
        row = cli_rows_find(&functions, "sbdf", options->device);
        if (row)
                return cli_row_show(&cli_table_functions, row, options);
        row = cli_rows_find(&ports, "sbdf", options->device);
        if (row)
                return cli_row_show(&cli_table_ports, row, options);
        row = cli_rows_find(&routers, "router", options->device);
        if (!row)
                row = cli_rows_find(&routers, "unique_id", options->device);
        if (row)
                return cli_row_show(&cli_table_routers, row, options);
        unknown_tell(options->device);
        return CLI_FAILED;
}
