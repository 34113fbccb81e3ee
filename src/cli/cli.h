/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all verbs share: options, exit codes, tables. */
#pragma once

#include <stdbool.h>

#include "cli/table.h"

#define CLI_SOCKET "/run/sallyport/socket"

/** Exit codes; stable, documented in sallyport(1). */
enum cli_exit {
        CLI_OK,
        CLI_FAILED,
        CLI_USAGE,
        CLI_NO_DAEMON,
        CLI_NOT_CONTAINED,
};

struct cli_options {
        const char *socket;
        const char
                *device;   /**< "DDDD:BB:SS.F", for verbs that take one; a router as it was typed */
        const char *guest; /**< likewise; or NULL */
        const char *file;  /**< likewise */
        const char *from;  /**< a dump to ask instead of the daemon, or NULL */
        const char *config;       /**< with from: a file that sallyportd would have read, or NULL */
        const char *const *files; /**< for verbs that take any number of them; as they were given */
        size_t file_count;
        const char *config_directory; /**< or NULL: the daemon's */
        bool redact;                  /**< dump: mask what identifies this very machine */
        bool known;                   /**< list: the identity store instead */
        bool manual;                  /**< enroll: to be authorized on request only */
        bool verbose;
        bool dry_run;
        struct cli_style style;
};

/** Each verb prints its result, or on stderr what went wrong, and returns the exit code. */
enum cli_exit cli_status_run(const struct cli_options *options);
enum cli_exit cli_list_run(const struct cli_options *options);
enum cli_exit cli_ports_run(const struct cli_options *options);
enum cli_exit cli_routers_run(const struct cli_options *options);
enum cli_exit cli_tree_run(const struct cli_options *options);
enum cli_exit cli_show_run(const struct cli_options *options);
enum cli_exit cli_explain_run(const struct cli_options *options);
enum cli_exit cli_audit_run(const struct cli_options *options);
enum cli_exit cli_reload_run(const struct cli_options *options);
enum cli_exit cli_monitor_run(const struct cli_options *options);
enum cli_exit cli_assign_run(const struct cli_options *options);
enum cli_exit cli_unassign_run(const struct cli_options *options);
enum cli_exit cli_eject_run(const struct cli_options *options);
enum cli_exit cli_authorize_run(const struct cli_options *options);
enum cli_exit cli_enroll_run(const struct cli_options *options);
enum cli_exit cli_forget_run(const struct cli_options *options);
enum cli_exit cli_import_run(const struct cli_options *options);
enum cli_exit cli_simulate_run(const struct cli_options *options);
enum cli_exit cli_dump_run(const struct cli_options *options);
enum cli_exit cli_rules_check_run(const struct cli_options *options);
enum cli_exit cli_rules_test_run(const struct cli_options *options);
enum cli_exit cli_rules_generate_run(const struct cli_options *options);

/** Sets `time` (by the wall clock, local) and `after` (since the row before) from wall_ms and time_ms. -ENOMEM. */
int cli_explain_times_add(struct cli_rows *rows);

/** 0 where all is ok, 1 where something is weak, 4 where something is broken, or said in a word that is not known. */
enum cli_exit cli_audit_exit(const struct cli_rows *rows);

/** Prints rows as the table says, and tells on stderr where it cannot. */
enum cli_exit cli_rows_show(const struct cli_table *table, const struct cli_rows *rows,
                            const struct cli_options *options);
/** The same for one row: "key: value" lines or JSON. */
enum cli_exit cli_row_show(const struct cli_table *table, const struct cli_row *row,
                           const struct cli_options *options);
