/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenarios: what is understood, and where and why the rest is rejected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/sbdf.h"
#include "scenario.h"

#define PORT "[Port 00:04.0]\n"
#define DISK "[Device disk]\nFunction=00.0 endpoint 0108 144d:a80a nvme\n"
#define DO "[Events]\nDo="

static struct sim_scenario scenario;
static struct sim_diagnosis diagnosis;

static void parse_good(const char *text)
{
        if (!sim_scenario_parse(text, strlen(text), &scenario, &diagnosis))
                fail_msg("%u:%u: %s", diagnosis.line, diagnosis.column, diagnosis.message);
}

static void test_defaults(void **state)
{
        (void)state;
        parse_good(PORT);
        assert_int_equal(scenario.vendor, SIM_VTD);
        assert_int_equal(scenario.xen_minor, 17);
        assert_true(scenario.config.auto_ports);
        assert_int_equal(scenario.shape.port_count, 1);
        assert_int_equal(scenario.shape.ports[0].sbdf, BASE_SBDF(0, 0, 4, 0));
        assert_false(scenario.shape.ports[0].power_controller);
        assert_false(scenario.shape.ports[0].fixed);
        assert_false(scenario.shape.ports[0].no_acs);
        assert_int_equal(scenario.shape.ports[0].count, 0);
        assert_int_equal(scenario.event_count, 0);
}

static void test_every_key(void **state)
{
        (void)state;
        parse_good("# comment\r\n ; another\n[ Machine ]\n Iommu = amd \nXen=4.20\nAts=yes\n"
                   "InterruptRemapping=no\nDom0Passthrough=yes\n[Ports]\nExternal=00:04.0\n"
                   "# [Machine]\n[Watch]\nPollIntervalMs=50\n"
                   "[Port 0001:00:04.0]\nPowerController=yes\nAcs=no\nAtBoot=disk\n"
                   "[Port 00:05.0]\nHotPlug=no\n" DISK);
        assert_int_equal(scenario.vendor, SIM_AMD);
        assert_int_equal(scenario.xen_minor, 20);
        assert_true(scenario.shape.ats && scenario.shape.no_intremap &&
                    scenario.shape.dom0_passthrough);
        assert_false(scenario.config.auto_ports);
        assert_int_equal(scenario.config.poll_interval_ms, 50);
        assert_ptr_equal(scenario.shape.config, &scenario.config);
        assert_true(scenario.shape.ports[0].power_controller && scenario.shape.ports[0].no_acs);
        assert_true(scenario.shape.ports[1].fixed);
        assert_int_equal(scenario.at_boot[0], 1);
        assert_int_equal(scenario.shape.ports[0].places[0].sbdf, BASE_SBDF(1, 1, 0, 0));
        assert_string_equal(scenario.shape.ports[0].places[0].facts[0].driver, "nvme");
}

static void assert_place(uint32_t index, uint32_t sbdf, uint8_t parent, uint8_t first)
{
        const struct sim_place *place = &scenario.shape.ports[0].places[index];

        assert_int_equal(place->sbdf, sbdf);
        assert_int_equal(place->parent, parent);
        assert_int_equal(place->first, first);
}

/* Two devices share the addresses below their port; each bridge has its bus, whichever device brings it. */
static void test_places(void **state)
{
        const struct sim_shape_port *port = &scenario.shape.ports[0];

        (void)state;
        parse_good("[Port 02:00.0]\n[Port 00:05.0]\n"
                   "[Device a]\nFunction=00.0/01.0 bridge 0604 8086:0001\n"
                   "Function=00.0/01.0/00.0 unknown 0880 1234:0001\n"
                   "Function=00.0 bridge 0604 8086:0002 pcieport\n"
                   "[Device b]\nFunction=00.1 endpoint 0c0330 1234:0002\n"
                   "Function=00.0 endpoint 0108 1234:0003\n" DO "plug 02:00.0 a\n"
                   "Do=swap 02:00.0 b\nDo=silent 02:00.0 00.1\nDo=answer 02:00.0 00.1\n"
                   "Do=silent  02:00.0\t00.1\n");
        assert_int_equal(port->count, 4);
        assert_place(0, BASE_SBDF(0, 3, 0, 0), SIM_DIRECT, 0);
        assert_place(1, BASE_SBDF(0, 4, 1, 0), 0, 1);
        assert_place(2, BASE_SBDF(0, 5, 0, 0), 1, 2);
        assert_place(3, BASE_SBDF(0, 3, 0, 1), SIM_DIRECT, 0);
        assert_int_equal(port->bus_first, 3);
        assert_int_equal(port->bus_last, 5);
        assert_int_equal(scenario.shape.ports[1].bus_first, 6);
        assert_int_equal(port->places[0].facts[0].kind, SIM_BRIDGE);
        assert_int_equal(port->places[0].facts[0].header_type, 0x01);
        assert_int_equal(port->places[0].facts[1].kind, SIM_ENDPOINT);
        assert_int_equal(port->places[0].facts[1].header_type, 0x80);
        assert_int_equal(port->places[0].facts[1].class, 0x010800);
        assert_null(port->places[0].facts[1].driver);
        assert_int_equal(port->places[3].facts[0].kind, SIM_NONE);
        assert_int_equal(port->places[3].facts[1].class, 0x0c0330);
        assert_true(port->places[2].facts[0].untyped);
        assert_int_equal(scenario.event_count, 5);
        assert_int_equal(scenario.events[1].move.kind, MOVE_SWAP);
        assert_int_equal(scenario.events[1].move.detail, 2);
        assert_int_equal(scenario.events[2].move.detail, 3);
        assert_string_equal(scenario.events[4].text, "silent 0000:02:00.0 00.1");
}

struct bad {
        const char *text;
        uint32_t line, column;
        const char *message; /* how it begins */
};

static const struct bad bad[] = {
        { "", 1, 1, "no port up to ''" },
        { "[Machine]\n", 2, 1, "no port up to ''" },
        { "Xen=4.17\n", 1, 1, "unknown key 'Xen', expected a section before it" },
        { "\n[Machin]\n", 2, 1, "unknown section '[Machin]', expected [Machine]" },
        { "[Machine\n", 1, 1, "unknown section '[Machine'" },
        { "[Machine x]\n", 1, 1, "unknown section '[Machine x]'" },
        { "[Port]\n", 1, 1, "unknown section '[Port]'" },
        { "[]\n", 1, 1, "unknown section '[]'" },
        { "[Machine]\n[Machine]\n", 2, 1, "section given twice: '[Machine]'" },
        { "[Machine]\n  Xem=4.17\n", 2, 3, "unknown key 'Xem', expected Iommu, Xen" },
        { "[Machine]\nXen=4.16\n", 2, 5, "not a version of Xen: '4.16'" },
        { "[Machine]\nXen=4.1x\n", 2, 5, "not a version of Xen: '4.1x'" },
        { "[Machine]\nXen=5.17\n", 2, 5, "not a version of Xen: '5.17'" },
        { "[Machine]\nXen=\n", 2, 1, "no value for 'Xen'" },
        { "[Machine]\nXen\n", 2, 1, "no assignment: 'Xen'" },
        { "[Machine]\nXen=4.17\nXen=4.17\n", 3, 1, "key given twice: 'Xen'" },
        { "[Machine]\nIommu=intel\n", 2, 7, "not an IOMMU: 'intel'" },
        { "[Machine]\nAts= true\n", 2, 6, "not an answer: 'true', expected yes or no" },
        { "[Ports]\nExternal=auto\n External=all\n", 3, 11, "not a port: 'all', expected auto" },
        { "[Ports]\nInternal=all\n", 2, 1, "unknown key 'Internal' in [Ports]" },
        { "[Port 00:04]\n", 1, 7, "not a port: '00:04'" },
        { PORT "[Port 0000:00:04.0]\n", 2, 7, "port given twice: '0000:00:04.0'" },
        { PORT "PowerController=yes\nHotPlug=no\n", 1, 7, "power controller, but no hot-plug" },
        { PORT "Function=x\n", 2, 1, "unknown key 'Function', expected PowerController" },
        { PORT "Use=root\n", 2, 5, "not a use: 'root', expected needed or in-use" },
        { PORT "Use=needed\n", 2, 5, "nothing is there to be used: 'needed'" },
        { PORT "[Events]\nDo=release 0:4.0\n", 3, 12, "no such port: '0:4.0'" },
        { PORT "[Events]\nDo=release 0000:00:04.0\n", 3, 12,
          "nothing is used there: '0000:00:04.0'" },
        { PORT "AtBoot=dock\n", 2, 8, "no such device: 'dock'" },
        { "[Port ff:00.0]\n", 1, 7, "no bus number left below port 'ff:00.0'" },
        { "[Device a/b]\n", 1, 9, "not a name: 'a/b'" },
        { "[Device aaaaaaaaaaaaaaaaaaaaaaaa]\n", 1, 9, "not a name: 'aaaa" },
        { PORT "[Device a]\n", 2, 9, "no function in device 'a'" },
        { DISK DISK, 3, 9, "device given twice: 'disk'" },
        { "[Device a]\nFunction=0.0\n", 2, 10, "not a place: '0.0'" },
        { "[Device a]\nFunction=20.0\n", 2, 10, "not a place: '20.0'" },
        { "[Device a]\nFunction=00.8\n", 2, 10, "not a place: '00.8'" },
        { "[Device a]\nFunction=00.0/\n", 2, 10, "not a place: '00.0/'" },
        { "[Device a]\nFunction=00.0/00.0/00.0/00.0/00.0/00.0/00.0/00.0/00.0\n", 2, 10,
          "not a place: '00.0/" },
        { "[Device a]\nFunction=00.0\n", 2, 14, "not a kind: ''" },
        { "[Device a]\nFunction=00.0 switch\n", 2, 15, "not a kind: 'switch'" },
        { "[Device a]\nFunction=00.0 bridge 604\n", 2, 22, "not a class: '604'" },
        { "[Device a]\nFunction=00.0 bridge 0604 8086\n", 2, 27, "not an ID: '8086'" },
        { "[Device a]\nFunction=00.0 bridge 0604 ffff:0000\n", 2, 27, "not an ID: 'ffff:0000'" },
        { "[Device a]\nFunction=00.0 bridge 0604 8086:0001 a.b\n", 2, 37, "not a driver: 'a.b'" },
        { "[Device a]\nFunction=00.0 bridge 0604 8086:0001 a b\n", 2, 39,
          "one word too many: 'b'" },
        { PORT DISK "Function=00.0 endpoint 0108 144d:a80a\n", 4, 10, "place given twice: '00.0'" },
        { PORT "[Device a]\nFunction=01.0 endpoint 0108 144d:a80a\n", 3, 10,
          "not below a port: '01.0'" },
        { PORT "[Device a]\nFunction=00.1 endpoint 0108 144d:a80a\n", 3, 10,
          "no function 0 beside '00.1'" },
        { PORT DISK "Function=00.0/00.0 endpoint 0108 144d:a80a\n", 4, 10,
          "no bridge above '00.0/00.0'" },
        { PORT DO "explode\n", 3, 4, "unknown event 'explode', expected plug" },
        { PORT DO "plug 00:05.0 disk\n", 3, 9, "no such port: '00:05.0'" },
        { PORT DO "plug\n", 3, 8, "no such port: ''" },
        { PORT DO "plug 00:04.0 disk\n", 3, 17, "no such device: 'disk'" },
        { PORT DO "unplug 00:04.0 disk\n", 3, 19, "one word too many: 'disk'" },
        { PORT DO "unplug 00:04.0\n", 3, 11, "nothing is plugged there: '00:04.0'" },
        { PORT DISK DO "swap 00:04.0 disk\n", 5, 9, "nothing is plugged there: '00:04.0'" },
        { PORT DISK DO "plug 00:04.0 disk\nDo=plug 00:04.0 disk\n", 6, 9,
          "something is plugged there: '00:04.0'" },
        { PORT DO "start\n", 3, 4, "the daemon runs: 'start'" },
        { PORT DO "kill\nDo=eject 00:04.0\n", 4, 4, "the daemon was killed: 'eject'" },
        { PORT DO "kill\nDo=assign 00:04.0\n", 4, 4, "the daemon was killed: 'assign'" },
        { PORT DO "kill\nDo=unassign 00:04.0\n", 4, 4, "the daemon was killed: 'unassign'" },
        { PORT DO "guest-start\n", 3, 4, "it is so already: 'guest-start'" },
        { PORT DO "guest-stop\nDo=guest-stop\n", 4, 4, "it is so already: 'guest-stop'" },
        { PORT DISK DO "plug 00:04.0 disk\nDo=answer 00:04.0 00.0\n", 6, 19,
          "it does so already: '00.0'" },
        { PORT DISK DO "plug 00:04.0 disk\nDo=silent 00:04.0 00.1\n", 6, 19,
          "no such function: '00.1'" },
        { PORT DISK DO "plug 00:04.0 disk\nDo=silent 00:04.0 0\n", 6, 19, "not a place: '0'" },
};

static void assert_bad(const char *text, size_t length, const struct bad *expected)
{
        if (sim_scenario_parse(text, length, &scenario, &diagnosis))
                fail_msg("accepted: %s", text);
        if (diagnosis.line != expected->line || diagnosis.column != expected->column ||
            strncmp(diagnosis.message, expected->message, strlen(expected->message)) != 0)
                fail_msg("%u:%u: %s; expected %u:%u: %s; in: %s", diagnosis.line, diagnosis.column,
                         diagnosis.message, expected->line, expected->column, expected->message,
                         text);
}

static void test_errors(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_bad(bad[i].text, strlen(bad[i].text), &bad[i]);
}

/* So many lines of a kind, numbered in hexadecimal. */
static void assert_limit(const char *before, const char *head, const char *tail, uint32_t count,
                         const struct bad *expected)
{
        static char text[SIM_SCENARIO_SIZE_MAX];
        size_t length = (size_t)snprintf(text, sizeof text, "%s", before);

        for (uint32_t i = 0; i < count; i++)
                length += (size_t)snprintf(text + length, sizeof text - length, "%s%02x%s\n", head,
                                           i, tail);
        assert_bad(text, length, expected);
}

static void test_limits(void **state)
{
        static char large[SIM_SCENARIO_SIZE_MAX + 1];

        (void)state;
        assert_limit("", "[Port 00:", ".0]", 9, &(struct bad){ "", 9, 7, "one port too many" });
        assert_limit(PORT, "[Device d", "]", 9, &(struct bad){ "", 10, 9, "one device too many" });
        assert_limit("[Device d]\n", "Function=", ".0 endpoint 0108 144d:a80a", 17,
                     &(struct bad){ "", 18, 10, "one function too many" });
        assert_limit(PORT "[Events]\n", "Do=button 00:04.0 ", "", 65,
                     &(struct bad){ "", 67, 4, "one event too many" });
        memset(large, '\n', sizeof large);
        assert_bad(large, sizeof large, &(struct bad){ "", 1, 1, "too long after" });
        assert_bad("[Machine]\n#\0\n", 13, &(struct bad){ "", 2, 2, "NUL byte: '\\x00'" });
}

/* Two devices of 16 places each, all different, below one port. */
static void test_too_many_places(void **state)
{
        char text[4096];
        size_t length = 0;

        (void)state;
        for (uint32_t i = 0; i < 16; i++)
                length += (size_t)snprintf(
                        text + length, sizeof text - length,
                        "%sFunction=00.0/%02x.0 endpoint 0108 1234:0001\n",
                        i == 0   ? PORT "[Device a]\nFunction=00.0 bridge 0604 8086:0001\n"
                        : i == 8 ? "[Device b]\nFunction=00.0 bridge 0604 8086:0001\n"
                                 : "",
                        i);
        length += (size_t)snprintf(text + length, sizeof text - length, "%s",
                                   DO "plug 00:04.0 a\nDo=swap 00:04.0 b\n");
        assert_bad(text, length, &(struct bad){ "", 1, 7, "too many places below port '00:04.0'" });
}

static int row_refused(void *userdata, const struct sim_field *fields, uint32_t count)
{
        (void)fields;
        (void)count;
        return ++*(int *)userdata == 2 ? -7 : 0;
}

static void test_tell_ends_it(void **state)
{
        int rows = 0;

        (void)state;
        assert_int_equal(sim_simulate(PORT DO "kill\n", strlen(PORT DO "kill\n"), row_refused,
                                      &rows, &diagnosis),
                         -7);
        assert_int_equal(rows, 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_defaults),     cmocka_unit_test(test_every_key),
                cmocka_unit_test(test_places),       cmocka_unit_test(test_errors),
                cmocka_unit_test(test_limits),       cmocka_unit_test(test_too_many_places),
                cmocka_unit_test(test_tell_ends_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
