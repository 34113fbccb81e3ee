/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests against a small daemon: what is told, and the exit code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/server_fake.h"

static int on_eject(sd_bus_message *call, void *contained, sd_bus_error *error)
{
        const char *device;
        int r = sd_bus_message_read(call, "s", &device);

        (void)contained;
        if (r < 0)
                return r;
        if (strcmp(device, "0000:00:05.0") == 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "too many");
        return sd_bus_reply_method_return(call, "a{ss}", 2, "result",
                                          strcmp(device, "0000:00:04.0") == 0 ? "done" : "failed",
                                          "reason", "driver-bound");
}

/* The reason that it gives is the guest's name. */
static int on_assign(sd_bus_message *call, void *contained, sd_bus_error *error)
{
        const char *device, *name;
        int r = sd_bus_message_read(call, "ss", &device, &name);

        (void)contained;
        (void)error;
        if (r < 0)
                return r;
        return sd_bus_reply_method_return(call, "a{ss}", 2, "result",
                                          strcmp(name, "work\033") == 0 ? "done" : "failed",
                                          "reason", name);
}

static int on_unassign(sd_bus_message *call, void *contained, sd_bus_error *error)
{
        const char *device, *result = "unknown";
        int r = sd_bus_message_read(call, "s", &device);

        (void)contained;
        (void)error;
        if (r < 0)
                return r;
        if (strcmp(device, "0000:00:04.0") == 0)
                result = "done";
        if (strcmp(device, "0000:00:05.0") == 0)
                result = "busy";
        return sd_bus_reply_method_return(call, "a{ss}", 2, "result", result, "reason", "");
}

/* The result is the router's name. */
static int on_router(sd_bus_message *call, void *contained, sd_bus_error *error)
{
        const char *router;
        int r = sd_bus_message_read(call, "s", &router);

        (void)contained;
        if (r < 0)
                return r;
        if (strcmp(router, "bad") == 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "not a router");
        return sd_bus_reply_method_return(call, "a{ss}", 2, "result", router, "reason",
                                          "key-rejected");
}

static int on_enroll(sd_bus_message *call, void *contained, sd_bus_error *error)
{
        const char *router;
        int by_hand = 0, r = sd_bus_message_read(call, "sb", &router, &by_hand);

        (void)contained, (void)error;
        if (r < 0)
                return r;
        return sd_bus_reply_method_return(call, "a{ss}", 2, "result", router, "reason",
                                          by_hand ? "identity-store" : "same-unique-id");
}

static int on_known(sd_bus_message *call, void *contained, sd_bus_error *error)
{
        (void)contained, (void)error;
        return sd_bus_reply_method_return(call, "aa{ss}", 1, 2, "unique_id", "d403", "policy",
                                          "manual");
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Eject", "s", "a{ss}", on_eject, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Assign", "ss", "a{ss}", on_assign, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Unassign", "s", "a{ss}", on_unassign, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Authorize", "s", "a{ss}", on_router, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Forget", "s", "a{ss}", on_router, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Enroll", "sb", "a{ss}", on_enroll, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Known", NULL, "aa{ss}", on_known, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

/* What the verb prints on stderr is then in `output`. */
static enum cli_exit run_told(verb_run verb, const char *device)
{
        FILE *file = tmpfile(), *terminal = stderr;
        enum cli_exit result;

        assert_non_null(file);
        stderr = file;
        result = run(verb, device, false);
        stderr = terminal;
        assert_string_equal(output, "");
        output_take(file);
        return result;
}

static void test_eject(void **state)
{
        (void)state;
        server_start("true");
        assert_int_equal(run(cli_eject_run, "0000:00:04.0", false), CLI_OK);
        assert_shown("safe to unplug");
        assert_int_equal(run(cli_eject_run, "0000:00:06.0", true), CLI_FAILED);
        assert_shown("\"reason\": \"driver-bound\"");
        assert_int_equal(run(cli_eject_run, "0000:00:05.0", false), CLI_FAILED);
        assert_int_equal(run_told(cli_eject_run, "0000:00:06.0"), CLI_FAILED);
        assert_shown(
                "0000:00:06.0 was not removed: driver-bound. Its port stays closed, but do not");
}

static void test_assign(void **state)
{
        (void)state;
        server_start("true");
        guest = "work\033";
        assert_int_equal(run(cli_assign_run, "0000:01:00.0", false), CLI_OK);
        assert_shown("0000:01:00.0: verified, and its port is open");
        assert_shown("work\\x1b\n");
        guest = "no-such-guest";
        assert_int_equal(run_told(cli_assign_run, "0000:01:00.0"), CLI_FAILED);
        assert_shown("0000:01:00.0 was not given to no-such-guest: no-such-guest. No guest of");
        assert_shown("Nothing was opened for it");
        assert_shown("See sallyport explain 0000:01:00.0\n");
        guest = "attach-failed";
        assert_int_equal(run_told(cli_assign_run, "0000:01:00.0"), CLI_FAILED);
        assert_shown("journalctl -u sallyportd");
        guest = "some\nthing"; /* a reason of a later version */
        assert_int_equal(run_told(cli_assign_run, "0000:01:00.0"), CLI_FAILED);
        assert_shown(": some\\x0athing. Nothing was opened");
        assert_int_equal(run(cli_assign_run, "0000:01:00.0", true), CLI_FAILED);
        assert_shown("\"assign\"");
}

static void test_unassign(void **state)
{
        (void)state;
        server_start("true");
        guest = NULL;
        assert_int_equal(run(cli_unassign_run, "0000:00:04.0", false), CLI_OK);
        assert_shown("in quarantine again");
        assert_int_equal(run_told(cli_unassign_run, "0000:00:05.0"), CLI_FAILED);
        assert_shown("another request is under way");
        assert_int_equal(run_told(cli_unassign_run, "0000:00:06.0"), CLI_FAILED);
        assert_shown("neither an external port nor below one");
        assert_int_equal(run(cli_unassign_run, "0000:00:04.0", true), CLI_OK);
        assert_shown("\"unassign\"");
}

static void test_authorize(void **state)
{
        (void)state;
        server_start("true");
        assert_int_equal(run(cli_authorize_run, "done", false), CLI_OK);
        assert_shown("done: authorized, until it is unplugged. What is behind it is quarantined");
        assert_int_equal(run_told(cli_authorize_run, "fai\033led"), CLI_FAILED);
        assert_shown("fai\\x1bled was not authorized: key-rejected. It does not have the key");
        assert_shown("nothing behind it is on PCI.\n"); /* and not what explain does not know */
        assert_int_equal(run_told(cli_authorize_run, "unknown"), CLI_FAILED);
        assert_shown("unknown is no Thunderbolt router that is plugged in, nothing was changed");
        assert_int_equal(run_told(cli_authorize_run, "busy"), CLI_FAILED);
        assert_shown("another request is under way");
        assert_int_equal(run_told(cli_authorize_run, "bad"), CLI_FAILED);
        assert_shown("refused: not a router");
        assert_int_equal(run(cli_authorize_run, "done", true), CLI_OK);
        assert_shown("\"authorize\"");
}

static void test_enroll(void **state)
{
        (void)state;
        server_start("true");
        assert_int_equal(run(cli_enroll_run, "done", false), CLI_OK);
        assert_shown("done: known from now on.");
        assert_int_equal(run_told(cli_enroll_run, "failed"), CLI_FAILED);
        assert_shown("failed was not enrolled: same-unique-id. Another router");
        manual = true;
        assert_int_equal(run_told(cli_enroll_run, "failed"), CLI_FAILED);
        assert_shown("failed was not enrolled: identity-store. The identity store");
        manual = false;
        assert_int_equal(run(cli_enroll_run, "done", true), CLI_OK);
        assert_shown("\"enroll\"");
}

static void test_forget(void **state)
{
        (void)state;
        server_start("true");
        assert_int_equal(run(cli_forget_run, "done", false), CLI_OK);
        assert_shown("done: not known any more.");
        assert_int_equal(run_told(cli_forget_run, "unknown"), CLI_FAILED);
        assert_shown("unknown is not known, nothing was changed; see sallyport list --known");
        assert_int_equal(run_told(cli_forget_run, "failed"), CLI_FAILED);
        assert_shown("It counts as known as before.");
        assert_int_equal(run(cli_forget_run, "done", true), CLI_OK);
        assert_shown("\"forget\"");
}

static void test_known(void **state)
{
        (void)state;
        server_start("true");
        known = true;
        assert_int_equal(run(cli_list_run, NULL, false), CLI_OK);
        assert_shown("UNIQUE_ID POLICY");
        assert_shown("d403 manual");
        assert_int_equal(run(cli_list_run, NULL, true), CLI_OK);
        assert_shown("\"known\"");
        known = false;
        assert_int_equal(run(cli_list_run, NULL, false), CLI_FAILED); /* there is no Functions */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_eject, server_stop),
                cmocka_unit_test_teardown(test_assign, server_stop),
                cmocka_unit_test_teardown(test_unassign, server_stop),
                cmocka_unit_test_teardown(test_authorize, server_stop),
                cmocka_unit_test_teardown(test_enroll, server_stop),
                cmocka_unit_test_teardown(test_forget, server_stop),
                cmocka_unit_test_teardown(test_known, server_stop),
        };
        int failed;

        if (server_begin(vtable) < 0)
                return 1;
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        rmdir(folder);
        return failed;
}
