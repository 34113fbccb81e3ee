/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport list: every function below an external port; or every router that is known. */
#include "cli/client.h"
#include "cli/from.h"
#include "cli/names.h"

static enum cli_exit known_show(const struct cli_options *options)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        enum cli_exit result = cli_client_fetch(options, "Known", &rows);

        return result == CLI_OK ? cli_rows_show(&cli_table_known, &rows, options) : result;
}

enum cli_exit cli_list_run(const struct cli_options *options)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        enum cli_exit result;

        if (options->known)
                return known_show(options);
        result = cli_from_get(options, NULL, &rows, NULL);
        if (result != CLI_OK)
                return result;
        cli_names_add(&rows);
        return cli_rows_show(&cli_table_functions, &rows, options);
}
