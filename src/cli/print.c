/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results to standard output, and what went wrong with that to standard error. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* What still stands in the buffer was not printed yet. */
static enum cli_exit printed(int error)
{
        if (error >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
                error = errno > 0 ? -errno : -EIO;
        if (error >= 0)
                return CLI_OK;
        (void)fprintf(stderr, "sallyport: printing failed: %s\n", strerror(-error));
        return CLI_FAILED;
}

enum cli_exit cli_rows_show(const struct cli_table *table, const struct cli_rows *rows,
                            const struct cli_options *options)
{
        return printed(cli_table_print(table, rows, &options->style, stdout));
}

enum cli_exit cli_row_show(const struct cli_table *table, const struct cli_row *row,
                           const struct cli_options *options)
{
        return printed(cli_table_print_row(table, row, &options->style, stdout));
}
