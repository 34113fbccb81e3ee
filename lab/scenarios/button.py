# SPDX-License-Identifier: GPL-2.0-or-later
"""The attention button of a slot with a power controller is pressed: everything leaves in order and
the slot is switched off, which is when QEMU takes the device away. Then something is plugged
again."""

from harness import RACK, hierarchy, leaf

PORTS = RACK


def run(lab):
    devices = hierarchy()
    lab.guard()
    lab.plug(("rp2", devices))
    lab.settle("rp2", devices)
    lab.examine("rp2")
    lab.press_button("rp2", devices)
    if not lab.stock:
        lab.reported("removal-begun", "rp2")
        lab.reported("ejected", "rp2")
    lab.empty("rp2")
    slot = lab.config.slot(lab.port("rp2").rid)
    lab.expect(not slot["power"] and not slot["presence"], f"the slot is off and empty: {slot}")
    if not lab.stock:
        lab.plug(("rp2", leaf()))
        lab.settle("rp2", leaf())
        lab.examine("rp2", "plugged again")
    lab.judge()
