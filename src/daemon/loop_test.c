/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon as a whole, but for Xen, on a sysfs of plain files with one port and a disk below it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "core/policy/config.h"
#include "daemon/loop.h"
#include "edge/sink/udev.h"
#include "tree/tree.h"

#define PORT_FOLDER "devices/pci0000:00/0000:00:04.0"
#define PCIE_CAP 0x40

static char root[64];
static struct daemon_loop *daemon_loop;
static sd_bus *client;
static char reply[32768];

static void file_write(const char *name, const void *bytes, size_t length)
{
        int fd = openat(daemon_loop->actuator.sysfs, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, length), length);
        assert_int_equal(close(fd), 0);
}

static uint8_t command_get(void)
{
        int fd = openat(daemon_loop->actuator.sysfs, PORT_FOLDER "/config", O_RDONLY | O_CLOEXEC);
        uint8_t command;

        assert_true(fd >= 0);
        assert_int_equal(pread(fd, &command, 1, 4), 1);
        assert_int_equal(close(fd), 0);
        return command;
}

static void sysfs_make(int sysfs)
{
        static const char *const folders[] = {
                "bus",
                "bus/pci",
                "bus/pci/devices",
                "bus/pci/drivers",
                "bus/pci/drivers/pcieport",
                "devices",
                "devices/pci0000:00",
                PORT_FOLDER,
                (PORT_FOLDER "/power"),
        };
        uint8_t config[4096] = { 0x36, 0x1b, 0x0c, 0x00, 0x07, 0x05, 0x10, 0x00 };

        config[0x0a] = 0x04;
        config[0x0b] = 0x06;
        config[0x0e] = 1;
        config[0x19] = 1;
        config[0x1a] = 1;
        config[0x34] = PCIE_CAP;
        config[PCIE_CAP] = 0x10;
        config[PCIE_CAP + 2] = 0x42;    /* version 2, root port */
        config[PCIE_CAP + 3] = 0x01;    /* with a slot... */
        config[PCIE_CAP + 0x14] = 0x40; /* ...that is hot-plug capable, and empty */
        for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
                assert_int_equal(mkdirat(sysfs, folders[i], 0700), 0);
        file_write(PORT_FOLDER "/config", config, sizeof config);
        file_write(PORT_FOLDER "/class", "0x060400\n", 9);
        file_write(PORT_FOLDER "/power/control", "on\n", 3);
        assert_int_equal(
                symlinkat("../../../bus/pci/drivers/pcieport", sysfs, PORT_FOLDER "/driver"), 0);
        assert_int_equal(symlinkat("../../../" PORT_FOLDER, sysfs, "bus/pci/devices/0000:00:04.0"),
                         0);
}

static int setup(void **state)
{
        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-loop-XXXXXX");
        daemon_loop = calloc(1, sizeof *daemon_loop);
        if (!daemon_loop || !mkdtemp(root) || actuator_open(root, root, &daemon_loop->actuator) < 0)
                return -1;
        sysfs_make(daemon_loop->actuator.sysfs);
        policy_config_default(&daemon_loop->config);
        (void)snprintf(daemon_loop->config.run_directory, sizeof daemon_loop->config.run_directory,
                       "%s/run", root);
        (void)snprintf(daemon_loop->config.state_directory,
                       sizeof daemon_loop->config.state_directory, "%s/state", root);
        daemon_loop->run = root;
        daemon_loop->sessions_address = "unix:path=/nonexistent"; /* no logind of this machine's */
        return 0; /* the journal stays shut: priority_max is 0 */
}

static int teardown(void **state)
{
        (void)state;
        client = sd_bus_close_unref(client);
        daemon_loop_close(daemon_loop);
        actuator_close(&daemon_loop->actuator);
        free(daemon_loop);
        return tree_remove(root);
}

/* Flattens aa{ss} or a{ss} into "key=value;", with "|" after each row. */
static int reply_take(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        bool rows = sd_bus_message_has_signature(message, "aa{ss}") > 0;
        const char *key, *value;
        size_t length = 0;

        (void)error;
        if (rows)
                assert_true(sd_bus_message_enter_container(message, 'a', "a{ss}") >= 0);
        reply[0] = '\0';
        while (sd_bus_message_enter_container(message, 'a', "{ss}") > 0) {
                while (sd_bus_message_read(message, "{ss}", &key, &value) > 0)
                        length += (size_t)snprintf(reply + length, sizeof reply - length, "%s=%s;",
                                                   key, value);
                assert_true(sd_bus_message_exit_container(message) >= 0);
                length += (size_t)snprintf(reply + length, sizeof reply - length, "|");
                if (!rows)
                        break;
        }
        *(bool *)userdata = true;
        return 0;
}

static void call(const char *member, const char *types, const char *argument)
{
        bool done = false;

        assert_true(sd_bus_call_method_async(client, NULL, NULL, SINK_BUS_PATH, SINK_BUS_INTERFACE,
                                             member, reply_take, &done, types, argument) >= 0);
        while (!done)
                assert_true(sd_event_run(daemon_loop->loop, 5 * 1000000ull) > 0);
}

/* The bus lets root in only; what could not be looked at did not pass. */
static void root_needed(void)
{
        if (geteuid() != 0)
                fail_msg("to be run as root");
}

static void client_connect(void)
{
        char address[128];

        (void)snprintf(address, sizeof address, "unix:path=%s/run/" SINK_BUS_SOCKET, root);
        assert_true(sd_bus_new(&client) >= 0);
        assert_true(sd_bus_set_address(client, address) >= 0);
        assert_true(sd_bus_start(client) >= 0);
        assert_true(sd_bus_attach_event(client, daemon_loop->loop, SD_EVENT_PRIORITY_NORMAL) >= 0);
}

/* When the loop is open, before it has run once, the port is shut. */
static void test_start(void **state)
{
        (void)state;
        assert_int_equal(command_get(), 0x07);
        assert_int_equal(daemon_loop_open(daemon_loop), 0);
        assert_int_equal(command_get(), 0x03);
        assert_true(daemon_loop->ready);
        assert_false(daemon_loop->draining);
        assert_int_equal(daemon_loop->queue.count, 0);
}

/* udev is told of the port that is guarded from now on, and stays told when the daemon ends. */
static void test_udev(void **state)
{
        char path[96], text[512] = "";
        FILE *file;

        (void)state;
        assert_int_equal(daemon_loop_open(daemon_loop), 0);
        daemon_loop_close(daemon_loop);
        (void)snprintf(path, sizeof path, "%s/" SINK_UDEV_FILE, root);
        file = fopen(path, "re");
        assert_non_null(file);
        assert_true(fread(text, 1, sizeof text - 1, file) > 0);
        assert_int_equal(fclose(file), 0);
        assert_non_null(strstr(text, "SUBSYSTEM==\"pci\", DEVPATH==\"/" PORT_FOLDER "/*\", "
                                     "ENV{MODALIAS}=\"\"\n"));
}

/* Somebody opens it behind our back: the watcher sees it and it is shut again. */
static void test_reopened(void **state)
{
        (void)state;
        daemon_loop->config.poll_interval_ms = 10;
        assert_int_equal(daemon_loop_open(daemon_loop), 0);
        file_write(PORT_FOLDER "/config", "\x36\x1b\x0c\x00\x07", 5);
        for (int i = 0; i < 500 && command_get() != 0x03; i++)
                assert_true(sd_event_run(daemon_loop->loop, 100000) >= 0);
        assert_int_equal(command_get(), 0x03);
}

static int guests_serve(int fd)
{
        static const struct event_guests guests = { .count = 1,
                                                    .guests = { { .domid = 5, .name = "work" } } };

        (void)poll(NULL, 0, 500); /* until the daemon has nothing to do */
        if (write(fd, &guests, sizeof guests) != (ssize_t)sizeof guests)
                return 1;
        (void)pause();
        return 0;
}

/* The core hears of guests without asking: in the turn in which the list is whole, its time goes on. */
static void test_guests(void **state)
{
        uint64_t before = 0;

        (void)state;
        daemon_loop->guests_serve = guests_serve;
        daemon_loop->config.poll_interval_ms = 10000;
        assert_int_equal(daemon_loop_open(daemon_loop), 0);
        for (int i = 0; i < 500 && !daemon_loop->guests.served; i++) {
                before = daemon_loop->core.now_ms;
                assert_true(sd_event_run(daemon_loop->loop, 100000) >= 0);
        }
        assert_int_equal(daemon_loop->guests.guests.guests[0].domid, 5);
        assert_true(daemon_loop->core.now_ms > before);
}

static void memory_wait(const char *name)
{
        char path[96];

        (void)snprintf(path, sizeof path, "%s/state/%s", root, name);
        for (int i = 0; i < 500 && access(path, F_OK) < 0; i++)
                assert_true(sd_event_run(daemon_loop->loop, 100000) >= 0);
        assert_int_equal(access(path, F_OK), 0);
}

/* What one daemon writes, the next one of this boot reads; what is damaged is set aside, and the port is guarded. */
static void test_memory(void **state)
{
        char path[96];

        (void)state;
        daemon_loop->config.poll_interval_ms = 10;
        assert_int_equal(daemon_loop_open(daemon_loop), 0);
        assert_int_equal(daemon_loop->core.memory, MEMORY_FRESH);
        memory_wait("state");
        daemon_loop_close(daemon_loop);
        assert_int_equal(daemon_loop_open(daemon_loop), 0);
        assert_int_equal(daemon_loop->core.memory, MEMORY_GOOD);
        assert_true(daemon_loop->core.ports[0].known);
        daemon_loop_close(daemon_loop);
        (void)snprintf(path, sizeof path, "%s/state/state", root);
        assert_int_equal(truncate(path, 19), 0);
        assert_int_equal(daemon_loop_open(daemon_loop), 0);
        assert_int_equal(daemon_loop->core.memory, MEMORY_DAMAGED);
        assert_false(daemon_loop->core.ports[0].known);
        assert_int_equal(command_get(), 0x03);
        memory_wait("state.bad-1");
        memory_wait("state");
}

#define DOCK_UUID "d4030000-0090-8708-2315-9d8f2a1f0a1d"
#define ROUTERS "bus/thunderbolt/devices"

static void router_make(const char *folder, const char *unique_id)
{
        int sysfs = daemon_loop->actuator.sysfs;

        tree_text_write(sysfs, ROUTERS "/domain0", "security", "secure\n");
        tree_text_write(sysfs, ROUTERS "/domain0", "deauthorization", "0\n");
        tree_text_write(sysfs, folder, "unique_id", unique_id);
        tree_text_write(sysfs, folder, "vendor_name", "Dell\n");
        tree_text_write(sysfs, folder, "device_name", "Dock\n");
        tree_text_write(sysfs, folder, "authorized", "0\n");
        tree_text_write(sysfs, folder, "key", "\n");
}

static char authorized_get(const char *path)
{
        char authorized;

        tree_file_read(daemon_loop->actuator.sysfs, path, &authorized, 1);
        return authorized;
}

static void authorized_wait(const char *path, char authorized)
{
        for (int i = 0; i < 500 && authorized_get(path) != authorized; i++)
                assert_true(sd_event_run(daemon_loop->loop, 100000) >= 0);
        assert_int_equal(authorized_get(path), authorized);
        assert_int_equal(command_get(), 0x03); /* while the port is shut, and it stays so */
}

/* Who is enrolled is given a key and let in; a stranger, when somebody says so. The next daemon challenges the key. */
static void test_routers(void **state)
{
        int sysfs = daemon_loop->actuator.sysfs;
        bool done = false;

        (void)state;
        root_needed();
        daemon_loop->config.poll_interval_ms = 10;
        router_make(ROUTERS "/0-1", DOCK_UUID "\n");
        router_make(ROUTERS "/0-3", "00e10000-0001-0002-0003-000000000004\n");
        assert_int_equal(daemon_loop_open(daemon_loop), 0);
        client_connect();
        for (int i = 0; i < 200; i++)
                assert_true(sd_event_run(daemon_loop->loop, 10000) >= 0);
        assert_int_equal(authorized_get(ROUTERS "/0-1/authorized"), '0');
        assert_int_equal(authorized_get(ROUTERS "/0-3/authorized"), '0');
        assert_true(sd_bus_call_method_async(client, NULL, NULL, SINK_BUS_PATH, SINK_BUS_INTERFACE,
                                             "Enroll", reply_take, &done, "sb", DOCK_UUID, 0) >= 0);
        while (!done)
                assert_true(sd_event_run(daemon_loop->loop, 5 * 1000000ull) > 0);
        assert_string_equal(reply, "result=done;reason=;|");
        call("Known", NULL, NULL);
        assert_non_null(strstr(reply, "unique_id=" DOCK_UUID ";policy=auto;key="));
        authorized_wait(ROUTERS "/0-1/authorized", '1');
        assert_int_equal(authorized_get(ROUTERS "/0-3/authorized"), '0');
        call("Authorize", "s", "0-3");
        assert_string_equal(reply, "result=done;reason=;|");
        authorized_wait(ROUTERS "/0-3/authorized", '1');
        call("Routers", NULL, NULL);
        assert_non_null(strstr(reply, "router=0-3;state=a"));
        call("History", "s", "0-3");
        assert_non_null(strstr(reply, "|event=router-authorizing;"));
        assert_null(strstr(reply, DOCK_UUID));
        assert_non_null(strstr(reply, "text=0-3: state a"));
        call("Known", NULL, NULL);
        assert_string_equal(reply, "unique_id=" DOCK_UUID ";policy=auto;key=given;"
                                   "vendor_name=Dell;device_name=Dock;|");
        client = sd_bus_close_unref(client);
        daemon_loop_close(daemon_loop);
        router_make(ROUTERS "/0-1", DOCK_UUID "\n"); /* as if plugged in again */
        assert_int_equal(unlinkat(sysfs, ROUTERS "/0-3/authorized", 0), 0);
        assert_int_equal(daemon_loop_open(daemon_loop), 0);
        authorized_wait(ROUTERS "/0-1/authorized", '2');
}

static void test_rows(void **state)
{
        (void)state;
        root_needed();
        daemon_loop->config_rejected = true;
        assert_int_equal(daemon_loop_open(daemon_loop), 0);
        client_connect();
        call("Functions", NULL, NULL);
        assert_string_equal(reply, "");
        call("Ports", NULL, NULL);
        assert_non_null(strstr(reply, "sbdf=0000:00:04.0;"));
        assert_non_null(strstr(reply, "gate=closed;"));
        call("Status", NULL, NULL);
        assert_non_null(strstr(reply, "config=auto;"));
        assert_non_null(strstr(reply, "external=1;"));
        call("Eject", "s", "0000:00:05.0");
        assert_string_equal(reply, "result=unknown;reason=;|");
}

static void config_write(const char *text)
{
        char path[128];
        FILE *file;

        (void)snprintf(path, sizeof path, "%s/etc", root);
        (void)mkdir(path, 0700);
        (void)snprintf(path, sizeof path, "%s/etc/sallyport.conf", root);
        file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fprintf(file, "%s[Paths]\nRunDirectory=%s/run\nStateDirectory=%s/state\n", text,
                            root, root) > 0);
        assert_int_equal(fclose(file), 0);
}

/* A daemon whose configuration is a file, and a client. */
static void configured_open(void)
{
        static char etc[80];

        (void)snprintf(etc, sizeof etc, "%s/etc", root);
        daemon_loop->config_directory = etc;
        config_write("");
        assert_int_equal(daemon_loop_open(daemon_loop), 0);
        client_connect();
        for (int i = 0; i < 20; i++) /* a worker looks for the functions below */
                (void)sd_event_run(daemon_loop->loop, 10000);
}

static int failure_take(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void)error;
        assert_true(sd_bus_message_is_method_error(message, NULL));
        (void)snprintf(reply, sizeof reply, "%s", sd_bus_message_get_error(message)->message);
        *(bool *)userdata = true;
        return 0;
}

static void reload_fail(bool dry_run)
{
        bool done = false;

        assert_true(sd_bus_call_method_async(client, NULL, NULL, SINK_BUS_PATH, SINK_BUS_INTERFACE,
                                             "Reload", failure_take, &done, "b",
                                             (int)dry_run) >= 0);
        while (!done)
                assert_true(sd_event_run(daemon_loop->loop, 5 * 1000000ull) > 0);
}

static void reload(bool dry_run)
{
        bool done = false;

        assert_true(sd_bus_call_method_async(client, NULL, NULL, SINK_BUS_PATH, SINK_BUS_INTERFACE,
                                             "Reload", reply_take, &done, "b", (int)dry_run) >= 0);
        while (!done)
                assert_true(sd_event_run(daemon_loop->loop, 5 * 1000000ull) > 0);
}

/* Was a record of this kind kept? */
static bool kept(enum record_kind kind)
{
        const struct sink_history_entry *entry;
        uint64_t sequence = 0;

        while ((entry = sink_history_next(&daemon_loop->history, BASE_SBDF(0, 0, 4, 0),
                                          BASE_SBDF_NONE, &sequence)))
                if (entry->record.kind == kind)
                        return true;
        return false;
}

static void test_reload(void **state)
{
        (void)state;
        root_needed();
        configured_open();
        daemon_loop->bus.defaults = true;
        reload(true);
        assert_string_equal(reply, "");
        config_write("[Watch]\nPollIntervalMs=250\n[Ports]\nExternal=0000:00:05.0\n");
        reload(true);
        assert_non_null(strstr(reply, "key=PollIntervalMs;before=100;after=250;"));
        assert_non_null(strstr(reply, "kind=port;sbdf=0000:00:04.0;key="));
        assert_int_equal(daemon_loop->core.config.poll_interval_ms, 100);
        assert_true(daemon_loop->core.ports[0].external);
        assert_true(daemon_loop->bus.defaults);
        assert_false(kept(RECORD_CONFIG_RELOADED));
        call("Test", "s", "0000:00:04.0");
        assert_non_null(strstr(reply, "sbdf=0000:00:04.0;"));
        assert_null(strstr(reply, "why=hot-plug-capable;")); /* as it would be */
        assert_int_equal(daemon_loop->core.ports[0].why, REASON_HOTPLUG_CAPABLE);
        reload(false);
        assert_non_null(strstr(reply, "key=PollIntervalMs;before=100;after=250;"));
        assert_int_equal(daemon_loop->core.config.poll_interval_ms, 250);
        assert_int_equal(daemon_loop->watch.interval_ms, 250);
        assert_false(daemon_loop->bus.defaults);
        assert_true(kept(RECORD_CONFIG_RELOADED));
        assert_int_equal(command_get(), 0x03); /* shut it stays */
        reload(false);
        assert_null(strstr(reply, "PollIntervalMs"));
}

/* A bad file changes nothing, and says where it is bad. */
static void test_reload_rejected(void **state)
{
        (void)state;
        root_needed();
        configured_open();
        config_write("[Watch]\nPollIntervalMs=250\n[Ports]\nExternal=nothing\n");
        reload_fail(true);
        assert_non_null(strstr(reply, "/etc/sallyport.conf:4:10: "));
        assert_false(kept(RECORD_RELOAD_REJECTED));
        reload_fail(false);
        assert_non_null(strstr(reply, "/etc/sallyport.conf:4:10: "));
        assert_true(kept(RECORD_RELOAD_REJECTED));
        assert_int_equal(daemon_loop->core.config.poll_interval_ms, 100);
        config_write("[Paths]\nStateDirectory=/elsewhere\n");
        reload_fail(false);
        config_write("[Watch]\nPollIntervalMs=20\n#");
        reload_fail(false); /* the comment hides [Paths], so that RunDirectory= is misplaced */
        assert_int_equal(daemon_loop->core.config.poll_interval_ms, 100);
        daemon_loop->config_directory = NULL;
        reload_fail(true);
        assert_string_equal(reply, "there is no configuration to read");
}

static void test_directories(void **state)
{
        char error[SINK_BUS_ERROR_SIZE];

        (void)state;
        configured_open();
        (void)snprintf(daemon_loop->core.config.state_directory,
                       sizeof daemon_loop->core.config.state_directory, "/other");
        assert_null(daemon_loop_preview(daemon_loop, error));
        assert_non_null(strstr(error, "StateDirectory= cannot change"));
        (void)snprintf(daemon_loop->core.config.run_directory,
                       sizeof daemon_loop->core.config.run_directory, "/other");
        assert_null(daemon_loop_preview(daemon_loop, error));
        assert_non_null(strstr(error, "RunDirectory= cannot change"));
}

static void test_hangup(void **state)
{
        (void)state;
        configured_open();
        config_write("[Watch]\nPollIntervalMs=50\n");
        assert_int_equal(kill(getpid(), SIGHUP), 0);
        for (int i = 0; i < 100 && daemon_loop->core.config.poll_interval_ms != 50; i++)
                assert_true(sd_event_run(daemon_loop->loop, 100000) >= 0);
        assert_int_equal(daemon_loop->core.config.poll_interval_ms, 50);
        assert_true(kept(RECORD_CONFIG_RELOADED));
        config_write("[Watch]\nPollIntervalMs=5\n");
        assert_int_equal(kill(getpid(), SIGHUP), 0);
        for (int i = 0; i < 100 && !kept(RECORD_RELOAD_REJECTED); i++)
                assert_true(sd_event_run(daemon_loop->loop, 100000) >= 0);
        assert_true(kept(RECORD_RELOAD_REJECTED));
        assert_int_equal(daemon_loop->core.config.poll_interval_ms, 50);
}

static void test_explain(void **state)
{
        bool done = false;

        (void)state;
        root_needed();
        configured_open();
        call("History", "s", "00:04.0");
        assert_non_null(strstr(reply, "event=evidence;port=0000:00:04.0;"));
        assert_non_null(strstr(reply, "|event=effect-started;"));
        assert_non_null(strstr(reply, "effect=port-close;"));
        assert_non_null(strstr(reply, "|event=now;"));
        assert_true(sd_bus_call_method_async(client, NULL, NULL, SINK_BUS_PATH, SINK_BUS_INTERFACE,
                                             "History", failure_take, &done, "s",
                                             "0000:00:09.0") >= 0);
        while (!done)
                assert_true(sd_event_run(daemon_loop->loop, 5 * 1000000ull) > 0);
        assert_non_null(strstr(reply, "neither a port"));
}

static void test_audit(void **state)
{
        (void)state;
        root_needed();
        configured_open();
        call("Audit", NULL, NULL);
        assert_non_null(strstr(reply, "check=xen;subject=machine;verdict="));
        assert_non_null(strstr(reply, "check=cardbus;subject=machine;verdict=ok;"));
        assert_non_null(strstr(reply, "check=acs-source-validation;subject=0000:00:04.0;verdict="));
}

/* In the initramfs the boot waits until everything is at rest, and no longer than that. */
static void test_early(void **state)
{
        int ends[2];
        char told;

        (void)state;
        daemon_loop_early(true, &daemon_loop->config);
        assert_string_equal(daemon_loop->config.state_directory, daemon_loop->config.run_directory);
        daemon_loop->config.poll_interval_ms = 10;
        assert_int_equal(daemon_loop_open(daemon_loop), 0);
        assert_int_equal(command_get(), 0x03);
        assert_false(daemon_loop->ready);
        assert_int_equal(pipe(ends), 0);
        daemon_loop->ready_fd = ends[1];
        for (int i = 0; i < 1000 && !daemon_loop->ready; i++)
                assert_true(sd_event_run(daemon_loop->loop, 100000) >= 0);
        assert_true(daemon_loop->ready);
        assert_int_equal(daemon_loop->core.ports[0].state, STATE_EMPTY);
        assert_int_equal(read(ends[0], &told, 1), 1);
        assert_int_equal(read(ends[0], &told, 1), 0); /* it is closed */
        assert_int_equal(close(ends[0]), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_start),  TEST(test_udev),        TEST(test_reopened),
                TEST(test_early),  TEST(test_rows),        TEST(test_memory),
                TEST(test_reload), TEST(test_directories), TEST(test_reload_rejected),
                TEST(test_hangup), TEST(test_explain),     TEST(test_audit),
                TEST(test_guests), TEST(test_routers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
