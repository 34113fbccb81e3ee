/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport reload: the configuration, read anew; all of it or nothing. */
#include <stdio.h>

#include "cli/client.h"

enum cli_exit cli_reload_run(const struct cli_options *options)
{
        CLI_CLIENT_CLEANUP sd_bus *bus = NULL;
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        enum cli_exit result = cli_client_open(options, &bus);

        if (result == CLI_OK)
                result = cli_client_reload(bus, options->dry_run, &rows);
        if (result != CLI_OK)
                return result;
        if (rows.count > 0 || options->style.json)
                return cli_rows_show(&cli_table_changes, &rows, options);
        if (!options->style.no_headings)
                (void)puts(options->dry_run ? "Nothing would change." : "Nothing changed.");
        return CLI_OK;
}
