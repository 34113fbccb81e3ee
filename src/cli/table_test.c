/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Golden text, trees and JSON: golden/NAME must be printed byte for byte. Its folder is the only argument. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"

#define GOLDEN_SIZE 8192

static const char *golden_folder;

/* "key=value" pairs, up to NULL. */
static void row_add(struct cli_rows *rows, const char *const *pairs)
{
        struct cli_row *row = cli_rows_append(rows);

        assert_non_null(row);
        for (; *pairs; pairs++) {
                const char *equals = strchr(*pairs, '=');
                char key[32] = "";

                assert_true((size_t)(equals - *pairs) < sizeof key);
                memcpy(key, *pairs, (size_t)(equals - *pairs));
                assert_int_equal(cli_row_set(row, key, equals + 1), 0);
        }
}

#define ROW(rows, ...) row_add(rows, (const char *const[]){ __VA_ARGS__, NULL })

static void golden_expect(const char *name, const char *text)
{
        char path[512], wanted[GOLDEN_SIZE];
        size_t length;
        FILE *file;

        (void)snprintf(path, sizeof path, "%s/%s", golden_folder, name);
        if (getenv("GOLDEN_WRITE")) {
                file = fopen(path, "we");
                assert_non_null(file);
                (void)fputs(text, file);
                (void)fclose(file);
                return;
        }
        file = fopen(path, "re");
        assert_non_null(file);
        length = fread(wanted, 1, sizeof wanted - 1, file);
        wanted[length] = '\0';
        (void)fclose(file);
        assert_string_equal(text, wanted);
}

static void print_expect(const char *name, const struct cli_table *table,
                         const struct cli_rows *rows, const struct cli_style *style)
{
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);

        assert_non_null(out);
        assert_int_equal(cli_table_print(table, rows, style, out), 0);
        (void)fclose(out);
        golden_expect(name, text);
        free(text);
}

static void row_expect(const char *name, const struct cli_table *table, const struct cli_row *row,
                       const struct cli_style *style)
{
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);

        assert_non_null(out);
        assert_int_equal(cli_table_print_row(table, row, style, out), 0);
        (void)fclose(out);
        golden_expect(name, text);
        free(text);
}

static void ports_make(struct cli_rows *rows)
{
        ROW(rows, "sbdf=0000:00:04.0", "external=true", "gate=closed", "presence=present",
            "link=up", "bus_first=1", "bus_last=8", "state=quarantined",
            "reason=", "pciehp=unbound", "acs=true", "functions=3",
            "path=/devices/pci0000:00/0000:00:04.0", "kind=port", "slot=4", "why=external-facing",
            "evidence=root-port slot hot-plug external-facing", "use=system mount",
            "used_by=nvme0n1p2 on /");
        ROW(rows, "sbdf=0000:00:1c.0", "external=false", "gate=open", "presence=empty", "link=down",
            "bus_first=9", "bus_last=9", "state=internal", "reason=not-hotplug", "pciehp=bound",
            "acs=false", "functions=0", "path=/devices/pci0000:00/0000:00:1c.0", "kind=port",
            "slot=", "why=not-hotplug", "evidence=downstream-port", "use=", "used_by=");
}

static void functions_make(struct cli_rows *rows)
{
        ROW(rows, "sbdf=0000:01:00.0", "port=0000:00:04.0", "parent=0000:00:04.0",
            "state=quarantined", "owner=DOMID_IO", "driver=", "kind=bridge", "class=0x060400",
            "id=104c:8232", "reason=", "at_boot=false", "verdict=assign", "rule=50-docks.rules:12",
            "guest=sys-net", "name=TI bridge");
        ROW(rows, "sbdf=0000:02:00.0", "port=0000:00:04.0", "parent=0000:01:00.0",
            "state=contained", "owner=0", "driver=nvme", "kind=endpoint", "class=0x010802",
            "id=1b36:0010", "reason=driver-bound", "at_boot=true",
            "name=\"Evil\" \x1b[2J disk\nwith a line feed");
        ROW(rows, "sbdf=0000:02:01.0", "port=0000:00:04.0", "parent=0000:01:00.0", "state=arriving",
            "owner=", "driver=", "kind=endpoint", "class=0x020000", "id=8086:10d3",
            "reason=", "at_boot=false");
}

static const struct cli_style text_style = { .json = false }, json_style = { .json = true };

static void test_ports(void **state)
{
        const struct cli_style verbose = { .columns = "+WHY,EVIDENCE" };
        const struct cli_style script = { .raw = true,
                                          .no_headings = true,
                                          .columns = "sbdf,Path,acs" };
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };

        (void)state;
        ports_make(&rows);
        print_expect("ports.txt", &cli_table_ports, &rows, &text_style);
        print_expect("ports.json", &cli_table_ports, &rows, &json_style);
        print_expect("ports-raw.txt", &cli_table_ports, &rows, &script);
        print_expect("ports-verbose.txt", &cli_table_ports, &rows, &verbose);
        row_expect("show-port.txt", &cli_table_ports, &rows.rows[0], &text_style);
        row_expect("show-port.json", &cli_table_ports, &rows.rows[0], &json_style);
}

static void test_functions(void **state)
{
        const struct cli_style added = { .columns = "+AT_BOOT,PARENT" };
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };

        (void)state;
        functions_make(&rows);
        print_expect("list.txt", &cli_table_functions, &rows, &text_style);
        print_expect("list-added.txt", &cli_table_functions, &rows, &added);
        print_expect("list.json", &cli_table_functions, &rows, &json_style);
        row_expect("show.txt", &cli_table_functions, &rows.rows[1], &text_style);
        row_expect("show.json", &cli_table_functions, &rows.rows[1], &json_style);
}

static void test_tree(void **state)
{
        CLI_ROWS_CLEANUP struct cli_rows ports = { .count = 0 }, rows = { .count = 0 };

        (void)state;
        ports_make(&ports);
        assert_int_equal(cli_rows_copy(&rows, &ports.rows[0]), 0);
        functions_make(&rows);
        assert_int_equal(cli_rows_copy(&rows, &ports.rows[1]), 0);
        print_expect("tree.txt", &cli_table_tree, &rows, &text_style);
        print_expect("tree.json", &cli_table_tree, &rows, &json_style);
}

static void test_status(void **state)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };

        (void)state;
        ROW(&rows, "contained=false", "ports=2", "external=1", "functions=3", "quarantined=1",
            "problems=1", "exposed=1", "iommu=vtd", "xen=4.17", "door2=holds",
            "reason=", "memory=good", "config=ok", "routers=3", "routers_authorized=1",
            "routers_foreign=0", "routers_held=2");
        row_expect("status.txt", &cli_table_status, &rows.rows[0], &text_style);
        row_expect("status.json", &cli_table_status, &rows.rows[0], &json_style);
}

static void test_records(void **state)
{
        const struct cli_style plain = { .no_headings = true };
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);

        (void)state;
        ROW(&rows, "event=gate-opened", "time_ms=12345", "priority=2", "port=0000:00:04.0",
            "function=", "reason=", "error=", "text=somebody opened [it]\nand \x1b left");
        print_expect("monitor.txt", &cli_table_records, &rows, &plain);
        assert_int_equal(cli_table_print_line(&cli_table_records, &rows.rows[0], out), 0);
        (void)fclose(out);
        golden_expect("monitor.jsonl", text);
        free(text);
}

/* Times are local: the test is in UTC. */
static void test_explanation(void **state)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };

        (void)state;
        assert_int_equal(setenv("TZ", "UTC", 1), 0);
        ROW(&rows, "event=evidence", "port=0000:00:04.0",
            "function=", "text=Port 0000:00:04.0 is external: usb4. Evidence: root-port usb4.");
        ROW(&rows, "event=arrival", "time_ms=12345", "wall_ms=1700000000123", "priority=5",
            "port=0000:00:04.0", "function=", "reason=", "effect=", "error=", "times=1",
            "last_ms=12345", "text=Plugged.");
        ROW(&rows, "event=effect-failed", "time_ms=12477", "wall_ms=1700000000255", "priority=4",
            "port=0000:00:04.0", "function=0000:01:00.0", "reason=", "effect=rescan", "error=110",
            "times=37", "last_ms=70000", "text=rescan \x1b failed.");
        ROW(&rows, "event=now", "time_ms=76500", "wall_ms=1700000064278", "port=0000:00:04.0",
            "function=", "text=Waits.");
        assert_int_equal(cli_explain_times_add(&rows), 0);
        print_expect("explain.txt", &cli_table_explanation, &rows, &text_style);
        print_expect("explain.json", &cli_table_explanation, &rows, &json_style);
}

static void test_audit(void **state)
{
        const struct cli_style verbose = { .columns = "+WHY,TODO" };
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };

        (void)state;
        assert_int_equal(cli_audit_exit(&rows), CLI_FAILED); /* nothing was checked */
        ROW(&rows, "check=xen", "subject=machine", "verdict=ok", "what=Xen answers",
            "why=door 2 is Xen's", "todo=");
        assert_int_equal(cli_audit_exit(&rows), CLI_OK);
        ROW(&rows, "check=ats", "subject=machine", "verdict=weak", "what=unknown",
            "why=a device says itself", "todo=take it away");
        assert_int_equal(cli_audit_exit(&rows), CLI_FAILED);
        ROW(&rows, "check=gate", "subject=0000:00:04.0", "verdict=broken", "what=open",
            "why=door 1", "todo=look at it");
        assert_int_equal(cli_audit_exit(&rows), CLI_NOT_CONTAINED);
        print_expect("audit.txt", &cli_table_audit, &rows, &text_style);
        print_expect("audit-verbose.txt", &cli_table_audit, &rows, &verbose);
        print_expect("audit.json", &cli_table_audit, &rows, &json_style);
        ROW(&rows, "check=new", "verdict=weak");
        assert_int_equal(cli_audit_exit(&rows), CLI_NOT_CONTAINED); /* the worst counts */
        assert_int_equal(cli_row_set(&rows.rows[2], "verdict", "splendid"), 0);
        assert_int_equal(cli_audit_exit(&rows), CLI_NOT_CONTAINED);
}

static void test_changes(void **state)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };

        (void)state;
        ROW(&rows, "kind=setting", "sbdf=", "key=PollIntervalMs", "before=100", "after=50",
            "text=");
        ROW(&rows, "kind=port", "sbdf=0000:00:04.0", "key=external", "before=true", "after=false",
            "text=It stays closed.");
        print_expect("reload.txt", &cli_table_changes, &rows, &text_style);
        print_expect("reload.json", &cli_table_changes, &rows, &json_style);
}

static void test_known(void **state)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };

        (void)state;
        ROW(&rows, "unique_id=d4030000-0090-8708-2315-9d8f2a1f0a1d", "policy=auto", "key=given",
            "vendor_name=Dell", "device_name=WD19TB\\x0aDock");
        ROW(&rows, "unique_id=00e10000-0001-0002-0003-000000000004", "policy=unreadable");
        print_expect("known.txt", &cli_table_known, &rows, &text_style);
        print_expect("known.json", &cli_table_known, &rows, &json_style);
        assert_int_equal(cli_row_set(&rows.rows[0], "result", "imported"), 0);
        assert_int_equal(cli_row_set(&rows.rows[1], "result", "unreadable"), 0);
        assert_int_equal(cli_row_set(&rows.rows[1], "policy", ""), 0);
        assert_int_equal(cli_row_set(&rows.rows[1], "error", "Structure needs cleaning"), 0);
        print_expect("import.txt", &cli_table_import, &rows, &text_style);
}

static void test_routers(void **state)
{
        const struct cli_style word = { .columns = "ROUTER,STATE,WORD" };
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };

        (void)state;
        ROW(&rows, "router=0-1", "state=authorized", "reason=", "port=0000:00:04.0", "port_by=seen",
            "unique_id=d4030000-0090-8708-2315-9d8f2a1f0a1d", "vendor_name=Dell",
            "device_name=WD19TB\nDock", "id=00d4:b070", "generation=3", "key=verified",
            "authorized=challenged", "enrolled=key", "manual=false", "word=store", "boot=false",
            "security=secure", "verdict=quarantine", "rule=");
        ROW(&rows, "router=0-301", "state=held", "reason=not-enrolled",
            "port=", "port_by=", "unique_id=00e10000-0001-0002-0003-000000000004", "key=none",
            "authorized=no", "enrolled=no", "manual=false", "word=", "boot=false",
            "security=secure");
        print_expect("routers.txt", &cli_table_routers, &rows, &text_style);
        print_expect("routers-word.txt", &cli_table_routers, &rows, &word);
        print_expect("routers.json", &cli_table_routers, &rows, &json_style);
}

static void test_empty(void **state)
{
        const struct cli_rows none = { .count = 0 };

        (void)state;
        print_expect("empty.txt", &cli_table_ports, &none, &text_style);
        print_expect("empty.json", &cli_table_ports, &none, &json_style);
}

static void test_columns(void **state)
{
        static const char *const bad[] = { "",   "x", "SBDF,", ",SBDF", "SBDF,x",
                                           "+x", "+", "SBD",   "SBDFF" };
        struct cli_style style = { .columns = "sbdf,LINK,sbdf" };

        (void)state;
        assert_true(cli_table_accepts(&cli_table_ports, &style));
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                style.columns = bad[i];
                assert_false(cli_table_accepts(&cli_table_ports, &style));
        }
}

static void test_row_bounds(void **state)
{
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        struct cli_row *row = cli_rows_append(&rows);
        char key[8];

        (void)state;
        for (unsigned int i = 0; i < CLI_FIELDS; i++) {
                (void)snprintf(key, sizeof key, "k%u", i);
                assert_int_equal(cli_row_set(row, key, "a"), 0);
        }
        assert_int_equal(cli_row_set(row, "one more", "a"), -E2BIG);
        assert_int_equal(cli_row_set(row, "k7", "b"), 0);
        assert_string_equal(cli_row_get(row, "k7"), "b");
        assert_string_equal(cli_row_get(row, "none"), "");
        assert_ptr_equal(cli_rows_find(&rows, "k7", "b"), row);
        assert_null(cli_rows_find(&rows, "k7", "c"));
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ports),       cmocka_unit_test(test_functions),
                cmocka_unit_test(test_tree),        cmocka_unit_test(test_status),
                cmocka_unit_test(test_records),     cmocka_unit_test(test_empty),
                cmocka_unit_test(test_columns),     cmocka_unit_test(test_row_bounds),
                cmocka_unit_test(test_explanation), cmocka_unit_test(test_audit),
                cmocka_unit_test(test_changes),     cmocka_unit_test(test_known),
                cmocka_unit_test(test_routers),
        };

        if (argc != 2)
                return 2;
        golden_folder = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
