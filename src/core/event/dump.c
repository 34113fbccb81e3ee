/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a dump: what lspci and acpidump print, and what we add. Users send them: any bytes may come. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/event/parse.h"

#define CONFIG_SIZE 4096u

static const char *const keys[DUMP_FACT_MAX] = {
        [DUMP_VERSION] = "sallyport-dump",
        [DUMP_KERNEL] = "kernel",
        [DUMP_XEN] = "xen",
        [DUMP_USES] = "uses",
        [DUMP_PATH] = "path",
        [DUMP_KERNEL_ID] = "kernel-id",
        [DUMP_FIRMWARE] = "firmware",
        [DUMP_DRIVER] = "driver",
        [DUMP_OVERRIDE] = "override",
        [DUMP_REMOVABLE] = "removable",
        [DUMP_BOOT_VGA] = "boot-vga",
        [DUMP_POWER] = "power",
        [DUMP_PCIEHP] = "pciehp",
        [DUMP_USE] = "use",
};

static const char *const uses[USE_MAX] = {
        [USE_SYSTEM] = "system",      [USE_SWAP] = "swap",   [USE_CONSOLE] = "console",
        [USE_KEYBOARDS] = "keyboard", [USE_MOUNT] = "mount", [USE_NETWORK] = "network",
        [USE_STORAGE] = "storage",
};

struct text {
        const char *bytes;
        size_t at, end;
};

const char *event_dump_key(enum event_dump_fact fact)
{
        base_assert(fact < DUMP_FACT_MAX);
        return keys[fact];
}

const char *event_dump_use(enum event_use_kind kind)
{
        base_assert(kind < USE_MAX);
        return uses[kind];
}

static void bad(struct event_dump_line *line, size_t at, const char *expected)
{
        line->kind = DUMP_BAD;
        line->column = (uint32_t)at + 1;
        line->expected = expected;
}

static bool next_is(const struct text *text, char character)
{
        return text->at < text->end && text->bytes[text->at] == character;
}

static bool character_take(struct text *text, char character)
{
        if (!next_is(text, character))
                return false;
        text->at++;
        return true;
}

/* Hexadecimal digits, as many as there are; how many. More than 8 are too many for a number. */
static size_t number_take(struct text *text, uint32_t *ret_value)
{
        size_t start = text->at;
        uint32_t value = 0;
        int digit;

        while (text->at < text->end && (digit = base_text_hex_digit(text->bytes[text->at])) >= 0) {
                value = value << 4 | (uint32_t)digit;
                text->at++;
        }
        *ret_value = value;
        return text->at - start;
}

/* Exactly so many digits. */
static bool digits_take(struct text *text, size_t digits, uint32_t *ret_value)
{
        return number_take(text, ret_value) == digits;
}

/*
 * "00:1c.0 PCI bridge: ...", with a domain before it where lspci saw more than one. Intel's VMD has domains from 10000h
 * on (drivers/pci/controller/vmd.c:vmd_find_free_domain), which neither Xen nor sallyportd has an address for.
 */
static bool function_line(struct text text, struct event_dump_line *line)
{
        size_t start = text.at, blank = start, colons = 0;
        uint32_t unused;

        while (blank < text.end && text.bytes[blank] != ' ')
                colons += text.bytes[blank++] == ':';
        if (blank == text.end)
                return false;
        if (base_sbdf_parse(text.bytes + start, blank - start, &line->sbdf)) {
                line->kind = DUMP_FUNCTION;
                return true;
        }
        if (colons != 2 || number_take(&text, &unused) < 5 || !character_take(&text, ':') ||
            !base_sbdf_parse(text.bytes + text.at, blank - text.at, &line->sbdf))
                return false;
        line->kind = DUMP_FUNCTION;
        line->sbdf = BASE_SBDF_NONE;
        return true;
}

/* " 86 80 ...": up to 16 of them. What follows two blanks is for people. */
static bool bytes_take(struct text *text, struct event_dump_line *line)
{
        uint32_t value;

        while (line->count < EVENT_DUMP_BYTES && text->at + 1 < text->end && next_is(text, ' ') &&
               text->bytes[text->at + 1] != ' ') {
                text->at++;
                if (!digits_take(text, 2, &value))
                        return false;
                line->bytes[line->count++] = (uint8_t)value;
        }
        return true;
}

/* "10: 00 00 ...": lspci has 16 in each line. */
static bool config_line(struct text text, struct event_dump_line *line)
{
        size_t digits = number_take(&text, &line->offset);

        if (digits < 2 || digits > 3 || !character_take(&text, ':') || !next_is(&text, ' '))
                return false;
        line->kind = DUMP_CONFIG;
        if (!bytes_take(&text, line) || line->count != EVENT_DUMP_BYTES || text.at != text.end)
                bad(line, text.at, "16 bytes of two hexadecimal digits each, as lspci prints them");
        else if (line->offset % EVENT_DUMP_BYTES != 0)
                bad(line, 0, "an offset that is a multiple of 10h");
        return true;
}

/* "DSDT @ 0x0000000000000000" */
static bool table_line(struct text text, struct event_dump_line *line)
{
        if (text.end < 9 || memcmp(text.bytes + 4, " @ 0x", 5) != 0)
                return false;
        memcpy(line->signature, text.bytes, sizeof line->signature);
        line->kind = DUMP_TABLE;
        return true;
}

/* "    0000: 44 53 44 54 ...  DSDT...": what cannot be one is prose of lspci. */
static bool acpi_line(struct text text, struct event_dump_line *line)
{
        size_t start = text.at, digits;

        while (character_take(&text, ' '))
                ;
        if (text.at == start)
                return false;
        digits = number_take(&text, &line->offset);
        if (digits < 4 || digits > 8 || !character_take(&text, ':') || !bytes_take(&text, line) ||
            line->count == 0 || (text.at < text.end && !next_is(&text, ' ')))
                return false;
        line->kind = DUMP_ACPI;
        return true;
}

static bool kernel_id_take(struct text text, struct event_dump_line *line)
{
        uint32_t vendor, device;

        if (!digits_take(&text, 4, &vendor) || !character_take(&text, ':') ||
            !digits_take(&text, 4, &device) || !character_take(&text, ' ') ||
            !digits_take(&text, 6, &line->class) || text.at != text.end)
                return false;
        line->vendor = (uint16_t)vendor;
        line->device = (uint16_t)device;
        return true;
}

static bool use_take(struct event_dump_line *line)
{
        for (line->use = 0; line->use < USE_MAX; line->use++)
                if (uses[line->use] && base_text_is(line->value, line->length, uses[line->use]))
                        return true;
        return false;
}

/* What a value can be, where it is not any text; NULL where it is right. */
static const char *value_judge(const struct text *text, struct event_dump_line *line)
{
        switch (line->fact) {
        case DUMP_VERSION:
                return base_text_is(line->value, line->length, "1") ? NULL : "version 1";
        case DUMP_KERNEL_ID:
                return kernel_id_take(*text, line) ? NULL : "VVVV:DDDD CCCCCC";
        case DUMP_BOOT_VGA:
        case DUMP_PCIEHP:
                return base_text_is(line->value, line->length, "0") ||
                                       base_text_is(line->value, line->length, "1")
                               ? NULL
                               : "0 or 1";
        case DUMP_USES:
                return base_text_is(line->value, line->length, "complete") ||
                                       base_text_is(line->value, line->length, "incomplete")
                               ? NULL
                               : "complete or incomplete";
        case DUMP_USE:
                return use_take(line)
                               ? NULL
                               : "system, swap, console, keyboard, mount, network or storage";
        case DUMP_KERNEL:
        case DUMP_XEN:
        case DUMP_PATH:
        case DUMP_FIRMWARE:
        case DUMP_DRIVER:
        case DUMP_OVERRIDE:
        case DUMP_REMOVABLE:
        case DUMP_POWER:
        case DUMP_FACT_MAX:
                break;
        }
        return NULL;
}

static void fact_line(struct text text, struct event_dump_line *line)
{
        size_t start = ++text.at, end = start;
        const char *expected;

        while (end < text.end && text.bytes[end] != ' ')
                end++;
        line->fact = DUMP_FACT_MAX;
        for (enum event_dump_fact i = DUMP_VERSION; i < DUMP_FACT_MAX; i++)
                if (base_text_is(text.bytes + start, end - start, keys[i]))
                        line->fact = i;
        if (line->fact == DUMP_FACT_MAX) {
                bad(line, 0, "a key of sallyport-dump(5); lines of ours begin with '@'");
                return;
        }
        text.at = end < text.end ? end + 1 : end;
        line->value = text.bytes + text.at;
        line->length = text.end - text.at;
        line->kind = DUMP_FACT;
        for (size_t i = text.at; i < text.end; i++)
                if (text.bytes[i] < ' ' || text.bytes[i] > '~') {
                        bad(line, i, "printable ASCII");
                        return;
                }
        expected = line->length > 0 ? value_judge(&text, line) : "a value behind the key";
        if (expected)
                bad(line, text.at, expected);
}

void event_dump_parse(const char *text, size_t length, struct event_dump_line *ret_line)
{
        struct text line = { text, 0, length };

        base_assert(text || length == 0);
        memset(ret_line, 0, sizeof *ret_line);
        ret_line->sbdf = BASE_SBDF_NONE;
        if (line.end > 0 && text[line.end - 1] == '\r')
                line.end--;
        if (next_is(&line, '@')) {
                fact_line(line, ret_line);
                return;
        }
        if (line.end == 0 || function_line(line, ret_line) || table_line(line, ret_line) ||
            config_line(line, ret_line))
                return;
        ret_line->count = 0;
        if (!acpi_line(line, ret_line))
                ret_line->kind = DUMP_SKIPPED;
}
