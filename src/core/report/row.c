/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of `list`, `ports` and `status`. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/policy/policy.h"
#include "core/report/name.h"
#include "core/report/report.h"
#include "core/verify/verify.h"

struct base_text report_field_open(struct report_row *row, const char *key)
{
        struct report_field *field;

        base_assert(row->count < REPORT_FIELDS);
        field = &row->fields[row->count++];
        field->key = key;
        return base_text_on(field->value, sizeof field->value);
}

void report_field_text(struct report_row *row, const char *key, const char *value)
{
        struct base_text text = report_field_open(row, key);

        base_text_add_escaped(&text, value, strlen(value));
}

static void field_sbdf(struct report_row *row, const char *key, uint32_t sbdf)
{
        struct base_text text = report_field_open(row, key);

        base_text_add_sbdf(&text, sbdf);
}

static void field_number(struct report_row *row, const char *key, uint64_t value)
{
        struct base_text text = report_field_open(row, key);

        base_text_add_u64(&text, value);
}

static void field_bool(struct report_row *row, const char *key, bool value)
{
        report_field_text(row, key, value ? "true" : "false");
}

static void row_clear(struct report_row *row)
{
        row->count = 0;
}

/* Whose it is to be, or is; nobody's: empty. */
static void field_guest(struct report_row *row, const struct model_port *port, bool given)
{
        report_field_text(row, "assigned_to", given ? port->guest : "");
}

static void function_identity(const struct event_function *facts, struct report_row *row)
{
        struct base_text text;

        report_field_text(row, "kind", facts->kind == FUNCTION_BRIDGE ? "bridge" : "endpoint");
        text = report_field_open(row, "class");
        base_text_add(&text, "0x");
        base_text_add_hex(&text, facts->class, 6);
        text = report_field_open(row, "id");
        base_text_add_hex(&text, facts->vendor, 4);
        base_text_add_char(&text, ':');
        base_text_add_hex(&text, facts->device, 4);
        text = report_field_open(row, "subsystem");
        base_text_add_hex(&text, facts->subsystem_vendor, 4);
        base_text_add_char(&text, ':');
        base_text_add_hex(&text, facts->subsystem_device, 4);
}

static void verdict_fields(const struct core *core, enum record_verdict verdict,
                           enum record_reason why, uint32_t rule, struct report_row *row)
{
        char name[LIMIT_RULE_NAME];

        policy_verdict_rule(core, rule, name);
        report_field_text(row, "verdict", report_verdict_name(verdict));
        report_field_text(row, "verdict_why", report_reason_name(why));
        report_field_text(row, "rule", name);
        report_field_text(row, "guest", policy_verdict_guest(core, rule));
}

static void function_findings(const struct core *core, const struct model_function *function,
                              struct report_row *row)
{
        struct base_text text = report_field_open(row, "findings");

        report_findings_text(policy_function_findings(function), &text);
        text = report_field_open(row, "dangers");
        report_findings_text(policy_function_dangers(core, function), &text);
}

/* The index-th function in the order of `list`: ports by address, functions as enumerated. */
static const struct model_function *function_at(const struct core *core, uint32_t index,
                                                const struct model_port **ret_port)
{
        for (uint32_t i = 0; i < core->port_count; i++)
                for (uint32_t j = 0; j < core->function_count; j++)
                        if (core->functions[j].port == core->ports[i].found.sbdf && index-- == 0) {
                                *ret_port = &core->ports[i];
                                return &core->functions[j];
                        }
        return NULL;
}

bool report_function_row(const struct core *core, uint32_t index, struct report_row *ret_row)
{
        const struct model_port *port = NULL;
        const struct model_function *function = function_at(core, index, &port);
        struct base_text text;

        row_clear(ret_row);
        if (!function)
                return false;
        field_sbdf(ret_row, "sbdf", function->facts.sbdf);
        field_sbdf(ret_row, "port", function->port);
        field_sbdf(ret_row, "parent", function->facts.parent);
        report_field_text(ret_row, "state", report_state_name(function->state));
        text = report_field_open(ret_row, "owner");
        report_owner_text(function->owner, &text);
        report_field_text(ret_row, "driver", function->facts.driver);
        function_identity(&function->facts, ret_row);
        report_field_text(ret_row, "reason", report_reason_name(function->reason));
        field_bool(ret_row, "at_boot", function->at_boot);
        verdict_fields(core, function->verdict, function->barred ? REASON_FINDING : REASON_NONE,
                       function->rule, ret_row);
        function_findings(core, function, ret_row);
        field_guest(ret_row, port, function->given);
        text = report_field_open(ret_row, "router");
        report_router_text(&function->router, &text);
        return true;
}

static const char *known(bool readable, bool value, const char *yes, const char *no)
{
        if (!readable)
                return "unknown";
        return value ? yes : no;
}

/* Slot 0 is none that has a number (PCIe Base Spec 7.5.3.9). */
static void port_slot(const struct event_port *found, struct report_row *row)
{
        struct base_text text = report_field_open(row, "slot");
        uint32_t number = found->slot ? found->slot_cap >> MODEL_SLOT_CAP_PSN_SHIFT : 0;

        if (number > 0)
                base_text_add_u64(&text, number);
}

static void port_evidence(const struct model_port *port, struct report_row *row)
{
        struct base_text text = report_field_open(row, "evidence");
        bool first = true;

        for (enum policy_evidence i = EVIDENCE_ROOT; i < EVIDENCE_MAX; i++) {
                if (!(port->evidence & POLICY_EVIDENCE_BIT(i)))
                        continue;
                if (!first)
                        base_text_add_char(&text, ' ');
                base_text_add(&text, policy_evidence_word(i));
                first = false;
        }
}

static void port_use(const struct event_use *use, struct report_row *row)
{
        struct base_text text = report_field_open(row, "use");

        for (enum event_use_kind i = 0; i < USE_MAX; i++) {
                if (!(use->uses & EVENT_USE_BIT(i)))
                        continue;
                if (text.length > 0)
                        base_text_add_char(&text, ' ');
                base_text_add(&text, policy_use_word(i));
        }
        if (use->unknown)
                base_text_add(&text, text.length > 0 ? " unknown" : "unknown");
        report_field_text(row, "used_by", use->first);
}

/* Nothing where requester IDs are not reserved: on VT-d Xen blocks those that it does not know. */
static void requester_fields(const struct core *core, uint64_t count, uint64_t reserved,
                             struct report_row *row)
{
        struct base_text text = report_field_open(row, "requesters");

        if (model_unlisted(core))
                base_text_add_u64(&text, count);
        text = report_field_open(row, "reserved");
        if (model_unlisted(core))
                base_text_add_u64(&text, reserved);
}

bool report_port_row(const struct core *core, uint32_t index, struct report_row *ret_row)
{
        const struct model_port *port = &core->ports[index];
        bool readable;

        row_clear(ret_row);
        if (index >= core->port_count)
                return false;
        readable = port->read_once && port->registers.readable;
        field_sbdf(ret_row, "sbdf", port->found.sbdf);
        field_bool(ret_row, "external", port->external);
        report_field_text(ret_row, "gate", known(readable, port->closed, "closed", "open"));
        report_field_text(ret_row, "presence", known(readable, port->occupied, "present", "empty"));
        report_field_text(ret_row, "link", known(readable, port->up, "up", "down"));
        field_number(ret_row, "bus_first", port->registers.secondary);
        field_number(ret_row, "bus_last", port->registers.subordinate);
        report_field_text(ret_row, "state", report_state_name(port->state));
        report_field_text(ret_row, "reason", report_reason_name(port->reason));
        report_field_text(ret_row, "pciehp",
                          known(readable, port->registers.pciehp, "bound", "unbound"));
        field_bool(ret_row, "acs", policy_port_validated(port));
        field_number(ret_row, "functions", model_function_count(core, port));
        report_field_text(ret_row, "path", port->found.path);
        port_slot(&port->found, ret_row);
        report_field_text(ret_row, "why", report_reason_name(port->why));
        port_evidence(port, ret_row);
        verdict_fields(core, port->verdict, port->verdict_why, port->verdict_rule, ret_row);
        field_bool(ret_row, "tainted", policy_port_tainted(core, port));
        port_use(&port->found.use, ret_row);
        requester_fields(core, model_port_requesters(core, port).count,
                         model_port_reserved(core, port), ret_row);
        field_guest(ret_row, port, true);
        return true;
}

static const char *iommu_name(enum event_iommu iommu)
{
        switch (iommu) {
        case IOMMU_VTD:
                return "vtd";
        case IOMMU_AMD:
                return "amd";
        case IOMMU_UNKNOWN:
        case IOMMU_MAX:
                break;
        }
        return "unknown";
}

static uint64_t function_states(const struct core *core, enum model_state state)
{
        uint64_t count = 0;

        for (uint32_t i = 0; i < core->function_count; i++)
                count += core->functions[i].state == state;
        return count;
}

/* The state file, as it was found and as it was last written. */
static const char *memory_name(const struct core *core)
{
        if (core->memory_failed)
                return "unwritable";
        switch (core->memory) {
        case MEMORY_FRESH:
        case MEMORY_GOOD:
        case MEMORY_TORN:
                return "good";
        case MEMORY_DAMAGED:
                return "damaged";
        case MEMORY_NEWER:
                return "newer";
        case MEMORY_UNUSABLE:
                return "unusable";
        case MEMORY_UNKNOWN:
        case MEMORY_STATUS_MAX:
                break;
        }
        return "";
}

static bool memory_bad(const struct core *core)
{
        return core->memory_failed || model_memory_bad(core);
}

static uint64_t ports_tainted(const struct core *core)
{
        uint64_t count = 0;

        for (uint32_t i = 0; i < core->port_count; i++)
                count += policy_port_tainted(core, &core->ports[i]);
        return count;
}

/* The third door: nothing is said where there is no Thunderbolt. */
static void status_routers(const struct core *core, struct report_row *row)
{
        uint32_t states[ROUTER_STATE_MAX] = { 0 };

        if (core->domain_count == 0)
                return;
        for (uint32_t i = 0; i < core->router_count; i++) {
                base_assert(core->routers[i].state < ROUTER_STATE_MAX);
                states[core->routers[i].state]++;
        }
        field_number(row, "routers", core->router_count);
        field_number(row, "routers_authorized", states[ROUTER_AUTHORIZED]);
        field_number(row, "routers_foreign", states[ROUTER_FOREIGN]);
        field_number(row, "routers_held", states[ROUTER_HELD]);
}

/* What dom0 can be overwritten by, because a rule says so. */
static void status_trusted(const struct core *core, struct report_row *row)
{
        struct base_text text = report_field_open(row, "trusted");

        for (uint32_t i = 0; i < core->port_count; i++)
                for (uint32_t j = 0; core->ports[i].trusted && j < core->function_count; j++) {
                        const struct model_function *function = &core->functions[j];

                        if (function->port != core->ports[i].found.sbdf || !function->given)
                                continue;
                        if (text.length > 0)
                                base_text_add_char(&text, ' ');
                        base_text_add_sbdf(&text, function->facts.sbdf);
                }
}

static uint64_t ports_exposed(const struct core *core)
{
        uint64_t count = 0;

        for (uint32_t i = 0; i < core->port_count; i++)
                count += core->ports[i].exposed != REASON_NONE;
        return count;
}

static void status_requesters(const struct core *core, struct report_row *row)
{
        uint64_t requesters = 0, reserved = 0;

        for (uint32_t i = 0; i < core->port_count; i++) {
                if (!core->ports[i].external)
                        continue;
                requesters += model_port_requesters(core, &core->ports[i]).count;
                reserved += model_port_reserved(core, &core->ports[i]);
        }
        requester_fields(core, requesters, reserved, row);
}

void report_status_row(const struct core *core, struct report_row *ret_row)
{
        enum record_reason weakness = policy_platform_weakness(&core->platform);
        uint64_t external = 0, problems = function_states(core, STATE_CONTAINED);
        struct base_text text;

        row_clear(ret_row);
        for (uint32_t i = 0; i < core->port_count; i++) {
                external += core->ports[i].external;
                problems += core->ports[i].external && (core->ports[i].state == STATE_CONTAINED ||
                                                        !verify_port_guarded(&core->ports[i]));
        }
        problems += memory_bad(core);
        field_bool(ret_row, "contained", verify_machine_contained(core));
        field_number(ret_row, "ports", core->port_count);
        field_number(ret_row, "external", external);
        field_number(ret_row, "functions", core->function_count);
        field_number(ret_row, "quarantined", function_states(core, STATE_QUARANTINED));
        field_number(ret_row, "assigned", function_states(core, STATE_ASSIGNED));
        field_number(ret_row, "problems", problems);
        field_number(ret_row, "exposed", ports_exposed(core));
        field_number(ret_row, "tainted", ports_tainted(core));
        report_field_text(ret_row, "iommu", iommu_name(core->platform.iommu));
        text = report_field_open(ret_row, "xen");
        if (core->platform.xen_major > 0) {
                base_text_add_u64(&text, core->platform.xen_major);
                base_text_add_char(&text, '.');
                base_text_add_u64(&text, core->platform.xen_minor);
        }
        report_field_text(ret_row, "door2", weakness ? "weak" : "holds");
        report_field_text(ret_row, "reason", report_reason_name(weakness));
        report_field_text(ret_row, "memory", memory_name(core));
        status_requesters(core, ret_row);
        status_trusted(core, ret_row);
        status_routers(core, ret_row);
        report_field_text(ret_row, "session", report_session_name(core->session));
        report_field_text(ret_row, "session_why", report_reason_name(core->session_why));
}

const char *report_row_value(const struct report_row *row, const char *key)
{
        base_assert(row->count <= REPORT_FIELDS);
        for (uint32_t i = 0; i < row->count; i++)
                if (base_text_equal(row->fields[i].key, key))
                        return row->fields[i].value;
        return NULL;
}
