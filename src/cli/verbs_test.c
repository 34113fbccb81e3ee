/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each verb against a small daemon of its own: what it prints, and its exit code. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/server_fake.h"

static int rows_reply(sd_bus_message *call, const char *sbdf, const char *key, const char *value)
{
        return sd_bus_reply_method_return(call, "aa{ss}", 1, 2, "sbdf", sbdf, key, value);
}

static int on_ports(sd_bus_message *call, void *contained, sd_bus_error *error)
{
        (void)contained;
        (void)error;
        return rows_reply(call, "0000:00:04.0", "gate", "closed");
}

#define BELOW "port", "0000:00:04.0", "parent", "0000:00:04.0"
#define NIC "id", "8086:15e3", "subsystem", "8086:0000", "class", "0x020000"

/* Two that nothing tells apart, the second lying in its kind; and one that cannot be read. */
static int on_functions(sd_bus_message *call, void *contained, sd_bus_error *error)
{
        (void)contained;
        (void)error;
        return sd_bus_reply_method_return(
                call, "aa{ss}", 3, 6, "sbdf", "0000:01:00.0", BELOW, NIC, 7, "sbdf", "0000:01:00.1",
                BELOW, NIC, "kind", "endpoint\nreject", 6, "sbdf", "0000:01:00.2", BELOW, "id",
                "ffff:ffff", "subsystem", "0000:0000", "class", "0xffffff");
}

/* A dock at the port and one behind it, of one hop more; and one that nobody knows where it is. */
static int on_routers(sd_bus_message *call, void *contained, sd_bus_error *error)
{
        (void)contained;
        (void)error;
        return sd_bus_reply_method_return(
                call, "aa{ss}", 4, 4, "router", "0-1", "port", "0000:00:04.0", "vendor_name",
                "Dell", "device_name", "Dock", 3, "router", "0-301", "port", "0000:00:04.0",
                "state", "held", 3, "router", "0-30301", "port", "0000:00:04.0", "unique_id",
                "d403", 3, "router", "1-3", "port", "", "state", "foreign");
}

/* Says what happens to the first who asks, so that a monitor has something to show; then hangs up. */
static int on_status(sd_bus_message *call, void *contained, sd_bus_error *error)
{
        sd_bus *bus = sd_bus_message_get_bus(call);
        const char *trusted = strcmp(contained, "false") == 0     ? "0000:02:00.0"
                              : strcmp(contained, "perhaps") == 0 ? "0000:02:00.0\x1b[2J"
                                                                  : "";
        int r = sd_bus_reply_method_return(call, "a{ss}", 2, "contained", contained, "trusted",
                                           trusted);

        (void)error;
        if (r >= 0)
                r = sd_bus_emit_signal(bus, CLI_BUS_PATH, CLI_BUS_INTERFACE, "Record", "a{ss}", 2,
                                       "time_ms", "7", "text", "it \x1b opened");
        if (r >= 0)
                r = sd_bus_flush(bus);
        sd_bus_close(bus);
        return r;
}

static int on_history(sd_bus_message *call, void *contained, sd_bus_error *error)
{
        const char *device;
        int r = sd_bus_message_read(call, "s", &device);

        (void)contained;
        if (r < 0)
                return r;
        if (strcmp(device, "0000:00:04.0") != 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "not known");
        return sd_bus_reply_method_return(call, "aa{ss}", 2, 2, "event", "arrival", "time_ms",
                                          "1000", 2, "event", "now", "time_ms", "3500");
}

/* Its one verdict is what the server was started with. */
static int on_audit(sd_bus_message *call, void *contained, sd_bus_error *error)
{
        (void)error;
        return sd_bus_reply_method_return(call, "aa{ss}", 1, 2, "check", "xen", "verdict",
                                          contained);
}

static int on_reload(sd_bus_message *call, void *contained, sd_bus_error *error)
{
        int dry_run, r = sd_bus_message_read(call, "b", &dry_run);

        (void)contained;
        if (r < 0)
                return r;
        if (!dry_run)
                return sd_bus_error_set(error, SD_BUS_ERROR_FAILED, "a.conf:1:2: wrong");
        return sd_bus_reply_method_return(call, "aa{ss}", 1, 2, "kind", "port", "sbdf",
                                          "0000:00:04.0");
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Ports", NULL, "aa{ss}", on_ports, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Functions", NULL, "aa{ss}", on_functions, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Routers", NULL, "aa{ss}", on_routers, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Status", NULL, "a{ss}", on_status, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("History", "s", "aa{ss}", on_history, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Audit", NULL, "aa{ss}", on_audit, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Reload", "b", "aa{ss}", on_reload, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("Record", "a{ss}", 0),
        SD_BUS_VTABLE_END,
};

static void assert_not_shown(const char *text)
{
        if (strstr(output, text))
                fail_msg("'%s' in '%s'", text, output);
}

static void test_no_daemon(void **state)
{
        static const verb_run all[] = { cli_status_run,  cli_list_run,      cli_ports_run,
                                        cli_tree_run,    cli_show_run,      cli_monitor_run,
                                        cli_eject_run,   cli_explain_run,   cli_audit_run,
                                        cli_reload_run,  cli_assign_run,    cli_unassign_run,
                                        cli_routers_run, cli_authorize_run, cli_enroll_run,
                                        cli_forget_run };

        (void)state;
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
                assert_int_equal(run(all[i], "0000:00:04.0", false), CLI_NO_DAEMON);
        server_start("true");
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
        server = 0;
        assert_int_equal(run(cli_status_run, NULL, false),
                         CLI_NO_DAEMON); /* a socket that is left over */
}

static void test_status(void **state)
{
        (void)state;
        server_start("true");
        assert_int_equal(run(cli_status_run, NULL, false), CLI_OK);
        assert_shown("yes");
        server_stop(NULL);
        server_start("false");
        assert_int_equal(run(cli_status_run, NULL, true), CLI_NOT_CONTAINED);
        assert_shown("\"contained\": false");
        server_stop(NULL);
        server_start("perhaps");
        assert_int_equal(run(cli_status_run, NULL, true), CLI_NOT_CONTAINED);
}

/* What the verb says beside its table. */
static void assert_told(const char *contained, const char *begin)
{
        FILE *file = tmpfile(), *terminal = stderr;

        assert_non_null(file);
        server_start(contained);
        stderr = file;
        (void)run(cli_status_run, NULL, false);
        stderr = terminal;
        output_take(file);
        assert_memory_equal(output, begin, strlen(begin));
        server_stop(NULL);
}

/* What dom0 can be overwritten by is named first; what is no address is not printed. */
static void test_status_trusted(void **state)
{
        (void)state;
        assert_told("true", "");
        assert_string_equal(output, "");
        assert_told("false", "sallyport: TRUSTED: 0000:02:00.0: made dom0's by a rule");
        assert_told("perhaps", "sallyport: TRUSTED: see sallyport list: made dom0's by a rule");
}

static void test_lists(void **state)
{
        (void)state;
        server_start("true");
        assert_int_equal(run(cli_list_run, NULL, false), CLI_OK);
        assert_shown("\n0000:01:00.0 0000:00:04.0 ");
        assert_int_equal(run(cli_ports_run, NULL, true), CLI_OK);
        assert_shown("\"gate\": \"closed\"");
        assert_int_equal(run(cli_ports_run, NULL, false), CLI_OK);
        assert_not_shown("EVIDENCE");
        verbose = true;
        assert_int_equal(run(cli_ports_run, NULL, false), CLI_OK);
        assert_shown(" WHY EVIDENCE\n");
        assert_int_equal(run(cli_ports_run, NULL, true), CLI_OK);
        assert_shown("\"gate\": \"closed\"");
        verbose = false;
        assert_int_equal(run(cli_tree_run, NULL, true), CLI_OK);
        assert_shown("\"children\"");
        assert_int_equal(run(cli_routers_run, NULL, false), CLI_OK);
        assert_shown("\n0-301 held ");
}

/* Each behind the one before, below their port, and before what is on PCI there; the last by itself. */
static void test_tree_routers(void **state)
{
        const struct cli_options options = { .socket = socket_path,
                                             .style = { .columns = "sbdf,kind,name" } };
        FILE *file = tmpfile(), *terminal = stdout;

        (void)state;
        assert_non_null(file);
        server_start("true");
        stdout = file;
        assert_int_equal(cli_tree_run(&options), CLI_OK);
        stdout = terminal;
        output_take(file);
        assert_shown("\n0000:00:04.0   port ");
        assert_shown("\n|-0-1 ");
        assert_shown("\n| `-0-301 ");
        assert_shown("\n|   `-0-30301 ");
        assert_shown(" router             Dell Dock\n");
        assert_shown("\n|-0000:01:00.0 ");
        assert_shown("\n1-3 ");
}

/* What was not printed was not said: a script must not take it for an empty list. */
static void test_no_room(void **state)
{
        static const verb_run all[] = { cli_list_run, cli_ports_run, cli_tree_run };
        const struct cli_options options = { .socket = socket_path, .style = { .raw = true } };
        FILE *terminal = stdout;

        (void)state;
        server_start("true");
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
                FILE *full = fopen("/dev/full", "we");
                enum cli_exit result;

                assert_non_null(full);
                stdout = full;
                result = all[i](&options);
                stdout = terminal;
                assert_int_equal(result, CLI_FAILED);
                (void)fclose(full);
        }
}

static void test_show(void **state)
{
        (void)state;
        server_start("true");
        assert_int_equal(run(cli_show_run, "0000:01:00.0", false), CLI_OK);
        assert_shown("parent:");
        assert_int_equal(run(cli_show_run, "0000:00:04.0", true), CLI_OK);
        assert_shown("\"ports\"");
        assert_int_equal(run(cli_show_run, "0-301", true), CLI_OK);
        assert_shown("\"routers\"");
        assert_shown("\"state\": \"held\"");
        assert_int_equal(run(cli_show_run, "d403", false), CLI_OK);
        assert_shown("0-30301");
        assert_int_equal(run(cli_show_run, "0000:00:06.0", false), CLI_FAILED);
        assert_string_equal(output, "");
        assert_int_equal(run(cli_show_run, "0-3", false), CLI_FAILED);
        assert_string_equal(output, "");
}

static void test_explain(void **state)
{
        (void)state;
        server_start("true");
        assert_int_equal(run(cli_explain_run, "0000:00:04.0", false), CLI_OK);
        assert_shown("+0.000 arrival");
        assert_shown("+2.500 now");
        assert_int_equal(run(cli_explain_run, "0000:00:04.0", true), CLI_OK);
        assert_shown("\"explanation\"");
        assert_int_equal(run(cli_explain_run, "0000:00:05.0", false), CLI_FAILED);
        assert_string_equal(output, "");
}

static void test_audit(void **state)
{
        static const struct {
                const char *verdict;
                enum cli_exit exit;
        } all[] = { { "ok", CLI_OK }, { "weak", CLI_FAILED }, { "broken", CLI_NOT_CONTAINED } };

        (void)state;
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
                server_start(all[i].verdict);
                verbose = true;
                assert_int_equal(run(cli_audit_run, NULL, false), all[i].exit);
                assert_shown(" WHY TODO\n");
                verbose = false;
                assert_int_equal(run(cli_audit_run, NULL, false), all[i].exit);
                assert_shown("VERDICT CHECK");
                assert_not_shown("WHY");
                server_stop(NULL);
        }
}

static void test_reload(void **state)
{
        (void)state;
        server_start("true");
        assert_int_equal(run(cli_reload_run, "a dry run", false), CLI_OK);
        assert_shown("port 0000:00:04.0");
        assert_int_equal(run(cli_reload_run, "a dry run", true), CLI_OK);
        assert_shown("\"changes\"");
        assert_int_equal(run(cli_reload_run, NULL, false), CLI_FAILED);
        assert_string_equal(output, "");
}

static void test_monitor(void **state)
{
        (void)state;
        server_start("true");
        assert_int_equal(run(cli_monitor_run, NULL, true), CLI_NO_DAEMON);
        assert_shown("\"time_ms\": 7,");
        assert_shown("\"text\": \"it \\u001b opened\"}\n");
}

static void file_write(const char *path, const char *text)
{
        FILE *file = fopen(path, "we");

        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

/* Another machine: a root port with hot-plug and a function below it. Nobody is asked. */
static void test_from(void **state)
{
        static const char dump[] = "@sallyport-dump 1\n"
                                   "00:1c.0 0604: 8086:a0b8\n@driver pcieport\n"
                                   "00: 86 80 b8 a0 07 05 10 00 00 00 04 06 10 00 01 00\n"
                                   "10: 00 00 00 00 00 00 00 00 00 01 01 00 00 00 00 00\n"
                                   "20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
                                   "30: 00 00 00 00 40 00 00 00 00 00 00 00 00 00 00 00\n"
                                   "40: 10 00 42 01 00 00 00 00 00 00 00 00 00 00 10 00\n"
                                   "50: 00 00 00 20 60 00 00 00 00 00 40 00 00 00 00 00\n"
                                   "01:00.0 0108: 144d:a808\n@driver nvme\n"
                                   "00: 4d 14 08 a8 06 04 10 00 00 02 08 01 10 00 00 00\n";
        char path[64];

        (void)state;
        snprintf(path, sizeof path, "%s/dump", folder);
        file_write(path, dump);
        from = path;
        assert_int_equal(run(cli_ports_run, NULL, true), CLI_OK);
        assert_shown("\"external\": true");
        assert_shown("\"state\": null");
        assert_shown("\"gate\": \"open\"");
        assert_int_equal(run(cli_list_run, NULL, true), CLI_OK);
        assert_shown("\"owner\": null");
        assert_shown("\"driver\": \"nvme\"");
        assert_int_equal(run(cli_tree_run, NULL, true), CLI_OK);
        assert_shown("\"children\"");
        assert_int_equal(run(cli_show_run, "0000:01:00.0", false), CLI_OK);
        assert_shown("144d:a808");
        assert_int_equal(run(cli_show_run, "0000:02:00.0", false), CLI_FAILED);
        assert_int_equal(run(cli_audit_run, NULL, true), CLI_NOT_CONTAINED);
        assert_shown("\"check\": \"iommu\"");
        unlink(path);
        assert_int_equal(run(cli_ports_run, NULL, false), CLI_FAILED);
        from = NULL;
}

/* A folder of rules: what is wrong with them, and what they would do with the machine of a dump. */
static void test_rules(void **state)
{
        static const char good[] = "quarantine if kind = bridge\nassign sys-usb if class = 0108\n";
        static const char dump[] = "00:1c.0 0604: 8086:a0b8\n"
                                   "00: 86 80 b8 a0 07 05 10 00 00 00 04 06 10 00 01 00\n"
                                   "10: 00 00 00 00 00 00 00 00 00 01 01 00 00 00 00 00\n"
                                   "20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
                                   "30: 00 00 00 00 40 00 00 00 00 00 00 00 00 00 00 00\n"
                                   "40: 10 00 42 01 00 00 00 00 00 00 00 00 00 00 10 00\n"
                                   "50: 00 00 00 20 60 00 00 00 00 00 40 00 00 00 00 00\n"
                                   "01:00.0 0108: 144d:a808\n"
                                   "00: 4d 14 08 a8 06 04 10 00 00 02 08 01 10 00 00 00\n"
                                   "10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
                                   "20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
                                   "30: 00 00 00 00 40 00 00 00 00 00 00 00 00 01 00 00\n"
                                   "40: 10 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00\n";
        char path[96], rules_folder[64];

        (void)state;
        snprintf(rules_folder, sizeof rules_folder, "%s/rules.d", folder);
        assert_int_equal(mkdir(rules_folder, 0700), 0);
        snprintf(path, sizeof path, "%s/dump", folder);
        file_write(path, dump);
        from = path;
        config_directory = folder;
        assert_int_equal(run(cli_rules_check_run, NULL, false), CLI_OK);
        assert_int_equal(run(cli_rules_test_run, "0000:01:00.0", true), CLI_OK);
        assert_shown("\"verdict\": \"quarantine\"");
        assert_shown("\"rule\": null");
        snprintf(rules_folder, sizeof rules_folder, "%s/rules.d/50-a.rules", folder);
        file_write(rules_folder, good);
        assert_int_equal(run(cli_rules_check_run, NULL, false), CLI_OK);
        assert_int_equal(run(cli_rules_test_run, "0000:01:00.0", true), CLI_OK);
        assert_shown("\"verdict\": \"assign\"");
        assert_shown("\"rule\": \"50-a.rules:2\"");
        assert_shown("\"guest\": \"sys-usb\"");
        assert_int_equal(run(cli_rules_test_run, "0000:00:1c.0", true), CLI_OK);
        assert_shown("\"verdict\": \"assign\"");
        assert_int_equal(run(cli_rules_test_run, "0000:02:00.0", true), CLI_FAILED);
        file_write(rules_folder, "assign sys-usb of class = 01\n");
        assert_int_equal(run(cli_rules_check_run, NULL, false), CLI_FAILED);
        assert_int_equal(run(cli_rules_test_run, "0000:01:00.0", true), CLI_FAILED);
        unlink(rules_folder);
        snprintf(rules_folder, sizeof rules_folder, "%s/rules.d", folder);
        rmdir(rules_folder);
        unlink(path);
        from = config_directory = NULL;
}

/* What is generated is good as it stands, with nothing to warn of: a rule for each that can be told apart. */
static void test_rules_generate(void **state)
{
        static const char rule[] = "quarantine if port = 0000:00:04.0 and id = 8086:15e3 and "
                                   "subsystem = 8086:0000 and class = 020000\n";
        char path[64], told[256];
        const char *const files[] = { path };
        const struct cli_options options = { .files = files, .file_count = 1 };
        FILE *terminal = stderr, *messages = tmpfile();
        const char *found;

        (void)state;
        server_start("true");
        assert_int_equal(run(cli_rules_generate_run, NULL, false), CLI_OK);
        found = strstr(output, rule);
        assert_non_null(found);
        assert_null(strstr(found + 1, "quarantine if"));
        assert_shown("\n# 0000:01:00.1 endpoint\\x0areject");
        assert_shown("\n# 0000:01:00.2");
        assert_not_shown("id = ffff:ffff");

        assert_non_null(messages);
        (void)snprintf(path, sizeof path, "%s/generated.rules", folder);
        file_write(path, output);
        stderr = messages;
        assert_int_equal(cli_rules_check_run(&options), CLI_OK);
        stderr = terminal;
        assert_int_equal(ftell(messages), 0);

        file_write(path, "\nask if port = 4\n");
        stderr = messages;
        assert_int_equal(cli_rules_check_run(&options), CLI_FAILED);
        stderr = terminal;
        rewind(messages);
        assert_non_null(fgets(told, sizeof told, messages));
        assert_int_equal(strncmp(told, path, strlen(path)), 0);
        assert_non_null(strstr(told, ":2:15: not a value: '4'"));
        (void)fclose(messages);
        unlink(path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_no_daemon, server_stop),
                cmocka_unit_test_teardown(test_status, server_stop),
                cmocka_unit_test_teardown(test_status_trusted, server_stop),
                cmocka_unit_test_teardown(test_lists, server_stop),
                cmocka_unit_test_teardown(test_tree_routers, server_stop),
                cmocka_unit_test_teardown(test_no_room, server_stop),
                cmocka_unit_test_teardown(test_show, server_stop),
                cmocka_unit_test_teardown(test_explain, server_stop),
                cmocka_unit_test_teardown(test_audit, server_stop),
                cmocka_unit_test_teardown(test_reload, server_stop),
                cmocka_unit_test_teardown(test_monitor, server_stop),
                cmocka_unit_test(test_from),
                cmocka_unit_test(test_rules),
                cmocka_unit_test_teardown(test_rules_generate, server_stop),
        };
        int failed;

        if (server_begin(vtable) < 0)
                return 1;
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        rmdir(folder);
        return failed;
}
