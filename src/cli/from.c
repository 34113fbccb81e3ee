/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of this machine, from the daemon; or of another one, from a dump. */
#include "cli/from.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "offline/rules.h"
#include "offline/world.h"

typedef bool (*row_make)(const struct offline_world *world, uint32_t index,
                         struct report_row *ret_row);

static int rows_add(const struct offline_world *world, row_make make, struct cli_rows *rows)
{
        struct report_row made;
        int r = 0;

        for (uint32_t i = 0; r >= 0 && make(world, i, &made); i++) {
                struct cli_row *row = cli_rows_append(rows);

                r = row ? 0 : -ENOMEM;
                for (uint32_t j = 0; r >= 0 && j < made.count; j++)
                        r = cli_row_set(row, made.fields[j].key, made.fields[j].value);
        }
        return r;
}

static enum cli_exit world_get(const struct cli_options *options, const struct policy_rules *rules,
                               struct offline_world **ret_world)
{
        struct source_diagnosis diagnosis;
        struct event_config config;

        if (offline_config_read(options->config, &config, &diagnosis) < 0 ||
            offline_world_read(options->from, &config, rules, ret_world, &diagnosis) < 0) {
                (void)fprintf(stderr, "sallyport: %s\n", diagnosis.text);
                return CLI_FAILED;
        }
        if ((*ret_world)->core.overflowed)
                (void)fprintf(stderr,
                              "sallyport: %s: more than %d ports; those with higher addresses are "
                              "not shown, and sallyportd would not guard them\n",
                              options->from, LIMIT_PORTS);
        return CLI_OK;
}

static enum cli_exit rows_end(struct offline_world *world, int r)
{
        offline_world_free(world);
        if (r >= 0)
                return CLI_OK;
        (void)fprintf(stderr, "sallyport: %s\n", strerror(-r));
        return CLI_FAILED;
}

static enum cli_exit dump_get(const struct cli_options *options, struct cli_rows *ports,
                              struct cli_rows *functions)
{
        struct offline_world *world = NULL;
        enum cli_exit result = world_get(options, NULL, &world);
        int r = 0;

        if (result != CLI_OK)
                return result;
        if (ports)
                r = rows_add(world, offline_port_row, ports);
        if (r >= 0 && functions)
                r = rows_add(world, offline_function_row, functions);
        return rows_end(world, r);
}

enum cli_exit cli_from_test(const struct cli_options *options, struct cli_rows *rows)
{
        const struct policy_rules *rules = offline_rules_read(options->config_directory, stderr);
        struct offline_world *world = NULL;
        enum cli_exit result = rules ? world_get(options, rules, &world) : CLI_FAILED;
        int r;

        if (result != CLI_OK)
                return result;
        r = rows_add(world, offline_port_row, rows);
        if (r >= 0)
                r = rows_add(world, offline_function_row, rows);
        return rows_end(world, r);
}

enum cli_exit cli_from_audit(const struct cli_options *options, struct cli_rows *rows)
{
        struct offline_world *world = NULL;
        enum cli_exit result = world_get(options, NULL, &world);

        return result == CLI_OK ? rows_end(world, rows_add(world, offline_audit_row, rows))
                                : result;
}

enum cli_exit cli_from_get(const struct cli_options *options, struct cli_rows *ports,
                           struct cli_rows *functions, struct cli_rows *routers)
{
        CLI_CLIENT_CLEANUP sd_bus *bus = NULL;
        enum cli_exit result;

        if (options->from)
                return dump_get(options, ports, functions);
        result = cli_client_open(options, &bus);
        if (result == CLI_OK && ports)
                result = cli_client_get(bus, "Ports", ports);
        if (result == CLI_OK && functions)
                result = cli_client_get(bus, "Functions", functions);
        if (result == CLI_OK && routers)
                result = cli_client_get(bus, "Routers", routers);
        return result;
}
