/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport rules check: needs no daemon. sallyport rules generate: a policy for what is plugged now. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/from.h"
#include "cli/names.h"
#include "offline/rules.h"

enum cli_exit cli_rules_check_run(const struct cli_options *options)
{
        int error = offline_rules_check(options->config_directory, options->files,
                                        options->file_count, stderr);

        return error ? CLI_FAILED : CLI_OK;
}

enum cli_exit cli_rules_test_run(const struct cli_options *options)
{
        CLI_CLIENT_CLEANUP sd_bus *bus = NULL;
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        const struct cli_row *row;
        enum cli_exit result;

        if (options->from) {
                result = cli_from_test(options, &rows);
        } else {
                result = cli_client_open(options, &bus);
                if (result == CLI_OK)
                        result = cli_client_test(bus, options->device, &rows);
        }
        if (result != CLI_OK)
                return result;
        row = cli_rows_find(&rows, "sbdf", options->device);
        if (row)
                return cli_row_show(&cli_table_verdicts, row, options);
        fprintf(stderr,
                "sallyport: %s is neither a port nor below an external port; see sallyport tree\n",
                options->device);
        return CLI_FAILED;
}

/* Nothing that a row says ends a comment or a word: it comes from the daemon, but names from elsewhere. */
static void value_print(const char *before, const char *value)
{
        char shown[256];
        struct base_text text = base_text_on(shown, sizeof shown);

        base_text_add_escaped(&text, value, strlen(value));
        printf("%s%s", before, shown);
}

static bool same(const struct cli_row *a, const struct cli_row *b)
{
        static const char *const keys[] = { "port", "id", "subsystem", "class" };

        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
                if (strcmp(cli_row_get(a, keys[i]), cli_row_get(b, keys[i])) != 0)
                        return false;
        return true;
}

static bool readable(const struct cli_row *function)
{
        return strcmp(cli_row_get(function, "id"), "ffff:ffff") != 0;
}

/* "# 0000:01:00.0 Red Hat, Inc. ..." */
static void comment_print(const struct cli_row *function)
{
        value_print("# ", cli_row_get(function, "sbdf"));
        value_print(" ", cli_row_get(function, "kind"));
        value_print(" ", cli_row_get(function, "name"));
        puts(readable(function) ? "" : ": cannot be read, so there is no rule for it");
}

/* Functions that nothing tells apart share a rule: a second one would never decide. */
static void rule_print(const struct cli_rows *functions, size_t index)
{
        const struct cli_row *function = &functions->rows[index];
        const char *class = cli_row_get(function, "class");

        for (size_t i = 0; i < index; i++)
                if (same(&functions->rows[i], function))
                        return;
        puts("");
        for (size_t i = index; i < functions->count; i++)
                if (same(&functions->rows[i], function))
                        comment_print(&functions->rows[i]);
        if (!readable(function))
                return;
        value_print("quarantine if port = ", cli_row_get(function, "port"));
        value_print(" and id = ", cli_row_get(function, "id"));
        value_print(" and subsystem = ", cli_row_get(function, "subsystem"));
        value_print(" and class = ", class + (strncmp(class, "0x", 2) == 0 ? 2 : 0));
        puts("");
}

static void port_print(const struct cli_row *port, const struct cli_rows *functions)
{
        bool first = true;

        for (size_t i = 0; i < functions->count; i++) {
                if (strcmp(cli_row_get(&functions->rows[i], "port"), cli_row_get(port, "sbdf")) !=
                    0)
                        continue;
                if (first) {
                        value_print("\n# Below port ", cli_row_get(port, "sbdf"));
                        value_print(", ", cli_row_get(port, "path"));
                        puts("");
                }
                first = false;
                rule_print(functions, i);
        }
}

enum cli_exit cli_rules_generate_run(const struct cli_options *options)
{
        CLI_CLIENT_CLEANUP sd_bus *bus = NULL;
        CLI_ROWS_CLEANUP struct cli_rows functions = { .count = 0 }, ports = { .count = 0 };
        enum cli_exit result = cli_client_open(options, &bus);

        if (result == CLI_OK)
                result = cli_client_get(bus, "Functions", &functions);
        if (result == CLI_OK)
                result = cli_client_get(bus, "Ports", &ports);
        if (result != CLI_OK)
                return result;
        cli_names_add(&functions);
        puts("# What was plugged when sallyport made this. Change the verdicts as you want them: "
             "sallyport-rules(5).\n"
             "# IDs are what a device says of itself. Whatever says the same gets the same "
             "verdict.");
        for (size_t i = 0; i < ports.count; i++)
                port_print(&ports.rows[i], &functions);
        if (fflush(stdout) == 0 && !ferror(stdout))
                return CLI_OK;
        fprintf(stderr, "sallyport: the rules were not written: %s\n", strerror(errno));
        return CLI_FAILED;
}
