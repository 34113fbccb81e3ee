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

uint16_t event_guests_claim(const struct event_guests *guests, uint32_t sbdf)
{
        for (uint32_t i = 0; i < guests->claim_count; i++)
                if (guests->claims[i].sbdf == sbdf)
                        return guests->claims[i].domid;
        return 0;
}
