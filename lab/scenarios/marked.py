# SPDX-License-Identifier: GPL-2.0-or-later
"""Firmware marks two root ports as leading out of the machine: `auto` guards them, also the one that
has no hot-plug, and shows why; it guards a hot-plug port that firmware is silent about, and leaves
alone a fixed one."""

import re

from harness import hierarchy
from machine import Port

MARK = ("ExternalFacingPort",)
PORTS = (Port("rp0", 4, marks=(*MARK, "HotPlugSupportInD3")), Port("rp1", 5),
         Port("rp2", 6, hotplug=False, marks=MARK), Port("rp3", 7, hotplug=False, external=False))
BASELINE = "hierarchy"

# QEMU's slots have a button, hot-plug or not.
FIXED = ["root-port", "slot", "attention-button"]
HOTPLUG = ["root-port", "slot", "hot-plug", "surprise", "attention-button"]
VERDICTS = {
    "rp0": (True, "external-facing", [*HOTPLUG, "external-facing", "hot-plug-in-d3"]),
    "rp1": (True, "hot-plug-capable", [*HOTPLUG, "others-marked"]),
    "rp2": (True, "external-facing", [*FIXED, "external-facing"]),
    "rp3": (False, "not-hot-plug-capable", [*FIXED, "others-marked"]),
}


def verdicts(lab):
    ports = lab.daemon.ports()
    for name, (external, why, evidence) in VERDICTS.items():
        port = ports[lab.address(name)]
        said = port["external"], port["why"], port["evidence"]
        lab.expect(said == (external, why, evidence), f"{name}: {said}")
        shown = lab.dom0(f"sallyport show {lab.address(name)}")
        lab.expect(re.search(rf"^evidence: +{' '.join(evidence)}$", shown, re.M),
                   f"{name}: show tells the same")


def run(lab):
    devices = hierarchy()
    lab.guard()
    if not lab.stock:
        verdicts(lab)
        lab.say(lab.dom0("sallyport ports -v"))
        lab.expect(lab.config.bme(lab.port("rp3").rid), "rp3 is left as it was")
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0")
    lab.judge()
