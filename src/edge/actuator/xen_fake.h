/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For one test: a Xen that is made of a few variables. Defines what xen.h declares. */
#pragma once

#include <errno.h>
#include <string.h>

#include "edge/actuator/xen.h"

static int xen_error, xen_add_error = -ENODEV;
static uint32_t xen_quarantined, xen_withdrawn, xen_added;
static const char *xen_owners;
/*
 * A guest of number xen_guest, 0 = none, whose addresses Xen translates or not; what was taken from it, how often Xen
 * was asked about it, and a frame that it may map for ever.
 */
static uint16_t xen_guest;
static bool xen_translated, xen_asked_translated;
static uint64_t xen_stays_frame, xen_denied_first[8], xen_denied_count[8];
static uint32_t xen_denied, xen_asked, xen_port_first, xen_port_count;
static int xen_deny_error;
static enum event_fact xen_intremap = FACT_YES;

/* Xen, as xen.h has it. */
int actuator_xen_open(struct actuator_xen **ret_xen)
{
        if (xen_error == -ENODEV)
                return xen_error;
        *ret_xen = (struct actuator_xen *)&xen_error; /* never looked into */
        return 0;
}

struct actuator_xen *actuator_xen_close(struct actuator_xen *xen)
{
        (void)xen;
        return NULL;
}

int actuator_xen_quarantine(struct actuator_xen *xen, uint32_t sbdf)
{
        (void)xen;
        xen_quarantined = sbdf;
        return xen_error;
}

int actuator_xen_add(struct actuator_xen *xen, uint32_t sbdf)
{
        (void)xen;
        xen_added = sbdf;
        return xen_add_error;
}

int actuator_xen_guest(struct actuator_xen *xen, uint16_t domid, bool *ret_translated)
{
        (void)xen;
        if (xen_guest == 0 || domid != xen_guest)
                return -ESRCH;
        *ret_translated = xen_translated;
        return 0;
}

int actuator_xen_memory_deny(struct actuator_xen *xen, uint16_t domid, uint64_t first,
                             uint64_t count)
{
        (void)xen;
        if (domid != xen_guest || xen_deny_error)
                return xen_deny_error ? xen_deny_error : -ESRCH;
        xen_denied_first[xen_denied] = first;
        xen_denied_count[xen_denied++] = count;
        return 0;
}

int actuator_xen_memory_ask(struct actuator_xen *xen, uint16_t domid, bool translated,
                            uint64_t frame)
{
        bool denied = false;

        (void)xen;
        xen_asked++;
        xen_asked_translated = translated;
        for (uint32_t i = 0; i < xen_denied; i++)
                denied |= frame >= xen_denied_first[i] &&
                          frame - xen_denied_first[i] < xen_denied_count[i];
        return domid == xen_guest && denied && frame != xen_stays_frame ? 0 : -EBUSY;
}

int actuator_xen_ports_deny(struct actuator_xen *xen, uint16_t domid, uint32_t first,
                            uint32_t count)
{
        (void)xen;
        if (domid != xen_guest)
                return -ESRCH;
        xen_port_first = first;
        xen_port_count = count;
        return 0;
}

bool actuator_xen_level_get(struct actuator_xen *xen, char ret_level[static ACTUATOR_XEN_LEVEL])
{
        (void)xen;
        ret_level[0] = '\0';
        return false;
}

void actuator_xen_level_set(struct actuator_xen *xen, const char *text)
{
        (void)xen, (void)text;
}

int actuator_xen_withdraw(struct actuator_xen *xen, uint32_t sbdf)
{
        (void)xen;
        xen_withdrawn = sbdf;
        return xen_error;
}

int actuator_xen_owners_text(struct actuator_xen *xen, char **ret_text, size_t *ret_length)
{
        (void)xen;
        *ret_text = strdup(xen_owners);
        *ret_length = strlen(xen_owners);
        return 0;
}

void actuator_xen_facts(struct actuator_xen *xen, struct event_platform *platform)
{
        (void)xen;
        platform->xen = FACT_YES;
        platform->intremap = xen_intremap;
}
