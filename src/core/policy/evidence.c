/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What speaks for a port being external, and against it: facts, weights, verdict. See doc/evidence.md. */
#include "base/assert.h"
#include "core/policy/policy.h"

/*
 * A port is external where the weights of its evidence add up to more than nothing. The two columns are for ports that
 * are not Hot-Plug Capable, and for those that are: whatever else is said of these keeps them external.
 */
struct weight {
        int8_t fixed, hotplug;
        const char *word;
};

static const struct weight weights[EVIDENCE_MAX] = {
        /* PCIe Base Spec 7.5.3.2, Device/Port Type. */
        [EVIDENCE_ROOT] = { 0, 0, "root-port" },
        [EVIDENCE_DOWNSTREAM] = { 0, 0, "downstream-port" },
        /* PCIe Base Spec 7.5.3.2, Slot Implemented: any slot, also one behind screws. */
        [EVIDENCE_SLOT] = { 0, 0, "slot" },
        /* 7.5.3.9, Hot-Plug Capable; drivers/pci/probe.c:set_pcie_hotplug_bridge. */
        [EVIDENCE_HOTPLUG] = { 0, 4, "hot-plug" },
        /* 7.5.3.9, Hot-Plug Surprise: what is plugged may go without notice, so there is a hand on it. */
        [EVIDENCE_SURPRISE] = { 0, 4, "surprise" },
        /* 7.5.3.9, Attention Button Present: somebody is meant to press it. */
        [EVIDENCE_BUTTON] = { 0, 4, "attention-button" },
        /* drivers/pci/pci-acpi.c:pci_acpi_set_external_facing: it leads out of the machine. */
        [EVIDENCE_EXTERNAL_FACING] = { 8, 8, "external-facing" },
        /* drivers/pci/pci-acpi.c:acpi_pci_bridge_d3. Firmware also says so of fixed graphics. */
        [EVIDENCE_HOTPLUG_D3] = { 0, 4, "hot-plug-in-d3" },
        /* drivers/thunderbolt/acpi.c:tb_acpi_add_link: the port is a tunnel through a USB4 connector. */
        [EVIDENCE_USB4] = { 8, 8, "usb4" },
        /* drivers/pci/probe.c:pci_set_removable: the kernel found firmware to say so of a port above. */
        [EVIDENCE_CHILD_REMOVABLE] = { 0, 4, "child-removable" },
        /* USB4 Spec 1.0, 3.1: host interface and PCIe tunnels are ports of one switch. The one with the host interface
         * is fixed. */
        [EVIDENCE_CONTROLLER_BESIDE] = { 0, 4, "controller-beside" },
        /* A claim of what is below: for people. */
        [EVIDENCE_CONTROLLER_BELOW] = { 0, 0, "controller-below" },
        /* ACPI Spec 6.5, 6.1.1: a Device() below a bridge's is at a fixed place behind it. */
        [EVIDENCE_SOLDERED] = { 0, 0, "soldered" },
        /* I6: what was not understood speaks for nothing; so it speaks for caution. */
        [EVIDENCE_FIRMWARE_UNCLEAR] = { 0, 4, "firmware-unclear" },
        [EVIDENCE_FIRMWARE_CONTRADICTS] = { 0, 4, "firmware-contradicts" },
        /* Firmware that marks the ports that lead out has not marked this one: outweighs Hot-Plug Capable alone. */
        [EVIDENCE_OTHERS_MARKED] = { -6, -6, "others-marked" },
        /* By the operator, who decides alone. */
        [EVIDENCE_CONFIGURED] = { 0, 0, "configured" },
};

static bool fact_of(const struct event_port *found, enum policy_evidence evidence)
{
        const struct event_firmware *firmware = &found->firmware;
        uint32_t slot_cap = found->slot ? found->slot_cap : 0;

        switch (evidence) {
        case EVIDENCE_ROOT:
                return found->port_type == 4;
        case EVIDENCE_DOWNSTREAM:
                return found->port_type == 6;
        case EVIDENCE_SLOT:
                return found->slot;
        case EVIDENCE_HOTPLUG:
                return slot_cap & MODEL_SLOT_CAP_HPC;
        case EVIDENCE_SURPRISE:
                return slot_cap & MODEL_SLOT_CAP_HPS;
        case EVIDENCE_BUTTON:
                return slot_cap & MODEL_SLOT_CAP_ABP;
        case EVIDENCE_EXTERNAL_FACING:
                return firmware->external_facing;
        case EVIDENCE_HOTPLUG_D3:
                return firmware->hotplug_d3;
        case EVIDENCE_USB4:
                return firmware->usb4;
        case EVIDENCE_CHILD_REMOVABLE:
                return found->child_removable;
        case EVIDENCE_CONTROLLER_BESIDE:
                return found->controller_beside;
        case EVIDENCE_CONTROLLER_BELOW:
                return found->controller_below;
        case EVIDENCE_SOLDERED:
                return firmware->soldered;
        case EVIDENCE_FIRMWARE_UNCLEAR:
                return firmware->unclear;
        case EVIDENCE_FIRMWARE_CONTRADICTS:
                return firmware->contradicts;
        case EVIDENCE_OTHERS_MARKED:
                return firmware->others && !firmware->external_facing;
        case EVIDENCE_CONFIGURED: /* no fact of the port's */
        case EVIDENCE_MAX:
                break;
        }
        return false;
}

uint32_t policy_evidence_gather(const struct event_port *found)
{
        uint32_t evidence = 0;

        for (enum policy_evidence i = EVIDENCE_ROOT; i < EVIDENCE_MAX; i++)
                if (fact_of(found, i))
                        evidence |= POLICY_EVIDENCE_BIT(i);
        return evidence;
}

/*
 * A discrete Thunderbolt controller leads out by its own hot-plug ports: they are guarded, and its host interface and
 * xHCI stay with dom0 (as arch/x86/pci/acpi.c:arch_pci_dev_is_removable has it since Linux 6.13). That it is one says
 * only the controller. That nothing else can be below this port says firmware, which describes it; that it does not
 * come and go with what is plugged in says HotPlugSupportInD3 (Microsoft, "DSD for PCIe root ports": all root ports of
 * Thunderbolt hierarchies with runtime D3). While it is not there the port is external.
 */
static bool controller_soldered(uint32_t evidence)
{
        const uint32_t needed = POLICY_EVIDENCE_BIT(EVIDENCE_ROOT) |
                                POLICY_EVIDENCE_BIT(EVIDENCE_SOLDERED) |
                                POLICY_EVIDENCE_BIT(EVIDENCE_HOTPLUG_D3) |
                                POLICY_EVIDENCE_BIT(EVIDENCE_CONTROLLER_BELOW),
                       against = POLICY_EVIDENCE_BIT(EVIDENCE_USB4) |
                                 POLICY_EVIDENCE_BIT(EVIDENCE_FIRMWARE_UNCLEAR) |
                                 POLICY_EVIDENCE_BIT(EVIDENCE_FIRMWARE_CONTRADICTS);

        return (evidence & needed) == needed && !(evidence & against);
}

bool policy_evidence_external(uint32_t evidence, enum record_reason *ret_why)
{
        bool hotplug = evidence & POLICY_EVIDENCE_BIT(EVIDENCE_HOTPLUG);
        int sum = 0;

        if (controller_soldered(evidence)) {
                *ret_why = REASON_CONTROLLER;
                return false;
        }
        for (enum policy_evidence i = EVIDENCE_ROOT; i < EVIDENCE_MAX; i++)
                if (evidence & POLICY_EVIDENCE_BIT(i))
                        sum += hotplug ? weights[i].hotplug : weights[i].fixed;
        if (sum <= 0)
                *ret_why = hotplug ? REASON_FIRMWARE_INTERNAL : REASON_NOT_HOTPLUG;
        else if (evidence & POLICY_EVIDENCE_BIT(EVIDENCE_EXTERNAL_FACING))
                *ret_why = REASON_EXTERNAL_FACING;
        else if (evidence & POLICY_EVIDENCE_BIT(EVIDENCE_USB4))
                *ret_why = REASON_USB4;
        else
                *ret_why = REASON_HOTPLUG_CAPABLE;
        return sum > 0;
}

const char *policy_evidence_word(enum policy_evidence evidence)
{
        base_assert(evidence < EVIDENCE_MAX);
        return weights[evidence].word;
}
