/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport import: what boltd has enrolled is known to us as well. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "offline/bolt.h"

/* What has come of it so far. */
struct import {
        struct cli_rows rows;
        int error; /* no memory */
        bool rejected;
};

/* Names are bytes: what is no text is made some, as the daemon does. */
static int name_set(struct cli_row *row, const char *key, const char *name)
{
        char shown[4 * LIMIT_ROUTER_NAME];
        struct base_text text = base_text_on(shown, sizeof shown);

        base_text_add_escaped(&text, name, strlen(name));
        return cli_row_set(row, key, shown);
}

static void device_take(void *userdata, const struct offline_bolt_device *device)
{
        static const char *const results[] = {
                [BOLT_IMPORTED] = "imported",
                [BOLT_KNOWN] = "known",
                [BOLT_UNREADABLE] = "unreadable",
                [BOLT_FAILED] = "failed",
        };
        struct import *import = userdata;
        struct cli_row *row = cli_rows_append(&import->rows);
        int r = row ? name_set(row, "unique_id", device->name) : -1;

        if (r >= 0)
                r = cli_row_set(row, "result", results[device->result]);
        if (r >= 0 && device->result != BOLT_UNREADABLE) {
                r = cli_row_set(row, "policy", device->enrolment.manual ? "manual" : "auto");
                if (r >= 0)
                        r = cli_row_set(row, "key", device->key ? "given" : "none");
                if (r >= 0)
                        r = name_set(row, "vendor_name", device->enrolment.vendor_name);
                if (r >= 0)
                        r = name_set(row, "device_name", device->enrolment.device_name);
        }
        if (device->result == BOLT_UNREADABLE || device->result == BOLT_FAILED) {
                import->rejected = true;
                if (r >= 0)
                        r = cli_row_set(row, "error", strerror(-device->error));
        }
        if (r < 0)
                import->error = r;
}

static enum cli_exit failed(const char *what, const char *state, int error)
{
        (void)fprintf(stderr,
                      "sallyport: %s%s cannot be read: %s. Nothing was imported; what is not known "
                      "stays out until somebody enrolls it.\n",
                      what, state, strerror(-error));
        return CLI_FAILED;
}

static enum cli_exit told(const struct import *import, const struct cli_options *options)
{
        enum cli_exit result = cli_rows_show(&cli_table_import, &import->rows, options);

        if (import->error)
                (void)fputs("sallyport: no memory to say all that was done; see sallyport list "
                            "--known\n",
                            stderr);
        if (import->rejected)
                (void)fputs("sallyport: what is unreadable or failed was not imported, and stays "
                            "unknown: enroll it when it is plugged in\n",
                            stderr);
        return import->error || import->rejected ? CLI_FAILED : result;
}

enum cli_exit cli_import_run(const struct cli_options *options)
{
        struct import import = { .rejected = false };
        char directory[LIMIT_DIRECTORY];
        enum cli_exit result;
        int error = offline_state_directory(directory);

        if (error)
                return failed("the configuration", "", error);
        error = offline_bolt_import(OFFLINE_BOLT_DIRECTORY, directory, device_take, &import);
        result = error ? failed(OFFLINE_BOLT_DIRECTORY ", or the identity store in ", directory,
                                error)
                       : told(&import, options);
        cli_rows_free(&import.rows);
        return result;
}
