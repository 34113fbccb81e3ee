/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules want for what is below a port: each function asked alone, then the hierarchy as a whole. */
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "core/policy/finding.h"
#include "core/policy/policy.h"
#include "core/policy/rules.h"

static const struct policy_decision undecided = { .verdict = VERDICT_QUARANTINE,
                                                  .rule = POLICY_RULE_NONE,
                                                  .guest = "" };

/* The devices and functions on the way down. False where a bridge between is not known: then neither is the place. */
static bool position_fill(struct core *core, const struct model_function *function,
                          struct policy_facts *facts)
{
        const struct model_function *at = function;
        uint32_t depth = 0;

        while (depth <= LIMIT_DEPTH) {
                facts->position[depth++] = (uint8_t)(at->facts.sbdf & 0xffu);
                if (at->facts.parent == function->port)
                        break;
                at = model_function_get(core, function->port, at->facts.parent);
                if (!at)
                        return false;
        }
        for (uint32_t i = 0; i < depth / 2; i++) {
                uint8_t low = facts->position[i];

                facts->position[i] = facts->position[depth - 1 - i];
                facts->position[depth - 1 - i] = low;
        }
        facts->depth = depth;
        return depth <= LIMIT_DEPTH;
}

static struct policy_facts port_facts(const struct model_port *port)
{
        return (struct policy_facts){ .known = POLICY_KNOWN_MINUTE | POLICY_KNOWN_PORT |
                                               policy_session_known(port->session),
                                      .session = port->session,
                                      .port = port->found.sbdf,
                                      .path = port->found.path,
                                      .at_boot = port->at_boot,
                                      .minute = port->minute };
}

/* A rule that cannot be asked decides nothing: quarantine (I6). */
static struct policy_decision decide(const struct core *core, const struct policy_facts *facts)
{
        struct policy_decision decision = undecided;

        if (core->rules)
                (void)policy_rules_decide(core->rules, facts, &decision);
        return decision;
}

/* A router that is gone takes what it was behind with it: nothing is known of that any more. */
static void router_fill(struct core *core, const struct model_function *function,
                        struct policy_router *said, char unique_id[static POLICY_UNIQUE_ID_SIZE],
                        struct policy_facts *facts)
{
        const struct model_router *router = model_router_get(core, &function->router);

        if (function->routed && (router || !function->router.any))
                facts->known |= POLICY_KNOWN_ROUTER | POLICY_KNOWN_KEY;
        if (!router)
                return;
        *said = policy_router_facts(core, router, unique_id);
        facts->router = said;
}

static struct policy_decision function_decide(struct core *core, const struct model_port *port,
                                              const struct model_function *function, uint32_t count)
{
        struct policy_facts facts = port_facts(port);
        char unique_id[POLICY_UNIQUE_ID_SIZE];
        struct policy_router said;

        facts.at_boot = function->at_boot;
        facts.function = &function->facts;
        facts.findings = policy_findings_gather(&function->facts);
        facts.count = count;
        facts.known |= POLICY_KNOWN_FUNCTION | POLICY_KNOWN_COUNT;
        router_fill(core, function, &said, unique_id, &facts);
        if (!position_fill(core, function, &facts))
                return undecided;
        return decide(core, &facts);
}

uint32_t policy_function_findings(const struct model_function *function)
{
        return function->listed ? policy_findings_gather(&function->facts) : 0;
}

uint32_t policy_function_dangers(const struct core *core, const struct model_function *function)
{
        return policy_findings_worse(policy_function_findings(function), SEVERITY_DANGEROUS) &
               ~core->config.forgiven;
}

bool policy_port_tainted(const struct core *core, const struct model_port *port)
{
        return port->external && port->tainted && core->platform.iommu != IOMMU_AMD;
}

static bool verdict_gives(enum record_verdict verdict)
{
        return verdict == VERDICT_ASSIGN || verdict == VERDICT_TRUST_DOM0;
}

static uint32_t rule_number(const struct policy_decision *decision)
{
        return decision->rule == POLICY_RULE_NONE ? 0 : decision->rule + 1;
}

/* Who was the first that something of the hierarchy is given to; VERDICT_QUARANTINE: nobody yet. */
struct owner {
        enum record_verdict verdict;
        const char *guest;
};

/* Takes note of one that something is given to. False where somebody else was before. */
static bool owner_take(struct owner *owner, const struct policy_decision *decision)
{
        if (owner->verdict == VERDICT_QUARANTINE)
                *owner = (struct owner){ decision->verdict, decision->guest };
        return owner->verdict == decision->verdict &&
               base_text_equal(owner->guest, decision->guest);
}

/*
 * Of two wishes for one hierarchy: to reject wins, then to ask, then to give it away. Bridges and other functions that
 * are only to stay in quarantine do so beside one that a guest gets. Two owners of one hierarchy are none (I6).
 */
static void port_combine(struct model_port *port, const struct policy_decision *decision,
                         struct owner *owner)
{
        static const uint8_t ranks[VERDICT_MAX] = { [VERDICT_QUARANTINE] = 0,
                                                    [VERDICT_ASSIGN] = 1,
                                                    [VERDICT_TRUST_DOM0] = 1,
                                                    [VERDICT_ASK] = 2,
                                                    [VERDICT_REJECT] = 3 };

        base_assert(decision->verdict < VERDICT_MAX);
        if (decision->function_only)
                return;
        if (ranks[decision->verdict] == 1 && !owner_take(owner, decision))
                port->verdict_why = REASON_RULES_DISAGREE;
        if (ranks[decision->verdict] <= ranks[port->verdict])
                return;
        port->verdict = decision->verdict;
        port->verdict_rule = rule_number(decision);
}

/* Once for each finding of a kernel object: what flips its bytes does not fill the journal. */
static void findings_tell(struct core *core, struct model_function *function,
                          struct effects *effects)
{
        uint32_t findings =
                policy_findings_worse(policy_findings_gather(&function->facts), SEVERITY_WARNING) &
                ~core->config.forgiven & ~function->findings_told;
        struct record record = model_record(core, RECORD_FINDINGS, REASON_NONE, function->port,
                                            function->facts.sbdf);

        if (findings == 0)
                return;
        function->findings_told |= findings;
        record.count = findings;
        core_record_add(effects, &record);
}

static void function_weigh(struct core *core, struct model_port *port,
                           struct model_function *function, uint32_t count, struct owner *owner,
                           struct effects *effects)
{
        struct policy_decision decision;
        struct record record;
        bool barred;

        policy_function_route(core, port, function);
        decision = function_decide(core, port, function, count);
        barred = verdict_gives(decision.verdict) && policy_function_dangers(core, function);
        findings_tell(core, function, effects);
        port_combine(port, &decision, owner);
        if (barred)
                decision.verdict = VERDICT_QUARANTINE;
        if (decision.verdict == function->verdict && rule_number(&decision) == function->rule &&
            barred == function->barred)
                return;
        function->verdict = decision.verdict;
        function->rule = rule_number(&decision);
        function->barred = barred;
        if (function->verdict == VERDICT_REJECT)
                return; /* RECORD_REJECTED tells it */
        record = model_record(core, barred ? RECORD_BARRED : RECORD_VERDICT, REASON_NONE,
                              function->port, function->facts.sbdf);
        record.verdict = function->verdict;
        record.count = policy_function_dangers(core, function);
        policy_verdict_rule(core, function->rule, record.rule);
        core_record_add(effects, &record);
}

/* Why nothing below the port may be given to anybody, whatever the rules say: one hierarchy, one owner. */
static enum record_reason port_bar(const struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf &&
                    policy_function_dangers(core, &core->functions[i]))
                        return REASON_FINDING;
        return policy_port_tainted(core, port) ? REASON_TAINTED : REASON_NONE;
}

static void functions_weigh(struct core *core, struct model_port *port, struct effects *effects)
{
        uint32_t count = model_function_count(core, port);
        struct policy_facts facts = port_facts(port);
        struct owner owner = { VERDICT_QUARANTINE, "" };
        struct policy_decision decision;

        port->weighed = true;
        port->verdict = VERDICT_QUARANTINE;
        port->verdict_why = REASON_NONE;
        port->verdict_rule = 0;
        if (count == 0) {
                decision = decide(core, &facts);
                port_combine(port, &decision, &owner);
        }
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf && core->functions[i].listed)
                        function_weigh(core, port, &core->functions[i], count, &owner, effects);
        if (port->verdict_why == REASON_RULES_DISAGREE && port->verdict != VERDICT_REJECT) {
                port->verdict = VERDICT_QUARANTINE;
                port->verdict_rule = 0;
        }
        if (!verdict_gives(port->verdict))
                return;
        port->verdict_why = port_bar(core, port);
        if (port->verdict_why)
                port->verdict = VERDICT_QUARANTINE;
}

/*
 * Locking takes nothing away: what is given to somebody is judged by the session in which that was. And what is
 * rejected stays so while nothing is known.
 */
static void session_take(const struct core *core, struct model_port *port)
{
        if (port->session == core->session || port->guest[0] != '\0' ||
            model_port_used(core, port) ||
            (core->session == SESSION_UNKNOWN && port->verdict == VERDICT_REJECT))
                return;
        port->session = core->session;
        port->weighed = false;
}

/*
 * While something is on its way out, or is out, what made it go stands: what is left of it would be judged otherwise,
 * and so would the empty slot.
 */
void policy_verdicts_weigh(struct core *core, struct effects *effects)
{
        for (uint32_t i = 0; i < core->port_count; i++) {
                struct model_port *port = &core->ports[i];

                if (!port->external || port->leaving || port->ejected)
                        continue;
                session_take(core, port);
                if (port->weighed)
                        continue;
                if (model_port_leaves(core, port)) /* it is not all of what is plugged now */
                        port->verdict = VERDICT_QUARANTINE;
                else
                        functions_weigh(core, port, effects);
        }
}

const char *policy_verdict_guest(const struct core *core, uint32_t rule)
{
        return core->rules && rule != 0 ? policy_rules_guest(core->rules, rule - 1) : "";
}

void policy_verdict_rule(const struct core *core, uint32_t rule,
                         char ret_name[static LIMIT_RULE_NAME])
{
        struct base_text text = base_text_on(ret_name, LIMIT_RULE_NAME);

        if (!core->rules || rule == 0)
                return;
        base_text_add(&text, policy_rules_file(core->rules, rule - 1));
        base_text_add_char(&text, ':');
        base_text_add_u64(&text, policy_rules_line(core->rules, rule - 1));
}
