/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dom0 would lose if a port were closed, and whether the port stays open for it. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/policy/policy.h"

/* How long what keeps a port open is believed without another look. No uevent tells of an umount. */
#define USE_LOOK_MS 3000u

struct use_meaning {
        enum record_reason grade;
        const char *word;
};

static const struct use_meaning meanings[USE_MAX] = {
        [USE_SYSTEM] = { REASON_NEEDED, "system" },
        [USE_SWAP] = { REASON_NEEDED, "swap" },
        [USE_CONSOLE] = { REASON_NEEDED, "console" },
        [USE_NETWORKS] = { REASON_NEEDED, "only-network" },
        [USE_KEYBOARDS] = { REASON_NEEDED, "only-keyboard" },
        [USE_MOUNT] = { REASON_IN_USE, "mount" },
        [USE_NETWORK] = { REASON_IN_USE, "network" },
        [USE_STORAGE] = { REASON_NONE, "storage" },
};

const char *policy_use_word(enum event_use_kind kind)
{
        base_assert(kind < USE_MAX);
        return meanings[kind].word;
}

enum record_reason policy_use_grade(const struct event_use *use)
{
        enum record_reason grade = REASON_NONE;

        for (enum event_use_kind i = 0; i < USE_MAX && grade == REASON_NONE; i++)
                if (use->uses & EVENT_USE_BIT(i))
                        grade = meanings[i].grade; /* the gravest come first */
        return grade;
}

/*
 * In the initramfs nothing is mounted yet. A port of which nothing but its slot says that it is external, with a disk
 * below, can be the one that dom0 is about to boot from: the daemon of the real root decides. What firmware marks leads
 * out of the machine, and is closed.
 */
static bool root_possible(const struct event_config *config, enum record_reason why,
                          const struct event_use *use)
{
        return config->early && why == REASON_HOTPLUG_CAPABLE &&
               (use->uses & EVENT_USE_BIT(USE_STORAGE));
}

/* The use that nobody takes from dom0 unasked: what it needs, and what it uses unless InUse=quarantine. */
static enum record_reason use_spared(const struct event_config *config, const struct event_use *use)
{
        enum record_reason grade = policy_use_grade(use);

        if (grade == REASON_NEEDED || (grade == REASON_IN_USE && !config->in_use_quarantine))
                return grade;
        return REASON_NONE;
}

enum record_reason policy_use_exposes(const struct event_config *config, enum record_reason why,
                                      const struct event_use *use)
{
        enum record_reason spared = use_spared(config, use);

        if (why == REASON_CONFIGURED)
                return REASON_NONE; /* by name: whatever it costs */
        if (spared)
                return spared;
        return root_possible(config, why, use) ? REASON_ROOT_UNKNOWN : REASON_NONE;
}

enum record_reason policy_use_bars(const struct core *core, const struct model_port *port)
{
        return port->trusted ? use_spared(&core->config, &port->found.use) : REASON_NONE;
}

/*
 * What is there is not what dom0 uses, whatever its books say: something happened in a slot that pciehp does not hold,
 * as an earlier daemon leaves it, so that the kernel has removed nothing.
 */
static bool port_replaced(const struct model_port *port)
{
        return port->read_once && !port->registers.pciehp &&
               (port->changed_first || port->incarnation != MODEL_INCARNATION_FIRST);
}

/* From now on the port is ours, and what is below it is looked at as for the first time. */
static void port_take(struct core *core, struct model_port *port, struct effects *effects)
{
        const struct event_use *use = &port->found.use;
        struct record record = model_record(core, RECORD_PORT_CUT_OFF, policy_use_grade(use),
                                            port->found.sbdf, BASE_SBDF_NONE);

        port->taken = true;
        if (port->exposed)
                model_port_doubt(port);
        port->exposed = REASON_NONE;
        if (record.reason == REASON_NONE || port->closed)
                return; /* dom0 loses nothing, or has lost it before */
        memcpy(record.driver, use->first, sizeof record.driver);
        core_record_add(effects, &record);
}

void policy_use_judge(struct core *core, struct effects *effects)
{
        bool any = false;

        for (uint32_t i = 0; i < core->port_count; i++) {
                struct model_port *port = &core->ports[i];
                enum record_reason exposed;

                if (!port->external) {
                        port->exposed = REASON_NONE;
                        continue;
                }
                if (port->taken) {
                        any = any || port->trusted;
                        continue;
                }
                exposed = policy_use_exposes(&core->config, port->why, &port->found.use);
                /* Nobody does DMA through a closed port: what looks like use cannot be lost any more. */
                if (exposed && !port->closed && !port_replaced(port)) {
                        port->exposed = exposed;
                        any = true;
                } else {
                        port_take(core, port, effects);
                }
        }
        if (any && core->discover_again_ms == 0)
                core->discover_again_ms = core->now_ms + USE_LOOK_MS;
}
