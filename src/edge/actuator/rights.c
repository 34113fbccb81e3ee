/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest that had a function may still map of it: taken away, and then asked for. */
#include <errno.h>

#include "core/event/parse.h"
#include "edge/actuator/pci.h"
#include "edge/actuator/sysfs.h"
#include "edge/actuator/xen.h"
#include "edge/cleanup.h"

#define ATTRIBUTE_SIZE 4096 /* sysfs hands out a page at most */
#define FRAME_SHIFT 12

/*
 * So many frames of a range are asked about: each, where it has no more; else these, evenly spread, and the last. Xen
 * took the whole range away in one go, or said that it did not (rangeset_remove_range): what is looked for here is that
 * this was another range than meant, too short or elsewhere, as XSA-476's was. 16 GiB are 4 million frames.
 */
#define FRAMES_ASKED 256u

/* Not by one question: EPERM says that not the whole of a range may be mapped (iomem_access_permitted). */
static int frames_ask(struct actuator_xen *xen, uint16_t domid, bool translated, uint64_t first,
                      uint64_t last)
{
        uint64_t step = (last - first) / FRAMES_ASKED + 1;

        for (uint64_t frame = first; frame < last; frame += step) {
                int error = actuator_xen_memory_ask(xen, domid, translated, frame);

                if (error)
                        return error;
        }
        return actuator_xen_memory_ask(xen, domid, translated, last);
}

/* Rights to memory are dealt by the page: a smaller range takes what else is on it along, as when they were given. */
static int memory_revoke(struct actuator_xen *xen, uint16_t domid, bool translated,
                         const struct event_address_range *range)
{
        uint64_t first = range->first >> FRAME_SHIFT, last = range->last >> FRAME_SHIFT;
        int error = actuator_xen_memory_deny(xen, domid, first, last - first + 1);

        return error ? error : frames_ask(xen, domid, translated, first, last);
}

/* Of ports Xen has no question that changes nothing: its answer to the revocation is all there is. */
static int range_revoke(struct actuator_xen *xen, uint16_t domid, bool translated,
                        const struct event_address_range *range)
{
        if (!range->io)
                return memory_revoke(xen, domid, translated, range);
        if (range->last > UINT16_MAX)
                return -ERANGE;
        return actuator_xen_ports_deny(xen, domid, (uint32_t)range->first,
                                       (uint32_t)(range->last - range->first) + 1);
}

/* The kernel's word, which is what the toolstack gave rights by: not the function's own registers. */
static int ranges_read(const struct actuator *actuator, const struct effect *effect,
                       struct event_ranges *ret_ranges)
{
        EDGE_CLEANUP_FD int folder = actuator_function_open(actuator, effect);
        char text[ATTRIBUTE_SIZE];
        ssize_t length;

        if (folder < 0)
                return folder;
        length = actuator_sysfs_read(folder, "resource", text, sizeof text);
        if (length < 0)
                return (int)length;
        event_ranges_parse(text, (size_t)length, NULL, 0, ret_ranges);
        return ret_ranges->known ? 0 : -ENODATA;
}

static int ranges_revoke(struct actuator_xen *xen, uint16_t domid,
                         const struct event_ranges *ranges)
{
        bool translated;
        int error = actuator_xen_guest(xen, domid, &translated);

        for (uint32_t i = 0; !error && i < ranges->bar_count; i++)
                error = range_revoke(xen, domid, translated, &ranges->bars[i]);
        return error == -ESRCH ? 0 : error; /* what has ended maps nothing */
}

int actuator_rights_revoke(const struct actuator *actuator, const struct effect *effect)
{
        struct actuator_xen *xen = NULL;
        struct event_ranges ranges;
        int error = ranges_read(actuator, effect, &ranges);

        if (!error)
                error = actuator_xen_open(&xen);
        if (!error)
                error = ranges_revoke(xen, effect->domid, &ranges);
        (void)actuator_xen_close(xen);
        return error;
}
