/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows to text, tree and JSON by libsmartcols, which escapes what does not print. */
#include "cli/table.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libsmartcols.h>

/* Columns that can be chosen; each may be named more than once. */
#define COLUMNS_MAX 64
#define KEY_SIZE 32

struct choice {
        size_t count;
        const struct cli_column *columns[COLUMNS_MAX];
};

static void table_unref(struct libscols_table **table)
{
        scols_unref_table(*table);
}

#define TABLE_CLEANUP __attribute__((cleanup(table_unref)))

static const struct cli_column *column_find(const struct cli_table *table, const char *name,
                                            size_t length)
{
        for (size_t i = 0; i < table->column_count; i++)
                if (strlen(table->columns[i].name) == length &&
                    strncasecmp(table->columns[i].name, name, length) == 0)
                        return &table->columns[i];
        return NULL;
}

static void choice_usual(const struct cli_table *table, bool all, struct choice *choice)
{
        for (size_t i = 0; i < table->column_count; i++)
                if (all || !table->columns[i].hidden)
                        choice->columns[choice->count++] = &table->columns[i];
}

/* False with the offending name in *ret_bad where the style names what the table does not have. */
static bool choice_make(const struct cli_table *table, const struct cli_style *style,
                        struct choice *ret_choice, const char **ret_bad)
{
        const char *name = style->columns;
        struct choice choice = { .count = 0 };

        if (!name || *name == '+')
                choice_usual(table, style->json && !name, &choice);
        if (name && *name == '+')
                name++;
        while (name) {
                size_t length = strcspn(name, ",");
                const struct cli_column *column = column_find(table, name, length);

                if (!column || choice.count >= COLUMNS_MAX) {
                        *ret_bad = name;
                        return false;
                }
                choice.columns[choice.count++] = column;
                name = name[length] ? name + length + 1 : NULL;
        }
        *ret_choice = choice;
        return true;
}

bool cli_table_accepts(const struct cli_table *table, const struct cli_style *style)
{
        struct choice choice;
        const char *bad;

        if (choice_make(table, style, &choice, &bad))
                return true;
        (void)fprintf(stderr, "sallyport: no column '%.*s'; there are:", (int)strcspn(bad, ","),
                      bad);
        for (size_t i = 0; i < table->column_count; i++)
                (void)fprintf(stderr, " %s", table->columns[i].name);
        (void)fputc('\n', stderr);
        return false;
}

static const char *key_of(const struct cli_column *column, char ret_key[static KEY_SIZE])
{
        size_t i = 0;

        for (; column->name[i] && i < KEY_SIZE - 1; i++)
                ret_key[i] = (char)tolower((unsigned char)column->name[i]);
        ret_key[i] = '\0';
        return ret_key;
}

/* A number is printed into JSON as it is: it must be one. */
static const char *number_checked(const char *value)
{
        return value[strspn(value, "0123456789")] ? "" : value;
}

static const char *value_of(const struct cli_row *row, const struct cli_column *column)
{
        char key[KEY_SIZE];
        const char *value = cli_row_get(row, key_of(column, key));

        switch (column->type) {
        case CLI_TEXT:
        case CLI_LIST:
                return value;
        case CLI_NUMBER:
                return number_checked(value);
        case CLI_BOOLEAN:
                return *value ? cli_row_true(row, key) ? "yes" : "no" : "";
        }
        return "";
}

/* smartcols makes an array of what it would wrap at line feeds. */
static int list_column_set(struct libscols_column *column)
{
        int r = scols_column_set_flags(column, SCOLS_FL_WRAP);

        if (r >= 0)
                r = scols_column_set_wrapfunc(column, scols_wrapnl_chunksize,
                                              scols_wrapnl_nextchunk, NULL);
        return r < 0 ? r : scols_column_set_json_type(column, SCOLS_JSON_ARRAY_STRING);
}

static int column_add(struct libscols_table *out, const struct cli_column *column, bool tree)
{
        int flags = tree ? SCOLS_FL_TREE : column->type == CLI_NUMBER ? SCOLS_FL_RIGHT : 0;
        struct libscols_column *added = scols_table_new_column(out, column->name, 0, flags);

        if (!added)
                return -ENOMEM;
        switch (column->type) {
        case CLI_TEXT:
                return scols_column_set_json_type(added, SCOLS_JSON_STRING);
        case CLI_NUMBER:
                return scols_column_set_json_type(added, SCOLS_JSON_NUMBER);
        case CLI_BOOLEAN:
                return scols_column_set_json_type(added, SCOLS_JSON_BOOLEAN);
        case CLI_LIST:
                return scols_table_is_json(out) ? list_column_set(added) : 0;
        }
        return 0;
}

/* The line above in the tree: of the nearest earlier row that is the parent. Rows and lines count alike. */
static struct libscols_line *parent_line(struct libscols_table *out, const struct cli_rows *rows,
                                         size_t index)
{
        const char *parent = cli_row_get(&rows->rows[index], "parent");

        for (size_t i = index; *parent && i > 0; i--)
                if (strcmp(cli_row_get(&rows->rows[i - 1], "sbdf"), parent) == 0)
                        return scols_table_get_line(out, i - 1);
        return NULL;
}

static int list_cell_set(struct libscols_line *line, size_t index, const char *value)
{
        char *words = *value ? strdup(value) : NULL;
        int r = words || !*value ? 0 : -ENOMEM;

        for (char *at = words; at && *at; at++)
                if (*at == ' ')
                        *at = '\n';
        if (r >= 0 && words)
                r = scols_line_set_data(line, index, words);
        free(words);
        return r;
}

/* Does it all print as it is? Reports escape the bytes of devices; whatever else comes, smartcols escapes. */
static bool prints(const char *value)
{
        while (*value && isprint((unsigned char)*value))
                value++;
        return *value == '\0';
}

static int line_add(struct libscols_table *out, const struct choice *choice,
                    const struct cli_row *row, struct libscols_line *parent)
{
        struct libscols_line *line = scols_table_new_line(out, parent);
        int r = line ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < choice->count; i++) {
                const char *value = value_of(row, choice->columns[i]);

                if (choice->columns[i]->type == CLI_LIST && scols_table_is_json(out))
                        r = list_cell_set(line, i, value);
                else
                        r = scols_line_set_data(line, i, value);
                if (!prints(value)) /* else a \x0a of a report's would become \x5cx0a */
                        scols_table_enable_noencoding(out, 0);
        }
        return r;
}

static int table_make(const struct cli_table *table, const struct cli_rows *rows,
                      const struct cli_style *style, struct libscols_table **ret_out)
{
        TABLE_CLEANUP struct libscols_table *out = scols_new_table();
        struct choice choice;
        const char *bad;
        int r = out ? 0 : -ENOMEM;

        if (r >= 0 && !choice_make(table, style, &choice, &bad))
                r = -EINVAL;
        if (r < 0)
                return r;
        scols_table_set_name(out, table->name);
        scols_table_enable_json(out, style->json);
        scols_table_enable_raw(out, style->raw && !style->json);
        scols_table_enable_noheadings(out, style->no_headings);
        scols_table_enable_noencoding(out, 1);
        for (size_t i = 0; r >= 0 && i < choice.count; i++)
                r = column_add(out, choice.columns[i], table->tree && i == 0);
        for (size_t i = 0; r >= 0 && i < rows->count; i++)
                r = line_add(out, &choice, &rows->rows[i],
                             table->tree ? parent_line(out, rows, i) : NULL);
        if (r < 0)
                return r;
        *ret_out = out;
        out = NULL;
        return 0;
}

int cli_table_print(const struct cli_table *table, const struct cli_rows *rows,
                    const struct cli_style *style, FILE *out)
{
        TABLE_CLEANUP struct libscols_table *made = NULL;
        int r = table_make(table, rows, style, &made);

        if (r < 0)
                return r;
        scols_table_set_stream(made, out);
        return scols_print_table(made);
}

/* smartcols spreads JSON over lines, never within a string: line feeds and what indents can go. */
static void object_flatten(const char *text, FILE *out)
{
        const char *start = strchr(text, '['), *end = strrchr(text, ']');

        for (const char *at = start ? start + 1 : end; at < end; at++) {
                if (*at != '\n')
                        (void)fputc(*at, out);
                else
                        at += strspn(at, "\n ") - 1;
        }
        (void)fputc('\n', out);
}

int cli_table_print_line(const struct cli_table *table, const struct cli_row *row, FILE *out)
{
        const struct cli_style style = { .json = true };
        TABLE_CLEANUP struct libscols_table *made = NULL;
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        char *text = NULL;
        int r = cli_rows_copy(&rows, row);

        if (r >= 0)
                r = table_make(table, &rows, &style, &made);
        if (r >= 0)
                r = scols_print_table_to_string(made, &text);
        if (r < 0)
                return r;
        object_flatten(text, out);
        free(text);
        return 0;
}

/* The same row stood up: one line per column. */
static int row_upright(const struct cli_table *table, const struct cli_row *row,
                       struct cli_rows *ret_rows)
{
        char key[KEY_SIZE], heading[KEY_SIZE + 1];
        int r = 0;

        for (size_t i = 0; r >= 0 && i < table->column_count; i++) {
                struct cli_row *line = cli_rows_append(ret_rows);

                if (!line)
                        return -ENOMEM;
                snprintf(heading, sizeof heading, "%s:", key_of(&table->columns[i], key));
                r = cli_row_set(line, "key", heading);
                if (r >= 0)
                        r = cli_row_set(line, "value", value_of(row, &table->columns[i]));
        }
        return r;
}

int cli_table_print_row(const struct cli_table *table, const struct cli_row *row,
                        const struct cli_style *style, FILE *out)
{
        static const struct cli_column upright_columns[] = { { .name = "KEY" },
                                                             { .name = "VALUE" } };
        static const struct cli_table upright = { "row", upright_columns, 2, false };
        static const struct cli_style plain = { .no_headings = true };
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        int r = style->json ? cli_rows_copy(&rows, row) : row_upright(table, row, &rows);

        if (r < 0)
                return r;
        return style->json ? cli_table_print(table, &rows, style, out)
                           : cli_table_print(&upright, &rows, &plain, out);
}
