/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon as a whole, but for Xen, on a sysfs of plain files with one port and a disk below it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "core/policy/config.h"
#include "daemon/loop.h"

#define PORT_FOLDER "devices/pci0000:00/0000:00:04.0"
#define PCIE_CAP 0x40

static char root[64];
static struct daemon_loop *daemon_loop;
static sd_bus *client;
static char reply[4096];

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
        if (!daemon_loop || !mkdtemp(root) || actuator_open(root, &daemon_loop->actuator) < 0)
                return -1;
        sysfs_make(daemon_loop->actuator.sysfs);
        policy_config_default(&daemon_loop->config);
        (void)snprintf(daemon_loop->config.run_directory, sizeof daemon_loop->config.run_directory,
                       "%s/run", root);
        return 0; /* the journal stays shut: priority_max is 0 */
}

static int entry_remove(const char *path, const struct stat *status, int type, struct FTW *position)
{
        (void)status, (void)type, (void)position;
        return remove(path);
}

static int teardown(void **state)
{
        (void)state;
        client = sd_bus_close_unref(client);
        daemon_loop_close(daemon_loop);
        actuator_close(&daemon_loop->actuator);
        free(daemon_loop);
        return nftw(root, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
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
        assert_false(daemon_loop->draining);
        assert_int_equal(daemon_loop->queue.count, 0);
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

static void test_rows(void **state)
{
        (void)state;
        if (geteuid() != 0)
                skip(); /* the bus lets root in only */
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = { TEST(test_start), TEST(test_reopened),
                                            TEST(test_rows) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
