# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's pciehp is bound again to a guarded port behind the daemon's back, once while it is
empty and once with a quarantined hierarchy below: noticed, reported, unbound; what is plugged is
contained all the same."""

from harness import RACK, hierarchy

PORTS = RACK
BASELINE = "hierarchy"


def intrude(lab):
    service = f"{lab.address('rp0')}:pcie004"
    before = len(lab.daemon.records())
    lab.pciehp("rp0", "bind")
    lab.reported("pciehp-back", "rp0", before)
    lab.wait("pciehp is off again", lambda: lab.guarded() and lab.rig.agent.run(
        f"[ -e /sys/bus/pci_express/drivers/pciehp/{service} ]")[0] == 1, 10)


def run(lab):
    devices = hierarchy()
    lab.guard()
    intrude(lab)
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    intrude(lab)
    lab.ready("rp0", devices)
    lab.examine("rp0")
    lab.judge()
