/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Golden texts: every record, and the rows of a machine in four states. argv[1] is the folder with what is expected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/policy/finding.h"
#include "core/policy/rules.h"
#include "core/report/report.h"
#include "world/world.h"

static const char *golden_folder;
static struct world world;
static char text_buffer[65536];

/* Compares with the golden file; what was made instead lies beside the test's working directory. */
static void golden_compare(const char *name, const char *made)
{
        static char expected[sizeof text_buffer];
        char path[512];
        size_t length = 0;
        FILE *file;

        (void)snprintf(path, sizeof path, "%s/%s", golden_folder, name);
        file = fopen(path, "re");
        if (file) {
                length = fread(expected, 1, sizeof expected - 1, file);
                (void)fclose(file);
        }
        expected[length] = '\0';
        if (strcmp(expected, made) != 0) {
                file = fopen(name, "we");
                assert_non_null(file);
                assert_true(fputs(made, file) >= 0);
                assert_int_equal(fclose(file), 0);
                print_error("differs from %s; made instead: ./%s in the test's folder\n", path,
                            name);
        }
        assert_string_equal(expected, made);
}

static void row_add(struct base_text *text, const char *what, const struct report_row *row)
{
        base_text_add(text, what);
        for (uint32_t i = 0; i < row->count; i++) {
                base_text_add(text, i ? " " : ": ");
                base_text_add(text, row->fields[i].key);
                base_text_add_char(text, '=');
                base_text_add(text, row->fields[i].value);
        }
        base_text_add_char(text, '\n');
}

static void machine_add(struct base_text *text, const char *title)
{
        struct report_row row;

        base_text_add(text, "# ");
        base_text_add(text, title);
        base_text_add_char(text, '\n');
        report_status_row(&world.core, &row);
        row_add(text, "status", &row);
        for (uint32_t i = 0; report_port_row(&world.core, i, &row); i++)
                row_add(text, "port", &row);
        for (uint32_t i = 0; report_function_row(&world.core, i, &row); i++)
                row_add(text, "function", &row);
        assert_null(report_row_value(&row, "sbdf"));
}

static void test_rows(void **state)
{
        struct base_text text = base_text_on(text_buffer, sizeof text_buffer);

        (void)state;
        world_init(&world);
        machine_add(&text, "nothing known yet");
        world_start(&world);
        world_run(&world, 5);
        machine_add(&text, "guarded and empty");
        world_plug(&world, 3);
        world_run(&world, 20);
        machine_add(&text, "three functions in quarantine");
        memcpy(world.core.ports[0].guest, "work", sizeof "work");
        world.core.functions[0].given = true;
        machine_add(&text, "one of them is to be a guest's");
        memset(world.core.ports[0].guest, 0, sizeof world.core.ports[0].guest);
        world.core.functions[0].given = false;
        world_unplug(&world);
        world_run(&world, 5);
        world_plug(&world, 2);
        world.functions[1].refuses = true;
        world_run(&world, 30);
        machine_add(&text, "one refuses quarantine");
        world.registers.readable = false;
        world_run(&world, 10);
        machine_add(&text, "the port does not answer");
        assert_false(text.truncated);
        golden_compare("rows.txt", text_buffer);
}

static void explanation_add(struct base_text *text, const char *title, uint32_t device)
{
        uint32_t port = report_device_port(&world.core, device);
        struct report_row row;

        base_text_add(text, "# ");
        base_text_add(text, title);
        base_text_add_char(text, '\n');
        if (report_explain_port(&world.core, port, &row))
                row_add(text, "port", &row);
        if (report_explain_function(&world.core, device, &row))
                row_add(text, "function", &row);
        for (uint32_t i = 0; report_explain_finding(&world.core, device, i, &row); i++)
                row_add(text, "finding", &row);
        for (uint32_t i = 0; i < world.story_count; i++) {
                report_record_row(&world.story[i], &row);
                base_text_add(text, report_row_value(&row, "time_ms"));
                base_text_add_char(text, ' ');
                base_text_add(text, report_row_value(&row, "event"));
                base_text_add(text, ": ");
                base_text_add(text, report_row_value(&row, "text"));
                base_text_add_char(text, '\n');
        }
        if (report_explain_now(&world.core, device, &row))
                row_add(text, "now", &row);
        world.story_count = 0;
}

/* A whole arrival as it is explained: whoever reads it must be able to follow. */
static void test_explanation(void **state)
{
        struct base_text text = base_text_on(text_buffer, sizeof text_buffer);
        struct report_row row;

        (void)state;
        world_init(&world);
        world_start(&world);
        world_run(&world, 5);
        explanation_add(&text, "the port is taken over", WORLD_PORT);
        world_plug(&world, 2);
        world_run(&world, 20);
        explanation_add(&text, "two functions arrive", BASE_SBDF(0, 1, 0, 0));
        world.functions[1].facts.capabilities = world.functions[1].facts.enabled =
                EVENT_CAPABILITY_BIT(CAPABILITY_ATS);
        world.functions[1].facts.pci_bridge = true;
        world.core.config.forgiven = 1u << FINDING_ATS_ENABLED;
        world.functions[1].refuses = true;
        world.core.ports[0].owners_fresh = false;
        world.core.functions[1].confirmed = world.core.functions[1].asked = false;
        world.functions[1].owner = 0;
        world_run(&world, 30);
        world.core.ports[0].inventory_fresh = false;
        world_run(&world, 5);
        explanation_add(&text, "one goes back to dom0, and refuses", BASE_SBDF(0, 1, 0, 1));
        world.registers.readable = false;
        world_run(&world, 2);
        explanation_add(&text, "the port does not answer", WORLD_PORT);
        assert_false(text.truncated);
        assert_int_equal(report_device_port(&world.core, BASE_SBDF(0, 9, 0, 0)), BASE_SBDF_NONE);
        assert_false(report_explain_now(&world.core, BASE_SBDF(0, 9, 0, 0), &row));
        assert_false(report_explain_port(&world.core, BASE_SBDF(0, 9, 0, 0), &row));
        assert_false(report_explain_function(&world.core, WORLD_PORT, &row));
        golden_compare("explanation.txt", text_buffer);
}

static void changes_add(struct base_text *text, const char *title, const struct core *before)
{
        struct report_row row;
        uint32_t count = 0;

        base_text_add(text, "# ");
        base_text_add(text, title);
        base_text_add_char(text, '\n');
        while (report_change_row(before, &world.core, count, &row)) {
                row_add(text, "change", &row);
                count++;
        }
        assert_int_equal(row.count, 0);
}

static void test_changes(void **state)
{
        struct base_text text = base_text_on(text_buffer, sizeof text_buffer);
        static struct core before;

        (void)state;
        world_init(&world);
        world_start(&world);
        world_plug(&world, 2);
        world_run(&world, 20);
        before = world.core;
        changes_add(&text, "nothing", &before);
        world.core.config.poll_interval_ms = 250;
        world.core.config.toolstack = TOOLSTACK_QVM_PCI;
        world.core.config.pause = world.core.config.while_locked = true;
        world.core.ports[0].why = REASON_OCCUPIED;
        changes_add(&text, "interval and reason", &before);
        world.core.ports[0].external = false;
        world.core.ports[0].state = STATE_INTERNAL;
        model_function_drop(&world.core, &world.core.functions[1]);
        changes_add(&text, "released, a function forgotten", &before);
        golden_compare("changes.txt", text_buffer);
}

static void record_add(struct base_text *text, const struct record *record)
{
        char sentence[512];
        struct base_text sentence_text = base_text_on(sentence, sizeof sentence);
        const struct report_message *message = report_message_get(record->kind);

        report_record_text(record, &sentence_text);
        assert_false(sentence_text.truncated);
        base_text_add(text, message->name);
        base_text_add_char(text, ' ');
        base_text_add_u64(text, (uint64_t)message->priority);
        base_text_add(text, ": ");
        base_text_add(text, sentence);
        base_text_add_char(text, '\n');
}

static void test_records(void **state)
{
        struct base_text text = base_text_on(text_buffer, sizeof text_buffer);
        struct record record = { .port = WORLD_PORT,
                                 .function = BASE_SBDF(0, 1, 0, 1),
                                 .count = 3,
                                 .guest = "work",
                                 .router = { true, 0, 0x301, 7, { 0xd4, 0x03 } },
                                 .told = "xl ended with status 1: no \033[2J" };

        (void)state;
        for (int kind = 0; kind < RECORD_MAX; kind++) {
                record.kind = (enum record_kind)kind;
                record.count = kind == RECORD_ROUTER_AUTHORIZED ? POLICY_KEY_CLAIMED : 3;
                record.reason = REASON_HOTPLUG_CAPABLE;
                record.effect = EFFECT_RESCAN;
                record.error = ETIMEDOUT;
                record_add(&text, &record);
        }
        record.kind = RECORD_FUNCTION_CONTAINED;
        record.reason = REASON_DRIVER_BOUND;
        record.error = 12345;
        memcpy(record.driver, "evil\033[2J", 9);
        record_add(&text, &record);
        record.kind = RECORD_PORT_EXPOSED;
        record.reason = REASON_NEEDED;
        memcpy(record.driver, "nvme0n1p2 on /", 15);
        record_add(&text, &record);
        record.error = 0;
        record.port = record.function = BASE_SBDF_NONE;
        record.kind = RECORD_PLATFORM_WEAK;
        record.reason = REASON_NO_INTREMAP;
        record_add(&text, &record);
        golden_compare("records.txt", text_buffer);
}

static void test_message_ids_differ(void **state)
{
        (void)state;
        for (int i = 0; i < RECORD_MAX; i++) {
                const char *id = report_message_get((enum record_kind)i)->message_id;

                assert_int_equal(strlen(id), 32);
                assert_int_equal(strspn(id, "0123456789abcdef"), 32);
                for (int j = 0; j < i; j++)
                        assert_string_not_equal(
                                id, report_message_get((enum record_kind)j)->message_id);
        }
}

static void test_every_name(void **state)
{
        (void)state;
        for (int i = 1; i < REASON_MAX; i++)
                assert_true(strlen(report_reason_name((enum record_reason)i)) > 0);
        for (uint32_t i = 0; i < EFFECT_MAX; i++)
                assert_true(strlen(report_effect_name(i)) > 0);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_explanation),
                cmocka_unit_test(test_changes),
                cmocka_unit_test(test_records),
                cmocka_unit_test(test_message_ids_differ),
                cmocka_unit_test(test_every_name),
        };

        if (argc != 2)
                return EXIT_FAILURE;
        golden_folder = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
