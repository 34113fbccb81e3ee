/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of named values. */
#include "cli/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct cli_row *cli_rows_append(struct cli_rows *rows)
{
        struct cli_row *grown = reallocarray(rows->rows, rows->count + 1, sizeof *grown);

        if (!grown)
                return NULL;
        rows->rows = grown;
        grown[rows->count] = (struct cli_row){ .count = 0 };
        return &grown[rows->count++];
}

const struct cli_row *cli_rows_find(const struct cli_rows *rows, const char *key, const char *value)
{
        for (size_t i = 0; i < rows->count; i++)
                if (strcmp(cli_row_get(&rows->rows[i], key), value) == 0)
                        return &rows->rows[i];
        return NULL;
}

void cli_rows_free(struct cli_rows *rows)
{
        for (size_t i = 0; i < rows->count; i++)
                for (size_t j = 0; j < rows->rows[i].count; j++) {
                        free(rows->rows[i].fields[j].key);
                        free(rows->rows[i].fields[j].value);
                }
        free(rows->rows);
        *rows = (struct cli_rows){ .count = 0 };
}

int cli_row_set(struct cli_row *row, const char *key, const char *value)
{
        char *key_copy, *value_copy = strdup(value);

        if (!value_copy)
                return -ENOMEM;
        for (size_t i = 0; i < row->count; i++)
                if (strcmp(row->fields[i].key, key) == 0) {
                        free(row->fields[i].value);
                        row->fields[i].value = value_copy;
                        return 0;
                }
        key_copy = row->count < CLI_FIELDS ? strdup(key) : NULL;
        if (!key_copy) {
                free(value_copy);
                return row->count < CLI_FIELDS ? -ENOMEM : -E2BIG;
        }
        row->fields[row->count].key = key_copy;
        row->fields[row->count++].value = value_copy;
        return 0;
}

int cli_rows_copy(struct cli_rows *rows, const struct cli_row *row)
{
        struct cli_row *copy = cli_rows_append(rows);
        int r = copy ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < row->count; i++)
                r = cli_row_set(copy, row->fields[i].key, row->fields[i].value);
        return r;
}

const char *cli_row_get(const struct cli_row *row, const char *key)
{
        for (size_t i = 0; i < row->count; i++)
                if (strcmp(row->fields[i].key, key) == 0)
                        return row->fields[i].value;
        return "";
}

bool cli_row_true(const struct cli_row *row, const char *key)
{
        return strcmp(cli_row_get(row, key), "true") == 0;
}
