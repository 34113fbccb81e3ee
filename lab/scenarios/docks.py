# SPDX-License-Identifier: GPL-2.0-or-later
"""Three Thunderbolt docks at once, each behind the other, each with two bridges, a network card and a disk (security
level `user`): nothing of them is on PCI until a rule lets them in, one after the other, each when the one before is in
quarantine. A guest has the disks of the first two and is busy with the second when that one is yanked, and the third
with it: the door is shut, what is gone is detached and removed, and the guest goes on with the first one's disk; what
comes back waits, and is in quarantine then."""

import pci
from guests import DISK
from harness import RACK
from machine import Device
from scenarios.assign import LEAVE_S, belongs, disks
from scenarios.dock import LET_IN, card, disk, explained
from thunderbolt import Dock

PORTS = RACK
THUNDERBOLT = "user"
BASELINE = "authorized"
GUESTS = ("pv",)
ROUTES = (0x1, 0x301, 0x30301)
MIDDLE = 1
RULE = "quarantine if vendor-name = Lab"
# In the guest: it writes to its disk until that fails, and a byte into a file each time.
BUSY = DISK + """ && { setsid sh -c "while dd if=/dev/zero of=$disk bs=64k count=16 seek=64 conv=fsync; do
	echo >>/run/busy; done; : >/run/failed" </dev/null >/dev/null 2>&1 & }"""


def chained(place):
    """The dock at a place in the chain: disk and network card beside a switch, behind which the next one is. Its
    downstream port is not the first, so that no two disks have the same pin interrupt: libxl takes that from a guest
    with one of them, and the other would stand still."""
    bus, up, port = (f"next{place - 1}" if place else None), f"up{place}", f"next{place}"
    devices = (disk(f"disk{place}", "0.1", bus), card(f"card{place}", "0.2", bus),
               Device("x3130-upstream", up, "0.0", bus=bus), Device("xio3130-downstream", port, "1.0", bus=up))
    return Dock("rp0", devices, f"0000000{place}-0000-0000-ffff-ffffffffffff", name=f"Dock {place}", below=bus)


def ordered(lab, after):
    """Each is authorized when what the one before it brought is in quarantine; not before, by the times of the records:
    those of one moment stand in the order in which the core gets to them."""
    records = lab.daemon.records()[after:]
    quarantined = [record.time_s for record in records if record.event == "port-quarantined"]

    def when(event, route):
        return next(record.time_s for record in records
                    if record.event == event and f" 0-{route:x} (" in record.text)

    for before, route in zip(ROUTES, ROUTES[1:]):
        began, done = when("router-authorizing", before), when("router-authorized", before)
        now = when("router-authorizing", route)
        lab.expect(done <= now and any(began < time <= now for time in quarantined),
                   f"0-{before:x} is let in at {began}, is authorized at {done}, and 0-{route:x} is let in at {now}; "
                   f"all below the port was in quarantine at {quarantined}")


def connected(lab, docks):
    """All at once. Nobody knows them; then a rule lets them in."""
    for route, dock in zip(ROUTES, docks):
        lab.thunderbolt.connect(route, dock)
    for route in ROUTES:
        lab.wait(f"0-{route:x} is listed", lambda route=route: lab.thunderbolt.row(route), 30, 0.5)
    lab.thunderbolt.reason(ROUTES[0], "not-enrolled")
    for route in ROUTES:
        lab.thunderbolt.held(route, "rp0", 1)
    after, devices = len(lab.daemon.records()), sum((dock.devices for dock in docks), ())
    lab.dom0(f"mkdir -p /etc/sallyport/rules.d && echo '{RULE}' >/etc/sallyport/rules.d/docks.rules")
    lab.say(f"{RULE}: {lab.dom0('sallyport reload').strip()}")
    lab.wait("the last one's tunnel is there", lambda: ROUTES[-1] in lab.thunderbolt.tunnels, 120)
    lab.settle("rp0", devices)
    ordered(lab, after)
    lab.examine("rp0", "three docks")
    for route in ROUTES:
        explained(lab, f"0-{route:x}", *LET_IN)


def at(lab, name):
    """Address of a device below rp0."""
    return pci.sbdf(lab.located("rp0", name))


def busy(lab, work):
    """How often the guest has written to its disk."""
    return int(work.inside("cat /run/busy 2>/dev/null | wc -c"))


def worked(lab, work):
    """The guest has the disks of the first two docks, and is busy with the second: their addresses."""
    mine = [at(lab, f"disk{place}") for place in (0, MIDDLE)]
    lab.guests.assign("rp0", mine[0], work)
    rights = lab.guests.rights()[work.id()]
    lab.guests.assign("rp0", mine[1], work)
    belongs(lab, "rp0", work, set(mine))
    lab.guests.agree()
    lab.guests.uses(work, serial=f"disk{MIDDLE}")
    last = next(function for function in disks(lab, "rp0") if function.sbdf == at(lab, "disk2"))
    lab.guests.aim("rp0", last, work, work, mine=False)
    work.inside(BUSY % f"disk{MIDDLE}")
    lab.wait("the guest is busy", lambda: busy(lab, work) > 2, 60, 1)
    return mine, rights


def yanked(lab, work, docks, mine, rights):
    """The middle one is pulled from under the guest, and the last one with it."""
    written, after, rid = busy(lab, work), len(lab.daemon.records()), lab.port("rp0").rid
    lab.thunderbolt.disconnect(ROUTES[MIDDLE])
    lab.times["shut_s"] = lab.wait("door 1 is shut", lambda: not lab.config.bme(rid), 20, 0.01)
    lab.say(f"door 1 is shut {lab.times['shut_s']:.2f} s after the pull; the guest had written {written} times")
    first = docks[0].devices
    lab.wait("the others are gone", lambda: lab.there["rp0"] == first, 10)
    lab.wait("the kernel lists the first dock alone", lambda: lab.arrived("rp0", first), LEAVE_S)
    lab.wait("so does the daemon", lambda: len(lab.daemon.functions(lab.address("rp0"))) == len(first), LEAVE_S)
    lab.times["reopened_s"] = lab.wait("rp0 is assigned again", lambda: lab.state("rp0") == "assigned", LEAVE_S)
    belongs(lab, "rp0", work, {mine[0]})
    # xl lists what was pulled until the guest ends: a PV guest's backend is stuck (doc/guests.md).
    traces, functions = lab.guests.traces(), lab.daemon.functions(lab.address("rp0"))
    owned = [sbdf for sbdf, function in functions.items() if function["assigned_to"]]
    lab.expect(owned == mine[:1] and traces["given"] == {mine[0]: work.id()} and mine[1] not in traces["slots"],
               f"the guest's, for sallyport: {owned}; {traces}; xl pci-list: {work.devices()}")
    now = lab.guests.rights()[work.id()]
    # A driver that does not get message-signalled interrupts gives those back, and takes the pin.
    interrupts, before = ({number.strip() for number in one["Interrupts"].split(",")} for one in (now, rights))
    lab.expect(now["I/O Memory"] == rights["I/O Memory"] and interrupts <= before and any(interrupts),
               f"rights of {work.name}: {now}; when it had just been given the first disk: {rights}")
    for route in ROUTES[MIDDLE:]:
        lab.expect(not lab.thunderbolt.row(route), f"0-{route:x} is not listed any more")
        explained(lab, f"0-{route:x}", "router-gone")
    explained(lab, lab.address("rp0"), "port-shut", f"detach for port {lab.address('rp0')}, function {mine[1]}",
              f"Function {mine[1]} below port {lab.address('rp0')} is gone")
    lab.reported("port-shut", "rp0", after)
    lab.guests.uses(work, serial="disk0")
    # Linux's nvme driver gives a command up after 30 s (nvme_core.io_timeout).
    lab.wait("the guest's writes to the other one fail", lambda: work.run("[ -e /run/failed ]")[0] == 0, 90, 1)


def back(lab, work, docks, mine):
    """The middle one comes back while the guest has the first one's disk: it waits until that is taken back."""
    route = ROUTES[MIDDLE]
    lab.thunderbolt.connect(route, docks[MIDDLE])
    lab.wait("it waits for the open port", lambda: lab.thunderbolt.row(route).get("reason") == "port-open", 30, 0.5)
    lab.dom0("sleep 3")
    lab.expect(route not in lab.thunderbolt.tunnels and lab.there["rp0"] == docks[0].devices, "nothing of it is there")
    lab.guests.unassign("rp0", mine[0])
    lab.wait("its tunnel is there", lambda: route in lab.thunderbolt.tunnels, 60)
    devices = docks[0].devices + docks[MIDDLE].devices
    lab.ready("rp0", devices)
    lab.guests.clean(work)
    lab.examine("rp0", "the middle one is back")


def run(lab):
    lab.guard()
    work = lab.guests.create("work")
    docks = [chained(place) for place in range(len(ROUTES))]
    connected(lab, docks)
    mine, rights = worked(lab, work)
    lab.say("--- the middle one is yanked")
    yanked(lab, work, docks, mine, rights)
    back(lab, work, docks, mine)
    lab.judge()
