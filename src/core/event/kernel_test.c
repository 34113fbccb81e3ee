/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from the kernel and from Xen: device paths, uevents, the owner list, the command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/event/parse.h"

#define PATH "/devices/pci0000:00/0000:00:04.0/0000:01:00.2/0000:03:00.0"

static void test_place(void **state)
{
        struct event_place place;

        (void)state;
        assert_true(event_place_parse(PATH, strlen(PATH), &place));
        assert_int_equal(place.sbdf, BASE_SBDF(0, 3, 0, 0));
        assert_int_equal(place.depth, 2);
        assert_int_equal(place.above[0], BASE_SBDF(0, 0, 4, 0));
        assert_int_equal(place.above[1], BASE_SBDF(0, 1, 0, 2));
        assert_true(event_place_parse("/devices/pci0000:00/0000:00:04.0/0000:00:04.0:pcie004", 54,
                                      &place));
        assert_int_equal(place.sbdf, BASE_SBDF(0, 0, 4, 0));
        assert_int_equal(place.depth, 0);
        assert_false(event_place_parse("/devices/pci0000:00/00:04.0", 27, &place));
        assert_false(event_place_parse("", 0, &place));
}

static void test_place_too_deep(void **state)
{
        char path[14 * (LIMIT_DEPTH + 4) + 1] = "";
        struct event_place place;

        (void)state;
        for (size_t i = 0; i < LIMIT_DEPTH + 3; i++)
                memcpy(path + 13 * i, "/0000:01:00.0", 14);
        assert_true(event_place_parse(path, strlen(path), &place));
        assert_true(place.truncated);
        assert_int_equal(place.depth, LIMIT_DEPTH);
}

#define UEVENT(action, path, subsystem)                                               \
        action "@" path "\0ACTION=" action "\0DEVPATH=" path "\0SUBSYSTEM=" subsystem \
               "\0SEQNUM=1234"

static void test_uevent(void **state)
{
        static const char add[] = UEVENT("add", PATH, "pci");
        static const char bind[] = UEVENT(
                "bind", "/devices/pci0000:00/0000:00:04.0/0000:00:04.0:pcie004", "pci_express");
        static const char longer[] = "ACTIONS=none\0" UEVENT("add", PATH, "pci");
        struct event event;

        (void)state;
        assert_true(event_uevent_parse(add, sizeof add, &event));
        assert_int_equal(event.kind, EVENT_UEVENT);
        assert_int_equal(event.uevent.action, UEVENT_ADD);
        assert_int_equal(event.uevent.subsystem, SUBSYSTEM_PCI);
        assert_int_equal(event.uevent.place.sbdf, BASE_SBDF(0, 3, 0, 0));
        assert_true(event_uevent_parse(bind, sizeof bind, &event));
        assert_int_equal(event.uevent.action, UEVENT_BIND);
        assert_int_equal(event.uevent.subsystem, SUBSYSTEM_PCI_EXPRESS);
        assert_int_equal(event.uevent.place.sbdf, BASE_SBDF(0, 0, 4, 0));
        assert_true(event_uevent_parse(longer, sizeof longer, &event));
        assert_int_equal(event.uevent.action, UEVENT_ADD);
}

/* Of the Thunderbolt bus only that something happened counts: where it hangs is none of our places. */
static void test_uevent_thunderbolt(void **state)
{
        static const char router[] =
                UEVENT("change", "/devices/pci0000:00/0000:00:0d.2/domain0/0-0/0-1", "thunderbolt");
        static const char no_path[] = "add@x\0ACTION=add\0SUBSYSTEM=thunderbolt";
        static const struct event_place nowhere;
        struct event event;

        (void)state;
        assert_true(event_uevent_parse(router, sizeof router, &event));
        assert_int_equal(event.kind, EVENT_UEVENT);
        assert_int_equal(event.uevent.action, UEVENT_CHANGE);
        assert_int_equal(event.uevent.subsystem, SUBSYSTEM_THUNDERBOLT);
        assert_memory_equal(&event.uevent.place, &nowhere, sizeof nowhere);
        assert_true(event_uevent_parse(router, sizeof router - 1, &event));
        assert_int_equal(event.kind, EVENT_OVERRUN);
        assert_true(event_uevent_parse(no_path, sizeof no_path, &event));
        assert_int_equal(event.kind, EVENT_OVERRUN);
}

static void test_uevent_of_others(void **state)
{
        static const char usb[] = UEVENT("add", PATH "/usb1", "usb");
        struct event event;

        (void)state;
        assert_false(event_uevent_parse(usb, sizeof usb, &event));
        assert_false(event_uevent_parse("libudev\0\xfe\xed", 10, &event));
        assert_false(event_uevent_parse("", 0, &event));
}

/* About PCI, but broken: as good as lost, so everything is read again. */
static void test_uevent_malformed(void **state)
{
        static const char no_path[] = "add@x\0ACTION=add\0SUBSYSTEM=pci";
        static const char bad_path[] = UEVENT("add", "/devices/nonsense", "pci");
        static const char good[] = UEVENT("add", PATH, "pci");
        struct event event;

        (void)state;
        assert_true(event_uevent_parse(no_path, sizeof no_path, &event));
        assert_int_equal(event.kind, EVENT_OVERRUN);
        assert_true(event_uevent_parse(bad_path, sizeof bad_path, &event));
        assert_int_equal(event.kind, EVENT_OVERRUN);
        assert_true(event_uevent_parse(good, sizeof good - 1, &event)); /* its last NUL is lost */
        assert_int_equal(event.kind, EVENT_OVERRUN);
        for (size_t length = 0; length < sizeof good; length++) {
                if (!event_uevent_parse(good, length, &event))
                        continue;
                /* Cut between two pairs it is whole as far as it goes; cut elsewhere it is lost. */
                if (event.kind == EVENT_UEVENT)
                        assert_int_equal(event.uevent.place.sbdf, BASE_SBDF(0, 3, 0, 0));
                else
                        assert_int_equal(event.kind, EVENT_OVERRUN);
        }
}

static const char dump[] = "(XEN) 'Q' pressed -> dumping PCI devices\n"
                           "(XEN) ==== PCI devices ====\n"
                           "(XEN) ==== segment 0000 ====\n"
                           "(XEN) 0000:03:00.0 - DomIO:8003 - node -1 \n"
                           "(XEN) 0000:02:01.0 - NULL - node -1\n"
                           "(XEN) 0000:01:00.1 - d0 - node -1  - MSIs < 25 26 >\r\n"
                           "(XEN) 0000:01:00.0 - d5 - node -1 \n"
                           "(XEN) 0000:00:1f.3 - d0 - node -1 \n"
                           "(d5) 0000:01:00.1 - DomIO - forged by a guest\n";

static void test_owners(void **state)
{
        struct event_owners owners;

        (void)state;
        assert_true(event_owners_parse(dump, sizeof dump - 1, 0, 1, 3, &owners));
        assert_int_equal(owners.count, 4);
        assert_false(owners.truncated);
        assert_int_equal(owners.owners[0].domid, EVENT_OWNER_DOM_IO);
        assert_int_equal(owners.owners[1].domid, EVENT_OWNER_NOBODY);
        assert_int_equal(owners.owners[2].domid, EVENT_OWNER_DOM0);
        assert_int_equal(owners.owners[2].sbdf, BASE_SBDF(0, 1, 0, 1));
        assert_int_equal(owners.owners[3].domid, 5);
        assert_true(event_owners_parse(dump, sizeof dump - 1, 0, 9, 9, &owners));
        assert_int_equal(owners.count, 0);
        assert_true(event_owners_parse(dump, sizeof dump - 1, 1, 1, 3, &owners));
        assert_int_equal(owners.count, 0);
}

static void test_owners_of_the_last_dump(void **state)
{
        static const char twice[] =
                "(XEN) ==== PCI devices ====\n(XEN) 0000:01:00.0 - DomIO - node -1\n"
                "(XEN) [2026-11-23 10:00:00.123] ==== PCI devices ====\n"
                "(XEN) [2026-11-23 10:00:00.123] 0000:01:00.0 - d0 - node -1\n";
        struct event_owners owners;

        (void)state;
        assert_true(event_owners_parse(twice, sizeof twice - 1, 0, 1, 1, &owners));
        assert_int_equal(owners.count, 1);
        assert_int_equal(owners.owners[0].domid, EVENT_OWNER_DOM0);
}

/* A guest's console can say anything, and with a domid of two digits its prefix is as long as Xen's. */
static void test_owners_forged(void **state)
{
        static const char forged[] =
                "(XEN) 0000:01:00.1 - DomIO - printed before the dump\n"
                "(XEN) ==== PCI devices ====\n(XEN) 0000:01:00.0 - d0 - node -1\n"
                "(d12) 0000:01:00.0 - DomIO - node -1\n(d12) 0000:01:00.1 - DomIO - node -1\n";
        struct event_owners owners;

        (void)state;
        assert_true(event_owners_parse(forged, sizeof forged - 1, 0, 1, 1, &owners));
        assert_int_equal(owners.count, 1);
        assert_int_equal(owners.owners[0].domid, EVENT_OWNER_DOM0);
}

/* What is no owner that we know is dom0's: the worst that it can mean. */
static void test_owner_words(void **state)
{
        static const struct {
                const char *word;
                uint16_t domid;
        } words[] = { { "DomIO", EVENT_OWNER_DOM_IO },
                      { "DomIO:8003", EVENT_OWNER_DOM_IO },
                      { "DomIOx", EVENT_OWNER_DOM0 },
                      { "NULL", EVENT_OWNER_NOBODY },
                      { "d32751", 0x7fef },
                      { "d32752", EVENT_OWNER_DOM0 },
                      { "d5x", EVENT_OWNER_DOM0 },
                      { "d000005", EVENT_OWNER_DOM0 },
                      { "d", EVENT_OWNER_DOM0 } };

        (void)state;
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
                char text[96] = "(XEN) ==== PCI devices ====\n(XEN) 0000:01:00.0 - ";
                struct event_owners owners;

                memcpy(text + strlen(text), words[i].word, strlen(words[i].word));
                memcpy(text + strlen(text), " - node\n", 8);
                assert_true(event_owners_parse(text, strlen(text), 0, 1, 1, &owners));
                assert_int_equal(owners.owners[0].domid, words[i].domid);
        }
}

static void test_too_many_owners(void **state)
{
        static const char heading[] = "(XEN) ==== PCI devices ====\n";
        static char text[sizeof heading + 32ul * (LIMIT_OWNERS + 1)];
        struct event_owners owners;
        size_t length = sizeof heading - 1;

        (void)state;
        memcpy(text, heading, length);
        for (uint32_t i = 0; i <= LIMIT_OWNERS; i++) {
                char address[BASE_SBDF_TEXT_SIZE];

                (void)base_sbdf_format(BASE_SBDF(0, 1 + (i >> 8), i >> 3 & 31, i & 7), address);
                memcpy(text + length, "(XEN) ", 6);
                memcpy(text + length + 6, address, sizeof address - 1);
                memcpy(text + length + 5 + sizeof address, " - d0 - x\n", 10);
                length += 15 + sizeof address;
                assert_true(event_owners_parse(text, length, 0, 1, 2, &owners));
                assert_int_equal(owners.count, i < LIMIT_OWNERS ? i + 1 : LIMIT_OWNERS);
                assert_int_equal(owners.truncated, i == LIMIT_OWNERS);
        }
}

static void test_owners_not_read(void **state)
{
        static const char strange[] =
                "(XEN) ==== PCI devices ====\n(XEN) 0000:01:00.0 - whoever - node\n";
        static const char cut[] = "(XEN) ==== PCI devices ====\n(XEN) 0000:01:00.0 - DomIO - x\n"
                                  "(XEN) ==== PCI devices ====\n";
        struct event_owners owners = { .count = 99 };

        (void)state;
        assert_false(event_owners_parse(cut, sizeof cut - 1, 0, 0, 255, &owners));
        assert_false(event_owners_parse("", 0, 0, 0, 255, &owners));
        assert_false(event_owners_parse(dump + 41, 40, 0, 0, 255, &owners));
        assert_false(event_owners_parse("(XEN) 0000:01:00.0 - d0 - x\n", 28, 0, 0, 255, &owners));
        assert_int_equal(owners.count, 99);
        assert_true(event_owners_parse(strange, sizeof strange - 1, 0, 1, 1, &owners));
        assert_int_equal(owners.owners[0].domid, EVENT_OWNER_DOM0); /* the worst that it can mean */
}

static void test_intremap(void **state)
{
        static const char on[] =
                "(XEN) Intel VT-d Snoop Control enabled.\n(XEN) Interrupt remapping enabled\r\n";
        static const char off[] =
                "(XEN) Interrupt remapping enabled\n(XEN) [1.5] Interrupt remapping disabled\n";
        static const char forged[] =
                "(d3) Interrupt remapping enabled\nInterrupt remapping enabled\n";

        (void)state;
        assert_int_equal(event_intremap_parse(on, sizeof on - 1), FACT_YES);
        assert_int_equal(event_intremap_parse(off, sizeof off - 1), FACT_NO);
        assert_int_equal(event_intremap_parse(forged, sizeof forged - 1), FACT_UNKNOWN);
        assert_int_equal(event_intremap_parse("", 0), FACT_UNKNOWN);
}

static struct event_platform cmdline(const char *text)
{
        struct event_platform platform = { .iommu_on = FACT_YES, .intremap = FACT_YES };

        event_cmdline_parse(text, strlen(text), &platform);
        return platform;
}

static void test_cmdline(void **state)
{
        (void)state;
        assert_int_equal(cmdline("").ats, FACT_NO);
        assert_int_equal(cmdline("").passthrough, FACT_NO);
        assert_int_equal(cmdline("console=com1 ats").ats, FACT_YES);
        assert_int_equal(cmdline("ats=1 loglvl=all").ats, FACT_YES);
        assert_int_equal(cmdline("ats=off").ats, FACT_NO);
        assert_int_equal(cmdline("no-ats").ats, FACT_NO);
        assert_int_equal(cmdline("dom0-iommu=passthrough").passthrough, FACT_YES);
        assert_int_equal(cmdline("dom0-iommu=strict,no-passthrough").passthrough, FACT_NO);
        assert_int_equal(cmdline("iommu=verbose,dom0-passthrough").passthrough, FACT_YES);
        assert_int_equal(cmdline("iommu=verbose,debug").iommu_on, FACT_YES);
        assert_int_equal(cmdline("iommu=off").iommu_on, FACT_NO);
        assert_int_equal(cmdline("iommu=0").iommu_on, FACT_NO);
        assert_int_equal(cmdline("no-iommu").iommu_on, FACT_NO);
        assert_int_equal(cmdline("iommu=no-intremap").intremap, FACT_NO);
        assert_int_equal(cmdline("iommu=intremap=off").intremap, FACT_NO);
        assert_int_equal(cmdline("iommu=intremap").intremap, FACT_YES);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_place),
                cmocka_unit_test(test_place_too_deep),
                cmocka_unit_test(test_uevent),
                cmocka_unit_test(test_uevent_thunderbolt),
                cmocka_unit_test(test_uevent_of_others),
                cmocka_unit_test(test_uevent_malformed),
                cmocka_unit_test(test_owners),
                cmocka_unit_test(test_owners_of_the_last_dump),
                cmocka_unit_test(test_owners_forged),
                cmocka_unit_test(test_owner_words),
                cmocka_unit_test(test_too_many_owners),
                cmocka_unit_test(test_owners_not_read),
                cmocka_unit_test(test_intremap),
                cmocka_unit_test(test_cmdline),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
