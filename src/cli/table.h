/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One description of columns gives text, tree and JSON. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/rows.h"

enum cli_type {
        CLI_TEXT,
        CLI_NUMBER,
        CLI_BOOLEAN,
        CLI_LIST, /**< words between blanks: an array in JSON */
};

struct cli_column {
        const char *name;   /**< heading; in lower case the key of the row and of JSON */
        enum cli_type type; /**< in JSON; text shows booleans as yes and no */
        bool hidden;        /**< in text, shown only where asked for; JSON shows everything */
};

struct cli_table {
        const char *name; /**< root of the JSON */
        const struct cli_column *columns;
        size_t column_count;
        bool tree; /**< by the values of `sbdf` and `parent`; parents come before their children */
};

/** How to print, as the operator asked for. */
struct cli_style {
        bool json;
        bool raw;
        bool no_headings;
        const char *
                columns; /**< "NAME,..." instead of the usual ones, "+NAME,..." after them; NULL = the usual */
};

extern const struct cli_table cli_table_verdicts;
extern const struct cli_table cli_table_functions;
extern const struct cli_table cli_table_ports;
extern const struct cli_table cli_table_tree;
extern const struct cli_table cli_table_status;
extern const struct cli_table cli_table_records;
extern const struct cli_table cli_table_assign;
extern const struct cli_table cli_table_unassign;
extern const struct cli_table cli_table_eject;
extern const struct cli_table cli_table_authorize;
extern const struct cli_table cli_table_enroll;
extern const struct cli_table cli_table_forget;
extern const struct cli_table cli_table_routers;
extern const struct cli_table cli_table_known;
extern const struct cli_table cli_table_import;
extern const struct cli_table cli_table_explanation;
extern const struct cli_table cli_table_changes;
extern const struct cli_table cli_table_audit;
extern const struct cli_table cli_table_simulation;

/** Are all columns that the style names in the table? Says on stderr which one is not, and which there are. */
bool cli_table_accepts(const struct cli_table *table, const struct cli_style *style);

/** Prints rows. The style must be accepted. 0, or a negative errno. */
int cli_table_print(const struct cli_table *table, const struct cli_rows *rows,
                    const struct cli_style *style, FILE *out);

/** Prints one row as a JSON object in one line. 0, or a negative errno. */
int cli_table_print_line(const struct cli_table *table, const struct cli_row *row, FILE *out);

/** Prints one row as lines "key: value", or as JSON. 0, or a negative errno. */
int cli_table_print_row(const struct cli_table *table, const struct cli_row *row,
                        const struct cli_style *style, FILE *out);
