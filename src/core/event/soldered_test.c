/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware that describes what is behind a switch below a port: how deep, and for certain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/event/parse.h"

#define HEADER_SIZE 36
#define PORT BASE_SBDF(0, 0, 4, 0)

/* Scope (\_SB.PCI0) { Device (RP05) { Device (PXSX) { Device (TBDU) { Device (XHC) { } } } } } */
static const char controller[] = "\x10\x27\\\x2e_SB_PCI0\x5b\x82\x1aRP05\x5b\x82\x13PXSX"
                                 "\x5b\x82\x0cTBDU\x5b\x82\x05XHC_";
/* The same without XHC: what is in the slot is described, and something at it. */
static const char shallow[] = "\x10\x20\\\x2e_SB_PCI0\x5b\x82\x13RP05\x5b\x82\x0cPXSX"
                              "\x5b\x82\x05MINI";
/* If (One) { Device (\_SB.PCI0.RP05.PXSX.TBDU.XHC) { } } */
static const char conditional[] = "\xa0\x20\x01\x5b\x82\x1c\\\x2f\x06_SB_PCI0RP05PXSXTBDUXHC_";

static struct event_firmware read_table(const char *terms, size_t length, const char *path)
{
        uint8_t table[256] = "DSDT";
        struct event_acpi acpi = { 0 };
        struct event_firmware firmware;

        assert_true(HEADER_SIZE + length <= sizeof table);
        table[4] = (uint8_t)(HEADER_SIZE + length);
        memcpy(table + HEADER_SIZE, terms, length);
        event_acpi_port_add(&acpi, PORT, path, strlen(path));
        event_acpi_table_parse(table, HEADER_SIZE + length, &acpi);
        assert_false(acpi.unclear);
        event_acpi_firmware(&acpi, PORT, &firmware);
        return firmware;
}

static void test_soldered(void **state)
{
        (void)state;
        assert_true(read_table(controller, sizeof controller - 1, "\\_SB_.PCI0.RP05").soldered);
        /* Of another port, and of one whose ACPI device is not known. */
        assert_false(read_table(controller, sizeof controller - 1, "\\_SB_.PCI0.RP06").soldered);
        assert_false(read_table(controller, sizeof controller - 1, "").soldered);
        /* The controller's own port has nothing behind a switch. */
        assert_false(read_table(controller, sizeof controller - 1, "\\_SB_.PCI0.RP05.PXSX.TBDU")
                             .soldered);
        assert_false(read_table(shallow, sizeof shallow - 1, "\\_SB_.PCI0.RP05").soldered);
        assert_false(read_table(conditional, sizeof conditional - 1, "\\_SB_.PCI0.RP05").soldered);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_soldered) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
