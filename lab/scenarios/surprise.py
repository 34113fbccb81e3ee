# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything is pulled without notice, and something else is plugged after a while."""

from harness import RACK, hierarchy, leaf

PORTS = RACK


def run(lab):
    devices = hierarchy()
    lab.guard()
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0")
    lab.pull("rp0")
    lab.empty("rp0")
    lab.expect(not lab.rig.oracle.look().mapped(), "the IOMMU's tables map nothing below a port")
    if not lab.stock:
        lab.reported("removal-surprise", "rp0")
        lab.reported("unplugged", "rp0")
    lab.plug(("rp0", leaf()))
    lab.settle("rp0", leaf())
    lab.examine("rp0", "plugged again")
    lab.judge()
