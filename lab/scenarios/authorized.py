# SPDX-License-Identifier: GPL-2.0-or-later
"""A Thunderbolt dock: nothing of it is on PCI until somebody authorizes it, as bolt does of its own accord where it
finds an IOMMU. Stock Xen gives what appears then dom0's memory; with Sallyport, which did not ask for it, it is caught
like anything that is plugged in. Taken back, it is gone."""

from harness import RACK, hierarchy
from thunderbolt import Dock

PORTS = RACK
THUNDERBOLT = "user"
DOCK = 0x1


def run(lab):
    devices = hierarchy()
    lab.guard()
    lab.thunderbolt.connect(DOCK, Dock("rp0", devices, "0f0e0d0c-0b0a-0908-ffff-ffffffffffff"))
    lab.nothing("rp0")
    lab.expect(lab.thunderbolt.attribute(DOCK, "authorized") == "0", "it is not authorized")
    lab.expect(lab.thunderbolt.store(DOCK, "authorized", 1) is None, "somebody authorizes it")
    lab.settle("rp0", devices)
    lab.examine("rp0")
    lab.expect(lab.thunderbolt.store(DOCK, "authorized", 0) is None, "somebody takes it back")
    lab.empty("rp0")
    lab.judge()
