/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requester IDs of a bus against a Xen that is made of its books: what is called, in which order, and what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/sbdf.h"
#include "edge/actuator/pci.h"
#include "edge/actuator/xen.h"

#define BUS BASE_SBDF(0x12, 5, 0, 0)
#define PORT BASE_SBDF(0x12, 0, 4, 0)

enum entry { ABSENT, DOM0, DOM_IO, GUEST, MASKED };

static enum entry book[256];
static uint32_t assigned[256], added, adds_left;
static int open_error;
static char level[ACTUATOR_XEN_LEVEL], lowest[ACTUATOR_XEN_LEVEL];
static bool level_told;

static void level_write(char *to, const char *text)
{
        assert_true(strlen(text) < ACTUATOR_XEN_LEVEL);
        memcpy(to, text, strlen(text) + 1);
}

int actuator_xen_open(struct actuator_xen **ret_xen)
{
        *ret_xen = (struct actuator_xen *)book; /* never looked into */
        return open_error;
}

struct actuator_xen *actuator_xen_close(struct actuator_xen *xen)
{
        (void)xen;
        return NULL;
}

int actuator_xen_quarantine(struct actuator_xen *xen, uint32_t sbdf)
{
        uint32_t index = sbdf - BUS;

        (void)xen;
        assert_true(index < 256);
        assigned[index]++;
        assert_true(!level_told || strcmp(level, "error") == 0 || strcmp(level, "none") == 0);
        switch (book[index]) {
        case ABSENT:
                return -ENODEV;
        case GUEST:
                return -EUSERS;
        case MASKED:
                return -EBUSY;
        case DOM0:
        case DOM_IO:
                break;
        }
        book[index] = DOM_IO;
        return 0;
}

int actuator_xen_add(struct actuator_xen *xen, uint32_t sbdf)
{
        (void)xen;
        added++;
        assert_int_equal(book[sbdf - BUS], ABSENT);
        if (adds_left == 0)
                return -ENOSPC;
        adds_left--;
        book[sbdf - BUS] = DOM0;
        return 0;
}

bool actuator_xen_level_get(struct actuator_xen *xen, char ret_level[static ACTUATOR_XEN_LEVEL])
{
        (void)xen;
        memcpy(ret_level, level, sizeof level);
        return level_told;
}

void actuator_xen_level_set(struct actuator_xen *xen, const char *text)
{
        (void)xen;
        level_write(level, text);
        if (strcmp(text, "error") == 0)
                level_write(lowest, text);
}

static int setup(void **state)
{
        (void)state;
        memset(book, 0, sizeof book);
        memset(assigned, 0, sizeof assigned);
        memset(level, 0, sizeof level);
        memset(lowest, 0, sizeof lowest);
        added = 0;
        adds_left = 256;
        open_error = 0;
        level_told = false;
        return 0;
}

static struct event_reserved reserve(uint64_t first, uint64_t last)
{
        struct effect effect = { .kind = EFFECT_RESERVE,
                                 .port = PORT,
                                 .bus_first = 5,
                                 .requesters = { first, 0, 0, last } };
        struct event_reserved reserved;

        assert_int_equal(actuator_requesters_reserve(&effect, &reserved), 0);
        return reserved;
}

/* Nothing but what was asked for; and each is assigned until that has succeeded twice in a row. */
static void test_absent(void **state)
{
        struct event_reserved reserved = reserve(6, UINT64_C(1) << 63);

        (void)state;
        assert_int_equal(reserved.blocked[0], 6);
        assert_true(reserved.blocked[3] == UINT64_C(1) << 63);
        assert_int_equal(reserved.blocked[1] | reserved.blocked[2], 0);
        assert_int_equal(reserved.error, 0);
        assert_int_equal(added, 3);
        assert_int_equal(assigned[1], 3);
        assert_int_equal(assigned[255], 3);
        assert_int_equal(book[2], DOM_IO);
        assert_int_equal(assigned[0] + assigned[3], 0);
}

/* Again, as after a restart: nothing is added. */
static void test_known(void **state)
{
        struct event_reserved reserved;

        (void)state;
        book[0] = DOM_IO;
        book[1] = DOM0;
        reserved = reserve(3, 0);
        assert_int_equal(reserved.blocked[0], 3);
        assert_int_equal(added, 0);
        assert_int_equal(assigned[0], 2);
        assert_int_equal(assigned[1], 2);
}

static void test_refused(void **state)
{
        struct event_reserved reserved;

        (void)state;
        book[0] = MASKED;
        book[1] = GUEST;
        reserved = reserve(7, 0);
        assert_int_equal(reserved.blocked[0], 4); /* the others are done all the same */
        assert_int_equal(reserved.error, EBUSY);
        assert_int_equal(added, 1);
        assert_int_equal(book[1], GUEST);
}

/* An add that failed may have left an entry without owner (H4): there must be no second one. */
static void test_add_fails(void **state)
{
        struct event_reserved reserved;

        (void)state;
        adds_left = 1;
        reserved = reserve(15, 0);
        assert_int_equal(reserved.blocked[0], 1);
        assert_int_equal(reserved.error, ENOSPC);
        assert_int_equal(added, 2);
        assert_int_equal(assigned[2] + assigned[3], 0);
}

static void test_no_xen(void **state)
{
        struct effect effect = { .kind = EFFECT_RESERVE, .port = PORT, .bus_first = 5 };
        struct event_reserved reserved = { .error = 77 };

        (void)state;
        open_error = -ENODEV;
        assert_int_equal(actuator_requesters_reserve(&effect, &reserved), -ENODEV);
        assert_int_equal(reserved.error, 77);
}

/* What Xen would say of each: less meanwhile, and as before afterwards. */
static void test_level(void **state)
{
        static const char *const loud[] = { "all/all", "info", "warning", "error/warning", "?" };
        static const char *const quiet[] = { "none", "error" };

        (void)state;
        level_told = true;
        for (size_t i = 0; i < sizeof loud / sizeof loud[0]; i++) {
                level_write(level, loud[i]);
                lowest[0] = '\0';
                (void)reserve(3, 0);
                assert_string_equal(lowest, "error");
                assert_string_equal(level, loud[i]);
        }
        lowest[0] = '\0';
        for (size_t i = 0; i < sizeof quiet / sizeof quiet[0]; i++) {
                level_write(level, quiet[i]);
                (void)reserve(3, 0);
                assert_string_equal(level, quiet[i]);
                assert_string_equal(lowest, ""); /* not touched */
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_absent, setup),
                cmocka_unit_test_setup(test_known, setup),
                cmocka_unit_test_setup(test_refused, setup),
                cmocka_unit_test_setup(test_add_fails, setup),
                cmocka_unit_test_setup(test_no_xen, setup),
                cmocka_unit_test_setup(test_level, setup),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
