# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab tested on itself: a shell stand-in shuts door 1 only (no quarantine). The oracle must see
the closed gate and so no exposure, and the attacker must tell that door 1 alone blocks what door 2
would let through."""

from harness import RACK, hierarchy

PORTS = RACK
BASELINE = "hierarchy"


def run(lab):
    address, devices = lab.address("rp0"), hierarchy()
    lab.pciehp("rp0", "unbind")
    lab.dom0(f"/lib/lab/bme {address} 0")
    lab.expect(not lab.config.bme(lab.port("rp0").rid), "the oracle reads the gate as closed")
    lab.plug(("rp0", devices))
    slot = lab.config.slot(lab.port("rp0").rid)
    lab.expect(slot["presence"] and slot["link"], f"the slot shows the plug: {slot}")
    lab.dom0(f"echo 1 >/sys/bus/pci/devices/{address}/rescan")
    lab.wait("the hierarchy is enumerated", lambda: lab.arrived("rp0", devices))
    lab.examine("rp0")
    attacked = [row["dma"] for row in lab.rows if row["dma"]]
    lab.expect(any(dma["result"] == "blocked by door 1" for dma in attacked), "door 1 alone blocks")
    lab.expect(not any(dma["bytes"] for dma in attacked), "nothing is counted as overwritten")
    lab.expect(lab.sampler.exposures == 0, "no exposure while the gate is closed")
