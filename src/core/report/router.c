/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of Thunderbolt routers. */
#include <string.h>

#include "core/event/parse.h"
#include "core/policy/policy.h"
#include "core/report/name.h"
#include "core/report/report.h"

static const char *authorized_name(enum event_authorized authorized)
{
        switch (authorized) {
        case AUTHORIZED_NO:
                return "no";
        case AUTHORIZED_YES:
                return "yes";
        case AUTHORIZED_CHALLENGED:
                return "challenged";
        case AUTHORIZED_UNKNOWN:
                break;
        }
        return "unknown";
}

static const char *enrolled_name(const struct event_router *facts)
{
        switch (facts->enrolled) {
        case ENROLLED_NO:
                return "no";
        case ENROLLED_YES:
                return "plain";
        case ENROLLED_NEW_KEY:
                return "new-key";
        case ENROLLED_KEY:
                return "key";
        case ENROLLED_UNKNOWN:
                break;
        }
        return "unknown";
}

static const char *word_name(enum event_word word)
{
        switch (word) {
        case WORD_REQUEST:
                return "request";
        case WORD_STORE:
                return "store";
        case WORD_RULE:
                return "rule";
        case WORD_NONE:
        case WORD_MAX:
                break;
        }
        return "";
}

/* Where something of it appears, and how that is known. */
static void port_fields(const struct core *core, const struct model_router *router,
                        struct report_row *row)
{
        const struct model_router *root = model_router_root(core, router);
        const struct model_port *port = policy_router_port(core, router);
        struct base_text text = report_field_open(row, "port");
        bool seen = port && root && root->port == port->found.sbdf;

        if (port)
                base_text_add_sbdf(&text, port->found.sbdf);
        report_field_text(row, "port_by", !port ? "" : seen ? "seen" : "only");
}

static void identity_fields(const struct event_router *facts, struct report_row *row)
{
        struct base_text text = report_field_open(row, "unique_id");

        base_text_add_uuid(&text, facts->unique_id);
        report_field_text(row, "vendor_name", facts->vendor_name);
        report_field_text(row, "device_name", facts->device_name);
        text = report_field_open(row, "id");
        base_text_add_hex(&text, facts->vendor, 4);
        base_text_add_char(&text, ':');
        base_text_add_hex(&text, facts->device, 4);
        text = report_field_open(row, "generation");
        if (facts->generation != 0)
                base_text_add_u64(&text, facts->generation);
}

bool report_router_row(const struct core *core, uint32_t index, struct report_row *ret_row)
{
        const struct model_router *router = &core->routers[index];
        char rule[LIMIT_RULE_NAME];
        struct record_router name;
        struct base_text text;

        ret_row->count = 0;
        if (index >= core->router_count)
                return false;
        name = model_router_name(router);
        text = report_field_open(ret_row, "router");
        report_router_text(&name, &text);
        report_field_text(ret_row, "state", report_router_state_name(router->state));
        report_field_text(ret_row, "reason", report_reason_name(router->reason));
        port_fields(core, router, ret_row);
        identity_fields(&router->facts, ret_row);
        report_field_text(ret_row, "key", report_key_name(policy_router_key(core, router)));
        report_field_text(ret_row, "authorized", authorized_name(router->facts.authorized));
        report_field_text(ret_row, "enrolled", enrolled_name(&router->facts));
        report_field_text(ret_row, "manual", router->facts.manual ? "true" : "false");
        report_field_text(ret_row, "word", word_name(router->word));
        report_field_text(ret_row, "boot", router->facts.boot ? "true" : "false");
        report_field_text(ret_row, "security",
                          event_security_name(model_router_security(core, router)));
        report_field_text(ret_row, "verdict", report_verdict_name(router->verdict));
        policy_verdict_rule(core, router->rule, rule);
        report_field_text(ret_row, "rule", rule);
        return true;
}
