# SPDX-License-Identifier: GPL-2.0-or-later
"""boltd runs beside, with keys (security level `secure`): it gives one to the dock that is enrolled, and challenges it
when it comes back. A clone with another key, one with none, and one at level `user`, where nobody is challenged.
Whatever appears is caught. In between boltd ends, and Sallyport takes over what it has written: the dock proves to
Sallyport the key that boltd gave it, and a clone is refuted."""

from harness import RACK, hierarchy
from scenarios.bolt import DOCK, UUID, authorized, known, listed, started
from scenarios.forged import prepared
from scenarios.levels import audited
from thunderbolt import Dock

PORTS = RACK
THUNDERBOLT = "secure"
BASELINE = "boltkeys"
BOLT = True
STORE = "/var/lib/boltd"


def dock(name):
    return Dock("rp0", hierarchy(), UUID, nvm=name)


def refused(lab, name):
    """It says the same unique ID, does not have the key, and is not let in by boltd."""
    lab.say(f"--- {name}")
    lab.thunderbolt.connect(DOCK, dock(name))
    lab.wait("boltd has tried", lambda: "status: authorization error" in listed(lab), 30, 1)
    lab.thunderbolt.held(DOCK, "rp0")
    lab.say("\n".join(listed(lab)))
    lab.thunderbolt.disconnect(DOCK)
    lab.empty("rp0")


def imported(lab):
    """Sallyport takes boltd's store over, and boltd ends: the dock proves its key, and a clone does not have it."""
    lab.say("--- import")
    lab.dom0("kill $(pidof boltd)")
    told = lab.dom0("sallyport import 2>&1", 60)
    lab.say(told.strip())
    lab.say(lab.dom0("sallyport list --known; ls -lR /var/lib/sallyport/routers"))
    entry, = lab.daemon.ask("list --known")["known"]
    lab.expect((entry["unique_id"], entry["policy"], entry["key"]) == (UUID, "auto", "given"), f"taken over: {entry}")
    after = len(lab.daemon.records())
    lab.thunderbolt.connect(DOCK, dock("dock"))
    lab.settle("rp0", hierarchy())
    lab.examine("rp0", "by Sallyport, with boltd's key")
    row = lab.thunderbolt.row(DOCK)
    lab.expect((row["state"], row["key"], row["word"], row["authorized"]) ==
               ("authorized", "verified", "store", "challenged"), f"{row}")
    lab.thunderbolt.told("router-authorized", DOCK, after)
    lab.thunderbolt.disconnect(DOCK)
    lab.empty("rp0")
    lab.thunderbolt.connect(DOCK, dock("clone"))
    lab.thunderbolt.reason(DOCK, "key-rejected")
    lab.thunderbolt.held(DOCK, "rp0")
    lab.thunderbolt.disconnect(DOCK)
    lab.empty("rp0")


def unchallenged(lab):
    """At level `user` a clone has nothing to prove."""
    lab.say("--- a clone at level user")
    lab.thunderbolt.reset("user")
    if not lab.stock:
        lab.thunderbolt.connect(DOCK, dock(None))
        lab.thunderbolt.reason(DOCK, "key-not-challenged")
        lab.thunderbolt.held(DOCK, "rp0")
        lab.thunderbolt.disconnect(DOCK)
        lab.dom0("setsid boltd --verbose </dev/null >>/run/bolt.log 2>&1 &")
        lab.wait("boltd answers", lambda: lab.rig.agent.run("boltctl list")[0] == 0, 60, 1)
    lab.thunderbolt.connect(DOCK, dock(None))
    authorized(lab, hierarchy())


def run(lab):
    devices = hierarchy()
    prepared(lab)
    lab.guard()
    started(lab)
    lab.thunderbolt.connect(DOCK, dock("dock"))
    known(lab)
    lab.nothing("rp0")
    if not lab.stock:
        audited(lab, "boltd")
    lab.say(lab.dom0(f"boltctl enroll --policy auto {UUID} 2>&1").strip())
    authorized(lab, devices)
    lab.say(lab.dom0(f"ls -l {STORE}/devices {STORE}/keys; cat {STORE}/devices/{UUID}; wc -c {STORE}/keys/*"))
    lab.say("--- it comes back")
    lab.thunderbolt.connect(DOCK, dock("dock"))
    authorized(lab, devices, "2")
    for name in ("clone", "blank"):
        refused(lab, name)
    if not lab.stock:
        imported(lab)
    unchallenged(lab)
    lab.judge()
