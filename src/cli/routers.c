/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport routers: Thunderbolt devices, on PCI or held back from it. */
#include "cli/client.h"

enum cli_exit cli_routers_run(const struct cli_options *options)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        enum cli_exit result = cli_client_fetch(options, "Routers", &rows);

        return result == CLI_OK ? cli_rows_show(&cli_table_routers, &rows, options) : result;
}
