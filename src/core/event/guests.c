/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests as xenstore lists them: look up. */
#include "core/event/guests.h"

#include <stddef.h>

#include "base/text.h"

const struct event_guest *event_guest_find(const struct event_guests *guests, const char *name)
{
        for (uint32_t i = 0; i < guests->count; i++)
                if (base_text_equal(guests->guests[i].name, name))
                        return &guests->guests[i];
        return NULL;
}
