/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core itself: any events in any order, answers with right and wrong tokens; what leaves must stay licensed. */
#include <stdbool.h>
#include <string.h>

#include "core/event/coverage.h"
#include "core/model/model.h"
#include "core/policy/policy.h"
#include "core/report/report.h"
#include "core/step.h"
#include "fuzz.h"
#include "stream.h"

#define STEPS_MAX 40u
#define TEXT_SIZE 513u /* report_record_text: at most 512 bytes are ever needed */

/* The last reading of a port that the core knew at that time. */
struct seen {
        uint32_t sbdf;
        bool powered; /* at the last reading that was readable */
        struct event_port_registers registers;
};

struct run {
        struct core core, twin;
        struct effects effects, twin_effects;
        bool thorough; /* a twin is fed the same, and everything is shown */
        uint32_t ports_peak, functions_peak, memory_peak;
        uint32_t seen_count;
        struct seen seen[LIMIT_PORTS];
        bool answered[STEPS_MAX + 1]; /* by request id; ids count from 1 */
        struct fuzz_stream stream;
};

static struct run run;

static uint32_t greater(uint32_t a, uint32_t b)
{
        return a > b ? a : b;
}

/* What core_init does, but only where the last run wrote: the whole state has some 170 KB. */
static void core_clear(struct core *core)
{
        if (core->configured)
                memset(&core->config, 0, sizeof core->config);
        memset(&core->platform, 0, sizeof core->platform);
        memset(core->functions, 0, run.functions_peak * sizeof core->functions[0]);
        memset(core->ports, 0, run.ports_peak * sizeof core->ports[0]);
        memset(core->memory_ports, 0, sizeof core->memory_ports);
        memset(core->memory_routers, 0, sizeof core->memory_routers);
        memset(core->domains, 0, sizeof core->domains);
        memset(core->routers, 0, sizeof core->routers);
        memset(core->memory_functions, 0, run.memory_peak * sizeof core->memory_functions[0]);
        memset(core, 0, offsetof(struct core, ports));
}

static void run_begin(const uint8_t *data, size_t size)
{
        uint8_t sum = 0;

        for (size_t i = 0; i < size; i++)
                sum = (uint8_t)(sum + data[i]);
        core_clear(&run.core);
        core_clear(&run.twin);
        run.ports_peak = run.functions_peak = run.memory_peak = run.seen_count = 0;
        memset(run.answered, 0, sizeof run.answered);
        run.thorough = sum % 8 == 0; /* one input in eight: it costs far more than the steps */
        fuzz_stream_begin(&run.stream, data, size);
}

static struct seen *seen_get(uint32_t sbdf)
{
        for (uint32_t i = 0; i < run.seen_count; i++)
                if (run.seen[i].sbdf == sbdf)
                        return &run.seen[i];
        return NULL;
}

/* Before the step: what the core is about to be told, if it knows the port. */
static void seen_take(const struct event *event)
{
        struct seen *seen = seen_get(event->port);

        if (event->kind != EVENT_PORT_READ || !model_port_get(&run.core, event->port))
                return;
        if (!seen) {
                base_assert(run.seen_count < LIMIT_PORTS);
                seen = &run.seen[run.seen_count++];
                *seen = (struct seen){ .sbdf = event->port, .powered = true };
        }
        seen->registers = event->registers;
        if (event->registers.readable)
                seen->powered = !(event->registers.slot_control & MODEL_SLOT_CONTROL_PCC);
}

/* After it: of a port that was lost, nothing is known. */
static void seen_forget(void)
{
        for (uint32_t i = run.seen_count; i > 0; i--)
                if (!model_port_get(&run.core, run.seen[i - 1].sbdf))
                        run.seen[i - 1] = run.seen[--run.seen_count];
}

/* The last reading said: closed, held by pcieport, not by pciehp. */
static void guard_check(uint32_t port)
{
        const struct seen *seen = seen_get(port);

        base_assert(seen && seen->registers.readable);
        base_assert(!(seen->registers.command & MODEL_COMMAND_BME));
        base_assert(seen->registers.pcieport && !seen->registers.pciehp);
}

static void slot_check(const struct effect *effect, const struct model_port *port)
{
        const struct seen *seen = seen_get(effect->port);

        base_assert(port->found.slot && (effect->value & ~effect->mask) == 0);
        if (!(effect->mask & MODEL_SLOT_CONTROL_PCC) || (effect->value & MODEL_SLOT_CONTROL_PCC))
                return;
        base_assert(seen);
        if (!seen->powered)
                guard_check(effect->port);
}

/* An effect on one function is about that one, as the core knows it now. */
static void function_check(const struct effect *effect)
{
        const struct model_function *function =
                model_function_get(&run.core, effect->port, effect->function);

        base_assert(function);
        base_assert(effect->instance == (function->listed ? function->facts.instance : 0));
}

/* Of requester IDs only those of the port's bus range that an AMD IOMMU covers, and behind the closed door 1 (I7). */
static void reserve_check(const struct effect *effect, const struct model_port *port)
{
        uint64_t covered[LIMIT_BUS_WORDS];

        guard_check(effect->port);
        base_assert(run.core.platform.iommu == IOMMU_AMD && run.core.platform.coverage.known);
        base_assert(effect->bus_first == effect->bus_last);
        base_assert(effect->bus_first >= port->registers.secondary &&
                    effect->bus_first <= port->registers.subordinate);
        event_coverage_bus(&run.core.platform.coverage, base_sbdf_segment(effect->port),
                           effect->bus_first, covered);
        base_assert(event_bus_count(effect->requesters) > 0);
        for (uint32_t i = 0; i < LIMIT_BUS_WORDS; i++)
                base_assert((effect->requesters[i] & ~covered[i]) == 0);
}

static void reply_check(const struct effect *effect)
{
        base_assert(effect->request >= 1 && effect->request <= run.stream.requests);
        base_assert(!run.answered[effect->request]);
        base_assert(effect->result < RESULT_MAX && effect->reason < REASON_MAX);
        run.answered[effect->request] = true;
}

/* One at a time; an effect on one router is about that one, and every port where something of it may appear is shut. */
static void router_check(const struct effect *effect)
{
        const struct model_router *router = model_router_get(&run.core, &effect->router);

        base_assert(effect->port == BASE_SBDF_NONE && effect->function == BASE_SBDF_NONE);
        base_assert(effect->token != 0 && effect->token == run.core.router_token);
        base_assert(router || effect->kind == EFFECT_ROUTERS || effect->kind == EFFECT_FORGET);
        if (effect->kind != EFFECT_AUTHORIZE)
                return;
        base_assert(router->facts.authorized == AUTHORIZED_NO);
        for (uint32_t i = 0; i < run.core.port_count; i++)
                if (policy_router_reaches(&run.core, router, &run.core.ports[i]))
                        guard_check(run.core.ports[i].found.sbdf);
}

static void effect_check(const struct effect *effect)
{
        const struct model_port *port = model_port_get(&run.core, effect->port);

        if (effect->kind == EFFECT_REPLY) {
                reply_check(effect);
                return;
        }
        if (effect->kind == EFFECT_DISCOVER) {
                base_assert(effect->token == run.core.discover_token);
                return;
        }
        base_assert(effect->kind > EFFECT_NONE && effect->kind < EFFECT_MAX);
        if (effect->kind == EFFECT_REMEMBER && effect->port == BASE_SBDF_NONE) {
                base_assert(effect->token != 0 && effect->token == run.core.router_token);
                base_assert(run.core.memory_router_count == 0); /* it would be lost unread */
                return;
        }
        if (effect->kind >= EFFECT_ROUTERS && effect->kind <= EFFECT_FORGET) {
                router_check(effect);
                return;
        }
        base_assert(port && port->external);
        base_assert((effect->deadline_ms == 0) == (effect->token == 0));
        base_assert(effect->token == 0 ||
                    (port->token == effect->token && port->pending_function == effect->function));
        if (effect->kind == EFFECT_RESCAN)
                guard_check(effect->port);
        if (effect->kind == EFFECT_SLOT_CONTROL)
                slot_check(effect, port);
        if (effect->kind == EFFECT_RESERVE)
                reserve_check(effect, port);
        if (effect->function != BASE_SBDF_NONE)
                function_check(effect);
}

static void text_check(const struct record *record)
{
        char buffer[TEXT_SIZE];
        struct base_text text = base_text_on(buffer, sizeof buffer);

        report_record_text(record, &text);
        base_assert(text.length > 0 && !text.truncated);
}

/* In one step a port gets one effect at most. */
static void effect_alone_check(const struct effects *effects, uint32_t index)
{
        const struct effect *effect = &effects->items[index];

        if (effect->kind == EFFECT_REPLY || effect->kind == EFFECT_DISCOVER)
                return;
        for (uint32_t i = 0; i < index; i++)
                base_assert(effects->items[i].kind == EFFECT_REPLY ||
                            effects->items[i].port == BASE_SBDF_NONE ||
                            effects->items[i].kind == EFFECT_DISCOVER ||
                            effects->items[i].port != effect->port);
}

static void effects_check(const struct effects *effects)
{
        base_assert(effects->count <= LIMIT_EFFECTS && effects->record_count <= LIMIT_RECORDS);
        for (uint32_t i = 0; i < effects->count; i++) {
                effect_check(&effects->items[i]);
                effect_alone_check(effects, i);
        }
        for (uint32_t i = 0; i < effects->record_count; i++) {
                const struct record *record = &effects->records[i];

                base_assert(record->kind < RECORD_MAX && record->reason < REASON_MAX);
                if (run.thorough)
                        text_check(record);
        }
}

static void effects_clear(struct effects *effects)
{
        memset(effects->items, 0, effects->count * sizeof effects->items[0]);
        memset(effects->records, 0, effects->record_count * sizeof effects->records[0]);
        effects->count = effects->record_count = 0;
        effects->overflow = false;
}

static void step(const struct event *event)
{
        seen_take(event);
        effects_clear(&run.effects);
        core_step(&run.core, event, &run.effects);
        base_assert(run.core.port_count <= LIMIT_PORTS);
        base_assert(run.core.function_count <= LIMIT_FUNCTIONS);
        run.ports_peak = greater(run.ports_peak, run.core.port_count);
        run.functions_peak = greater(run.functions_peak, run.core.function_count);
        run.memory_peak = greater(run.memory_peak, run.core.memory_function_count);
        effects_check(&run.effects);
        seen_forget();
        if (!run.thorough)
                return;
        effects_clear(&run.twin_effects);
        core_step(&run.twin, event, &run.twin_effects);
        base_assert(run.effects.count == run.twin_effects.count);
        base_assert(run.effects.record_count == run.twin_effects.record_count);
        for (uint32_t i = 0; i < run.effects.count; i++)
                base_assert(run.effects.items[i].kind == run.twin_effects.items[i].kind &&
                            run.effects.items[i].token == run.twin_effects.items[i].token &&
                            run.effects.items[i].port == run.twin_effects.items[i].port);
}

static void zero_check(const void *bytes, size_t size)
{
        const uint8_t *byte = bytes;

        for (size_t i = 0; i < size; i++)
                base_assert(byte[i] == 0);
}

/* Core state is hashed whole: what is not in use is zero, and the same events leave the same bytes. */
static void state_check(void)
{
        const struct core *core = &run.core, *twin = &run.twin;

        zero_check(&core->ports[core->port_count],
                   (run.ports_peak - core->port_count) * sizeof core->ports[0]);
        zero_check(&core->functions[core->function_count],
                   (run.functions_peak - core->function_count) * sizeof core->functions[0]);
        base_assert(memcmp(core, twin, offsetof(struct core, ports)) == 0);
        base_assert(memcmp(core->ports, twin->ports, run.ports_peak * sizeof core->ports[0]) == 0);
        base_assert(memcmp(core->functions, twin->functions,
                           run.functions_peak * sizeof core->functions[0]) == 0);
        zero_check(&core->memory_functions[core->memory_function_count],
                   (run.memory_peak - core->memory_function_count) *
                           sizeof core->memory_functions[0]);
        zero_check(&core->memory_ports[core->memory_port_count],
                   (LIMIT_PORTS - core->memory_port_count) * sizeof core->memory_ports[0]);
        zero_check(&core->memory_routers[core->memory_router_count],
                   (LIMIT_ROUTERS - core->memory_router_count) * sizeof core->memory_routers[0]);
        base_assert(memcmp(core->memory_routers, twin->memory_routers,
                           sizeof core->memory_routers) == 0);
        zero_check(&core->routers[core->router_count],
                   (LIMIT_ROUTERS - core->router_count) * sizeof core->routers[0]);
        base_assert(memcmp(core->routers, twin->routers, sizeof core->routers) == 0);
        base_assert(memcmp(core->domains, twin->domains, sizeof core->domains) == 0);
        base_assert(memcmp(core->memory_functions, twin->memory_functions,
                           run.memory_peak * sizeof core->memory_functions[0]) == 0);
        base_assert(memcmp(&core->platform, &twin->platform, sizeof core->platform) == 0);
        base_assert(memcmp(&core->config, &twin->config, sizeof core->config) == 0);
}

/* Explanations, audits and changes of any state end, and fit. */
static void report_check_more(const struct core *core)
{
        static const struct event_machine machine = { .linux_major = 6 };
        static struct report_row row;
        uint32_t index = 0;

        while (report_audit_row(core, &machine, index, &row))
                base_assert(row.count == 6 && ++index < 17 + LIMIT_PORTS * 4 + LIMIT_FUNCTIONS + 1);
        base_assert(!report_change_row(core, core, 0, &row));
        for (uint32_t i = 0; i < core->port_count; i++) {
                uint32_t sbdf = core->ports[i].found.sbdf;

                base_assert(report_explain_port(core, sbdf, &row));
                (void)report_explain_now(core, sbdf, &row); /* streams have ports without address */
        }
        if (core->function_count > 0)
                (void)report_explain_now(core, core->functions[core->function_count - 1].facts.sbdf,
                                         &row);
}

/* Whatever the state, it can be shown: the last row of each kind, and none behind it. */
static void report_check(void)
{
        static struct report_row row;
        const struct core *core = &run.core;
        struct effect read;
        uint32_t watched = 0, below = 0;

        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].external) {
                        base_assert(core_port_watched(core, watched++, &read));
                        base_assert(read.port == core->ports[i].found.sbdf);
                        below += model_function_count(core, &core->ports[i]);
                }
        base_assert(!core_port_watched(core, watched, &read));
        report_check_more(core);
        report_status_row(core, &row);
        base_assert(row.count <= REPORT_FIELDS);
        base_assert(core->port_count == 0 || report_port_row(core, core->port_count - 1, &row));
        base_assert(!report_port_row(core, core->port_count, &row));
        base_assert(below == 0 || report_function_row(core, below - 1, &row));
        base_assert(!report_function_row(core, core->function_count, &row));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct event *event;

        run_begin(data, size);
        for (uint32_t i = 0; i < STEPS_MAX; i++) {
                event = fuzz_stream_next(&run.stream, &run.core);
                if (!event)
                        break;
                step(event);
        }
        if (run.thorough) {
                state_check();
                report_check();
        }
        return 0;
}
