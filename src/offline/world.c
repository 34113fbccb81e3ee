/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump as a machine: its events for the core, which decides as it always does. */
#include "offline/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "edge/actuator/use.h"
#include "edge/source/config.h"

/* A port has two effects under way at most, the machine one discovery; and there is an end to what can be refused. */
#define QUEUE_SIZE 256u
#define STEPS_MAX 100000u
#define CLASS_BRIDGE_PCI 0x0604u

struct run {
        struct offline_world *world;
        struct event_acpi acpi;
        struct actuator_use use;
        struct effects effects;
        struct effect queue[QUEUE_SIZE];
        uint32_t first, count;
        bool overrun;
};

static uint32_t config_get(const struct offline_function *function, uint32_t at, uint32_t width)
{
        uint32_t value = 0;

        for (uint32_t i = width; i > 0; i--)
                value = value << 8 |
                        (at + i - 1 < function->length ? function->config[at + i - 1] : 0xffu);
        return value;
}

/* Above a function is the bridge whose secondary bus is its bus. Bridges have lower bus numbers than what is below. */
static const struct offline_function *bridge_above(const struct offline_dump *dump,
                                                   const struct offline_function *function)
{
        uint8_t bus = base_sbdf_bus(function->sbdf);

        for (size_t i = 0; i < dump->count; i++) {
                const struct offline_function *bridge = &dump->functions[i];

                if (base_sbdf_segment(bridge->sbdf) == base_sbdf_segment(function->sbdf) &&
                    base_sbdf_bus(bridge->sbdf) < bus && bridge->length >= 0x40 &&
                    (config_get(bridge, 0x0e, 1) & 0x7f) != 0 && config_get(bridge, 0x19, 1) == bus)
                        return bridge;
        }
        return NULL;
}

/* Without a device path: from the bus numbers, as the kernel wrote them into the bridges. */
static void place_find(const struct offline_dump *dump, struct offline_function *function)
{
        const struct offline_function *above = bridge_above(dump, function);
        struct event_place place = { .sbdf = function->sbdf };
        struct base_text path = base_text_on(function->path, sizeof function->path);

        for (; above; above = bridge_above(dump, above)) {
                if (place.depth == LIMIT_DEPTH) {
                        place.truncated = true;
                        break;
                }
                memmove(&place.above[1], &place.above[0], place.depth * sizeof place.above[0]);
                place.above[0] = above->sbdf;
                place.depth++;
        }
        function->place = place;
        base_text_add(&path, "/devices/pci");
        base_text_add_hex(&path, base_sbdf_segment(function->sbdf), 4);
        base_text_add_char(&path, ':');
        base_text_add_hex(&path, base_sbdf_bus(place.depth > 0 ? place.above[0] : function->sbdf),
                          2);
        for (uint32_t i = 0; i < place.depth; i++) {
                base_text_add_char(&path, '/');
                base_text_add_sbdf(&path, place.above[i]);
        }
        base_text_add_char(&path, '/');
        base_text_add_sbdf(&path, function->sbdf);
}

static void functions_complete(struct offline_dump *dump)
{
        for (size_t i = 0; i < dump->count; i++) {
                struct offline_function *function = &dump->functions[i];

                if (!function->path[0])
                        place_find(dump, function);
                if (function->identified)
                        continue;
                function->vendor = (uint16_t)config_get(function, 0, 2);
                function->device = (uint16_t)config_get(function, 2, 2);
                function->class = config_get(function, 9, 3);
        }
}

static uint32_t parent_of(const struct offline_function *function)
{
        const struct event_place *place = &function->place;

        return place->depth > 0 ? place->above[place->depth - 1] : BASE_SBDF_NONE;
}

static bool port_parse(const struct offline_function *function, struct event_port *port)
{
        return function->class >> 8 == CLASS_BRIDGE_PCI &&
               event_port_parse(function->config, function->length, port);
}

static bool host_interface_is(const struct offline_dump *dump,
                              const struct offline_function *function)
{
        (void)dump;
        return event_host_interface_is(function->class, function->vendor);
}

static bool removable_is(const struct offline_dump *dump, const struct offline_function *function)
{
        (void)dump;
        return strcmp(function->removable, "removable") == 0;
}

/* Is something so directly below this function? What is called `except` is not asked. */
static bool any_below(const struct offline_dump *dump, uint32_t parent, uint32_t except,
                      bool (*is)(const struct offline_dump *dump,
                                 const struct offline_function *function))
{
        for (size_t i = 0; parent != BASE_SBDF_NONE && i < dump->count; i++)
                if (parent_of(&dump->functions[i]) == parent && dump->functions[i].sbdf != except &&
                    is(dump, &dump->functions[i]))
                        return true;
        return false;
}

static bool host_interface_on_bus(const struct offline_dump *dump,
                                  const struct offline_function *function)
{
        return any_below(dump, function->sbdf, BASE_SBDF_NONE, host_interface_is);
}

static bool host_interface_in_switch(const struct offline_dump *dump,
                                     const struct offline_function *function)
{
        return any_below(dump, function->sbdf, BASE_SBDF_NONE, host_interface_on_bus);
}

/* As edge/actuator/firmware.c does, of folders. */
static void port_neighbours(const struct offline_dump *dump,
                            const struct offline_function *function, struct event_port *port)
{
        port->controller_beside =
                port->port_type == 6 &&
                any_below(dump, parent_of(function), function->sbdf, host_interface_on_bus);
        port->controller_below =
                any_below(dump, function->sbdf, BASE_SBDF_NONE, host_interface_in_switch);
        port->child_removable = any_below(dump, function->sbdf, BASE_SBDF_NONE, removable_is);
}

/* All of the ports come first: whether firmware marks others is a fact of each. */
static void acpi_read(struct run *run)
{
        const struct offline_dump *dump = &run->world->dump;
        size_t aml = 0;

        for (size_t i = 0; i < dump->count; i++) {
                const struct offline_function *function = &dump->functions[i];
                struct event_port unused = { .sbdf = function->sbdf };

                if (port_parse(function, &unused))
                        event_acpi_port_add(&run->acpi, function->sbdf, function->firmware,
                                            strlen(function->firmware));
        }
        for (size_t i = 0; i < dump->table_count; i++) {
                const struct offline_table *table = &dump->tables[i];

                if (memcmp(table->signature, "DSDT", 4) != 0 &&
                    memcmp(table->signature, "SSDT", 4) != 0)
                        continue;
                event_acpi_table_parse(table->bytes, table->length, &run->acpi);
                aml++;
        }
        if (aml == 0 || !dump->facts)
                run->acpi.unclear = true;
}

/* Names are not in the dump: what is used is called by its address. */
static void use_read(struct run *run)
{
        const struct offline_dump *dump = &run->world->dump;
        char name[BASE_SBDF_TEXT_SIZE];

        run->use.unknown = !dump->uses;
        for (size_t i = 0; i < dump->count; i++)
                for (enum event_use_kind kind = 0; kind < USE_MAX; kind++)
                        if (dump->functions[i].uses & EVENT_USE_BIT(kind))
                                actuator_use_add(&run->use, kind, dump->functions[i].path,
                                                 base_sbdf_format(dump->functions[i].sbdf, name));
}

static void step(struct run *run, const struct event *event)
{
        memset(&run->effects, 0, sizeof run->effects);
        core_step(&run->world->core, event, &run->effects);
        for (uint32_t i = 0; i < run->effects.count; i++) {
                if (run->count == QUEUE_SIZE) {
                        run->overrun = true;
                        return;
                }
                run->queue[(run->first + run->count++) % QUEUE_SIZE] = run->effects.items[i];
        }
}

static void discover(struct run *run, const struct effect *effect)
{
        const struct offline_dump *dump = &run->world->dump;
        struct event end = { .kind = EVENT_PORTS_END,
                             .token = effect->token,
                             .port = BASE_SBDF_NONE };

        for (size_t i = 0; i < dump->count; i++) {
                const struct offline_function *function = &dump->functions[i];
                struct event event = { .kind = EVENT_PORT_FOUND,
                                       .token = effect->token,
                                       .port = function->sbdf };
                struct event_port *found = &event.found;

                if (!port_parse(function, found))
                        continue;
                found->sbdf = function->sbdf;
                found->place = function->place;
                memcpy(found->path, function->path, sizeof found->path);
                event_acpi_firmware(&run->acpi, function->sbdf, &found->firmware);
                port_neighbours(dump, function, found);
                actuator_use_below(&run->use, function->path, &found->use);
                step(run, &event);
        }
        step(run, &end);
}

/* A register as edge/actuator/port.c takes it: all ones are no answer. */
static bool register_get(const struct offline_function *function, uint32_t at, uint16_t *ret_value)
{
        *ret_value = (uint16_t)config_get(function, at, 2);
        return *ret_value != UINT16_MAX;
}

static bool registers_get(const struct offline_function *function, const struct effect *effect,
                          struct event_port_registers *registers)
{
        uint32_t cap = effect->pcie_cap, acs = effect->acs_cap;

        registers->secondary = (uint8_t)config_get(function, 0x19, 1);
        registers->subordinate = (uint8_t)config_get(function, 0x1a, 1);
        return register_get(function, 0x04, &registers->command) &&
               (cap == 0 || (register_get(function, cap + 0x12, &registers->link_status) &&
                             register_get(function, cap + 0x18, &registers->slot_control) &&
                             register_get(function, cap + 0x1a, &registers->slot_status))) &&
               (acs == 0 || register_get(function, acs + 0x06, &registers->acs_control));
}

static void port_read(const struct offline_dump *dump, const struct effect *effect,
                      struct event *event)
{
        const struct offline_function *function = offline_dump_find(dump, effect->port);
        struct event_port_registers registers = { 0 };

        event->kind = EVENT_PORT_READ;
        if (function && registers_get(function, effect, &registers)) {
                registers.readable = true;
                registers.pcieport = strcmp(function->driver, "pcieport") == 0;
                registers.pciehp = function->pciehp == FACT_YES;
                registers.awake = strcmp(function->power, "on") == 0;
                event->registers = registers;
        }
}

static void function_get(const struct offline_function *function, uint32_t parent,
                         struct event_function *ret_function)
{
        char text[LIMIT_DRIVER + 64];
        struct base_text uevent = base_text_on(text, sizeof text);
        struct event_kernel_view view = { .uevent = text,
                                          .override = function->override,
                                          .override_length = strlen(function->override) };
        uint32_t length =
                function->length < LIMIT_CONFIG_BYTES ? function->length : LIMIT_CONFIG_BYTES;

        if (function->driver[0]) {
                base_text_add(&uevent, "DRIVER=");
                base_text_add(&uevent, function->driver);
        }
        base_text_add(&uevent, "\nPCI_CLASS=");
        base_text_add_hex(&uevent, function->class, 6);
        base_text_add(&uevent, "\nPCI_ID=");
        base_text_add_hex(&uevent, function->vendor, 4);
        base_text_add_char(&uevent, ':');
        base_text_add_hex(&uevent, function->device, 4);
        view.uevent_length = uevent.length;
        event_function_parse(function->config, length, &view, ret_function);
        if (function->length == 0) { /* it slept: all that is known is what the kernel enumerated */
                ret_function->vendor = function->vendor;
                ret_function->device = function->device;
                ret_function->class = function->class;
        }
        ret_function->sbdf = function->sbdf;
        ret_function->parent = parent;
        ret_function->instance = function->sbdf + 1ull;
}

/* Depth first, each bus by address: the order of edge/actuator/function.c. */
/* NOLINTNEXTLINE(misc-no-recursion): it ends at LIMIT_DEPTH, also where paths in a dump go round in circles. */
static void inventory_walk(const struct offline_dump *dump, uint32_t parent, uint32_t depth,
                           struct event_inventory *inventory)
{
        for (size_t i = 0; i < dump->count; i++) {
                const struct offline_function *function = &dump->functions[i];

                if (parent_of(function) != parent)
                        continue;
                if (inventory->count == LIMIT_PORT_FUNCTIONS || depth >= LIMIT_DEPTH) {
                        inventory->truncated = true;
                        return;
                }
                function_get(function, parent, &inventory->functions[inventory->count++]);
                inventory_walk(dump, function->sbdf, depth + 1, inventory);
        }
}

/* What the kernel has dealt to each is not in a dump; the bridges' numbers are. */
static void inventory_read(const struct offline_dump *dump, const struct effect *effect,
                           struct event_inventory *inventory)
{
        static const struct event_ranges unknown[LIMIT_PORT_FUNCTIONS];
        struct event_above above = { .secondary = effect->bus_first,
                                     .subordinate = effect->bus_last };

        inventory_walk(dump, effect->port, 0, inventory);
        event_hierarchy_judge(inventory, unknown, &above);
}

/* The machine is a file: it can be looked at, and refuses all else. */
static void answer(struct run *run, const struct effect *effect)
{
        struct event event = { .kind = EVENT_COMPLETED,
                               .token = effect->token,
                               .port = effect->port,
                               .error = EROFS };

        if (effect->kind == EFFECT_DISCOVER) {
                discover(run, effect);
                return;
        }
        if (effect->kind == EFFECT_PORT_READ) {
                port_read(&run->world->dump, effect, &event);
        } else if (effect->kind == EFFECT_INVENTORY) {
                event.kind = EVENT_INVENTORY;
                inventory_read(&run->world->dump, effect, &event.inventory);
        } else if (effect->deadline_ms == 0) {
                event.kind = EVENT_NONE;
        }
        step(run, &event);
}

static void platform_tell(struct run *run)
{
        const struct offline_dump *dump = &run->world->dump;
        struct event event = { .kind = EVENT_PLATFORM, .port = BASE_SBDF_NONE };

        for (size_t i = 0; i < dump->table_count; i++) {
                const char *signature = dump->tables[i].signature;

                if (memcmp(signature, "IVRS", 4) == 0) {
                        event.platform.iommu = IOMMU_AMD;
                        (void)event_ivrs_parse(dump->tables[i].bytes, dump->tables[i].length,
                                               &event.platform.coverage);
                } else if (memcmp(signature, "DMAR", 4) == 0 || memcmp(signature, "RMAD", 4) == 0) {
                        event.platform.iommu = IOMMU_VTD;
                }
        }
        step(run, &event);
}

/* Internal ports are not read by the daemon; here they are, for people who ask what is behind them. */
static void internal_read(struct run *run)
{
        for (uint32_t i = 0; i < run->world->core.port_count; i++) {
                const struct model_port *port = &run->world->core.ports[i];
                struct effect effect = { .kind = EFFECT_PORT_READ,
                                         .port = port->found.sbdf,
                                         .pcie_cap = port->found.pcie_cap,
                                         .acs_cap = port->found.acs_cap };

                if (!port->external)
                        answer(run, &effect);
        }
}

static int world_run(struct run *run, const struct event_config *config,
                     const struct policy_rules *rules)
{
        struct event event = { .kind = EVENT_CONFIG, .port = BASE_SBDF_NONE, .config = *config };
        struct event first = { .kind = EVENT_RULES, .port = BASE_SBDF_NONE, .rules = rules };

        acpi_read(run);
        use_read(run);
        step(run, &first);
        step(run, &event);
        for (uint32_t steps = 0; run->count > 0 && steps < STEPS_MAX; steps++) {
                struct effect effect = run->queue[run->first];

                run->first = (run->first + 1) % QUEUE_SIZE;
                run->count--;
                answer(run, &effect);
        }
        platform_tell(run);
        internal_read(run);
        return run->overrun || run->count > 0 ? -EOVERFLOW : 0;
}

int offline_world_read(const char *path, const struct event_config *config,
                       const struct policy_rules *rules, struct offline_world **ret_world,
                       struct source_diagnosis *ret_diagnosis)
{
        struct run *run = calloc(1, sizeof *run);
        struct offline_world *world = calloc(1, sizeof *world);
        int error = run && world ? 0 : -ENOMEM;

        ret_diagnosis->text[0] = '\0';
        if (!error)
                error = offline_dump_read(path, &world->dump, ret_diagnosis);
        if (!error) {
                functions_complete(&world->dump);
                core_init(&world->core);
                run->world = world;
                error = world_run(run, config, rules);
        }
        free(run);
        if (error) {
                if (!ret_diagnosis->text[0])
                        (void)snprintf(ret_diagnosis->text, sizeof ret_diagnosis->text,
                                       "%s: cannot be judged (%s)", path, strerror(-error));
                offline_world_free(world);
                return error;
        }
        *ret_world = world;
        return 0;
}

int offline_config_read(const char *path, struct event_config *ret_config,
                        struct source_diagnosis *ret_diagnosis)
{
        policy_config_default(ret_config);
        return path ? source_config_add(path, ret_config, ret_diagnosis) : 0;
}

void offline_world_free(struct offline_world *world)
{
        if (!world)
                return;
        offline_dump_free(&world->dump);
        free(world);
}

static void forget(struct report_row *row, const char *key)
{
        for (uint32_t i = 0; i < row->count; i++)
                if (base_text_equal(row->fields[i].key, key))
                        row->fields[i].value[0] = '\0';
}

bool offline_port_row(const struct offline_world *world, uint32_t index, struct report_row *ret_row)
{
        const struct offline_function *function;

        if (!report_port_row(&world->core, index, ret_row))
                return false;
        function = offline_dump_find(&world->dump, world->core.ports[index].found.sbdf);
        /* Whether it is guarded is not known; that it would not be is. */
        if (world->core.ports[index].external && !world->core.ports[index].exposed) {
                forget(ret_row, "state");
                forget(ret_row, "reason");
        }
        if (!function || function->pciehp == FACT_UNKNOWN)
                forget(ret_row, "pciehp");
        if (!function || function->length <= 256) /* the capability is beyond */
                forget(ret_row, "acs");
        forget(ret_row, "reserved");
        return true;
}

bool offline_function_row(const struct offline_world *world, uint32_t index,
                          struct report_row *ret_row)
{
        static const char *const unknown[] = { "state", "owner", "reason", "at_boot" };

        if (!report_function_row(&world->core, index, ret_row))
                return false;
        for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
                forget(ret_row, unknown[i]);
        return true;
}

bool offline_audit_row(const struct offline_world *world, uint32_t index,
                       struct report_row *ret_row)
{
        struct event_machine machine = { 0 };

        return report_audit_row(&world->core, &machine, index, ret_row);
}
