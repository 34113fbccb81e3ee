/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Config space of a hostile function, and the kernel's view of it: never fails, says what it cannot read. */
#include <string.h>

#include "base/text.h"
#include "core/event/parse.h"
#include "fuzz.h"

/*
 * An input is text, a NUL, and config space. The text's last line is driver_override, what is before it the uevent
 * attribute: "DRIVER=nvme\nPCI_CLASS=10802\nPCI_ID=1B36:0010\nsallyport\n".
 */
static struct event_kernel_view view_split(const char *text, size_t length)
{
        size_t last = length;

        if (last > 0 && text[last - 1] == '\n')
                last--; /* as sysfs ends it */
        while (last > 0 && text[last - 1] != '\n')
                last--;
        return (struct event_kernel_view){ .uevent = text,
                                           .uevent_length = last,
                                           .override = text + last,
                                           .override_length = length - last };
}

static struct event_function function_parse(const uint8_t *bytes, size_t length,
                                            const struct event_kernel_view *kernel, int before)
{
        struct event_function function;

        memset(&function, before, sizeof function);
        function.sbdf = BASE_SBDF(0, 1, 0, 0);
        function.parent = BASE_SBDF(0, 0, 4, 0);
        function.instance = 4711;
        event_function_parse(bytes, length, kernel, &function);
        base_assert(function.sbdf == BASE_SBDF(0, 1, 0, 0));
        base_assert(function.parent == BASE_SBDF(0, 0, 4, 0));
        base_assert(function.instance == 4711);
        return function;
}

static void function_check(const struct event_function *function, size_t length)
{
        struct event_function again = *function;

        event_function_repeat(function, &again);
        base_assert(!again.inconsistent);
        base_assert(function->readable || function->capabilities == 0);
        base_assert((function->enabled & ~function->capabilities) == 0);
        base_assert(function->kind == FUNCTION_BRIDGE ||
                    (function->secondary == 0 && function->subordinate == 0));
        bool all_ones = function->vendor == 0xffffu || function->header_type == 0xffu;

        base_assert(function->readable == (length >= 0x40 && !all_ones));
        base_assert(function->readable || (!function->malformed && !function->changed));
        base_assert(function->class <= 0xffffffu);
        base_assert((function->kind == FUNCTION_BRIDGE) ==
                    (function->readable && (function->header_type & 0x7f) != 0));
        base_assert(function->kind == FUNCTION_ENDPOINT ||
                    (function->subsystem_vendor == 0 && function->subsystem_device == 0));
        base_assert(strnlen(function->driver, sizeof function->driver) < sizeof function->driver);
}

static void functions_compare(const struct event_function *a, const struct event_function *b)
{
        base_assert(a->digest == b->digest && a->vendor == b->vendor && a->device == b->device &&
                    a->subsystem_vendor == b->subsystem_vendor &&
                    a->subsystem_device == b->subsystem_device && a->class == b->class &&
                    a->header_type == b->header_type && a->kind == b->kind &&
                    a->readable == b->readable && a->malformed == b->malformed);
        base_assert(event_function_same(a, b));
}

/* What the kernel would say of just this function: then nothing has changed. */
static void agreement_check(const struct event_function *function, const uint8_t *bytes,
                            size_t length)
{
        char buffer[96];
        struct base_text text = base_text_on(buffer, sizeof buffer);
        struct event_kernel_view kernel;
        struct event_function agreed;

        base_text_add(&text, "DRIVER=nvme\nPCI_CLASS=");
        base_text_add_hex(&text, function->class, 1);
        base_text_add(&text, "\nPCI_ID=");
        base_text_add_hex(&text, function->vendor, 4);
        base_text_add_char(&text, ':');
        base_text_add_hex(&text, function->device, 4);
        base_text_add(&text, "\n" EVENT_KEEP_OFF_DRIVER);
        base_assert(!text.truncated);
        kernel = view_split(text.buffer, text.length);
        agreed = function_parse(bytes, length, &kernel, 0xff);
        functions_compare(function, &agreed);
        base_assert(!agreed.changed && agreed.kept_off);
        base_assert(base_text_equal(agreed.driver, "nvme"));
}

/* The same text as addresses: whatever it says, what is judged by them has bounds. */
static void ranges_check(const char *lines, size_t lines_size, const uint8_t *config,
                         size_t config_size, const struct event_function *function)
{
        static struct event_inventory inventory;
        struct event_ranges ranges[2];
        struct event_above above = { .secondary = 1, .subordinate = 8 };

        event_ranges_parse(lines, lines_size, config, config_size, &ranges[0]);
        base_assert(ranges[0].bar_count <= LIMIT_BARS && ranges[0].window_count <= LIMIT_WINDOWS);
        base_assert(ranges[0].known || ranges[0].bar_count + ranges[0].window_count == 0);
        ranges[1] = above.ranges = ranges[0];
        inventory.count = 2;
        inventory.functions[0] = inventory.functions[1] = *function;
        inventory.functions[1].sbdf = BASE_SBDF(0, 2, 0, 0);
        inventory.functions[1].parent = function->sbdf;
        event_hierarchy_judge(&inventory, ranges, &above);
        base_assert(inventory.functions[0].bars_overlap ==
                    (function->readable && ranges[0].bar_count > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const uint8_t *nul = memchr(data, '\0', size), *bytes = nul ? nul + 1 : data + size;
        size_t text = nul ? (size_t)(nul - data) : size, length = (size_t)(data + size - bytes);
        struct event_kernel_view kernel = view_split((const char *)data, text);
        struct event_function function, again;

        if (length > 4096)
                return 0;
        function = function_parse(bytes, length, &kernel, 0);
        function_check(&function, length);
        again = function_parse(bytes, length, &kernel, 0xff);
        functions_compare(&function, &again);
        base_assert(function.changed == again.changed && function.kept_off == again.kept_off);
        base_assert(memcmp(function.driver, again.driver, sizeof again.driver) == 0);
        agreement_check(&function, bytes, length);
        ranges_check((const char *)data, text, bytes, length, &function);
        return 0;
}
