/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sysfs of plain files, its dump, and what is made of the dump: the same rows as the daemon's own discovery gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "core/policy/config.h"
#include "edge/actuator/actuator.h"
#include "offline/world.h"
#include "tree/tree.h"

#define ROOT "devices/pci0000:00"
#define FIXED ROOT "/0000:00:06.0"
#define DISK FIXED "/0000:01:00.0"
#define PORT ROOT "/0000:00:07.0"
#define DOCK PORT "/0000:20:00.0"
#define DOCK_PORT DOCK "/0000:21:01.0"
#define CARD DOCK_PORT "/0000:22:00.0"
#define QUEUE_SIZE 64

static char root[] = "/tmp/sallyport-sysfs-XXXXXX";
static char dump[] = "/tmp/sallyport-dump-XXXXXX";
static struct actuator actuator;
static struct core core; /* too large for the stack */
static struct effects effects;
static struct effect queue[QUEUE_SIZE];
static size_t queued;

static void link_make(const char *target, const char *folder, const char *name)
{
        char path[256];

        tree_folder_make(actuator.sysfs, folder);
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        assert_int_equal(symlinkat(target, actuator.sysfs, path), 0);
}

/* type: Device/Port Type, or 0 for what has no capability; buses: secondary and subordinate. */
static void function_make(const char *folder, uint32_t class, uint8_t type, uint16_t buses,
                          const char *driver)
{
        uint8_t config[4096] = { 0x86, 0x80, 0x34, 0x12, 0x07, 0x05, 0x10 };
        const char *name = strrchr(folder, '/') + 1;
        char text[256];

        config[9] = (uint8_t) class;
        config[10] = (uint8_t)(class >> 8);
        config[11] = (uint8_t)(class >> 16);
        if (type) {
                config[0x0e] = 1;
                config[0x19] = (uint8_t)(buses >> 8);
                config[0x1a] = (uint8_t)buses;
                config[0x34] = 0x40;
                config[0x40] = 0x10;
                config[0x42] = (uint8_t)(type << 4 | 2);
                config[0x43] = 1;
                config[0x54] = buses == 0x2049 ? 0x60 : 0;
                config[0x5a] = 0x40;
                memcpy(config + 0x100, "\x0d\x00\x01\x00\x1f\x00\x1d", 7);
        }
        tree_file_write(actuator.sysfs, folder, "config", config, sizeof config);
        (void)snprintf(text, sizeof text, "0x%06x\n", class);
        tree_text_write(actuator.sysfs, folder, "class", text);
        tree_text_write(actuator.sysfs, folder, "vendor", "0x8086\n");
        tree_text_write(actuator.sysfs, folder, "device", "0x1234\n");
        (void)snprintf(text, sizeof text, "DRIVER=%s\nPCI_CLASS=%X\nPCI_ID=8086:1234\n", driver,
                       class);
        tree_text_write(actuator.sysfs, folder, "uevent", text);
        tree_text_write(actuator.sysfs, folder, "driver_override", "(null)\n");
        (void)snprintf(text, sizeof text, "../../../bus/pci/drivers/%s", driver);
        link_make(text, folder, "driver");
        (void)snprintf(text, sizeof text, "../../../%s", folder);
        link_make(text, "bus/pci/devices", name);
}

/* DSDT: Scope (\_SB.PCI0) { Device (TRP0) { Name (_ADR, 0x00070000) } } */
static const char dsdt[] = "DSDT\x41\0\0\0\2\0SALLYPTABLES  \0\0\0\0TEST\0\0\0\0"
                           "\x10\x1c\\\x2e_SB_PCI0\x5b\x82\x0fTRP0\x08_ADR\x0c\0\0\7\0";

static int setup(void **state)
{
        int fd = mkstemp(dump);

        (void)state;
        assert_true(fd >= 0);
        (void)close(fd);
        assert_non_null(mkdtemp(root));
        assert_int_equal(actuator_open(root, root, &actuator), 0);
        function_make(FIXED, 0x060400, 4, 0x0101, "pcieport");
        function_make(DISK, 0x010802, 0, 0, "nvme");
        function_make(PORT, 0x060400, 4, 0x2049, "pcieport");
        function_make(DOCK, 0x060400, 5, 0x2149, "pcieport");
        function_make(DOCK_PORT, 0x060400, 6, 0x2222, "pcieport");
        function_make(CARD, 0x0c0340, 0, 0, "thunderbolt");
        tree_text_write(actuator.sysfs, CARD, "device",
                        "0x4321\n"); /* what the kernel enumerated was another */
        tree_text_write(actuator.sysfs, CARD, "uevent",
                        "DRIVER=thunderbolt\nPCI_CLASS=C0340\nPCI_ID=8086:4321\n");
        tree_text_write(actuator.sysfs, DOCK, "removable", "removable\n");
        tree_text_write(actuator.sysfs, PORT "/firmware_node", "path", "\\_SB_.PCI0.TRP0\n");
        tree_text_write(actuator.sysfs, PORT "/power", "control", "on\n");
        link_make("../../../../bus/pci_express/drivers/pciehp", PORT "/0000:00:07.0:pcie004",
                  "driver");
        tree_file_write(actuator.sysfs, "firmware/acpi/tables", "DSDT", dsdt, sizeof dsdt - 1);
        tree_text_write(actuator.sysfs, "hypervisor/version", "major", "4\n");
        tree_text_write(actuator.sysfs, "hypervisor/version", "minor", "17\n");
        tree_text_write(actuator.sysfs, "hypervisor/version", "extra", ".7\n");
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        actuator_close(&actuator);
        return unlink(dump) | tree_remove(root);
}

static void step(void *userdata, const struct event *event)
{
        (void)userdata;
        memset(&effects, 0, sizeof effects);
        core_step(&core, event, &effects);
        for (uint32_t i = 0; i < effects.count; i++) {
                assert_true(queued < QUEUE_SIZE);
                queue[queued++] = effects.items[i];
        }
}

/* The daemon's own eyes, with its hands tied. */
static void daemon_look(const struct event_config *config)
{
        struct event event = { .kind = EVENT_CONFIG, .port = BASE_SBDF_NONE, .config = *config };

        core_init(&core);
        step(NULL, &event);
        while (queued > 0) {
                struct effect effect = queue[0];

                memmove(queue, queue + 1, --queued * sizeof queue[0]);
                event = (struct event){ .kind = EVENT_COMPLETED,
                                        .token = effect.token,
                                        .port = effect.port,
                                        .error = EROFS };
                if (effect.kind == EFFECT_DISCOVER) {
                        actuator_discover(&actuator, &effect, step, NULL);
                        continue;
                }
                if (effect.kind == EFFECT_PORT_READ || effect.kind == EFFECT_INVENTORY)
                        assert_int_equal(actuator_perform(&actuator, &effect, &event), 0);
                event.time_ms = 0;
                step(NULL, &event);
        }
}

static void rows_compare(const struct core *a, const struct core *b,
                         bool (*row)(const struct core *core, uint32_t index,
                                     struct report_row *ret_row),
                         uint32_t count)
{
        struct report_row x = { .count = 0 }, y = { .count = 0 };

        for (uint32_t i = 0; i < count; i++) {
                assert_true(row(a, i, &x) && row(b, i, &y));
                assert_int_equal(x.count, y.count);
                for (uint32_t j = 0; j < x.count; j++) {
                        assert_string_equal(x.fields[j].key, y.fields[j].key);
                        assert_string_equal(x.fields[j].value, y.fields[j].value);
                }
        }
        assert_false(row(a, count, &x) || row(b, count, &y));
}

static struct offline_world *world_make(const struct event_config *config)
{
        FILE *out = fopen(dump, "w");
        struct source_diagnosis diagnosis;
        struct offline_world *world = NULL;

        assert_non_null(out);
        assert_int_equal(offline_dump_write(&actuator, false, out), 0);
        assert_int_equal(fclose(out), 0);
        if (offline_world_read(dump, config, NULL, &world, &diagnosis) != 0)
                print_error("%s\n", diagnosis.text);
        assert_non_null(world);
        return world;
}

static void test_round_trip(void **state)
{
        struct event_config config;
        struct offline_world *world;
        struct model_port *port;

        (void)state;
        policy_config_default(&config);
        daemon_look(&config);
        assert_int_equal(core.port_count, 3);
        port = model_port_get(&core, BASE_SBDF(0, 0, 7, 0));
        assert_non_null(port);
        if (!port)
                return; /* the analyzer does not know that an assertion ends the test */
        assert_true(port->external && port->found.child_removable && port->found.controller_below &&
                    port->registers.pciehp);
        assert_true(port->found.firmware.described && !port->found.firmware.unclear);
        assert_int_equal(core.function_count, 3);
        world = world_make(&config);
        if (!world)
                return;
        assert_string_equal(world->dump.xen, "4.17.7");
        for (uint32_t i = 0; i < core.port_count; i++) {
                assert_true(world->core.ports[i].found.use.unknown); /* there is no procfs */
                assert_memory_equal(&world->core.ports[i].found, &core.ports[i].found,
                                    sizeof core.ports[i].found);
        }
        /* The daemon does not read internal ports; of those nothing else differs. */
        for (uint32_t i = 0; i < core.port_count; i++)
                if (!core.ports[i].external) {
                        world->core.ports[i].registers = core.ports[i].registers;
                        world->core.ports[i].read_once = core.ports[i].read_once;
                        world->core.ports[i].occupied = core.ports[i].occupied;
                        world->core.ports[i].up = core.ports[i].up;
                        world->core.ports[i].closed = core.ports[i].closed;
                }
        rows_compare(&core, &world->core, report_port_row, core.port_count);
        rows_compare(&core, &world->core, report_function_row, core.function_count);
        assert_true(
                model_function_get(&world->core, BASE_SBDF(0, 0, 7, 0), BASE_SBDF(0, 0x22, 0, 0))
                        ->facts.changed);
        offline_world_free(world);
}

/* dom0 runs from a disk in the dock: the dump tells it without names, and the port is left open as by the daemon. */
static void test_use(void **state)
{
        struct event_config config;
        struct offline_world *world;
        struct report_row row;

        (void)state;
        policy_config_default(&config);
        tree_text_write(actuator.sysfs, CARD "/nvme/nvme0/nvme0n1", "dev", "259:0\n");
        link_make("../../" CARD "/nvme/nvme0/nvme0n1", "dev/block", "259:0");
        tree_text_write(actuator.proc, "1", "mountinfo",
                        "22 1 259:0 / / rw shared:1 - ext4 /dev/nvme0n1 rw\n");
        tree_text_write(actuator.proc, ".", "swaps", "Filename Type Size Used Priority\n");
        daemon_look(&config);
        world = world_make(&config);
        assert_true(world->dump.uses);
        assert_int_equal(offline_dump_find(&world->dump, BASE_SBDF(0, 0x22, 0, 0))->uses,
                         EVENT_USE_BIT(USE_SYSTEM));
        assert_int_equal(offline_dump_find(&world->dump, BASE_SBDF(0, 0x20, 0, 0))->uses, 0);
        for (uint32_t i = 0; i < core.port_count; i++) {
                const struct event_use *seen = &core.ports[i].found.use;
                const struct event_use *told = &world->core.ports[i].found.use;

                assert_int_equal(told->uses, seen->uses);
                assert_int_equal(told->unknown, seen->unknown);
                assert_int_equal(world->core.ports[i].exposed, core.ports[i].exposed);
                assert_true(offline_port_row(world, i, &row));
                assert_string_equal(report_row_value(&row, "state"),
                                    core.ports[i].exposed    ? "exposed"
                                    : core.ports[i].external ? ""
                                                             : "internal");
                if (core.ports[i].exposed)
                        assert_string_equal(report_row_value(&row, "used_by"), "0000:22:00.0");
        }
        assert_int_equal(model_port_get(&world->core, BASE_SBDF(0, 0, 7, 0))->exposed,
                         REASON_NEEDED);
        offline_world_free(world);
}

/* What sleeps is left asleep; bridges have to be read. */
static void test_sleepers(void **state)
{
        struct event_config config;
        struct offline_world *world;

        (void)state;
        policy_config_default(&config);
        tree_text_write(actuator.sysfs, DISK "/power", "runtime_status", "suspended\n");
        tree_text_write(actuator.sysfs, PORT "/power", "runtime_status", "suspended\n");
        world = world_make(&config);
        assert_int_equal(offline_dump_find(&world->dump, BASE_SBDF(0, 1, 0, 0))->length, 0);
        assert_int_equal(offline_dump_find(&world->dump, BASE_SBDF(0, 0, 7, 0))->length, 4096);
        offline_world_free(world);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_round_trip),
                                            cmocka_unit_test(test_use),
                                            cmocka_unit_test(test_sleepers) };

        return cmocka_run_group_tests(tests, setup, teardown);
}
