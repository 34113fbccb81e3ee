# SPDX-License-Identifier: GPL-2.0-or-later
"""A quarantined switch shows one more function later on. While nobody has enumerated it, both doors
must stop it; then a third party has dom0 scan all buses, which hands it to dom0: noticed and
quarantined, and never a way to memory."""

from harness import RACK, hierarchy

PORTS = RACK
BASELINE = "hierarchy"


def run(lab):
    whole = [device for device in hierarchy() if device.bus != "down"]
    late = next(device for device in hierarchy() if device.bus == "down")
    lab.guard()
    lab.plug(("rp0", whole))
    lab.settle("rp0", whole)
    lab.show("rp0", (late,))
    lab.examine("rp0", "one function shown late")
    lab.say("somebody scans all buses")
    lab.dom0("echo 1 >/sys/bus/pci/rescan")
    lab.ready("rp0", [*whole, late])
    lab.examine("rp0", "enumerated by somebody else")
    lab.judge()
