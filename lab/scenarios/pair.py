# SPDX-License-Identifier: GPL-2.0-or-later
"""Two ports are plugged at the same moment: the rescan of each finds what is new below the other,
too."""

from harness import RACK, hierarchy

PORTS = RACK


def run(lab):
    plugs = ("rp0", hierarchy("a")), ("rp1", hierarchy("b"))
    lab.guard()
    lab.plug(*plugs)
    for name, devices in plugs:
        lab.settle(name, devices)
    for name, _ in plugs:
        lab.examine(name)
    lab.judge()
