/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an explanation begins and ends with: why the device is treated as it is, and what is still waited for. */
#include "base/assert.h"
#include "base/sbdf.h"
#include "core/policy/finding.h"
#include "core/policy/policy.h"
#include "core/report/name.h"
#include "core/verify/verify.h"

static bool row_find(const struct core *core, uint32_t sbdf,
                     bool (*get)(const struct core *core, uint32_t index, struct report_row *row),
                     struct report_row *ret_row)
{
        char address[BASE_SBDF_TEXT_SIZE];

        (void)base_sbdf_format(sbdf, address);
        for (uint32_t i = 0; get(core, i, ret_row); i++)
                if (base_text_equal(report_row_value(ret_row, "sbdf"), address))
                        return true;
        return false;
}

bool report_device_row(const struct core *core, uint32_t sbdf, struct report_row *ret_row)
{
        return row_find(core, sbdf, report_function_row, ret_row) ||
               row_find(core, sbdf, report_port_row, ret_row);
}

uint32_t report_device_port(const struct core *core, uint32_t sbdf)
{
        const struct model_function *function = model_function_find(core, sbdf);

        if (function)
                return function->port;
        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].found.sbdf == sbdf)
                        return sbdf;
        return BASE_SBDF_NONE;
}

/* "; label: value" where there is one. */
static void part_add(const struct report_row *row, const char *label, const char *key,
                     struct base_text *text)
{
        const char *value = report_row_value(row, key);

        if (!value || *value == '\0')
                return;
        base_text_add(text, label);
        base_text_add(text, value);
}

static void line_begin(struct report_row *row, const char *event, uint32_t port, uint32_t function)
{
        struct base_text text;

        row->count = 0;
        report_field_text(row, "event", event);
        text = report_field_open(row, "port");
        base_text_add_sbdf(&text, port);
        text = report_field_open(row, "function");
        if (function != BASE_SBDF_NONE)
                base_text_add_sbdf(&text, function);
}

bool report_explain_port(const struct core *core, uint32_t port, struct report_row *ret_row)
{
        struct report_row row;
        struct base_text text;
        bool external;

        if (!row_find(core, port, report_port_row, &row))
                return false;
        external = base_text_equal(report_row_value(&row, "external"), "true");
        line_begin(ret_row, "evidence", port, BASE_SBDF_NONE);
        text = report_field_open(ret_row, "text");
        base_text_add(&text, "Port ");
        base_text_add_sbdf(&text, port);
        base_text_add(&text, external ? " is external" : " is not external");
        part_add(&row, ": ", "why", &text);
        part_add(&row, ". Evidence: ", "evidence", &text);
        part_add(&row, ". Verdict: ", "verdict", &text);
        part_add(&row, ", because of: ", "verdict_why", &text);
        part_add(&row, ", by ", "rule", &text);
        if (base_text_equal(report_row_value(&row, "tainted"), "true"))
                base_text_add(&text, ". It is tainted, and stays closed until the reboot");
        base_text_add_char(&text, '.');
        return true;
}

bool report_explain_function(const struct core *core, uint32_t function, struct report_row *ret_row)
{
        struct report_row row;
        struct base_text text;

        if (!row_find(core, function, report_function_row, &row))
                return false;
        line_begin(ret_row, "device", report_device_port(core, function), function);
        text = report_field_open(ret_row, "text");
        base_text_add(&text, "Function ");
        base_text_add_sbdf(&text, function);
        base_text_add(&text, " says that it is: ");
        part_add(&row, "", "kind", &text);
        part_add(&row, ", id ", "id", &text);
        part_add(&row, ", class ", "class", &text);
        if (base_text_equal(report_row_value(&row, "at_boot"), "true"))
                base_text_add(&text, ". It was there before sallyportd");
        part_add(&row, ". Findings: ", "findings", &text);
        part_add(&row, ". Verdict: ", "verdict", &text);
        part_add(&row, ", because of: ", "verdict_why", &text);
        part_add(&row, ", by ", "rule", &text);
        part_add(&row, ", for ", "guest", &text);
        base_text_add_char(&text, '.');
        return true;
}

bool report_explain_finding(const struct core *core, uint32_t function, uint32_t index,
                            struct report_row *ret_row)
{
        const struct policy_finding_info *info = NULL;
        const struct model_function *found = model_function_find(core, function);
        uint32_t findings = found ? policy_function_findings(found) : 0;
        enum policy_finding finding = 0;
        struct base_text text;

        for (; finding < FINDING_MAX && !info; finding++)
                if (findings & 1u << finding && index-- == 0)
                        info = policy_finding_get(finding);
        if (!info)
                return false;
        line_begin(ret_row, "finding", found->port, function);
        text = report_field_open(ret_row, "text");
        base_text_add(&text, info->name);
        base_text_add(&text, " (");
        base_text_add(&text, policy_severity_name(info->severity));
        base_text_add(&text, core->config.forgiven & 1u << (finding - 1) ? ", forgiven): " : "): ");
        base_text_add(&text, info->meaning);
        base_text_add(&text, ": ");
        base_text_add(&text, info->consequence);
        base_text_add_char(&text, '.');
        return true;
}

static const struct model_attempt *attempt_of(const struct model_port *port,
                                              const struct model_function *function,
                                              enum model_goal goal)
{
        if (!function)
                return &port->attempts[goal];
        if (goal == GOAL_GONE)
                return &function->removal;
        if (goal == GOAL_REVOKED)
                return &function->revocation;
        return goal == GOAL_DRIVER ? &function->driver : &function->quarantine;
}

static void attempt_add(const struct core *core, const struct model_port *port,
                        const struct model_attempt *attempt, struct base_text *text)
{
        if (port->token != 0) {
                base_text_add(text, " (");
                base_text_add(text, report_effect_name(port->pending));
                base_text_add(text, " is under way)");
        }
        if (attempt->tries == 0)
                return;
        base_text_add(text, ", tried ");
        base_text_add_u64(text, attempt->tries);
        base_text_add(text, attempt->tries == 1 ? " time" : " times");
        if (attempt->error) {
                const char *name = report_errno_name(attempt->error);

                base_text_add(text, ", last error ");
                base_text_add(text, name ? name : "");
                base_text_add_char(text, ' ');
                base_text_add_u64(text, (uint64_t)attempt->error);
        }
        if (attempt->retry_at_ms > core->now_ms) {
                base_text_add(text, ", again in ");
                base_text_add_u64(text, attempt->retry_at_ms - core->now_ms);
                base_text_add(text, " ms");
        }
}

static void wait_add(const struct core *core, const struct model_port *port, struct base_text *text)
{
        const struct model_function *function;
        enum model_goal goal = verify_goal_missing(core, port, &function);

        if (goal == GOAL_MAX) {
                base_text_add(text, " Nothing is waited for.");
                return;
        }
        base_text_add(text, " Waits until ");
        base_text_add(text, report_goal_text(goal));
        if (function) {
                base_text_add(text, ": ");
                base_text_add_sbdf(text, function->facts.sbdf);
        }
        attempt_add(core, port, attempt_of(port, function, goal), text);
        base_text_add_char(text, '.');
}

bool report_explain_now(const struct core *core, uint32_t device, struct report_row *ret_row)
{
        uint32_t sbdf = report_device_port(core, device);
        struct report_row row;
        struct base_text text;

        if (sbdf == BASE_SBDF_NONE || !report_device_row(core, device, &row))
                return false;
        line_begin(ret_row, "now", sbdf, device == sbdf ? BASE_SBDF_NONE : device);
        text = report_field_open(ret_row, "text");
        base_text_add_sbdf(&text, device);
        part_add(&row, " is now: ", "state", &text);
        part_add(&row, ", ", "reason", &text);
        part_add(&row, ", owner ", "owner", &text);
        part_add(&row, ", driver ", "driver", &text);
        part_add(&row, ", gate ", "gate", &text);
        part_add(&row, ", reserved ", "reserved", &text);
        part_add(&row, " of ", "requesters", &text);
        base_text_add_char(&text, '.');
        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].found.sbdf == sbdf && core->ports[i].external)
                        wait_add(core, &core->ports[i], &text);
        return true;
}
