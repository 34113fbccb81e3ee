# SPDX-License-Identifier: GPL-2.0-or-later
"""The oracle: says from outside, without believing any program in the guest, who owns a requester
ID and whether dom0's memory was exposed through an external port. It samples all tables and all
gates atomically while the guest is paused."""

import dataclasses
import itertools
import json
import threading

import amd
import pci
import vtd
from spells import Spells
from tables import ABORT, OPEN, PAGE, PASS

TABLES = {"vtd": vtd.Tables, "amd": amd.Tables}
REFERENCE = 0x1F << 3 | 2        # 00:1f.2, q35's on-board AHCI: never anything but dom0's
PROBES = (0, 0x10_0000, 0x4000_0000, 0x7FFF_F000)    # addresses that nobody maps to one page
MANY = 16    # tables of one bus; with scratch pages it has one for each requester ID
# Owners. untranslated: nobody's, and forwarded as it is; blocked: refused; quarantine: every address
# leads to one page that belongs to nothing; guest NAME: the table leads to memory of the guest of that
# name; guest: some other table.
DOM0, UNTRANSLATED, BLOCKED, QUARANTINE, GUEST = (
    "dom0", "untranslated", "blocked", "quarantine", "guest")
CONTAINED = (BLOCKED, QUARANTINE)
# Bus numbers of a bridge whose registers read as all ones: nothing routes configuration requests to it.
NO_ANSWER = 0xFF, 0xFF


def of_guest(owner):
    """Is this owner a guest, or at least some other table?"""
    return owner.partition(" ")[0] == GUEST


def ranges(owners):
    """{"01:00.0-01:1f.7": owner} of {RID: owner}: neighbours of one owner together."""
    result = {}
    for (_, owner), group in itertools.groupby(
            enumerate(sorted(owners)), lambda pair: (pair[1] - pair[0], owners[pair[1]])):
        rids = [rid for _, rid in group]
        name = pci.text(rids[0]) + (f"-{pci.text(rids[-1])}" if len(rids) > 1 else "")
        result[name] = owner
    return result


@dataclasses.dataclass
class Sample:
    """One state. ports: {name: (BME, occupied, first bus, last bus)}; buses: {number of a bus below a
    port: {RID: owner}}, those that are blocked for want of an entry left out; exposed: RIDs."""
    ports: dict
    buses: dict
    exposed: list

    @property
    def owners(self):
        """{RID: owner} of all buses."""
        return {rid: owner for owners in self.buses.values() for rid, owner in owners.items()}

    def mapped(self):
        """RIDs that have a table of dom0's or of a guest's."""
        return [rid for rid, owner in self.owners.items() if owner == DOM0 or of_guest(owner)]

    def reaching(self, name):
        """RIDs in the bus range of a port that reach dom0's memory."""
        first, last = self.ports[name][2:]
        return [rid for bus in range(first, last + 1) for rid, owner in self.buses.get(bus, {}).items()
                if owner in (DOM0, UNTRANSLATED)]

    def record(self):
        """The sample as compact JSON values."""
        return {"ports": {name: {"gate": "open" if bme else "closed", "occupied": occupied,
                                 "bus": [first, last]}
                          for name, (bme, occupied, first, last) in self.ports.items()},
                "owners": ranges(self.owners),
                "exposed": list(ranges(dict.fromkeys(self.exposed, DOM0)))}


class Oracle:
    """Reads one machine. `canary` (may be None before dom0 is up) gives the dom0 pages that must
    not be reachable; `guests`, {name: canary}, those of guests, which must be reachable only through
    the ports that are `lent` to one: {port's name: guest's name}. `places`, {name: {page: address}}: where a
    guest's devices find its canary (see learn)."""

    def __init__(self, machine, config, canary=None):
        self.machine, self.config, self.canary = machine, config, canary
        self.turn = 0
        self.guests, self.lent, self.places = {}, {}, {}
        self.against, self.last = None, {}    # see judge
        self.spans = {}    # {port's name: its (first, last) bus} when it was looked at last
        reader = TABLES[machine.platform.iommu]
        self.tables = reader(machine.ram.read, machine.qtest.load)

    def translating(self):
        """Is the IOMMU on?"""
        with self.machine.paused():
            return self.tables.translating()

    def owner(self, rid):
        """Owner of one requester ID now."""
        bus = rid >> 8
        with self.machine.paused():
            return self.judge([bus]).get(bus, {}).get(rid, BLOCKED)

    def reach(self, rid, address):
        """The machine address that a request of a requester ID gets to now, or None."""
        with self.machine.paused():
            if not self.tables.translating():
                return address
            entry = self.tables.entry(rid)
            hit = entry and self.tables.translate(entry, address)
        return hit[0] if hit else None

    def learn(self, rid, name, limit):
        """Looks for the addresses, below a limit, at which a requester ID finds a guest's canary pages now. A PV
        guest's are the machine's, an HVM guest's are its own: where Xen put its memory only the tables tell."""
        wanted = set(self.guests[name].pages)
        with self.machine.paused():
            entry, found = self.tables.entry(rid), {}
            for address in range(0, limit, PAGE) if entry else ():
                hit = self.tables.translate(entry, address)
                if hit and hit[0] in wanted:
                    found[hit[0]] = address
        self.places[name] = found

    def believed(self, owner):
        """Does the emulated IOMMU refuse what its tables refuse?"""
        return owner != BLOCKED or not self.tables.ABORT_PASSES

    def judge(self, numbers, quick=False):
        """{bus: {RID: owner}} of these buses. Absent from it: blocked, every request faults for want
        of an entry. quick: of the buses that have many tables, and whose entries are as they were, one is
        looked at anew with each look: else the guest would stand still for most of the time."""
        if not self.tables.translating():
            return {bus: {bus << 8 | devfn: DOM0 for devfn in range(256)} for bus in numbers}
        reference, known, result = self.tables.entry(REFERENCE), {}, {}
        if self.against != (reference, self.canary):
            self.against, self.last = (reference, self.canary), {}
        for index, (number, bus) in enumerate(self.tables.buses(numbers)):
            before, owned = self.last.get(number, (None, None))
            if quick and before is bus and len(bus.groups) > MANY and index != self.turn % len(numbers):
                result[number] = owned
                continue
            for entry, _ in bus.groups:
                if entry not in known:
                    known[entry] = self.belongs(entry, reference, quick)
            owners = tuple(known[entry] for entry, _ in bus.groups)
            if (number, owners) not in bus.made:
                bus.made[number, owners] = {
                    number << 8 | devfn: owner
                    for (_, devfns), owner in zip(bus.groups, owners) for devfn in devfns}
            result[number] = bus.made[number, owners]
            self.last[number] = bus, result[number]
        return result

    def belongs(self, entry, reference, quick):
        """Owner of a present entry. dom0 = same table as the reference function, pass-through, or
        any canary page is mapped at its own address. (Xen gives dom0's devices and PV guests' devices
        machine addresses: iommu_construct, arch_iommu_hwdom_init.)"""
        if entry.kind in (ABORT, OPEN):
            return BLOCKED if entry.kind == ABORT else UNTRANSLATED
        if entry.kind == PASS or reference and entry.root == reference.root:
            return DOM0
        pages, probes = self.canary.pages if self.canary else (), PROBES
        if quick:    # others with each look
            pages = pages[self.turn % len(pages):][:1] if pages else ()
            probes = PROBES[self.turn % 2::2]
        hits = ((page, self.tables.translate(entry, page)) for page in pages)
        if any(hit and hit[0] == page for page, hit in hits):
            return DOM0
        hits = [self.tables.translate(entry, address) for address in probes]
        ends = {hit and hit[0] & ~0xFFF for hit in hits}
        if len(ends) == 1 and None not in ends:
            return QUARANTINE
        named = (name for name in tuple(self.guests) if self.leads(entry, name, quick))
        return f"{GUEST} {name}" if (name := next(named, None)) else GUEST

    def leads(self, entry, name, quick):
        """Does a table lead to a page of a guest's canary, at the machine's address or where the guest has it?"""
        pages = self.guests[name].pages
        places = self.places.get(name, {})
        if quick:
            pages = pages[self.turn % len(pages):][:1]
        hits = ((page, self.tables.translate(entry, address)) for page in pages
                for address in (page, places.get(page, page)))
        return any(hit and hit[0] == page for page, hit in hits)

    def lent_to(self, port):
        """The owner that functions below a port may have besides nobody, or None."""
        name = self.lent.get(port)
        return f"{GUEST} {name}" if name else None

    def exposing(self, port, occupied):
        """Which owners below a port are an exposure if its gate is open? Without an entry of dom0's it takes a device
        in the slot. A guest's memory is for who has been lent to it."""
        guests = {f"{GUEST} {name}" for name in tuple(self.guests)} - {self.lent_to(port)}
        return guests | ({DOM0, UNTRANSLATED} if occupied else {DOM0})

    def look(self, quick=False):
        """One sample, taken atomically. quick: of each table one canary page and two other addresses
        are looked up, for with a scratch page each of thousands of requester IDs has its own. Exposed
        is what reaches dom0, or a guest that it is not lent to, through an open gate."""
        with self.machine.paused():
            ports, exposing = {}, {}
            for port in self.machine.ports:
                bme, first, last = self.config.bridge(port.rid)
                if (first, last) == NO_ANSWER:    # its gate counts as open, its buses are those of before
                    first, last = self.spans.get(port.name, (0, 0))
                self.spans[port.name] = first, last
                occupied = self.config.occupied(port.rid)
                ports[port.name] = (bme, occupied, first, last)
                owners = self.exposing(port.name, occupied) if bme else set()
                for bus in range(first, last + 1) if first else ():
                    exposing[bus] = exposing.get(bus, set()) | owners
            self.turn += 1
            buses = self.judge(sorted(exposing), quick)
        exposed = [rid for bus, owners in buses.items() if exposing[bus]
                   for rid, owner in owners.items() if owner in exposing[bus]]
        return Sample(ports, buses, exposed)


class Sampler:
    """A thread that looks again and again, at least `rate` times per second of guest activity, and
    keeps a log of changes."""

    def __init__(self, oracle, path, rate=30):
        self.oracle, self.interval = oracle, 1 / rate
        self.machine = oracle.machine
        self.log = open(path, "w", buffering=1)
        self.samples = self.exposures = 0
        self.exposed, self.worst_gap_s, self.error = set(), 0.0, None
        self.spells = Spells()
        self.done = threading.Event()
        self.started = self.last = self.machine.clock()
        self.previous = None
        self.thread = threading.Thread(target=self.run, name="sampler", daemon=True)

    def run(self):
        due = self.started
        try:
            while not self.done.is_set():
                self.take()
                now = self.machine.clock()
                due = max(due + self.interval, now - self.interval)    # on a busy machine it catches up
                self.done.wait(max(due - now, self.interval / 10))
        except Exception as error:  # a sampler that died must fail the scenario, whatever killed it
            self.error = f"{type(error).__name__}: {error}"

    def take(self):
        """One sample into the counters and, when it differs from the one before, into the log."""
        with self.machine.paused():
            now, sample = self.machine.clock(), self.oracle.look(quick=True)
        self.samples += 1
        self.spells.take(now, sample)
        self.worst_gap_s, self.last = max(self.worst_gap_s, now - self.last), now
        if sample.exposed:
            self.exposures += 1
            self.exposed.update(sample.exposed)
        if sample != self.previous:
            head = {"n": self.samples, "guest_s": round(now, 3)}
            self.log.write(json.dumps(head | sample.record()) + "\n")
            self.previous = sample

    def start(self):
        self.thread.start()

    def stop(self):
        """Ends the thread; returns the summary for the verdict."""
        self.done.set()
        self.thread.join(30)
        self.log.close()
        seconds = self.last - self.started
        return {"samples": self.samples, "guest_s": round(seconds, 2),
                "samples_per_guest_s": round(self.samples / seconds, 1) if seconds else 0.0,
                "worst_gap_s": round(self.worst_gap_s, 3), "exposures": self.exposures,
                "exposed": list(ranges(dict.fromkeys(self.exposed, DOM0))),
                "spells": self.spells.ports, "error": self.error}
