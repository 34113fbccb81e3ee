# SPDX-License-Identifier: GPL-2.0-or-later
"""A Thunderbolt dock of security level `user`, which can prove nothing. It stays out until the operator lets it in,
once, or enrolls it; then so does whatever claims the same unique ID, and that is what is said of it. A dock that a rule
rejects stays out, and what the operator says does not help. Whatever appears is quarantined."""

from harness import RACK, hierarchy
from thunderbolt import Dock

PORTS = RACK
THUNDERBOLT = "user"
BASELINE = "authorized"
DOCK = 0x1
UUID, REJECTED = "c5010000-0070-7d18-0382-0a1d5f72f30a", "d4030000-0090-8708-2315-9d8f2a1f0a1d"


def let_in(lab, devices, after, stage):
    """It is authorized by the daemon, nothing of it was proved, and it is caught; then it is yanked."""
    lab.settle("rp0", devices)
    lab.examine("rp0", stage)
    lab.expect(lab.thunderbolt.attribute(DOCK, "authorized") == "1", f"{stage}: authorized")
    said = lab.thunderbolt.told("router-authorized", DOCK, after)
    lab.thunderbolt.disconnect(DOCK)
    lab.empty("rp0")
    return said


def connected(lab, dock):
    """Connects a dock: the number of records before."""
    after = len(lab.daemon.records())
    lab.thunderbolt.connect(DOCK, dock)
    return after


def run(lab):
    devices = hierarchy()
    dock, twin, bad = (Dock("rp0", devices, uuid, name=name) for uuid, name in
                       ((UUID, "Dock"), (UUID, "Clone"), (REJECTED, "Bad")))
    lab.guard()
    after = connected(lab, dock)
    lab.thunderbolt.told("router-held", DOCK, after)
    lab.thunderbolt.held(DOCK, "rp0")
    lab.expect(lab.thunderbolt.ask(f"authorize 0-{DOCK:x}"), "let in once")
    let_in(lab, devices, after, "once")
    after = connected(lab, dock)
    lab.thunderbolt.told("router-held", DOCK, after)
    lab.thunderbolt.held(DOCK, "rp0")
    lab.expect(lab.thunderbolt.ask(f"enroll 0-{DOCK:x}"), "enrolled")
    let_in(lab, devices, after, "enrolled")
    after = connected(lab, twin)
    lab.expect("claimed" in let_in(lab, devices, after, "a clone of what is enrolled"), "it is said that it claims it")
    lab.dom0("mkdir -p /etc/sallyport/rules.d && "
             f"echo 'reject if unique-id = {REJECTED}' >/etc/sallyport/rules.d/docks.rules")
    lab.say(lab.dom0("sallyport reload").strip())
    after = connected(lab, bad)
    lab.thunderbolt.told("router-held", DOCK, after)
    lab.expect(not lab.thunderbolt.ask(f"authorize 0-{DOCK:x}"), "a rule is not overruled")
    lab.thunderbolt.held(DOCK, "rp0")
    lab.judge()
