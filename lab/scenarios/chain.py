# SPDX-License-Identifier: GPL-2.0-or-later
"""Three Thunderbolt docks, each behind the other and all connected at once: none is authorized before the one that it
is behind, none is on PCI before it is authorized, and everything that appears, each dock's switch below the switch of
the one before, is caught. Then the middle one is yanked, and takes the last one with it."""

from harness import WIDE
from machine import Device, Port
from thunderbolt import Dock

PORTS = (Port("rp0", 4, buses=64), Port("rp1", 5))
THUNDERBOLT = "user"
PROTECTS = ("vtd",)    # numbering.py numbers what is plugged at a port only
ROUTES = (0x1, 0x301, 0x30301)
INVALID = "Invalid argument"    # EINVAL (drivers/thunderbolt/domain.c:tb_domain_approve_switch)


def dock(place):
    """The dock at a place in the chain: a switch with a port for its own device, and one for the next dock."""
    bus, up, own = (f"next{place - 1}" if place else None), f"up{place}", f"own{place}"
    devices = (Device("x3130-upstream", up, "0.0", bus=bus), Device("xio3130-downstream", own, "0.0", bus=up),
               Device("xio3130-downstream", f"next{place}", "1.0", bus=up),
               Device("edu", f"leaf{place}", "0.0", bus=own, options=(WIDE,)))
    return Dock("rp0", devices, f"0000000{place}-0000-0000-ffff-ffffffffffff", name=f"Dock {place}", below=bus)


def scanned(lab, devices):
    """What appeared below a switch that is in quarantine, where dom0's drivers would have seen it come or go, is as it
    should be as soon as somebody has dom0 look."""
    if not lab.stock:
        lab.say("somebody scans all buses")
        lab.dom0("echo 1 >/sys/bus/pci/rescan")
    lab.ready("rp0", devices)


def run(lab):
    docks = [dock(place) for place in range(len(ROUTES))]
    lab.guard()
    for route, one in zip(ROUTES, docks):
        lab.thunderbolt.connect(route, one)
    for route in reversed(ROUTES[1:]):
        error = lab.thunderbolt.store(route, "authorized", 1) or ""
        lab.expect(INVALID in error, f"not before the one that it is behind: {INVALID}")
    lab.nothing("rp0")
    devices = ()
    for route, one in zip(ROUTES, docks):
        lab.expect(lab.thunderbolt.store(route, "authorized", 1) is None, "somebody authorizes it")
        devices += one.devices
        lab.wait("its tunnel is there", lambda: route in lab.thunderbolt.tunnels, 10)
        scanned(lab, devices)
        lab.examine("rp0", f"{one.name} authorized")
    lab.thunderbolt.disconnect(ROUTES[1])
    lab.wait("its tunnel is gone", lambda: ROUTES[1] not in lab.thunderbolt.tunnels, 10)
    lab.wait("both are gone", lambda: lab.there["rp0"] == docks[0].devices, 10)
    lab.ready("rp0", docks[0].devices)
    lab.examine("rp0", "the others yanked")
    lab.judge()
