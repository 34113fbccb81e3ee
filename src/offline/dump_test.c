/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dumps as files: what is read, what is rejected and where, and what is masked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "core/policy/config.h"
#include "offline/world.h"

#define ZEROES " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
#define HEAD "@sallyport-dump 1\n"
#define DISK "00:1f.0 0106: 8086:a103\n00: 86 80 03 a1 06 04 b0 02 21 01 06 01 00 00 00 00\n"

static char path[] = "/tmp/sallyport-dump-XXXXXX";
static struct source_diagnosis diagnosis;

static int setup(void **state)
{
        int fd = mkstemp(path);

        (void)state;
        return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
        (void)state;
        return unlink(path);
}

static void file_write(const char *text, size_t length)
{
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, length, file), length);
        assert_int_equal(fclose(file), 0);
}

static int read_text(const char *text, struct offline_dump *ret_dump)
{
        file_write(text, strlen(text));
        return offline_dump_read(path, ret_dump, &diagnosis);
}

static void test_read(void **state)
{
        struct offline_dump dump;

        (void)state;
        assert_int_equal(
                read_text(
                        HEAD
                        "@kernel 6.1\n@xen 4.17.7\n"
                        "0000:00:1f.0 0106: 8086:a103\n@driver ahci\n@boot-vga 0\n"
                        "@path /devices/pci0000:00/0000:00:1f.0\n@kernel-id 8086:a103 010601\n"
                        "\tControl: prose\n"
                        "00:" ZEROES "10:" ZEROES
                        "10000:e1:00.0 0108: 144d:a80a\n@driver nvme\n00:" ZEROES
                        "00:02.0 0300: 8086:1234\n"
                        "\nSSDT @ 0x0000000000000000\n    0000: 53 53 44 54  SSDT\n    0004: 01\n",
                        &dump),
                0);
        assert_true(dump.facts);
        assert_string_equal(dump.kernel, "6.1");
        assert_string_equal(dump.xen, "4.17.7");
        assert_int_equal(dump.count, 2); /* by address; that of domain 10000 has none */
        assert_int_equal(dump.functions[0].sbdf, BASE_SBDF(0, 0, 2, 0));
        assert_int_equal(dump.functions[0].length, 0);
        assert_int_equal(dump.functions[1].length, 32);
        assert_string_equal(dump.functions[1].driver, "ahci");
        assert_int_equal(dump.functions[1].boot_vga, FACT_NO);
        assert_int_equal(dump.functions[1].class, 0x010601);
        assert_int_equal(dump.table_count, 1);
        assert_int_equal(dump.tables[0].length, 5);
        assert_ptr_equal(offline_dump_find(&dump, BASE_SBDF(0, 0, 0x1f, 0)), &dump.functions[1]);
        assert_null(offline_dump_find(&dump, BASE_SBDF(0, 0, 3, 0)));
        offline_dump_free(&dump);
}

/* Everything that is wrong is told with its place. */
static void test_rejected(void **state)
{
        static const struct {
                const char *text, *place;
        } files[] = {
                { "", ":1:1:" },
                { "prose\n", ":2:1:" },
                { "00:" ZEROES, ":1:1:" },
                { DISK "20:" ZEROES, ":3:1:" },
                { DISK DISK, ":3:1:" },
                { DISK "10: 00\n", ":3:7:" },
                { "@driver nvme\n", ":1:1:" },
                { HEAD "@driver nvme\n", ":2:1:" },
                { HEAD DISK "@what is this\n", ":4:1:" },
                { HEAD DISK "@path /devices/pci0000:00/0000:00:1e.0\n", ":4:7:" },
                { HEAD DISK "@path nowhere\n", ":4:7:" },
                { HEAD DISK "@removable a-very-long-word-that-nobody-says\n", ":4:12:" },
                { DISK "SSDT @ 0x0\n    0001: 00\n", ":4:1:" },
                /* A bridge of 64 bytes only: nobody could say whether it is a port. */
                { "00:1c.0 0604: 8086:a0b8\n00: 86 80 b8 a0 07 05 10 00 00 00 04 06 10 00 81 00\n",
                  ":3:1:" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
                struct offline_dump dump = { 0 };

                if (read_text(files[i].text, &dump) != -EINVAL ||
                    !strstr(diagnosis.text, files[i].place))
                        print_error("%s gave %s\n", files[i].text, diagnosis.text);
                assert_int_equal(read_text(files[i].text, &dump), -EINVAL);
                assert_non_null(strstr(diagnosis.text, files[i].place));
                assert_null(dump.functions);
        }
}

static void test_unreadable(void **state)
{
        struct offline_dump dump;

        (void)state;
        assert_int_equal(offline_dump_read("/nonexistent/dump", &dump, &diagnosis), -ENOENT);
        assert_non_null(strstr(diagnosis.text, "/nonexistent/dump: cannot be read"));
        assert_int_equal(offline_dump_read("/tmp", &dump, &diagnosis), -EISDIR);
        assert_int_equal(offline_dump_read("/dev/null", &dump, &diagnosis), -ENOTSUP);
}

/* Bus numbers that say nothing sensible: no loop, no crash, nothing below itself. */
static void test_hostile_buses(void **state)
{
        char text[8192];
        struct event_config config;
        struct offline_world *world = NULL;
        struct report_row row;
        size_t at = 0;

        (void)state;
        for (int bus = 0; bus < 3; bus++) {
                at += (size_t)snprintf(text + at, sizeof text - at,
                                       "%02x:00.0 0604: 8086:a0b8\n"
                                       "00: 86 80 b8 a0 07 05 10 00 00 00 04 06 10 00 81 00\n"
                                       "10: 00 00 00 00 00 00 00 00 00 %02x ff 00 00 00 00 00\n"
                                       "20:" ZEROES
                                       "30: 00 00 00 00 40 00 00 00 00 00 00 00 00 00 00 00\n"
                                       "40: 10 00 42 01 00 00 00 00 00 00 00 00 00 00 10 00\n"
                                       "50: 00 00 00 00 60 00 00 00 00 00 40 00 00 00 00 00\n",
                                       (unsigned int)bus, bus < 2 ? 2u : 1u);
        }
        file_write(text, at);
        policy_config_default(&config);
        assert_int_equal(offline_world_read(path, &config, NULL, &world, &diagnosis), 0);
        assert_int_equal(world->core.port_count, 3);
        assert_true(offline_port_row(world, 0, &row));
        assert_string_equal(report_row_value(&row, "external"), "true");
        assert_string_equal(report_row_value(&row, "state"), "");
        assert_string_equal(report_row_value(&row, "pciehp"), "");
        assert_string_equal(report_row_value(&row, "acs"), "");
        assert_string_equal(report_row_value(&row, "evidence"),
                            "root-port slot hot-plug surprise firmware-unclear");
        assert_false(offline_port_row(world, 3, &row));
        offline_world_free(world);
}

static void test_redacted_config(void **state)
{
        static const uint8_t serial[] = { 0x56, 0x34, 0x12, 0xff, 0xff, 0xce, 0x15, 0x00 };
        static const uint8_t mac[] = { 0x00, 0x15, 0xce, 0x12, 0x34, 0x56 };
        uint8_t bytes[4096] = { 0x86, 0x80, 0x02, 0x15, 0, 0, 0x10 }, before[4096];

        (void)state;
        bytes[0x34] = 0x60;
        bytes[0x60] = 0x03; /* VPD */
        memset(bytes + 0x62, 0xaa, 6);
        memcpy(bytes + 0x80, mac, sizeof mac);
        bytes[0x100] = 0x01; /* AER, then the serial number */
        bytes[0x102] = 0x01;
        bytes[0x103] = 0x14;
        bytes[0x140] = 0x03;
        bytes[0x142] = 0x01;
        memcpy(bytes + 0x144, serial, sizeof serial);
        bytes[0x150] = 0x77;
        memcpy(before, bytes, sizeof bytes);
        offline_dump_redact_config(bytes, sizeof bytes);
        for (size_t i = 0; i < sizeof bytes; i++)
                if ((i >= 0x62 && i < 0x68) || (i >= 0x80 && i < 0x86) || (i >= 0x144 && i < 0x14c))
                        assert_int_equal(bytes[i], 0);
                else
                        assert_int_equal(bytes[i], before[i]);
        /* Lists that loop or leave what is there. */
        bytes[0x103] = 0x10;
        offline_dump_redact_config(bytes, sizeof bytes);
        for (size_t length = 0; length <= 0x150; length++) {
                uint8_t *copy = malloc(length ? length : 1);

                assert_non_null(copy);
                memcpy(copy, before, length);
                offline_dump_redact_config(copy, length);
                free(copy);
        }
}

/* AMD-Vi: what the table covers is known of a dump as well; what Xen was made to block is not. */
static void test_coverage(void **state)
{
        static const char ivrs[] =
                DISK "\nIVRS @ 0x0000000000000000\n"
                     "    0000: 49 56 52 53 58 00 00 00 02 61 00 00 00 00 00 00\n"
                     "    0010: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
                     "    0020: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
                     "    0030: 10 00 28 00 02 00 00 00 00 00 00 00 00 00 00 00\n"
                     "    0040: 00 00 00 00 00 00 00 00 03 03 00 00 04 FE FF 00\n"
                     "    0050: 48 00 00 D7 00 A0 00 01\n\n";
        struct offline_world *world = NULL;
        struct event_config config;

        (void)state;
        file_write(ivrs, sizeof ivrs - 1);
        policy_config_default(&config);
        assert_int_equal(offline_world_read(path, &config, NULL, &world, &diagnosis), 0);
        assert_int_equal(world->core.platform.iommu, IOMMU_AMD);
        assert_true(world->core.platform.coverage.known);
        assert_int_equal(world->core.platform.coverage.count,
                         2); /* without the I/O APIC, 00:14.0 */
        assert_int_equal(world->core.platform.coverage.ranges[1].last, 0xfffe);
        offline_world_free(world);
}

static void test_redacted_table(void **state)
{
        uint8_t table[80] = "SSDT";
        uint8_t sum = 0;

        (void)state;
        memcpy(table + 40, "\x0d_AUXMAC_#0015CE123456#", 24);
        offline_dump_redact_table(table, sizeof table);
        assert_memory_equal(table + 40, "\x0d_AUXMAC_#000000000000#", 24);
        for (size_t i = 0; i < sizeof table; i++)
                sum = (uint8_t)(sum + table[i]);
        assert_int_equal(sum, 0);
        offline_dump_redact_table(table, 3);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_read),
                cmocka_unit_test(test_rejected),
                cmocka_unit_test(test_unreadable),
                cmocka_unit_test(test_hostile_buses),
                cmocka_unit_test(test_redacted_config),
                cmocka_unit_test(test_redacted_table),
                cmocka_unit_test(test_coverage),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
