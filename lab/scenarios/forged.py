# SPDX-License-Identifier: GPL-2.0-or-later
"""A Thunderbolt dock that is enrolled with a key comes back as another: one that claims its unique ID and has a key of
its own, then one that has none. Both are refuted, loudly, and nothing of them is on PCI; the dock itself still is let
in after that."""

from harness import RACK, hierarchy
from thunderbolt import Dock

PORTS = RACK
THUNDERBOLT = "secure"
BASELINE = "authorized"
DOCK, ELSEWHERE = 0x1, 0x3
UUID, OTHER = "c5010000-0070-7d18-0382-0a1d5f72f30a", "00e10000-0001-0002-0003-000000000004"
OTHER_KEY = "a5" * 32


def yanked(lab):
    lab.thunderbolt.disconnect(DOCK)
    lab.empty("rp0")


def refuted(lab, clone):
    """It says the same, and does not have the key."""
    after = len(lab.daemon.records())
    lab.thunderbolt.connect(DOCK, clone)
    lab.thunderbolt.told("router-refuted", DOCK, after)
    lab.thunderbolt.held(DOCK, "rp0")
    yanked(lab)


def prepared(lab):
    """The first clone is somebody's: it was given a key, by hand, where nobody guarded. What it brought is gone."""
    lab.thunderbolt.connect(ELSEWHERE, Dock("rp1", (), OTHER, nvm="clone"))
    lab.expect(lab.thunderbolt.store(ELSEWHERE, "key", OTHER_KEY) is None, "a key of its own")
    lab.expect(lab.thunderbolt.store(ELSEWHERE, "authorized", 1) is None, "it has it from now on")
    lab.thunderbolt.disconnect(ELSEWHERE)


def run(lab):
    devices = hierarchy()
    dock = Dock("rp0", devices, UUID, nvm="dock")
    prepared(lab)
    lab.guard()
    lab.thunderbolt.connect(DOCK, dock)
    lab.thunderbolt.held(DOCK, "rp0")
    lab.expect(lab.thunderbolt.ask(f"enroll 0-{DOCK:x}"), "enrolled")
    lab.settle("rp0", devices)
    yanked(lab)
    for name in ("clone", "blank"):
        refuted(lab, Dock("rp0", devices, UUID, nvm=name))
    lab.say("the dock itself comes back")
    lab.thunderbolt.connect(DOCK, dock)
    lab.settle("rp0", devices)
    lab.examine("rp0")
    lab.expect(lab.thunderbolt.attribute(DOCK, "authorized") == "2", "it has proved its key")
    lab.judge()
