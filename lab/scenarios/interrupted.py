# SPDX-License-Identifier: GPL-2.0-or-later
"""An enrolled Thunderbolt dock, and SIGKILL of the daemon between closed ports and authorization, while the kernel
approves, and between authorization and quarantine. Nothing is exposed, also where the kernel makes the tunnel after the
daemon's death; and the next daemon brings it to the same end."""

from harness import RACK, hierarchy
from thunderbolt import Dock

PORTS = RACK
THUNDERBOLT = "user"
BASELINE = "authorized"
DOCK = 0x1
UUID = "c5010000-0070-7d18-0382-0a1d5f72f30a"
# How long the kernel approves: much longer than it takes to see that the daemon is dead.
SLOW_MS = 20_000

# (what, words of the log line, which one since the router was found, authorized by then): see kill.py.
PHASES = (
    ("before it is authorized", " router-authorizing ", 1, "0"),
    ("something has appeared", " arrival ", 1, "1"),
    ("first quarantine", ": quarantine for", 1, "1"),
    ("fourth quarantine", ": quarantine for", 4, "1"),
)


def killed(lab, what, authorized):
    """The daemon is dead: what the kernel says of the router just then."""
    lab.wait(f"sallyportd is killed: {what}", lambda: not lab.daemon.alive())
    said = lab.thunderbolt.attribute(DOCK, "authorized")
    lab.expect(said == authorized, f"killed {what}: authorized is {said}")
    lab.expect(not lab.config.bme(lab.port("rp0").rid), f"killed {what}: door 1 is closed")


def approved(lab):
    """Waits until the kernel has ended what it was asked for before: is the tunnel there?"""
    lab.dom0(f"sleep {SLOW_MS // 1000 + 2}")
    said = lab.thunderbolt.attribute(DOCK, "authorized")
    lab.say(f"later, without a daemon: authorized is {said}")
    return said == "1"


def unseen(lab, stage):
    """A tunnel was made after the daemon's death: what it leads to is in the slot, and unknown to dom0."""
    lab.wait("something is in the slot", lambda: lab.config.occupied(lab.port("rp0").rid), 30)
    lab.expect(not lab.rig.enumerated(lab.port("rp0")), f"{stage}: nobody has enumerated it")
    lab.examine("rp0", stage, doors=1)


def converged(lab, devices, what, known=("authorized", "foreign")):
    """The next daemon, and the same end: how it knows the router. Then the dock is gone."""
    lab.start()
    lab.ready("rp0", devices)
    lab.examine("rp0", f"restarted, after killed {what}")
    said = lab.thunderbolt.attribute(DOCK, "authorized")
    row = lab.thunderbolt.row(DOCK)
    lab.expect(said == "1" and row.get("state") in known, f"it is authorized: {row.get('state')}")
    lab.thunderbolt.disconnect(DOCK)
    lab.empty("rp0")
    lab.kill()


def run(lab):
    devices = hierarchy()
    dock, slow = Dock("rp0", devices, UUID), Dock("rp0", devices, UUID, slow_ms=SLOW_MS)
    lab.guard()
    lab.thunderbolt.connect(DOCK, dock)
    lab.expect(lab.thunderbolt.ask(f"enroll 0-{DOCK:x}"), "enrolled")
    lab.settle("rp0", devices)
    lab.thunderbolt.disconnect(DOCK)
    lab.empty("rp0")
    lab.say("--- SIGKILL while the kernel approves")
    after = len(lab.daemon.records())
    lab.thunderbolt.connect(DOCK, slow)
    lab.thunderbolt.told("router-authorizing", DOCK, after)
    lab.kill()
    killed(lab, "while the kernel approves", "0")
    lab.expect(approved(lab), "the kernel has made the tunnel all the same")
    unseen(lab, "killed while the kernel approves")
    converged(lab, devices, "while the kernel approves")
    for what, words, count, authorized in PHASES:
        lab.say(f"--- SIGKILL: {what}")
        lab.start(killer=f"{count} '{words}'")
        lab.thunderbolt.connect(DOCK, slow if authorized == "0" else dock)
        killed(lab, what, authorized)
        if authorized == "1":
            lab.examine("rp0", f"killed: {what}", doors=1)
        elif approved(lab):
            unseen(lab, f"killed {what}")
        else:
            lab.nothing("rp0")
        # Long after the kernel listed it as authorized, the state file says by whom.
        converged(lab, devices, what, *[("authorized",)] * ("quarantine" in words))
    lab.start()
    lab.judge()
