/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport monitor: what happens, as it happens, until interrupted. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/client.h"

static int record_show(const struct cli_rows *rows, const struct cli_style *style)
{
        struct cli_style line = *style;
        int r;

        line.no_headings = true;
        r = style->json ? cli_table_print_line(&cli_table_records, &rows->rows[0], stdout)
                        : cli_table_print(&cli_table_records, rows, &line, stdout);
        return r < 0 ? r : fflush(stdout) == 0 ? 0 : -errno;
}

static int on_record(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        const struct cli_options *options = userdata;
        int r = cli_client_read(message, &rows);

        (void)error;
        return r < 0 ? r : record_show(&rows, &options->style);
}

/* Waiting without bound is what this verb is for; it ends with the daemon or the operator. */
enum cli_exit cli_monitor_run(const struct cli_options *options)
{
        CLI_CLIENT_CLEANUP sd_bus *bus = NULL;
        CLI_ROWS_CLEANUP struct cli_rows first = { .count = 0 };
        enum cli_exit result = cli_client_open(options, &bus);
        int r;

        if (result != CLI_OK)
                return result;
        r = sd_bus_match_signal(bus, NULL, NULL, CLI_BUS_PATH, CLI_BUS_INTERFACE, "Record",
                                on_record, (void *)options);
        if (r < 0)
                return cli_client_failed(r);
        result = cli_client_get(bus, "Status",
                                &first); /* tells at once where the daemon does not answer */
        if (result != CLI_OK)
                return result;
        while (r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
                if (r == -EINTR)
                        r = 0;
        }
        return cli_client_failed(r);
}
