/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport explain DEVICE: why it is treated as it is, what was done and seen, in order, and what is waited for. */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "cli/client.h"

/* 0 where there is none. */
static uint64_t number_get(const struct cli_row *row, const char *key)
{
        return strtoull(cli_row_get(row, key), NULL, 10);
}

static int wall_set(struct cli_row *row)
{
        uint64_t wall_ms = number_get(row, "wall_ms");
        time_t seconds = (time_t)(wall_ms / 1000);
        char text[64], whole[80];
        struct tm local;

        if (wall_ms == 0 || !localtime_r(&seconds, &local) ||
            strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) == 0)
                return cli_row_set(row, "time", "");
        (void)snprintf(whole, sizeof whole, "%s.%03u", text, (unsigned int)(wall_ms % 1000));
        return cli_row_set(row, "time", whole);
}

/* How long after the line before: "+0.132", in seconds. */
static int after_set(struct cli_row *row, uint64_t *last_ms)
{
        uint64_t time_ms = number_get(row, "time_ms"), after_ms;
        char text[32] = "";

        if (time_ms > 0) {
                after_ms = *last_ms > 0 && time_ms > *last_ms ? time_ms - *last_ms : 0;
                *last_ms = time_ms;
                (void)snprintf(text, sizeof text, "+%" PRIu64 ".%03u", after_ms / 1000,
                               (unsigned int)(after_ms % 1000));
        }
        return cli_row_set(row, "after", text);
}

int cli_explain_times_add(struct cli_rows *rows)
{
        uint64_t last_ms = 0;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < rows->count; i++) {
                r = wall_set(&rows->rows[i]);
                if (r >= 0)
                        r = after_set(&rows->rows[i], &last_ms);
        }
        return r;
}

enum cli_exit cli_explain_run(const struct cli_options *options)
{
        CLI_CLIENT_CLEANUP sd_bus *bus = NULL;
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        enum cli_exit result = cli_client_open(options, &bus);
        int r;

        if (result == CLI_OK)
                result = cli_client_history(bus, options->device, &rows);
        if (result != CLI_OK)
                return result;
        r = cli_explain_times_add(&rows);
        return r < 0 ? cli_client_failed(r) : cli_rows_show(&cli_table_explanation, &rows, options);
}
