/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the slot's power controller and indicators should show. PCIe Base Spec 6.7.1. */
#include "base/assert.h"
#include "core/verify/verify.h"

enum indicator { INDICATOR_ON = 1, INDICATOR_BLINK = 2, INDICATOR_OFF = 3 };

#define AIC(state) ((uint16_t)((state) << 6))
#define PIC(state) ((uint16_t)((state) << 8))

/* Off to on needs the guard; what is on stays on until it has left, so that it can be removed in order. */
static bool power_wanted(const struct core *core, const struct model_port *port)
{
        if (!port->occupied || port->ejected || model_port_unlatched(port))
                return false;
        if (model_port_unpowered(port))
                return verify_port_guarded(port) && !port->leaving &&
                       port->verdict != VERDICT_REJECT;
        return !(port->leaving && verify_port_bare(core, port));
}

/* Green: off without power, blinking while something is under way or may be cancelled, else on (6.7.1.1.2). */
static enum indicator power_indicator(const struct model_port *port, bool power)
{
        if (!power)
                return INDICATOR_OFF;
        if (port->button_at_ms || port->leaving || port->state == STATE_ARRIVING)
                return INDICATOR_BLINK;
        return INDICATOR_ON;
}

uint16_t verify_slot_wanted(const struct core *core, const struct model_port *port,
                            uint16_t *ret_mask)
{
        uint32_t cap = port->found.slot_cap;
        uint16_t mask = MODEL_SLOT_CONTROL_INTERRUPTS, wanted = 0;
        bool power = power_wanted(core, port);

        base_assert(port->found.slot);
        if (cap & MODEL_SLOT_CAP_PCP) {
                mask |= MODEL_SLOT_CONTROL_PCC;
                wanted |= power ? 0 : MODEL_SLOT_CONTROL_PCC;
        }
        if (cap & MODEL_SLOT_CAP_PIP) {
                mask |= MODEL_SLOT_CONTROL_PIC;
                wanted |= PIC(power_indicator(port, power));
        }
        if (cap & MODEL_SLOT_CAP_AIP) {
                mask |= MODEL_SLOT_CONTROL_AIC;
                /* Yellow: an operator has to look (6.7.1.1.1). */
                wanted |= AIC(port->state == STATE_CONTAINED ? INDICATOR_ON : INDICATOR_OFF);
        }
        base_assert((wanted & ~mask) == 0);
        *ret_mask = mask;
        return wanted;
}
