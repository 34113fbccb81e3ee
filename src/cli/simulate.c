/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport simulate FILE: what would happen. Needs neither a daemon nor Xen nor root. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/rows.h"
#include "sim/simulate.h"

/* Reads a regular file whole. Returns its length, or a negative errno. */
static ssize_t file_read(const char *path, char *ret_text, size_t size)
{
        /* O_NONBLOCK: a FIFO must not keep anybody waiting. */
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat status;
        ssize_t got = -1, length = 0;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
                do {
                        got = read(fd, ret_text + length, size - (size_t)length);
                        length += got > 0 ? got : 0;
                } while (got > 0 && (size_t)length < size);
        else
                errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        if (got < 0)
                length = -errno;
        else if ((size_t)length == size)
                length = -EFBIG;
        close(fd);
        return length;
}

static int on_row(void *userdata, const struct sim_field *fields, uint32_t count)
{
        struct cli_row *row = cli_rows_append(userdata);
        int r = row ? 0 : -ENOMEM;

        for (uint32_t i = 0; r >= 0 && i < count; i++)
                r = cli_row_set(row, fields[i].key, fields[i].value);
        return r;
}

static bool is(const struct cli_row *row, const char *key, const char *value)
{
        return strcmp(cli_row_get(row, key), value) == 0;
}

/* Each row says how its step ended: a column of booleans has no third value. */
static int contained_spread(struct cli_rows *rows)
{
        int r = 0;

        for (size_t i = rows->count; r >= 0 && i > 1; i--) {
                const struct cli_row *after = &rows->rows[i - 1];

                if (!is(&rows->rows[i - 2], "kind", "event"))
                        r = cli_row_set(&rows->rows[i - 2], "contained",
                                        cli_row_get(after, "contained"));
        }
        return r;
}

/* "2 eject 0000:00:04.0: done, contained" */
static void heading_print(const struct cli_row *row)
{
        const char *result = cli_row_get(row, "result"), *reason = cli_row_get(row, "reason");

        printf("%s %s: ", cli_row_get(row, "step"), cli_row_get(row, "event"));
        if (*result)
                printf("%s%s%s, ", result, *reason ? ": " : "", reason);
        puts(cli_row_true(row, "contained") ? "contained" : "NOT CONTAINED");
}

static void records_print(const struct cli_rows *rows, const char *step)
{
        for (size_t i = 0; i < rows->count; i++)
                if (is(&rows->rows[i], "kind", "record") && is(&rows->rows[i], "step", step))
                        printf("- %s\n", cli_row_get(&rows->rows[i], "text"));
}

/* One step: what was done, what is told of it, how it stands. */
static enum cli_exit step_show(const struct cli_rows *rows, const struct cli_row *event,
                               const struct cli_options *options)
{
        CLI_ROWS_CLEANUP struct cli_rows shown = { .count = 0 };
        const char *step = cli_row_get(event, "step");
        int r = 0;

        for (size_t i = 0; r >= 0 && i < rows->count; i++)
                if (is(&rows->rows[i], "step", step) && !is(&rows->rows[i], "kind", "record") &&
                    &rows->rows[i] != event)
                        r = cli_rows_copy(&shown, &rows->rows[i]);
        if (r < 0) {
                fprintf(stderr, "sallyport: %s\n", strerror(-r));
                return CLI_FAILED;
        }
        if (!options->style.no_headings)
                heading_print(event);
        if (options->verbose)
                records_print(rows, step);
        return cli_rows_show(&cli_table_simulation, &shown, options);
}

static enum cli_exit steps_show(const struct cli_rows *rows, const struct cli_options *options)
{
        enum cli_exit result = CLI_OK;

        for (size_t i = 0; result == CLI_OK && i < rows->count; i++) {
                if (!is(&rows->rows[i], "kind", "event"))
                        continue;
                if (!is(&rows->rows[i], "step", "0") && !options->style.no_headings)
                        putchar('\n');
                result = step_show(rows, &rows->rows[i], options);
        }
        return result;
}

/* For programs: one table of everything. */
static enum cli_exit table_show(const struct cli_rows *rows, const struct cli_options *options)
{
        CLI_ROWS_CLEANUP struct cli_rows shown = { .count = 0 };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < rows->count; i++)
                if (options->verbose || !is(&rows->rows[i], "kind", "record"))
                        r = cli_rows_copy(&shown, &rows->rows[i]);
        if (r >= 0)
                return cli_rows_show(&cli_table_simulation, &shown, options);
        fprintf(stderr, "sallyport: %s\n", strerror(-r));
        return CLI_FAILED;
}

static enum cli_exit scenario_failed(const char *path, int error,
                                     const struct sim_diagnosis *diagnosis)
{
        if (error == -EINVAL)
                fprintf(stderr, "sallyport: %s:%u:%u: %s\n", path, diagnosis->line,
                        diagnosis->column, diagnosis->message);
        else
                fprintf(stderr, "sallyport: simulating %s failed: %s\n", path, strerror(-error));
        return CLI_FAILED;
}

static enum cli_exit text_simulate(const struct cli_options *options, const char *text,
                                   size_t length)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        const struct cli_style *style = &options->style;
        struct sim_diagnosis diagnosis;
        int contained = sim_simulate(text, length, on_row, &rows, &diagnosis);
        enum cli_exit result;
        int r = contained < 0 ? contained : contained_spread(&rows);

        if (r < 0)
                return scenario_failed(options->file, r, &diagnosis);
        result =
                style->json || style->raw ? table_show(&rows, options) : steps_show(&rows, options);
        if (result != CLI_OK || contained)
                return result;
        (void)fflush(stdout);
        (void)fputs("sallyport: in this scenario something below an external port is NOT "
                    "contained; the steps say where.\n",
                    stderr);
        return CLI_NOT_CONTAINED;
}

enum cli_exit cli_simulate_run(const struct cli_options *options)
{
        char *text = malloc(SIM_SCENARIO_SIZE_MAX + 1);
        ssize_t length = text ? file_read(options->file, text, SIM_SCENARIO_SIZE_MAX + 1) : -ENOMEM;
        enum cli_exit result = CLI_FAILED;

        if (length >= 0)
                result = text_simulate(options, text, (size_t)length);
        else
                fprintf(stderr,
                        "sallyport: %s: cannot be read (%s); expected a file of at most %d bytes\n",
                        options->file, strerror((int)-length), SIM_SCENARIO_SIZE_MAX);
        free(text);
        return result;
}
