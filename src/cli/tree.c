/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport tree: ports, and below each what is plugged into it, held back or on PCI. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/from.h"
#include "cli/names.h"

/* What the tree is made of. */
struct parts {
        struct cli_rows ports, functions, routers;
};

/* The router before it, "0-1" of "0-301": without the byte of the last hop; NULL where that is not there. */
static const struct cli_row *router_before(const struct cli_rows *routers, const char *name)
{
        const char *dash = strchr(name, '-');
        uint64_t route = dash ? strtoull(dash + 1, NULL, 16) : 0, hop = 0xff;
        char before[64];

        while (hop << 8 != 0 && (route & ~(hop | (hop - 1))) != 0)
                hop <<= 8; /* something is above it */
        (void)snprintf(before, sizeof before, "%.*s-%" PRIx64, dash ? (int)(dash - name) : 0, name,
                       route & ~hop);
        return cli_rows_find(routers, "router", before);
}

/* Below the router before it, else below the port where it appears; else by itself. */
static int router_append(struct cli_rows *rows, const struct cli_row *router,
                         const struct cli_rows *routers)
{
        const char *name = cli_row_get(router, "router");
        const struct cli_row *before = router_before(routers, name);
        char shown[1024];
        struct cli_row *row;
        int r = cli_rows_copy(rows, router);

        if (r < 0)
                return r;
        row = &rows->rows[rows->count - 1];
        (void)snprintf(shown, sizeof shown, "%s %s", cli_row_get(router, "vendor_name"),
                       cli_row_get(router, "device_name"));
        r = cli_row_set(row, "sbdf", name);
        if (r >= 0)
                r = cli_row_set(row, "kind", "router");
        if (r >= 0)
                r = cli_row_set(row, "router", "");
        if (r >= 0)
                r = cli_row_set(row, "name", shown);
        if (r >= 0)
                r = cli_row_set(row, "parent",
                                cli_row_get(before ? before : router, before ? "router" : "port"));
        return r;
}

/* Those that appear at this port; "" is for those of which that is not known. */
static int routers_append(struct cli_rows *rows, const char *port, const struct cli_rows *routers)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < routers->count; i++)
                if (strcmp(cli_row_get(&routers->rows[i], "port"), port) == 0)
                        r = router_append(rows, &routers->rows[i], routers);
        return r;
}

/* Routers and functions follow their port, so that every parent stands before its children. */
static int port_append(struct cli_rows *rows, const struct cli_row *port, const struct parts *parts)
{
        const char *sbdf = cli_row_get(port, "sbdf");
        int r = cli_rows_copy(rows, port);

        if (r >= 0)
                r = cli_row_set(&rows->rows[rows->count - 1], "kind", "port");
        if (r >= 0)
                r = routers_append(rows, sbdf, &parts->routers);
        for (size_t i = 0; r >= 0 && i < parts->functions.count; i++)
                if (strcmp(cli_row_get(&parts->functions.rows[i], "port"), sbdf) == 0)
                        r = cli_rows_copy(rows, &parts->functions.rows[i]);
        return r;
}

/* A bridge below an external port can be a port too; it is shown where it hangs. */
static int tree_make(const struct parts *parts, struct cli_rows *ret_rows)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < parts->ports.count; i++) {
                const struct cli_row *port = &parts->ports.rows[i];

                if (!cli_rows_find(&parts->functions, "sbdf", cli_row_get(port, "sbdf")))
                        r = port_append(ret_rows, port, parts);
        }
        return r < 0 ? r : routers_append(ret_rows, "", &parts->routers);
}

enum cli_exit cli_tree_run(const struct cli_options *options)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        struct parts parts = { .ports = { .count = 0 } };
        enum cli_exit result =
                cli_from_get(options, &parts.ports, &parts.functions, &parts.routers);
        int r;

        if (result == CLI_OK) {
                cli_names_add(&parts.functions);
                r = tree_make(&parts, &rows);
                result = r < 0 ? cli_client_failed(r)
                               : cli_rows_show(&cli_table_tree, &rows, options);
        }
        cli_rows_free(&parts.ports);
        cli_rows_free(&parts.functions);
        cli_rows_free(&parts.routers);
        return result;
}
