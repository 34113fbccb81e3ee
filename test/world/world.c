/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small machine for unit tests of the core. */
#include "world/world.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/event/coverage.h"
#include "core/policy/rules.h"
#include "core/report/report.h"
#include "core/step.h"

static struct event event_make(const struct world *world, enum event_kind kind, uint32_t token)
{
        return (struct event){ .kind = kind,
                               .token = token,
                               .time_ms = world->now_ms,
                               .port = WORLD_PORT,
                               .minute = world->minute };
}

void world_event(struct world *world, const struct event *event)
{
        base_assert(world->queue_count < WORLD_QUEUE);
        world->queue[(world->queue_first + world->queue_count++) % WORLD_QUEUE] = *event;
}

/* A core whose rules could be read: there are none. */
static void core_begin(struct core *core)
{
        static struct policy_rules none;

        policy_rules_init(&none);
        core_init(core);
        core->rules = &none;
}

void world_init(struct world *ret_world)
{
        struct event_port *found = &ret_world->found;

        memset(ret_world, 0, sizeof *ret_world);
        core_begin(&ret_world->core);
        ret_world->now_ms = 1000;
        ret_world->instance_next = 100;
        ret_world->memory_status = MEMORY_GOOD;
        ret_world->sessions.status = SESSIONS_ABSENT;
        ret_world->config.auto_ports = true;
        ret_world->config.poll_interval_ms = 100;
        found->sbdf = found->place.sbdf = WORLD_PORT;
        (void)base_text_copy("/devices/pci0000:00/0000:00:04.0", 32, found->path,
                             sizeof found->path);
        found->pcie_cap = 0x40;
        found->acs_cap = 0x148;
        found->port_type = 4;
        found->slot = true;
        found->slot_cap = MODEL_SLOT_CAP_HPC | MODEL_SLOT_CAP_ABP | MODEL_SLOT_CAP_PCP |
                          MODEL_SLOT_CAP_PIP | MODEL_SLOT_CAP_AIP;
        found->link_cap = MODEL_LINK_CAP_DLLLARC;
        ret_world->registers = (struct event_port_registers){
                .readable = true,
                .command = 0x0507,
                .slot_control = 0x07c0 | 0x1039,
                .secondary = 1,
                .subordinate = 4,
                .acs_control = 0x1d,
                .pcieport = true,
                .pciehp = true,
                .decodes = true,
        };
        for (uint32_t i = 0; i < WORLD_FUNCTIONS; i++)
                ret_world->functions[i].owner = EVENT_OWNER_ABSENT;
        for (uint32_t i = 0; i < WORLD_BUSES * 256; i++)
                ret_world->others[i / 256][i % 256] = EVENT_OWNER_ABSENT;
        ret_world->iommu = IOMMU_VTD;
}

void world_amd(struct world *world)
{
        world->iommu = IOMMU_AMD;
        world->coverage.known = true;
        world->coverage.count = 1;
        world->coverage.ranges[0] =
                (struct event_range){ BASE_SBDF(0, 1, 0, 0), BASE_SBDF(0, WORLD_BUSES, 31, 7) };
}

uint16_t *world_owner(struct world *world, uint32_t sbdf)
{
        uint32_t index = sbdf - BASE_SBDF(0, 1, 0, 0);

        base_assert(index < WORLD_BUSES * 256);
        if (index < WORLD_FUNCTIONS)
                return &world->functions[index].owner;
        return &world->others[index / 256][index % 256];
}

static void link_update(struct world *world)
{
        bool powered = !(world->registers.slot_control & MODEL_SLOT_CONTROL_PCC);
        bool up = (world->registers.slot_status & MODEL_SLOT_STATUS_PDS) && powered;
        bool was = world->registers.link_status & MODEL_LINK_STATUS_DLLLA;

        world->registers.link_status = up ? MODEL_LINK_STATUS_DLLLA : 0;
        if (up != was)
                world->registers.slot_status |= MODEL_SLOT_STATUS_DLLSC;
}

void world_plug(struct world *world, uint32_t count)
{
        base_assert(count <= WORLD_FUNCTIONS);
        for (uint32_t i = 0; i < count; i++) {
                struct event_function *facts = &world->functions[i].facts;
                uint16_t owner = world->functions[i].owner;

                memset(&world->functions[i], 0, sizeof world->functions[i]);
                world->functions[i].owner = world->iommu == IOMMU_AMD ? owner : EVENT_OWNER_ABSENT;
                world->functions[i].there = true;
                facts->sbdf = BASE_SBDF(0, 1, 0, i);
                facts->parent = WORLD_PORT;
                facts->readable = true;
                facts->vendor = 0x1b36;
                facts->device = (uint16_t)(0x10 + i);
                facts->class = i == 1 ? 0x060400 : 0x010802;
                facts->header_type = i == 1;
                facts->kind = i == 1 ? FUNCTION_BRIDGE : FUNCTION_ENDPOINT;
                facts->digest = 7 + i;
        }
        world->registers.slot_status |= MODEL_SLOT_STATUS_PDS | MODEL_SLOT_STATUS_PDC;
        link_update(world);
}

void world_unplug(struct world *world)
{
        for (uint32_t i = 0; i < WORLD_FUNCTIONS; i++)
                world->functions[i].there = false;
        world->registers.slot_status =
                (uint16_t)((world->registers.slot_status & ~MODEL_SLOT_STATUS_PDS) |
                           MODEL_SLOT_STATUS_PDC);
        link_update(world);
}

/* What the kernel does on rescan: new functions are given to dom0 and their drivers bind. */
static void kernel_rescan(struct world *world)
{
        if (world->registers.slot_control & MODEL_SLOT_CONTROL_PCC)
                return;
        for (uint32_t i = 0; i < WORLD_FUNCTIONS; i++) {
                struct world_function *function = &world->functions[i];

                if (!function->there || function->facts.instance != 0)
                        continue;
                function->facts.instance = world->instance_next++;
                if (function->owner == EVENT_OWNER_ABSENT)
                        function->owner = EVENT_OWNER_DOM0;
                (void)base_text_copy("nvme", 4, function->facts.driver,
                                     sizeof function->facts.driver);
        }
        if (world->rescan_opens)
                world->registers.command |= MODEL_COMMAND_BME;
}

static struct world_function *function_get(struct world *world, uint32_t sbdf)
{
        for (uint32_t i = 0; i < WORLD_FUNCTIONS; i++)
                if (world->functions[i].facts.sbdf == sbdf)
                        return &world->functions[i];
        return NULL;
}

/* What releases and takes back: Xen, pciback, and a toolstack that believes that pciback makes a device assignable. */
static int32_t guest_effect(struct world *world, struct world_function *function,
                            const struct effect *effect)
{
        bool pciback = strcmp(function->facts.driver, EVENT_PCIBACK_DRIVER) == 0;

        if (effect->kind == EFFECT_REVOKE) {
                if (function->rights == effect->domid && !world->rights_stay)
                        function->rights = 0;
                return function->rights == effect->domid ? EBUSY : 0;
        }
        if (effect->kind == EFFECT_REGISTER) {
                base_assert(!model_owner_guest(function->owner));
                function->owner = EVENT_OWNER_DOM0;
                return 0;
        }
        if (effect->kind == EFFECT_PCIBACK_BIND) {
                base_assert(function->facts.driver[0] == '\0');
                memcpy(function->facts.driver, EVENT_PCIBACK_DRIVER, sizeof EVENT_PCIBACK_DRIVER);
                function->facts.kept_off = function->facts.kept_at_boot = false;
                return 0;
        }
        if (world->toolstack_fails)
                return EIO;
        if (effect->kind == EFFECT_ATTACH) {
                if (!pciback || effect->domid != world->guest)
                        return EIO;
                world->rights_dropped += function->rights && function->rights != effect->domid;
                function->owner = function->rights = effect->domid;
                return 0;
        }
        base_assert(effect->kind == EFFECT_DETACH);
        world->forced = effect->forced;
        if (effect->domid != function->owner)
                return EIO;
        function->owner = EVENT_OWNER_DOM_IO;
        return 0;
}

static int32_t function_effect(struct world *world, const struct effect *effect)
{
        struct world_function *function = function_get(world, effect->function);

        if (!function)
                return ENODEV;
        if (effect->instance != 0 && function->facts.instance != effect->instance)
                return ESTALE;
        if (effect->kind == EFFECT_REMOVE) {
                world->rights_dropped += function->rights != 0;
                function->rights = 0;
                function->facts.instance = 0;
                function->facts.kept_off = function->facts.kept_at_boot = false;
                function->owner = EVENT_OWNER_ABSENT;
                return 0;
        }
        if (effect->kind == EFFECT_DRIVER_OFF) {
                function->facts.kept_at_boot = effect->at_boot;
                function->facts.kept_off = true;
                if (function->clings)
                        return ETIMEDOUT;
                memset(function->facts.driver, 0, sizeof function->facts.driver);
                return 0;
        }
        if (effect->kind == EFFECT_WITHDRAW) {
                function->owner = EVENT_OWNER_ABSENT;
                return 0;
        }
        if (effect->kind == EFFECT_PROBE) {
                function->facts.kept_off = function->facts.kept_at_boot = false;
                memcpy(function->facts.driver, "nvme", sizeof "nvme");
                return 0;
        }
        if (effect->kind >= EFFECT_REGISTER && effect->kind <= EFFECT_REVOKE)
                return guest_effect(world, function, effect);
        if (function->owner == EVENT_OWNER_ABSENT)
                return ENODEV;
        if (function->owner != EVENT_OWNER_DOM0 && function->owner != EVENT_OWNER_DOM_IO)
                return EUSERS;
        if (function->refuses)
                return EBUSY;
        if (effect->kind == EFFECT_QUARANTINE || world->lies != EFFECT_QUARANTINE)
                function->owner = EVENT_OWNER_DOM_IO;
        return 0;
}

/* As amd_iommu_add_device has it: what is not covered stays without owner. */
static void reserve(struct world *world, const struct effect *effect,
                    struct event_reserved *reserved)
{
        for (uint32_t i = 0; i < 256; i++) {
                uint32_t sbdf = BASE_SBDF(0, effect->bus_first, 0, 0) + i;
                uint16_t *owner = world_owner(world, sbdf);

                if (!(effect->requesters[i / 64] >> i % 64 & 1))
                        continue;
                base_assert(world->iommu == IOMMU_AMD &&
                            event_coverage_has(&world->coverage, sbdf));
                if (*owner == EVENT_OWNER_ABSENT) {
                        world->adds++;
                        *owner = EVENT_OWNER_DOM0;
                }
                if (*owner == EVENT_OWNER_DOM0)
                        *owner = EVENT_OWNER_DOM_IO;
                if (*owner == EVENT_OWNER_DOM_IO)
                        reserved->blocked[i / 64] |= UINT64_C(1) << i % 64;
                else
                        reserved->error = EUSERS;
        }
}

static void slot_control(struct world *world, const struct effect *effect)
{
        struct event_port_registers *registers = &world->registers;

        registers->slot_control =
                (uint16_t)((registers->slot_control & ~effect->mask) | effect->value);
        registers->slot_status |= MODEL_SLOT_STATUS_CC;
        link_update(world);
}

static int32_t effect_act(struct world *world, const struct effect *effect)
{
        struct event_port_registers *registers = &world->registers;

        switch (effect->kind) {
        case EFFECT_REMEMBER:
                base_assert(core_memory_fill(&world->core, effect->port,
                                             effect->port == BASE_SBDF_NONE ? &world->router_memory
                                                                            : &world->memory));
                return 0;
        case EFFECT_PORT_CLOSE:
                registers->command &= (uint16_t)~MODEL_COMMAND_BME;
                return 0;
        case EFFECT_PORT_BIND:
                registers->pcieport = true;
                return 0;
        case EFFECT_PORT_AWAKE:
                registers->awake = true;
                return 0;
        case EFFECT_PCIEHP_UNBIND:
                registers->pciehp = false;
                return 0;
        case EFFECT_SLOT_CONTROL:
                slot_control(world, effect);
                return 0;
        case EFFECT_SLOT_CLEAR:
                registers->slot_status &= (uint16_t)~effect->value;
                return 0;
        case EFFECT_RESCAN:
                registers->decodes = registers->decodes && !effect->mutes;
                kernel_rescan(world);
                return 0;
        case EFFECT_PORT_DECODE:
                registers->decodes = true;
                return 0;
        case EFFECT_REMOVE:
        case EFFECT_DRIVER_OFF:
        case EFFECT_QUARANTINE:
        case EFFECT_CONFIRM:
        case EFFECT_WITHDRAW:
        case EFFECT_REGISTER:
        case EFFECT_PCIBACK_BIND:
        case EFFECT_ATTACH:
        case EFFECT_DETACH:
        case EFFECT_REVOKE:
        case EFFECT_PROBE:
                return function_effect(world, effect);
        case EFFECT_PORT_OPEN:
                registers->command |= MODEL_COMMAND_BME;
                return 0;
        case EFFECT_AUTHORIZE:
        case EFFECT_DEAUTHORIZE:
        case EFFECT_ENROLL:
        case EFFECT_FORGET:
                return world_router_act(world, effect);
        case EFFECT_GUESTS:
        case EFFECT_NONE:
        case EFFECT_DISCOVER:
        case EFFECT_PORT_READ:
        case EFFECT_INVENTORY:
        case EFFECT_OWNERS:
        case EFFECT_RESERVE:
        case EFFECT_ROUTERS:
        case EFFECT_REPLY:
        case EFFECT_MAX:
                break;
        }
        base_assert(false);
}

static void world_owners(const struct world *world, struct event_owners *ret_owners)
{
        for (uint32_t i = 0; i < WORLD_FUNCTIONS; i++)
                if (world->functions[i].owner != EVENT_OWNER_ABSENT)
                        ret_owners->owners[ret_owners->count++] =
                                (struct event_owner){ world->functions[i].facts.sbdf,
                                                      world->functions[i].owner };
}

static bool effect_observe(struct world *world, const struct effect *effect, struct event *event)
{
        switch (effect->kind) {
        case EFFECT_PORT_READ:
                event->kind = EVENT_PORT_READ;
                event->registers = world->registers;
                return true;
        case EFFECT_INVENTORY:
                event->kind = EVENT_INVENTORY;
                for (uint32_t i = 0; i < WORLD_FUNCTIONS; i++)
                        if (world->functions[i].facts.instance != 0)
                                event->inventory.functions[event->inventory.count++] =
                                        world->functions[i].facts;
                return true;
        case EFFECT_OWNERS:
                event->kind = EVENT_OWNERS;
                world_owners(world, &event->owners);
                return true;
        case EFFECT_RESERVE:
                event->kind = EVENT_RESERVED;
                reserve(world, effect, &event->reserved);
                return true;
        case EFFECT_GUESTS:
                event->kind = EVENT_GUESTS;
                world_guests_fill(world, &event->guests);
                return true;
        case EFFECT_ROUTERS:
                event->kind = EVENT_ROUTERS;
                event->routers = world->routers;
                return true;
        case EFFECT_DISCOVER:
                event->kind = EVENT_PORT_FOUND;
                event->port = world->found.sbdf;
                event->found = world->found;
                world_event(world, event);
                *event = event_make(world, EVENT_PORTS_END, effect->token);
                return true;
        case EFFECT_NONE:
        case EFFECT_CONFIRM:
        case EFFECT_PORT_CLOSE:
        case EFFECT_PORT_BIND:
        case EFFECT_PORT_AWAKE:
        case EFFECT_PCIEHP_UNBIND:
        case EFFECT_SLOT_CONTROL:
        case EFFECT_SLOT_CLEAR:
        case EFFECT_RESCAN:
        case EFFECT_PORT_DECODE:
        case EFFECT_DRIVER_OFF:
        case EFFECT_QUARANTINE:
        case EFFECT_WITHDRAW:
        case EFFECT_REMOVE:
        case EFFECT_REMEMBER:
        case EFFECT_REGISTER:
        case EFFECT_PCIBACK_BIND:
        case EFFECT_ATTACH:
        case EFFECT_DETACH:
        case EFFECT_REVOKE:
        case EFFECT_PORT_OPEN:
        case EFFECT_PROBE:
        case EFFECT_AUTHORIZE:
        case EFFECT_DEAUTHORIZE:
        case EFFECT_ENROLL:
        case EFFECT_FORGET:
        case EFFECT_REPLY:
        case EFFECT_MAX:
                return false;
        }
        return false;
}

/* I1 in the small: door 1 open while something below, known to the kernel or not, is dom0's. */
static void exposure_look(struct world *world)
{
        for (uint32_t i = 0; i < WORLD_FUNCTIONS; i++)
                if (world->functions[i].there && world->functions[i].owner == EVENT_OWNER_DOM0 &&
                    (world->registers.command & MODEL_COMMAND_BME)) {
                        world->exposures++;
                        return;
                }
}

static void effect_do(struct world *world, const struct effect *effect)
{
        struct event event = event_make(world, EVENT_COMPLETED, effect->token);

        world->done[effect->kind]++;
        if (effect->kind == EFFECT_REPLY) {
                world->replies[world->reply_count++] = *effect;
                return;
        }
        if (effect->kind == world->hangs)
                return;
        if (effect->kind == world->fails)
                event.error = EIO;
        else if (effect->kind == world->lies)
                event.error = 0;
        else if (!effect_observe(world, effect, &event))
                event.error = effect_act(world, effect);
        world_event(world, &event);
        exposure_look(world);
}

static void story_add(struct world *world, const struct effects *effects)
{
        for (uint32_t i = 0; i < effects->record_count && world->story_count < WORLD_RECORDS; i++)
                world->story[world->story_count++] = effects->records[i];
}

static void world_settle(struct world *world)
{
        static struct effects effects, seen;

        for (uint32_t steps = 0; world->queue_count > 0; steps++) {
                struct event event = world->queue[world->queue_first];

                base_assert(steps < 5000); /* the core must come to rest without the clock */
                world->queue_first = (world->queue_first + 1) % WORLD_QUEUE;
                world->queue_count--;
                memset(&effects, 0, sizeof effects);
                memset(&seen, 0, sizeof seen);
                report_seen(&world->core, &event, &seen);
                core_step(&world->core, &event, &effects);
                story_add(world, &seen);
                story_add(world, &effects);
                for (uint32_t i = 0;
                     i < effects.record_count && world->record_count < WORLD_RECORDS; i++)
                        if (effects.records[i].kind != RECORD_EFFECT_STARTED)
                                world->records[world->record_count++] = effects.records[i];
                for (uint32_t i = 0; i < effects.count; i++)
                        effect_do(world, &effects.items[i]);
        }
}

void world_run(struct world *world, uint32_t polls)
{
        struct effect read;

        for (uint32_t i = 0; i < polls; i++) {
                struct event event;

                world->now_ms += 100;
                event = event_make(world, EVENT_NONE, 0); /* as edge/source/watch.c */
                if (core_port_watched(&world->core, 0, &read)) {
                        event.kind = EVENT_PORT_READ;
                        event.registers = world->registers;
                }
                world_event(world, &event);
                world_settle(world);
        }
}

/* What the state file would hand over. */
static void memory_recall(struct world *world)
{
        struct event event = event_make(world, EVENT_MEMORY, 0);

        event.memory = world->memory;
        if (world->memory.port != 0 && world->memory_status == MEMORY_GOOD)
                world_event(world, &event);
        event.memory = world->router_memory;
        if (world->router_memory.port != 0 && world->memory_status == MEMORY_GOOD)
                world_event(world, &event);
        event = event_make(world, EVENT_MEMORY_END, 0);
        event.memory_end.status = world->memory_status;
        world_event(world, &event);
}

void world_start(struct world *world)
{
        struct event event = event_make(world, EVENT_CONFIG, 0);

        memory_recall(world);
        event.config = world->config;
        world_event(world, &event);
        event = event_make(world, EVENT_PLATFORM, 0);
        event.platform = (struct event_platform){ .iommu = world->iommu,
                                                  .coverage = world->coverage,
                                                  .xen = FACT_YES,
                                                  .iommu_on = FACT_YES,
                                                  .intremap = FACT_YES,
                                                  .ats = FACT_NO,
                                                  .passthrough = FACT_NO,
                                                  .xen_major = 4,
                                                  .xen_minor = 17 };
        world_event(world, &event);
        event = event_make(world, EVENT_SESSIONS, 0);
        event.sessions = world->sessions;
        world_event(world, &event);
        world_settle(world);
}

void world_restart(struct world *world)
{
        world->queue_count = 0;
        core_begin(&world->core);
        world_start(world);
}

const struct record *world_record(const struct world *world, enum record_kind kind)
{
        for (uint32_t i = 0; i < world->record_count; i++)
                if (world->records[i].kind == kind)
                        return &world->records[i];
        return NULL;
}

uint32_t world_records_count(const struct world *world, enum record_kind kind)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < world->record_count; i++)
                count += world->records[i].kind == kind;
        return count;
}

enum model_state world_state(const struct world *world, uint32_t index)
{
        for (uint32_t i = 0; i < world->core.function_count; i++)
                if (world->core.functions[i].facts.sbdf == BASE_SBDF(0, 1, 0, index))
                        return world->core.functions[i].state;
        return STATE_NONE;
}

const struct model_port *world_port(const struct world *world)
{
        base_assert(world->core.port_count == 1);
        return &world->core.ports[0];
}
