# SPDX-License-Identifier: GPL-2.0-or-later
"""A Thunderbolt dock with two bridges, a network card and a disk, which is enrolled with a key (security level
`secure`): nothing of it is on PCI before, all of it is in quarantine after that; its disk is given to a guest, which
works with it, and taken back. (No function is conventional: on VT-d that would keep the port closed.)"""

from harness import RACK
from machine import Device
from scenarios.assign import disks, given
from thunderbolt import Dock

PORTS = RACK
THUNDERBOLT = "secure"
BASELINE = "authorized"
GUESTS = ("pv",)
ROUTE = 0x1
UUID = "c5010000-0070-7d18-0382-0a1d5f72f30a"
# What is told of a router that was let in.
LET_IN = ("router-found", "router-held", "router-authorizing", "router-authorized")


def card(name, addr, bus):
    return Device("e1000e", name, addr, bus=bus, options=(("romfile", ""),))


def disk(name, addr, bus):
    return Device("nvme", name, addr, bus=bus, options=(("serial", name),))


def single():
    """Disk and network card are behind both bridges."""
    return (Device("x3130-upstream", "up", "0.0"), Device("xio3130-downstream", "down", "0.0", bus="up"),
            card("card", "0.1", "down"), disk("single", "0.0", "down"))


def explained(lab, subject, *words):
    """`sallyport explain` tells of all that."""
    status, told = lab.rig.agent.run(f"sallyport explain {subject}", 60)
    missing = [word for word in words if word not in told]
    lab.expect(status == 0 and not missing,
               f"explain {subject}: {len(told.splitlines())} lines, with {', '.join(words)}")
    if status or missing:
        lab.say(told)


def run(lab):
    devices = single()
    lab.guard()
    work = lab.guests.create("work")
    lab.thunderbolt.connect(ROUTE, Dock("rp0", devices, UUID, nvm="dock"))
    lab.thunderbolt.reason(ROUTE, "not-enrolled")
    lab.thunderbolt.held(ROUTE, "rp0")
    lab.expect(lab.thunderbolt.ask(f"enroll 0-{ROUTE:x}"), "enrolled")
    lab.settle("rp0", devices)
    lab.examine("rp0", "one dock")
    lab.say(f"{lab.thunderbolt.row(ROUTE)}")
    explained(lab, f"0-{ROUTE:x}", *LET_IN)
    found, = disks(lab, "rp0")
    given(lab, "rp0", work, found.sbdf)
    lab.times["guest_has_disk_s"] = lab.guests.uses(work, serial="single")
    owner = "guest" if lab.platform.iommu == "amd" else f"dom{work.id()}"
    explained(lab, found.sbdf, "assigning", "attach for port", "port-assigned", f"owner {owner}")
    lab.guests.unassign("rp0", found.sbdf)
    lab.ready("rp0", devices)
    lab.guests.clean(work)
    lab.examine("rp0", "one dock, taken back")
    lab.thunderbolt.disconnect(ROUTE)
    lab.empty("rp0")
    lab.judge()
