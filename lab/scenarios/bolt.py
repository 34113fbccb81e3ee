# SPDX-License-Identifier: GPL-2.0-or-later
"""boltd runs beside: an enrolled Thunderbolt dock is authorized by it without asking anybody, whenever it is connected.
Stock Xen gives what appears then dom0's memory; with Sallyport it is caught like anything that is plugged in."""

import re

from harness import RACK, LabError, hierarchy
from thunderbolt import Dock

PORTS = RACK
THUNDERBOLT = "user"
BOLT = True
DOCK = 0x1
UUID = "c5010000-0070-7d18-0382-0a1d5f72f30a"
# What boltctl shows of a dock, when the bus is as the kernel's own is.
SHOWN = ("Lab Dock", "type: peripheral", f"uuid: {UUID}", "generation: Thunderbolt 3", "vendor: Lab", "name: Dock",
         "rx speed: 40 Gb/s = 2 lanes * 20 Gb/s", "authflags: none")


def listed(lab):
    """What `boltctl list` shows, a line each, without its frame."""
    lines = lab.dom0("boltctl list --all 2>&1").splitlines()
    return [" ".join(re.sub(r"^\W+", "", line).split()) for line in lines]


def authorized(lab, devices, how="1"):
    """It appears, is looked at, and goes. how: what the kernel says of its authorization."""
    lab.settle("rp0", devices)
    lab.examine("rp0")
    lab.say("\n".join(listed(lab)))
    lab.expect(lab.thunderbolt.attribute(DOCK, "authorized") == how, f"it is authorized: {how}")
    lab.thunderbolt.disconnect(DOCK)
    lab.empty("rp0")


def started(lab):
    """boltd runs."""
    lab.dom0("/lib/lab/bolt")
    lab.wait("boltd answers", lambda: lab.rig.agent.run("boltctl list")[0] == 0, 60, 1)


def known(lab):
    """What boltd shows of the dock, as soon as it does."""
    try:
        lab.wait("boltd knows it", lambda: f"uuid: {UUID}" in listed(lab), 30, 1)
    except LabError:
        lab.say(lab.dom0("cat /run/bolt.log; boltctl domains"))
    lines = listed(lab)
    lab.say("\n".join(lines))
    return lines


def run(lab):
    devices = hierarchy()
    lab.guard()
    started(lab)
    lab.thunderbolt.connect(DOCK, Dock("rp0", devices, UUID))
    lines = known(lab)
    lab.expect(not set(SHOWN) - set(lines), f"boltctl shows all of it, but {set(SHOWN) - set(lines)}")
    lab.nothing("rp0")
    lab.say(lab.dom0(f"boltctl enroll --policy auto {UUID} 2>&1").strip())
    authorized(lab, devices)
    lab.say("it is connected again; nobody says anything to boltd")
    lab.thunderbolt.connect(DOCK, Dock("rp0", devices, UUID))
    authorized(lab, devices)
    lab.judge()
