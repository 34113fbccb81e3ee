/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport eject PORT: take away what is plugged, in order. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/client.h"

static enum cli_exit told(const struct cli_options *options, const struct cli_row *answer)
{
        const char *result = cli_row_get(answer, "result"), *reason = cli_row_get(answer, "reason");
        char why[128];
        struct base_text text = base_text_on(why, sizeof why);

        if (strcmp(result, "done") == 0) {
                if (!options->style.json)
                        printf("%s: removed; it is safe to unplug.\n", options->device);
                return CLI_OK;
        }
        base_text_add_escaped(&text, *reason ? reason : result, strlen(*reason ? reason : result));
        if (strcmp(result, "unknown") == 0)
                fprintf(stderr,
                        "sallyport: %s is no external port, nothing was changed; see sallyport "
                        "ports\n",
                        options->device);
        else if (strcmp(result, "busy") == 0)
                fprintf(stderr,
                        "sallyport: %s: another request is under way; try again when it ended\n",
                        options->device);
        else
                fprintf(stderr,
                        "sallyport: %s was not removed: %s. Its port stays closed, but do not "
                        "unplug it yet; see sallyport show %s\n",
                        options->device, why, options->device);
        return CLI_FAILED;
}

enum cli_exit cli_eject_run(const struct cli_options *options)
{
        CLI_CLIENT_CLEANUP sd_bus *bus = NULL;
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        enum cli_exit result = cli_client_open(options, &bus);

        if (result == CLI_OK)
                result = cli_client_eject(bus, options->device, &rows);
        if (result == CLI_OK && options->style.json)
                result = cli_row_show(&cli_table_eject, &rows.rows[0], options);
        return result == CLI_OK ? told(options, &rows.rows[0]) : result;
}
