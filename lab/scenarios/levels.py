# SPDX-License-Identifier: GPL-2.0-or-later
"""A Thunderbolt dock at each security level that asks nobody. Where no PCIe tunnels are made nothing of it is on PCI,
and that is what is said, whatever the operator asks for. At `none` the tunnel comes by itself: the third door is
absent, that is told, and the other two hold."""

from harness import RACK, hierarchy
from thunderbolt import Dock

PORTS = RACK
THUNDERBOLT = "nopcie"
BASELINE = "authorized"
DOCK = 0x1
UUID = "c5010000-0070-7d18-0382-0a1d5f72f30a"


def audited(lab, words):
    """The audit says of Thunderbolt that this is so."""
    told = lab.dom0("sallyport audit || true", 60)
    lines = [line for line in told.splitlines() if words in line]
    lab.expect(lines, f"audit: {lines[0].strip() if lines else told}")
    return lines[0] if lines else ""


def without(lab, level):
    """No PCIe tunnels at this level."""
    lab.thunderbolt.connect(DOCK, Dock("rp0", hierarchy(), UUID))
    lab.thunderbolt.reason(DOCK, "no-pcie-tunnels")
    lab.expect(not lab.thunderbolt.ask(f"authorize 0-{DOCK:x}"), f"{level}: it cannot be let in")
    lab.expect(lab.thunderbolt.store(DOCK, "authorized", 1), f"{level}: nor by hand")
    row = lab.thunderbolt.row(DOCK)
    lab.expect((row["security"], row["state"]) == (level, "held"), f"{level}: {row}")
    lab.expect("ok" in audited(lab, "no PCIe tunnels are made"), f"{level}: nothing is amiss in that")
    lab.dom0("sleep 5")
    lab.nothing("rp0")


def run(lab):
    devices = hierarchy()
    lab.guard()
    without(lab, THUNDERBOLT)
    for level in ("dponly", "usbonly"):
        lab.thunderbolt.reset(level)
        without(lab, level)
    lab.thunderbolt.reset("none")
    lab.expect("weak" in audited(lab, "PCIe tunnels are made without asking"), "none: there is no third door")
    after = len(lab.daemon.records())
    lab.thunderbolt.connect(DOCK, Dock("rp0", devices, UUID))
    lab.settle("rp0", devices)
    lab.examine("rp0", "none")
    lab.thunderbolt.told("router-unguarded", DOCK, after)
    lab.say(f"{lab.thunderbolt.row(DOCK)}")
    lab.thunderbolt.disconnect(DOCK)
    lab.empty("rp0")
    lab.judge()
