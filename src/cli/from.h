/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where rows come from: the daemon, or with --from a dump. */
#pragma once

#include "cli/cli.h"
#include "cli/rows.h"

/**
 * Appends the rows of ports, of functions and of Thunderbolt routers, which no dump has; each may be NULL. What goes
 * wrong is told on standard error.
 */
enum cli_exit cli_from_get(const struct cli_options *options, struct cli_rows *ports,
                           struct cli_rows *functions, struct cli_rows *routers);

/** Appends the rows of both of the dump options->from, as the rules of options->config_directory judge it. */
enum cli_exit cli_from_test(const struct cli_options *options, struct cli_rows *rows);
/** Appends the checks of `audit`. */
enum cli_exit cli_from_audit(const struct cli_options *options, struct cli_rows *rows);
