/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport tree: ports, and below each what is plugged into it. */
#include <string.h>

#include "cli/client.h"
#include "cli/from.h"
#include "cli/names.h"

/* The functions follow their port, so that every parent stands before its children. */
static int port_append(struct cli_rows *rows, const struct cli_row *port,
                       const struct cli_rows *functions)
{
        const char *sbdf = cli_row_get(port, "sbdf");
        int r = cli_rows_copy(rows, port);

        if (r >= 0)
                r = cli_row_set(&rows->rows[rows->count - 1], "kind", "port");
        for (size_t i = 0; r >= 0 && i < functions->count; i++)
                if (strcmp(cli_row_get(&functions->rows[i], "port"), sbdf) == 0)
                        r = cli_rows_copy(rows, &functions->rows[i]);
        return r;
}

/* A bridge below an external port can be a port too; it is shown where it hangs. */
static int tree_make(const struct cli_rows *ports, const struct cli_rows *functions,
                     struct cli_rows *ret_rows)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ports->count; i++)
                if (!cli_rows_find(functions, "sbdf", cli_row_get(&ports->rows[i], "sbdf")))
                        r = port_append(ret_rows, &ports->rows[i], functions);
        return r;
}

enum cli_exit cli_tree_run(const struct cli_options *options)
{
        CLI_ROWS_CLEANUP struct cli_rows ports = { .count = 0 }, functions = { .count = 0 };
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        enum cli_exit result = cli_from_get(options, &ports, &functions);
        int r;

        if (result != CLI_OK)
                return result;
        cli_names_add(&functions);
        r = tree_make(&ports, &functions, &rows);
        return r < 0 ? cli_client_failed(r) : cli_rows_show(&cli_table_tree, &rows, options);
}
