/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of named values, as the daemon sends them: a{ss} and aa{ss}. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** Named values that one row can hold; the daemon sends at most 20 (core/report/report.h). */
#define CLI_FIELDS 32

struct cli_row {
        size_t count;
        struct {
                char *key, *value; /**< the row's own copies */
        } fields[CLI_FIELDS];
};

/** Start with {} and end with cli_rows_free, or the attribute below. */
struct cli_rows {
        size_t count;
        struct cli_row *rows;
};

/** Appends an empty row, valid until the next one is appended. NULL without memory. */
struct cli_row *cli_rows_append(struct cli_rows *rows);

/** The first row in which key has this value, or NULL. */
const struct cli_row *cli_rows_find(const struct cli_rows *rows, const char *key,
                                    const char *value);

/** Frees what the rows hold and empties them. */
void cli_rows_free(struct cli_rows *rows);

#define CLI_ROWS_CLEANUP __attribute__((cleanup(cli_rows_free)))

/** Sets a value, copying both; replaces one that is there. -ENOMEM, or -E2BIG where the row is full. */
int cli_row_set(struct cli_row *row, const char *key, const char *value);

/** Appends a copy of the row. -ENOMEM. */
int cli_rows_copy(struct cli_rows *rows, const struct cli_row *row);

/** The value of a key; "" where there is none. */
const char *cli_row_get(const struct cli_row *row, const char *key);

/** Is the value of this key "true"? */
bool cli_row_true(const struct cli_row *row, const char *key);
