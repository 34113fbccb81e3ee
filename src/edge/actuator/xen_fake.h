/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For one test: a Xen that is made of a few variables. Defines what xen.h declares. */
#pragma once

#include <errno.h>
#include <string.h>

#include "edge/actuator/xen.h"

static int xen_error, xen_add_error = -ENODEV;
static uint32_t xen_quarantined, xen_withdrawn, xen_added;
static const char *xen_owners;
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
