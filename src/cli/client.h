/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's private bus, seen from the operator's side. Everything waits for a bounded time. */
#pragma once

#include <systemd/sd-bus.h>

#include "cli/cli.h"
#include "cli/rows.h"

#define CLI_BUS_PATH "/org/sallyport1"
#define CLI_BUS_INTERFACE "org.sallyport1.Manager"

#define CLI_CLIENT_CLEANUP __attribute__((cleanup(sd_bus_flush_close_unrefp)))

/** Connects to the daemon. On failure says on stderr what it is, and what that means for safety. */
enum cli_exit cli_client_open(const struct cli_options *options, sd_bus **ret_bus);

/**
 * Calls a method without arguments ("Ports", "Functions": aa{ss}; "Status": a{ss}, one row) and appends what it
 * answers to rows. Failures are told on stderr.
 */
enum cli_exit cli_client_get(sd_bus *bus, const char *method, struct cli_rows *rows);

/** Opens, gets and closes. */
enum cli_exit cli_client_fetch(const struct cli_options *options, const char *method,
                               struct cli_rows *rows);

/** What happened to a device, and why: rows for cli_table_explanation. */
enum cli_exit cli_client_history(sd_bus *bus, const char *device, struct cli_rows *rows);

/** What the files on disk would decide for a device now. Appends the row that it would have. */
enum cli_exit cli_client_test(sd_bus *bus, const char *device, struct cli_rows *rows);

/** Has the configuration read anew, or asks what that would change. Appends the changes. */
enum cli_exit cli_client_reload(sd_bus *bus, bool dry_run, struct cli_rows *rows);

/** Calls Assign, with a guest, or another request, with NULL, and waits for the end. Appends a row: result, reason. */
enum cli_exit cli_client_request(sd_bus *bus, const char *method, const char *device,
                                 const char *guest, struct cli_rows *rows);

/** Calls Enroll, likewise. manual: it is to be authorized on request only. */
enum cli_exit cli_client_enroll(sd_bus *bus, const char *router, bool manual,
                                struct cli_rows *rows);

/** Appends the row of a message that stands at an a{ss}. 0, or a negative errno. */
int cli_client_read(sd_bus_message *message, struct cli_rows *rows);

/** Tells on stderr that talking to the daemon failed with a negative errno; the exit code for it. */
enum cli_exit cli_client_failed(int error);
