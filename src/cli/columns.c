/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of every table. Names are the stable keys of core/report/report.h, in capitals. */
#include "cli/table.h"

#define TABLE(key, list, ...)                                                               \
        {                                                                                   \
                .name = key, .columns = list, .column_count = sizeof list / sizeof list[0], \
                __VA_ARGS__                                                                 \
        }

static const struct cli_column function_columns[] = {
        { .name = "SBDF" },
        { .name = "PORT" },
        { .name = "PARENT", .hidden = true },
        { .name = "STATE" },
        { .name = "OWNER" },
        { .name = "ASSIGNED_TO" },
        { .name = "DRIVER" },
        { .name = "KIND" },
        { .name = "CLASS" },
        { .name = "ID" },
        { .name = "SUBSYSTEM", .hidden = true },
        { .name = "REASON" },
        { .name = "AT_BOOT", .type = CLI_BOOLEAN, .hidden = true },
        { .name = "VERDICT", .hidden = true },
        { .name = "VERDICT_WHY", .hidden = true },
        { .name = "RULE", .hidden = true },
        { .name = "GUEST", .hidden = true },
        { .name = "FINDINGS", .type = CLI_LIST, .hidden = true },
        { .name = "DANGERS", .type = CLI_LIST, .hidden = true },
        { .name = "ROUTER", .hidden = true },
        { .name = "NAME" },
};
const struct cli_table cli_table_functions = TABLE("functions", function_columns, .tree = false);

static const struct cli_column port_columns[] = {
        { .name = "SBDF" },
        { .name = "EXTERNAL", .type = CLI_BOOLEAN },
        { .name = "GATE" },
        { .name = "PRESENCE" },
        { .name = "LINK" },
        { .name = "BUS_FIRST", .type = CLI_NUMBER, .hidden = true },
        { .name = "BUS_LAST", .type = CLI_NUMBER, .hidden = true },
        { .name = "STATE" },
        { .name = "ASSIGNED_TO" },
        { .name = "REASON" },
        { .name = "PCIEHP", .hidden = true },
        { .name = "ACS", .type = CLI_BOOLEAN, .hidden = true },
        { .name = "FUNCTIONS", .type = CLI_NUMBER },
        { .name = "PATH", .hidden = true },
        { .name = "SLOT", .type = CLI_NUMBER, .hidden = true },
        { .name = "WHY", .hidden = true },
        { .name = "EVIDENCE", .type = CLI_LIST, .hidden = true },
        { .name = "VERDICT", .hidden = true },
        { .name = "VERDICT_WHY", .hidden = true },
        { .name = "RULE", .hidden = true },
        { .name = "GUEST", .hidden = true },
        { .name = "TAINTED", .type = CLI_BOOLEAN, .hidden = true },
        { .name = "USE", .type = CLI_LIST, .hidden = true },
        { .name = "USED_BY", .hidden = true },
        { .name = "REQUESTERS", .type = CLI_NUMBER, .hidden = true },
        { .name = "RESERVED", .type = CLI_NUMBER, .hidden = true },
};
const struct cli_table cli_table_ports = TABLE("ports", port_columns, .tree = false);

static const struct cli_column tree_columns[] = {
        { .name = "SBDF" },   { .name = "KIND" },        { .name = "GATE" },   { .name = "STATE" },
        { .name = "OWNER" },  { .name = "ASSIGNED_TO" }, { .name = "DRIVER" }, { .name = "ID" },
        { .name = "REASON" }, { .name = "ROUTER" },      { .name = "NAME" },
};
const struct cli_table cli_table_tree = TABLE("ports", tree_columns, .tree = true);

static const struct cli_column status_columns[] = {
        { .name = "TRUSTED", .type = CLI_LIST, .hidden = true },
        { .name = "CONTAINED", .type = CLI_BOOLEAN },
        { .name = "PORTS", .type = CLI_NUMBER },
        { .name = "EXTERNAL", .type = CLI_NUMBER },
        { .name = "FUNCTIONS", .type = CLI_NUMBER },
        { .name = "QUARANTINED", .type = CLI_NUMBER },
        { .name = "ASSIGNED", .type = CLI_NUMBER },
        { .name = "PROBLEMS", .type = CLI_NUMBER },
        { .name = "EXPOSED", .type = CLI_NUMBER },
        { .name = "TAINTED", .type = CLI_NUMBER },
        { .name = "IOMMU" },
        { .name = "XEN" },
        { .name = "DOOR2" },
        { .name = "REASON" },
        { .name = "MEMORY" },
        { .name = "ROUTERS", .type = CLI_NUMBER },
        { .name = "ROUTERS_AUTHORIZED", .type = CLI_NUMBER },
        { .name = "ROUTERS_FOREIGN", .type = CLI_NUMBER },
        { .name = "ROUTERS_HELD", .type = CLI_NUMBER },
        { .name = "SESSION" },
        { .name = "SESSION_WHY", .hidden = true },
        { .name = "REQUESTERS", .type = CLI_NUMBER, .hidden = true },
        { .name = "RESERVED", .type = CLI_NUMBER, .hidden = true },
        { .name = "CONFIG" },
};
const struct cli_table cli_table_status = TABLE("status", status_columns, .tree = false);

static const struct cli_column record_columns[] = {
        { .name = "TIME_MS", .type = CLI_NUMBER },
        { .name = "EVENT", .hidden = true },
        { .name = "PRIORITY", .type = CLI_NUMBER, .hidden = true },
        { .name = "PORT", .hidden = true },
        { .name = "FUNCTION", .hidden = true },
        { .name = "REASON", .hidden = true },
        { .name = "EFFECT", .hidden = true },
        { .name = "ERROR", .type = CLI_NUMBER, .hidden = true },
        { .name = "TEXT" },
};
const struct cli_table cli_table_records = TABLE("records", record_columns, .tree = false);

static const struct cli_column explanation_columns[] = {
        { .name = "TIME" },
        { .name = "AFTER" },
        { .name = "EVENT" },
        { .name = "TIME_MS", .type = CLI_NUMBER, .hidden = true },
        { .name = "WALL_MS", .type = CLI_NUMBER, .hidden = true },
        { .name = "PRIORITY", .type = CLI_NUMBER, .hidden = true },
        { .name = "PORT", .hidden = true },
        { .name = "FUNCTION", .hidden = true },
        { .name = "REASON", .hidden = true },
        { .name = "EFFECT", .hidden = true },
        { .name = "ERROR", .type = CLI_NUMBER, .hidden = true },
        { .name = "LAST_MS", .type = CLI_NUMBER, .hidden = true },
        { .name = "TIMES", .type = CLI_NUMBER },
        { .name = "TEXT" },
};
const struct cli_table cli_table_explanation =
        TABLE("explanation", explanation_columns, .tree = false);

static const struct cli_column change_columns[] = {
        { .name = "KIND" },   { .name = "SBDF" },  { .name = "KEY" },
        { .name = "BEFORE" }, { .name = "AFTER" }, { .name = "TEXT" },
};
const struct cli_table cli_table_changes = TABLE("changes", change_columns, .tree = false);

static const struct cli_column audit_columns[] = {
        { .name = "VERDICT" },
        { .name = "CHECK" },
        { .name = "SUBJECT" },
        { .name = "WHAT" },
        { .name = "WHY", .hidden = true },
        { .name = "TODO", .hidden = true },
};
const struct cli_table cli_table_audit = TABLE("audit", audit_columns, .tree = false);

static const struct cli_column request_columns[] = { { .name = "RESULT" }, { .name = "REASON" } };
const struct cli_table cli_table_assign = TABLE("assign", request_columns, .tree = false);
const struct cli_table cli_table_unassign = TABLE("unassign", request_columns, .tree = false);
const struct cli_table cli_table_eject = TABLE("eject", request_columns, .tree = false);
const struct cli_table cli_table_authorize = TABLE("authorize", request_columns, .tree = false);
const struct cli_table cli_table_enroll = TABLE("enroll", request_columns, .tree = false);
const struct cli_table cli_table_forget = TABLE("forget", request_columns, .tree = false);

static const struct cli_column router_columns[] = {
        { .name = "ROUTER" },
        { .name = "STATE" },
        { .name = "REASON" },
        { .name = "PORT" },
        { .name = "PORT_BY", .hidden = true },
        { .name = "KEY" },
        { .name = "AUTHORIZED", .hidden = true },
        { .name = "WORD", .hidden = true },
        { .name = "ENROLLED" },
        { .name = "MANUAL", .type = CLI_BOOLEAN, .hidden = true },
        { .name = "BOOT", .type = CLI_BOOLEAN, .hidden = true },
        { .name = "SECURITY" },
        { .name = "VERDICT", .hidden = true },
        { .name = "RULE", .hidden = true },
        { .name = "ID", .hidden = true },
        { .name = "GENERATION", .type = CLI_NUMBER, .hidden = true },
        { .name = "UNIQUE_ID" },
        { .name = "VENDOR_NAME" },
        { .name = "DEVICE_NAME" },
};
const struct cli_table cli_table_routers = TABLE("routers", router_columns, .tree = false);

static const struct cli_column known_columns[] = {
        { .name = "UNIQUE_ID" },   { .name = "POLICY" },      { .name = "KEY" },
        { .name = "VENDOR_NAME" }, { .name = "DEVICE_NAME" },
};
const struct cli_table cli_table_known = TABLE("known", known_columns, .tree = false);

static const struct cli_column import_columns[] = {
        { .name = "UNIQUE_ID" }, { .name = "RESULT" },      { .name = "POLICY" },
        { .name = "KEY" },       { .name = "VENDOR_NAME" }, { .name = "DEVICE_NAME" },
        { .name = "ERROR" },
};
const struct cli_table cli_table_import = TABLE("import", import_columns, .tree = false);

static const struct cli_column simulation_columns[] = {
        { .name = "STEP", .type = CLI_NUMBER },
        { .name = "EVENT", .hidden = true },
        { .name = "TIME_MS", .type = CLI_NUMBER, .hidden = true },
        { .name = "SBDF" },
        { .name = "PORT", .hidden = true },
        { .name = "PARENT", .hidden = true },
        { .name = "KIND" },
        { .name = "GATE" },
        { .name = "PRESENCE", .hidden = true },
        { .name = "LINK", .hidden = true },
        { .name = "PCIEHP", .hidden = true },
        { .name = "STATE" },
        { .name = "OWNER" },
        { .name = "DRIVER" },
        { .name = "CLASS", .hidden = true },
        { .name = "ID", .hidden = true },
        { .name = "REASON" },
        { .name = "AT_BOOT", .type = CLI_BOOLEAN, .hidden = true },
        { .name = "RESULT", .hidden = true },
        { .name = "CONTAINED", .type = CLI_BOOLEAN, .hidden = true },
        { .name = "PRIORITY", .type = CLI_NUMBER, .hidden = true },
        { .name = "TEXT", .hidden = true },
};
const struct cli_table cli_table_simulation =
        TABLE("simulation", simulation_columns, .tree = false);

static const struct cli_column verdict_columns[] = {
        { .name = "SBDF" },  { .name = "VERDICT" },     { .name = "RULE" },
        { .name = "GUEST" }, { .name = "VERDICT_WHY" },
};
const struct cli_table cli_table_verdicts = TABLE("rules", verdict_columns, .tree = false);
