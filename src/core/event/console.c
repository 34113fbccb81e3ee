/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Xen prints on its console: the owner list of debug key 'Q', and what it said at boot. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/event/parse.h"

static const char heading[] = "==== PCI devices ====";
static const char prefix[] = "(XEN) ";

/* Console lines come as "(XEN) text", perhaps with a time stamp: "(XEN) [2026-11-23 10:00:00.123] text". */
static bool line_strip(const char **line, size_t *length)
{
        size_t stamp = 0;

        if (*length < sizeof prefix - 1 || memcmp(*line, prefix, sizeof prefix - 1) != 0)
                return false;
        *line += sizeof prefix - 1;
        *length -= sizeof prefix - 1;
        if (*length > 0 && (*line)[0] == '[') {
                while (stamp < *length && (*line)[stamp] != ']')
                        stamp++;
                if (stamp + 2 > *length)
                        return false;
                *length -= stamp + 2;
                *line += stamp + 2;
        }
        while (*length > 0 && ((*line)[*length - 1] == '\r' || (*line)[*length - 1] == ' '))
                (*length)--;
        return true;
}

/* "d5", "DomIO", "DomIO:8003", "NULL" (as %pd prints a domain). False where it is none of these. */
static bool owner_parse(const char *text, size_t length, uint16_t *ret_domid)
{
        uint32_t domid = 0;
        size_t digits = 0;

        if (length >= 5 && memcmp(text, "DomIO", 5) == 0 && (length == 5 || text[5] == ':')) {
                *ret_domid = EVENT_OWNER_DOM_IO;
                return true;
        }
        if (base_text_is(text, length, "NULL")) {
                *ret_domid = EVENT_OWNER_NOBODY;
                return true;
        }
        if (length < 2 || text[0] != 'd')
                return false;
        while (1 + digits < length && text[1 + digits] >= '0' && text[1 + digits] <= '9' &&
               digits < 5)
                domid = domid * 10 + (uint32_t)(text[1 + digits++] - '0');
        if (digits == 0 || 1 + digits != length || domid >= EVENT_DOMID_RESERVED)
                return false;
        *ret_domid = (uint16_t)domid;
        return true;
}

/* "0000:0a:00.0 - OWNER - node -1 ...". A line with an owner that we cannot read is owned by dom0, for all we know. */
static bool line_parse(const char *line, size_t length, struct event_owner *ret_owner)
{
        size_t address = BASE_SBDF_TEXT_SIZE - 1, end;

        if (length < address + 4 || memcmp(line + address, " - ", 3) != 0 ||
            !base_sbdf_parse(line, address, &ret_owner->sbdf))
                return false;
        end = address + 3;
        while (end < length && line[end] != ' ')
                end++;
        if (!owner_parse(line + address + 3, end - address - 3, &ret_owner->domid))
                ret_owner->domid = EVENT_OWNER_DOM0;
        return true;
}

static void owner_keep(const struct event_owner *owner, uint16_t segment, uint8_t first,
                       uint8_t last, struct event_owners *owners)
{
        uint8_t bus = base_sbdf_bus(owner->sbdf);

        if (base_sbdf_segment(owner->sbdf) != segment || bus < first || bus > last)
                return;
        if (owners->count == LIMIT_OWNERS) {
                owners->truncated = true;
                return;
        }
        owners->owners[owners->count++] = *owner;
}

bool event_owners_parse(const char *text, size_t length, uint16_t segment, uint8_t bus_first,
                        uint8_t bus_last, struct event_owners *ret_owners)
{
        struct event_owners owners = { 0 };
        bool inside = false, any = false;

        base_assert(text || length == 0);
        for (size_t start = 0, end; start < length; start = end + 1) {
                const char *line = text + start;
                struct event_owner owner;
                size_t line_length;

                for (end = start; end < length && text[end] != '\n';)
                        end++;
                line_length = end - start;
                if (!line_strip(&line, &line_length))
                        continue;
                if (base_text_is(line, line_length, heading)) {
                        memset(&owners, 0, sizeof owners);
                        inside = true;
                        any = false;
                } else if (inside && line_parse(line, line_length, &owner)) {
                        any = true;
                        owner_keep(&owner, segment, bus_first, bus_last, &owners);
                }
        }
        if (!inside || !any)
                return false;
        *ret_owners = owners;
        return true;
}

static bool line_ends(const char *line, size_t length, const char *words)
{
        size_t words_length = strlen(words);

        return length >= words_length &&
               memcmp(line + length - words_length, words, words_length) == 0;
}

enum event_fact event_intremap_parse(const char *text, size_t length)
{
        enum event_fact fact = FACT_UNKNOWN;

        base_assert(text || length == 0);
        for (size_t start = 0, end; start < length; start = end + 1) {
                const char *line = text + start;
                size_t line_length;

                for (end = start; end < length && text[end] != '\n';)
                        end++;
                line_length = end - start;
                if (!line_strip(&line, &line_length))
                        continue;
                if (line_ends(line, line_length, "Interrupt remapping disabled"))
                        return FACT_NO;
                if (line_ends(line, line_length, "Interrupt remapping enabled"))
                        fact = FACT_YES;
        }
        return fact;
}
