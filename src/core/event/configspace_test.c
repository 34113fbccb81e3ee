/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Config space that is short, looping, all ones or lying. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/event/parse.h"

static const char nvme_uevent[] =
        "DRIVER=nvme\nPCI_CLASS=10802\nPCI_ID=1B36:0010\nPCI_SUBSYS_ID=1AF4:1100\n"
        "PCI_SLOT_NAME=0000:01:00.0\n";

static struct event_kernel_view view_of(const char *uevent, const char *override)
{
        return (struct event_kernel_view){ .uevent = uevent,
                                           .uevent_length = strlen(uevent),
                                           .override = override,
                                           .override_length = strlen(override) };
}

/* An NVMe endpoint: MSI-X at 40h, PCI Express at 80h. */
static void endpoint_fill(uint8_t bytes[256])
{
        memset(bytes, 0, 256);
        memcpy(bytes,
               (const uint8_t[]){ 0x36, 0x1b, 0x10, 0x00, 0x07, 0x05, 0x10, 0x00, 0x02, 0x02, 0x08,
                                  0x01 },
               12);
        memcpy(bytes + 0x2c, (const uint8_t[]){ 0xf4, 0x1a, 0x00, 0x11 }, 4);
        bytes[0x34] = 0x40;
        bytes[0x40] = 0x11;
        bytes[0x41] = 0x80;
        bytes[0x80] = 0x10;
        bytes[0x81] = 0x00;
}

/* A root port: PCI Express at 40h with a slot, ACS at 148h behind AER at 100h. */
static void port_fill(uint8_t bytes[4096])
{
        memset(bytes, 0, 4096);
        memcpy(bytes,
               (const uint8_t[]){ 0x36, 0x1b, 0x0c, 0x00, 0x07, 0x05, 0x10, 0x00, 0x00, 0x00, 0x04,
                                  0x06 },
               12);
        bytes[0x0e] = 0x01;
        bytes[0x34] = 0x40;
        bytes[0x40] = 0x10;
        bytes[0x42] = 0x42;
        bytes[0x43] = 0x01;
        bytes[0x4e] = 0x10; /* Link Capabilities bit 20 */
        bytes[0x54] = 0x7b;
        memcpy(bytes + 0x100, (const uint8_t[]){ 0x01, 0x00, 0x82, 0x14 }, 4);
        memcpy(bytes + 0x148, (const uint8_t[]){ 0x0d, 0x00, 0x01, 0x00 }, 4);
}

static struct event_function parsed(const uint8_t *bytes, size_t length, const char *uevent,
                                    const char *override)
{
        struct event_kernel_view view = view_of(uevent, override);
        struct event_function function = { .sbdf = 0x100, .parent = 0x20, .instance = 77 };

        event_function_parse(bytes, length, &view, &function);
        assert_int_equal(function.sbdf, 0x100);
        assert_int_equal(function.parent, 0x20);
        assert_int_equal(function.instance, 77);
        return function;
}

static void test_endpoint(void **state)
{
        uint8_t bytes[256];
        struct event_function function;

        (void)state;
        endpoint_fill(bytes);
        function = parsed(bytes, sizeof bytes, nvme_uevent, "(null)\n");
        assert_true(function.readable);
        assert_false(function.malformed);
        assert_false(function.changed);
        assert_false(function.kept_off);
        assert_string_equal(function.driver, "nvme");
        assert_int_equal(function.vendor, 0x1b36);
        assert_int_equal(function.class, 0x010802);
        assert_int_equal(function.subsystem_device, 0x1100);
        assert_int_equal(function.kind, FUNCTION_ENDPOINT);
}

static void test_keep_off_name(void **state)
{
        uint8_t bytes[256];

        (void)state;
        endpoint_fill(bytes);
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "sallyport\n").kept_off);
        assert_false(parsed(bytes, sizeof bytes, nvme_uevent, "sallyportd\n").kept_off);
        assert_false(parsed(bytes, sizeof bytes, nvme_uevent, "").kept_off);
}

/* Linux goes by the header type, so do we: this endpoint-classed thing is a bridge. */
static void test_header_type_makes_the_bridge(void **state)
{
        uint8_t bytes[256];

        (void)state;
        endpoint_fill(bytes);
        bytes[0x0e] = 0x81;
        assert_int_equal(parsed(bytes, sizeof bytes, nvme_uevent, "").kind, FUNCTION_BRIDGE);
        bytes[0x0e] = 0x05;
        assert_int_equal(parsed(bytes, sizeof bytes, nvme_uevent, "").kind, FUNCTION_BRIDGE);
        bytes[0x0e] = 0x80; /* one of several functions */
        assert_int_equal(parsed(bytes, sizeof bytes, nvme_uevent, "").kind, FUNCTION_ENDPOINT);
}

static void test_changed_under_the_kernel(void **state)
{
        uint8_t bytes[256];

        (void)state;
        endpoint_fill(bytes);
        bytes[2]++;
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").changed);
        bytes[2]--;
        bytes[0x0a] = 0x80;
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").changed);
        bytes[0x0a] = 0x08;
        assert_false(parsed(bytes, sizeof bytes, nvme_uevent, "").changed);
        assert_true(parsed(bytes, sizeof bytes, "PCI_ID=1B36\nPCI_CLASS=10802\n", "").changed);
        assert_true(parsed(bytes, sizeof bytes, "PCI_ID=1B36:0010\n", "").changed);
        assert_true(parsed(bytes, sizeof bytes, "", "").changed);
        bytes[0]++;
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").changed);
}

static void test_numbers_of_the_kernel(void **state)
{
        uint8_t bytes[256];

        (void)state;
        endpoint_fill(bytes);
        assert_false(
                parsed(bytes, sizeof bytes, "PCI_ID=00001B36:0010\nPCI_CLASS=10802\n", "").changed);
        assert_true(parsed(bytes, sizeof bytes, "PCI_ID=000001B36:0010\nPCI_CLASS=10802\n", "")
                            .changed);
        memset(bytes + 9, 0, 3);
        assert_false(parsed(bytes, sizeof bytes, "PCI_ID=1B36:0010\nPCI_CLASS=0\n", "").changed);
        assert_true(parsed(bytes, sizeof bytes, "PCI_ID=1B36:0010\nPCI_CLASS=\n", "").changed);
}

static void test_digest_sees_identity_only(void **state)
{
        uint8_t bytes[256];
        uint64_t digest;

        (void)state;
        endpoint_fill(bytes);
        digest = parsed(bytes, sizeof bytes, nvme_uevent, "").digest;
        bytes[4] ^= 0x04;   /* Bus Master Enable */
        bytes[0x10] = 0x55; /* a BAR */
        bytes[0x3c] = 11;   /* interrupt line */
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").digest == digest);
        for (size_t at = 0; at < 0x10; at++) {
                if ((at >= 4 && at < 8) || (at >= 0x0c && at != 0x0e))
                        continue;
                bytes[at] ^= 0x20;
                assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").digest != digest);
                bytes[at] ^= 0x20;
        }
        bytes[0x80] = 0x05; /* another capability */
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").digest != digest);
        bytes[0x80] = 0x10;
        bytes[0x2e] ^= 1; /* another subsystem */
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").digest != digest);
        bytes[0x0e] = 1; /* in a bridge those bytes are an address window */
        digest = parsed(bytes, sizeof bytes, nvme_uevent, "").digest;
        bytes[0x2e] ^= 1;
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").digest == digest);
}

static void test_all_ones(void **state)
{
        uint8_t bytes[256];
        struct event_function function;

        (void)state;
        memset(bytes, 0xff, sizeof bytes);
        function = parsed(bytes, sizeof bytes, nvme_uevent, "");
        assert_false(function.readable);
        assert_false(function.changed);
        assert_int_equal(function.kind, FUNCTION_ENDPOINT);
        endpoint_fill(bytes);
        bytes[0x0e] = 0xff; /* it fell silent while it was read */
        assert_false(parsed(bytes, sizeof bytes, nvme_uevent, "").readable);
}

static void test_every_truncation(void **state)
{
        uint8_t bytes[256];

        (void)state;
        endpoint_fill(bytes);
        for (size_t length = 0; length < sizeof bytes; length++) {
                uint8_t exact[256]; /* under ASan, one byte too far is seen */
                struct event_function function;

                memcpy(exact, bytes, length);
                memset(exact + length, 0xee, sizeof exact - length);
                function = parsed(exact, length, nvme_uevent, "");
                assert_int_equal(function.readable, length >= 0x40);
                assert_int_equal(function.malformed, length >= 0x40 && length < 0x84);
        }
}

static void test_capability_loop(void **state)
{
        uint8_t bytes[256];

        (void)state;
        endpoint_fill(bytes);
        bytes[0x81] = 0x40; /* back to the first */
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").malformed);
        bytes[0x81] = 0x80; /* to itself */
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").malformed);
        bytes[0x81] = 0x3c; /* into the header */
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").malformed);
        bytes[6] = 0; /* no capability list: the pointer does not count */
        assert_false(parsed(bytes, sizeof bytes, nvme_uevent, "").malformed);
}

/* Device/port types against header types; and none where the capability is not there. */
static void test_express_type(void **state)
{
        uint8_t bytes[256];

        (void)state;
        for (uint8_t header = 0; header < 2; header++)
                for (uint8_t type = 0; type < 16; type++) {
                        struct event_function function;
                        bool fits = header == 0 ? type <= 1 : type >= 5 && type <= 8;

                        endpoint_fill(bytes);
                        bytes[0x0e] = header;
                        bytes[0x82] = (uint8_t)(type << 4 | 2);
                        function = parsed(bytes, sizeof bytes, nvme_uevent, "");
                        assert_false(function.conventional);
                        assert_int_equal(function.type_wrong, !fits);
                }
        endpoint_fill(bytes);
        bytes[0x80] = 0x05;
        bytes[0x82] = 0x40;
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").conventional);
        assert_false(parsed(bytes, sizeof bytes, nvme_uevent, "").type_wrong);
        memset(bytes, 0xff, sizeof bytes);
        assert_false(parsed(bytes, sizeof bytes, nvme_uevent, "").conventional);
}

/* Each capability, absent, there, and switched on. */
static void test_capabilities(void **state)
{
        static const struct {
                enum event_capability capability;
                uint16_t at, head, control, enable;
        } all[] = {
                { CAPABILITY_SR_IOV, 0x100, 0x0010, 0x108, 0x0001 },
                { CAPABILITY_ATS, 0x100, 0x000f, 0x106, 0x8000 },
                { CAPABILITY_PRI, 0x100, 0x0013, 0x104, 0x0001 },
                { CAPABILITY_PASID, 0x100, 0x001b, 0x106, 0x0001 },
                { CAPABILITY_PHANTOM, 0x84, 0x0008, 0x88, 0x0200 },
                { CAPABILITY_PHANTOM, 0x84, 0x0010, 0x88, 0x0200 },
        };
        uint8_t bytes[4096];
        struct event_function function;

        (void)state;
        memset(bytes, 0, sizeof bytes);
        endpoint_fill(bytes);
        function = parsed(bytes, sizeof bytes, nvme_uevent, "");
        assert_int_equal(function.capabilities, EVENT_CAPABILITY_BIT(CAPABILITY_MSI_X));
        assert_int_equal(function.enabled, 0);
        bytes[0x43] = 0x40;
        function = parsed(bytes, sizeof bytes, nvme_uevent, "");
        assert_int_equal(function.enabled, EVENT_CAPABILITY_BIT(CAPABILITY_MSI_X));
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
                memset(bytes, 0, sizeof bytes);
                endpoint_fill(bytes);
                bytes[0x40] = 0x05; /* no MSI-X */
                bytes[all[i].at] = (uint8_t)all[i].head;
                function = parsed(bytes, sizeof bytes, nvme_uevent, "");
                assert_int_equal(function.capabilities, EVENT_CAPABILITY_BIT(all[i].capability));
                assert_int_equal(function.enabled, 0);
                assert_false(function.malformed);
                bytes[all[i].control] = (uint8_t)all[i].enable;
                bytes[all[i].control + 1] = (uint8_t)(all[i].enable >> 8);
                function = parsed(bytes, sizeof bytes, nvme_uevent, "");
                assert_int_equal(function.enabled, EVENT_CAPABILITY_BIT(all[i].capability));
        }
        memset(bytes, 0, sizeof bytes);
        endpoint_fill(bytes);
        bytes[0x88 + 1] = 0x02; /* it may use what it does not have */
        assert_int_equal(parsed(bytes, sizeof bytes, nvme_uevent, "").enabled, 0);
        bytes[0x100] = 0x10;
        bytes[0x108] = 0x01;
        memset(bytes + 0x20, 0xff, 4);
        bytes[0] = bytes[1] = 0xff; /* nothing of what does not answer counts */
        function = parsed(bytes, sizeof bytes, nvme_uevent, "");
        assert_int_equal(function.capabilities, 0);
}

static void test_extended_list(void **state)
{
        uint8_t bytes[4096];

        (void)state;
        memset(bytes, 0, sizeof bytes);
        endpoint_fill(bytes);
        memset(bytes + 0x100, 0xff, 4); /* nothing answers there */
        assert_false(parsed(bytes, sizeof bytes, nvme_uevent, "").malformed);
        memcpy(bytes + 0x100, (const uint8_t[]){ 0x01, 0x00, 0x02, 0x20 }, 4); /* AER, then 200h */
        bytes[0x200] = 0x0f;
        assert_false(parsed(bytes, sizeof bytes, nvme_uevent, "").malformed);
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").capabilities &
                    EVENT_CAPABILITY_BIT(CAPABILITY_ATS));
        assert_true(parsed(bytes, 0x200, nvme_uevent, "").malformed); /* cut short */
        assert_false(parsed(bytes, 0x100, nvme_uevent, "").malformed);
        bytes[0x203] = 0x10; /* back to the first */
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").malformed);
        bytes[0x203] = 0x08; /* into the other list's space */
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").malformed);
        bytes[0x203] = 0xff; /* where nothing fits any more */
        bytes[0x202] = 0xc0;
        assert_true(parsed(bytes, sizeof bytes, nvme_uevent, "").malformed);
}

static void test_bus_numbers(void **state)
{
        uint8_t bytes[256];
        struct event_function function;

        (void)state;
        endpoint_fill(bytes);
        memcpy(bytes + 0x18, (const uint8_t[]){ 1, 2, 5 }, 3);
        function = parsed(bytes, sizeof bytes, nvme_uevent, "");
        assert_int_equal(function.secondary, 0); /* in an endpoint that is a BAR */
        bytes[0x0e] = 1;
        function = parsed(bytes, sizeof bytes, nvme_uevent, "");
        assert_int_equal(function.secondary, 2);
        assert_int_equal(function.subordinate, 5);
}

static void test_pci_bridge(void **state)
{
        uint8_t bytes[256];

        (void)state;
        for (uint8_t type = 0; type < 16; type++) {
                endpoint_fill(bytes);
                bytes[0x82] = (uint8_t)(type << 4 | 2);
                assert_int_equal(parsed(bytes, sizeof bytes, nvme_uevent, "").pci_bridge,
                                 type == 7 || type == 8);
        }
}

/* Everything that a second reading could show otherwise, one after the other. */
static void test_second_reading(void **state)
{
        static const uint16_t places[] = { 0x00, 0x02, 0x08, 0x09, 0x0a, 0x0b, 0x0e,  0x34,
                                           0x40, 0x80, 0x82, 0x84, 0x19, 0x1a, 0x100, 0x106 };
        uint8_t bytes[4096];

        (void)state;
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
                struct event_function first, again;

                memset(bytes, 0, sizeof bytes);
                endpoint_fill(bytes);
                bytes[0x0e] = 1;
                bytes[0x82] = 0x52;
                bytes[0x100] = 0x1b;
                first = again = parsed(bytes, sizeof bytes, nvme_uevent, "");
                event_function_repeat(&again, &first);
                assert_false(first.inconsistent);
                bytes[places[i]] ^= places[i] == 0x106 ? 0x01 : 0x18;
                again = parsed(bytes, sizeof bytes, nvme_uevent, "");
                event_function_repeat(&again, &first);
                if (!first.inconsistent)
                        fail_msg("%#x", places[i]);
        }
}

/* Drivers mask MSI-X vectors at any time, which is no lie; whatever reading shows it, they are masked. */
static void test_second_reading_masked(void **state)
{
        const uint32_t masked = EVENT_CAPABILITY_BIT(CAPABILITY_MSI_X);

        (void)state;
        for (uint32_t i = 0; i < 4; i++) {
                struct event_function first = { .readable = true, .enabled = i & 1 ? masked : 0 };
                struct event_function again = { .readable = true, .enabled = i & 2 ? masked : 0 };

                event_function_repeat(&again, &first);
                assert_false(first.inconsistent);
                assert_int_equal(first.enabled, i ? masked : 0);
        }
}

static void test_second_reading_silent(void **state)
{
        struct event_function first, silent;
        uint8_t bytes[256], ones[256];

        (void)state;
        endpoint_fill(bytes);
        memset(ones, 0xff, sizeof ones);
        first = parsed(bytes, sizeof bytes, nvme_uevent, "");
        silent = parsed(ones, sizeof ones, nvme_uevent, "");
        event_function_repeat(&silent, &first);
        assert_false(first.readable);
        assert_false(first.inconsistent);
        assert_int_equal(first.capabilities, 0);
        silent = parsed(bytes, sizeof bytes, nvme_uevent, "");
        event_function_repeat(&silent, &first);
        assert_false(first.readable);
        assert_false(first.inconsistent);
}

static void test_driver_name_too_long(void **state)
{
        char uevent[200] = "DRIVER=";
        uint8_t bytes[256];

        (void)state;
        endpoint_fill(bytes);
        memset(uevent + 7, 'x', 100);
        assert_string_equal(parsed(bytes, sizeof bytes, uevent, "").driver, "?");
        assert_string_equal(parsed(bytes, sizeof bytes, "DRIVER=\n", "").driver, "?");
}

static void test_port(void **state)
{
        uint8_t bytes[4096];
        struct event_port port = { .sbdf = 0x20 };

        (void)state;
        port_fill(bytes);
        assert_true(event_port_parse(bytes, sizeof bytes, &port));
        assert_int_equal(port.sbdf, 0x20);
        assert_int_equal(port.pcie_cap, 0x40);
        assert_int_equal(port.acs_cap, 0x148);
        assert_int_equal(port.port_type, 4);
        assert_true(port.slot);
        assert_int_equal(port.slot_cap, 0x7b);
        assert_int_equal(port.link_cap, 0x00100000);
        assert_true(event_port_parse(bytes, 256, &port)); /* without the extended space: no ACS */
        assert_int_equal(port.acs_cap, 0);
        bytes[0x0e] = 0x81; /* one of several functions */
        bytes[0x42] = 0x62; /* downstream port of a switch */
        bytes[0x43] = 0;    /* without a slot: Slot Capabilities mean nothing */
        assert_true(event_port_parse(bytes, sizeof bytes, &port));
        assert_int_equal(port.port_type, 6);
        assert_false(port.slot);
        assert_int_equal(port.slot_cap, 0);
}

static void test_no_port(void **state)
{
        uint8_t bytes[4096];
        struct event_port port = { .sbdf = 0x20, .pcie_cap = 0x55 };

        (void)state;
        port_fill(bytes);
        bytes[0x42] = 0x52; /* upstream port */
        assert_false(event_port_parse(bytes, sizeof bytes, &port));
        port_fill(bytes);
        bytes[0x0e] = 0;
        assert_false(event_port_parse(bytes, sizeof bytes, &port));
        port_fill(bytes);
        bytes[0x34] = 0xf4; /* the capability would leave the space */
        bytes[0xf4] = 0x10;
        bytes[0xf6] = 0x42;
        assert_false(event_port_parse(bytes, 256, &port));
        memset(bytes, 0xff, sizeof bytes);
        assert_false(event_port_parse(bytes, sizeof bytes, &port));
        assert_false(event_port_parse(bytes, 0, &port));
        assert_int_equal(port.pcie_cap, 0x55);
}

static void test_extended_capability_loop(void **state)
{
        uint8_t bytes[4096];
        struct event_port port = { 0 };

        (void)state;
        port_fill(bytes);
        bytes[0x102] = 0x02; /* AER's next: itself */
        bytes[0x103] = 0x10;
        assert_true(event_port_parse(bytes, sizeof bytes, &port));
        assert_int_equal(port.acs_cap, 0);
        bytes[0x102] = 0xc2; /* the last four bytes: ACS does not fit there */
        bytes[0x103] = 0xff;
        bytes[0xffc] = 0x0d;
        assert_true(event_port_parse(bytes, sizeof bytes, &port));
        assert_int_equal(port.acs_cap, 0);
}

static void test_host_interface(void **state)
{
        (void)state;
        assert_true(event_host_interface_is(0x0c0340, 0x1022));
        assert_true(event_host_interface_is(0x088000, 0x8086));
        assert_false(event_host_interface_is(0x088000, 0x1022));
        assert_false(event_host_interface_is(0x0c0330, 0x8086));
        assert_false(event_host_interface_is(0xffffffff, 0xffff));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_host_interface),
                cmocka_unit_test(test_endpoint),
                cmocka_unit_test(test_keep_off_name),
                cmocka_unit_test(test_header_type_makes_the_bridge),
                cmocka_unit_test(test_changed_under_the_kernel),
                cmocka_unit_test(test_numbers_of_the_kernel),
                cmocka_unit_test(test_digest_sees_identity_only),
                cmocka_unit_test(test_all_ones),
                cmocka_unit_test(test_every_truncation),
                cmocka_unit_test(test_capability_loop),
                cmocka_unit_test(test_express_type),
                cmocka_unit_test(test_capabilities),
                cmocka_unit_test(test_extended_list),
                cmocka_unit_test(test_bus_numbers),
                cmocka_unit_test(test_pci_bridge),
                cmocka_unit_test(test_second_reading),
                cmocka_unit_test(test_second_reading_masked),
                cmocka_unit_test(test_second_reading_silent),
                cmocka_unit_test(test_driver_name_too_long),
                cmocka_unit_test(test_port),
                cmocka_unit_test(test_no_port),
                cmocka_unit_test(test_extended_capability_loop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
