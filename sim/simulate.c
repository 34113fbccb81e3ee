/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scenario, event by event: the same world and the same core as the explorer's, under the fair schedule. */
#include "simulate.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "canon.h"
#include "core/report/name.h"
#include "core/report/report.h"
#include "core/verify/verify.h"
#include "edge.h"
#include "scenario.h"

/* After each event: longer than any request may take. What is contained is tried again for ever, ever more slowly. */
#define REST_MS 120000u
#define REST_MOVES 20000u
/* The watcher's looks in a row, without anything that comes of them, after which all is at rest. */
#define REST_POLLS 3u

struct run {
        const struct sim_scenario *scenario;
        sim_tell tell;
        void *userdata;
        int error; /* what tell answered */
        uint32_t step;
        uint64_t begun_ms;
        bool replied; /* to the request of this step */
        enum effect_result result;
        enum record_reason reason;
        struct sim_state state;
};

/* A row under way; its values have to outlive it. */
struct row {
        uint32_t count;
        struct sim_field fields[SIM_FIELDS];
        char step[12];
};

static void field_add(struct row *row, const char *key, const char *value)
{
        base_assert(row->count < SIM_FIELDS);
        row->fields[row->count++] = (struct sim_field){ key, value };
}

static void row_begin(const struct run *run, struct row *row, const char *kind)
{
        struct base_text step = base_text_on(row->step, sizeof row->step);

        base_text_add_u64(&step, run->step);
        row->count = 0;
        field_add(row, "step", row->step);
        field_add(row, "kind", kind);
}

static void row_tell(struct run *run, const struct row *row)
{
        if (run->error == 0)
                run->error = run->tell(run->userdata, row->fields, row->count);
}

static void record_tell(struct run *run, const struct record *record)
{
        const struct report_message *message = report_message_get(record->kind);
        char buffer[640], address[BASE_SBDF_TEXT_SIZE], priority[2] = { 0 };
        struct base_text text = base_text_on(buffer, sizeof buffer);
        uint32_t sbdf = record->function != BASE_SBDF_NONE ? record->function : record->port;
        struct row row;

        if (message->priority == RECORD_DEBUG)
                return;
        report_record_text(record, &text);
        priority[0] = (char)('0' + message->priority);
        row_begin(run, &row, "record");
        field_add(&row, "event", message->name);
        field_add(&row, "priority", priority);
        if (sbdf != BASE_SBDF_NONE)
                field_add(&row, "sbdf", base_sbdf_format(sbdf, address));
        field_add(&row, "reason", report_reason_name(record->reason));
        field_add(&row, "text", buffer);
        row_tell(run, &row);
}

static void on_effects(void *userdata, const struct sim_state *state, const struct effects *effects)
{
        struct run *run = userdata;

        (void)state;
        for (uint32_t i = 0; i < effects->record_count; i++)
                record_tell(run, &effects->records[i]);
        for (uint32_t i = 0; i < effects->count; i++)
                if (effects->items[i].kind == EFFECT_REPLY) {
                        run->replied = true;
                        run->result = effects->items[i].result;
                        run->reason = effects->items[i].reason;
                }
}

/* Goes on until nothing comes of anything any more. A dead daemon does nothing. */
static void rest_reach(struct sim_state *state)
{
        uint64_t until_ms = state->world.now_ms + REST_MS;
        uint32_t idle = 0;

        for (uint32_t i = 0; i < REST_MOVES && idle < REST_POLLS; i++) {
                struct sim_move move = sim_move_fair(&state->world);
                uint64_t next_ms;

                if (state->world.crashed)
                        return;
                if (i == 0)
                        move = (struct sim_move){ MOVE_POLL, 0, 0 };
                next_ms = move.kind == MOVE_TIME ? sim_canon_next(state) : 0;
                if (next_ms > until_ms)
                        return;
                idle = move.kind == MOVE_TIME && next_ms == 0 ? idle + 1 : 0;
                sim_move_do(state, move);
        }
}

static void function_told(struct run *run, const struct report_row *report)
{
        struct row row;

        row_begin(run, &row, report_row_value(report, "kind"));
        for (uint32_t i = 0; i < report->count; i++)
                if (!base_text_equal(report->fields[i].key, "kind"))
                        field_add(&row, report->fields[i].key, report->fields[i].value);
        row_tell(run, &row);
}

/* As `sallyport tree` would show it: each port, and below it its functions. */
static void core_tell(struct run *run)
{
        const struct core *core = &run->state.core;
        static struct report_row port, function; /* large */

        for (uint32_t i = 0; report_port_row(core, i, &port); i++) {
                struct row row;

                row_begin(run, &row, "port");
                for (uint32_t j = 0; j < port.count; j++)
                        field_add(&row, port.fields[j].key, port.fields[j].value);
                row_tell(run, &row);
                for (uint32_t j = 0; report_function_row(core, j, &function); j++)
                        if (base_text_equal(report_row_value(&function, "port"),
                                            report_row_value(&port, "sbdf")))
                                function_told(run, &function);
        }
}

static bool port_external(struct run *run, uint32_t number)
{
        const struct model_port *port =
                model_port_get(&run->state.core, sim_port_sbdf(&run->state.world, number));

        return port && port->external;
}

static void function_seen(struct run *run, uint32_t port, uint32_t index)
{
        static const char *const owners[] = { [SIM_ABSENT] = "",
                                              [SIM_NOBODY] = "none",
                                              [SIM_DOM0] = "dom0",
                                              [SIM_DOM_IO] = "dom_io",
                                              [SIM_GUEST] = SIM_GUEST_NAME };
        const struct sim_world *world = &run->state.world;
        const struct sim_function *function = &world->ports[port].functions[index];
        const struct sim_place *place = &sim_shape_of(world, port)->places[index];
        char sbdf[BASE_SBDF_TEXT_SIZE], above[BASE_SBDF_TEXT_SIZE], parent[BASE_SBDF_TEXT_SIZE];
        const struct sim_facts *facts;
        struct row row;

        if (function->known == 0)
                return;
        facts = sim_facts(world, port, index, function->known);
        row_begin(run, &row, facts->kind == SIM_BRIDGE ? "bridge" : "endpoint");
        field_add(&row, "sbdf", base_sbdf_format(place->sbdf, sbdf));
        field_add(&row, "port", base_sbdf_format(sim_port_sbdf(world, port), above));
        field_add(&row, "parent",
                  base_sbdf_format(place->parent == SIM_DIRECT
                                           ? sim_port_sbdf(world, port)
                                           : sim_sbdf(world, port, place->parent),
                                   parent));
        field_add(&row, "owner", owners[function->owner]);
        field_add(&row, "driver",
                  function->pciback ? EVENT_PCIBACK_DRIVER
                                    : (function->driver ? facts->driver : ""));
        row_tell(run, &row);
}

/* The daemon is dead: what a look at machine and Xen shows, and no states, for nobody derives any. */
static void world_tell(struct run *run)
{
        const struct sim_world *world = &run->state.world;

        for (uint32_t i = 0; i < world->port_count; i++) {
                const struct sim_port *port = &world->ports[i];
                bool present = port->slot_status & MODEL_SLOT_STATUS_PDS;
                char sbdf[BASE_SBDF_TEXT_SIZE];
                struct row row;

                row_begin(run, &row, "port");
                field_add(&row, "sbdf", base_sbdf_format(sim_port_sbdf(world, i), sbdf));
                field_add(&row, "gate", port->command & MODEL_COMMAND_BME ? "open" : "closed");
                field_add(&row, "presence", present ? "present" : "empty");
                field_add(&row, "link",
                          port->link_status & MODEL_LINK_STATUS_DLLLA ? "up" : "down");
                field_add(&row, "pciehp", port->pciehp ? "bound" : "unbound");
                row_tell(run, &row);
                for (uint32_t j = 0; port_external(run, i) && j < sim_function_count(world, i); j++)
                        function_seen(run, i, j);
        }
}

/* From outside: no requester ID below an external port reaches dom0's memory, and Xen runs. */
static bool world_contained(struct run *run)
{
        const struct sim_world *world = &run->state.world;

        for (uint32_t i = 0; i < world->port_count; i++) {
                const struct sim_port *port = &world->ports[i];

                if (!(port->command & MODEL_COMMAND_BME) || !port_external(run, i))
                        continue;
                for (uint32_t j = 0; j < sim_function_count(world, i); j++)
                        if (port->functions[j].mapping != SIM_BLOCKED)
                                return false;
        }
        return !world->panicked;
}

/* Two must agree: the machine as it is, and the daemon's own verdict where there is one. */
static bool all_contained(struct run *run)
{
        return world_contained(run) &&
               (run->state.world.crashed || verify_machine_contained(&run->state.core));
}

/* All that comes of what was just done. Returns whether it left everything contained. */
static bool step_finish(struct run *run, const char *event)
{
        bool contained;
        char time[24];
        struct base_text time_text = base_text_on(time, sizeof time);
        struct row row;

        rest_reach(&run->state);
        contained = all_contained(run);
        if (run->state.world.crashed)
                world_tell(run);
        else
                core_tell(run);
        base_text_add_u64(&time_text, run->state.world.now_ms - run->begun_ms);
        row_begin(run, &row, "event");
        field_add(&row, "event", event);
        field_add(&row, "time_ms", time);
        field_add(&row, "contained", contained ? "true" : "false");
        if (run->replied) {
                field_add(&row, "result", report_result_name(run->result));
                field_add(&row, "reason", report_reason_name(run->reason));
        }
        row_tell(run, &row);
        run->step++;
        run->replied = false;
        return contained;
}

/* Stock Linux boots, and then the daemon starts. */
static bool start_run(struct run *run)
{
        const struct sim_scenario *scenario = run->scenario;
        struct sim_world *world = &run->state.world;

        sim_world_init(world, &scenario->shape, scenario->vendor, scenario->xen_minor,
                       scenario->shape.port_count);
        for (uint32_t i = 0; i < world->port_count; i++)
                if (scenario->at_boot[i] != 0)
                        sim_port_plug(world, i, scenario->at_boot[i]);
        world->usable = true;
        world->guests = world->guest_there = true;
        world->domid = SIM_OTHER_DOMID + 1;
        for (uint32_t i = 0; i < world->port_count; i++)
                world->ports[i].used = scenario->used[i];
        sim_kernel_rescan(world); /* ports without pciehp are enumerated too, at boot */
        world->attacks_left = world->wishes_left = UINT8_MAX;
        run->begun_ms = world->now_ms;
        sim_daemon_start(&run->state);
        return step_finish(run, "start");
}

int sim_simulate(const char *text, size_t length, sim_tell tell, void *userdata,
                 struct sim_diagnosis *ret_diagnosis)
{
        static struct sim_scenario scenario; /* both are large */
        static struct run run;
        bool contained;

        if (!sim_scenario_parse(text, length, &scenario, ret_diagnosis))
                return -EINVAL;
        memset(&run, 0, sizeof run);
        run.scenario = &scenario;
        run.tell = tell;
        run.userdata = userdata;
        sim_edge_watch(on_effects, &run);
        contained = start_run(&run);
        for (uint32_t i = 0; i < scenario.event_count && run.error == 0; i++) {
                run.state.world.faults_left = UINT8_MAX; /* what the scenario says costs nothing */
                sim_move_do(&run.state, scenario.events[i].move);
                contained &= step_finish(&run, scenario.events[i].text);
        }
        sim_edge_watch(NULL, NULL);
        return run.error < 0 ? run.error : contained;
}
