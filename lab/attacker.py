# SPDX-License-Identifier: GPL-2.0-or-later
"""The attacker: DMA into dom0's memory, and into that of guests and of Xen, by plugged devices, programmed from
outside; the guest helps with nothing.

A hostile hierarchy controls everything below the trusted port P: its functions' COMMAND bits, BARs
and bridges. The attacker sets those (and puts them back), and never touches P. QEMU does not
enforce P's BME, so P's gate is read and reported as door 1; the DMA is tried in any case, which
tells what door 2 (the IOMMU) does on its own."""

import contextlib
import dataclasses
import time

from canary import PAGE, Canary, pattern
from oracle import CONTAINED, QUARANTINE
from pci import BAR0, CMD_BME, CMD_MEMORY, COMMAND, MEMORY_BASE, STATUS, STATUS_INTERRUPT, text

EDU, NVME = 0x11E81234, 0x00101B36
CSTS_CFS = 2    # NVMe Base Spec 3.1.6, Controller Fatal Status: here, its DMA read was refused


class AttackError(Exception):
    """The attack could not be carried out, so it proves nothing."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """requester: the ID that the DMA carried; owner: its owner, before and after; door1: gate of P
    when it was tried; overwritten: bytes of dom0's canary that changed; swallowed: bytes of its own
    page that changed, of a requester in quarantine; believed: the emulated IOMMU does what its
    tables say (if not, the tables tell what door 2 does); target: whose memory it was aimed at; landed: bytes
    that changed of anybody else's than dom0's."""
    requester: int
    owner: str
    weapon: str
    target: str
    door1: str
    overwritten: int
    swallowed: int
    landed: dict
    believed: bool

    @property
    def passed(self):
        """Bytes that door 2 let through."""
        return self.overwritten if self.believed else 0

    @property
    def result(self):
        """What a real machine shows: an open gate and an open IOMMU are both needed."""
        if self.door1 == "closed":
            return "blocked by door 1" if self.passed else "blocked by both doors"
        return f"overwritten {self.passed} bytes" if self.passed else "blocked by door 2"

    def record(self):
        door2 = f"overwritten {self.passed} bytes" if self.passed else "blocked by door 2"
        return {"weapon": self.weapon, "target": self.target, "landed_emulated": self.landed,
                "landed": self.landed if self.believed else {},
                "requester": text(self.requester), "owner": self.owner,
                "door1": self.door1, "result": self.result, "door2": door2,
                "door2_judged_by": "DMA" if self.believed else "table",
                "bytes": self.passed if self.door1 == "open" else 0, "bytes_door2": self.passed,
                "bytes_emulated": self.overwritten, "bytes_swallowed": self.swallowed}


class Witness:
    """Pages that have no pattern of ours and do not change by themselves: as a canary."""

    def __init__(self, ram, pages):
        self.ram, self.pages = ram, pages
        self.kept = [ram.read(page, PAGE) for page in pages]

    def changed(self, page):
        """How many bytes of a page are others than at the beginning."""
        return sum(a != b for a, b in zip(self.ram.read(self.pages[page], PAGE), self.kept[page]))

    def restore(self, page):
        self.ram.write(self.pages[page], self.kept[page])

    def damage(self):
        """See Canary.damage."""
        return {page: count for page in range(len(self.pages)) if (count := self.changed(page))}


@dataclasses.dataclass(frozen=True)
class Target:
    """What an attack is aimed at. canary: its memory; pages: the addresses that the device is given for its pages."""
    name: str
    canary: Canary | Witness
    pages: tuple


class Attacker:
    """Attacks one machine's dom0 through the functions below its external ports."""

    def __init__(self, machine, config, canary, oracle):
        self.machine, self.qtest, self.config, self.canary = machine, machine.qtest, config, canary
        self.oracle, self.target = oracle, self.at_dom0()
        self.bait = None    # address of the page that catches what a requester in quarantine writes

    def weapon(self, port, function):
        """The way this function can be made to do DMA, or None (bridges, devices without an engine
        known here)."""
        if self.malicious(port, function):
            return self.evil
        return {EDU: self.edu, NVME: self.nvme}.get(function.device << 16 | function.vendor)

    def malicious(self, port, function):
        """The process behind a malicious function, or None."""
        return self.machine.evils.get((port.name, function.rid & 7))

    def leftover(self):
        """Bytes of the canary that changed since the last attack, put right. An NVMe controller
        that a dom0 driver initialises while it is attacked may complete a command into the canary
        later than the attack looked."""
        damage = self.canary.damage()
        for page in damage:
            self.canary.restore(page)
        return sum(damage.values())

    def at_dom0(self):
        """The usual target."""
        return Target("dom0", self.canary, self.canary.pages)

    def at_guest(self, name, own=False):
        """A guest's memory, by the machine's addresses; own: by those at which a device finds it that is the guest's
        (Oracle.learn)."""
        canary = self.oracle.guests[name]
        places = self.oracle.places.get(name, {}) if own else {}
        return Target(name, canary, tuple(places.get(page, page) for page in canary.pages))

    def at_xen(self):
        """Xen's memory: the page of the IOMMU's first table, which all depends on."""
        page = self.oracle.tables.base()
        return Target("xen", Witness(self.machine.ram, (page,) * 4), (page,) * 4)

    def landed(self):
        """{name: bytes} of what changed in the memory of target and guests, put right; dom0's is `leftover`."""
        result = {}
        canaries = {self.target.name: self.target.canary} | dict(self.oracle.guests)
        for name, canary in canaries.items():
            if canary is not self.canary and (damage := canary.damage()):
                result[name] = max(damage.values())
                for page in damage:
                    canary.restore(page)
        return result

    def attack(self, port, function, target=None):
        """Tries to overwrite dom0's canary, or another target, through a function; canary and function are as before
        afterwards. One that were left to hold its pin asserted would keep dom0 busy, until Linux switched the line off
        for whoever is given the device next."""
        self.target = target or self.at_dom0()
        fire, requester = self.weapon(port, function), self.config.requester(function)
        gate = "open" if self.config.bme(port.rid) else "closed"
        before, quiet = self.oracle.owner(requester), not self.asserted(function)
        with self.baited(requester, before), self.armed(port, function) as handle:
            fire(handle)
            swallowed = self.swallowed()
        owner = self.oracle.owner(requester)
        if quiet and before in CONTAINED and fire != self.evil and self.asserted(function):
            raise AttackError(f"{function.sbdf} was left to hold its interrupt pin asserted")
        believed = before != owner or self.oracle.believed(owner)
        told = owner if before == owner else f"{before}, then {owner}"
        return Outcome(requester, told, fire.__name__, self.target.name, gate, self.leftover(), swallowed,
                       self.landed(), believed)

    def asserted(self, function):
        """Does a function assert its interrupt pin?"""
        status = self.config.load(function.rid, STATUS, 2)
        return status != 0xFFFF and bool(status & STATUS_INTERRUPT)

    @contextlib.contextmanager
    def baited(self, requester, owner):
        """Puts a pattern into the page that every address of a requester in quarantine leads to."""
        ram = self.machine.ram
        if owner == QUARANTINE:
            self.bait = self.oracle.reach(requester, self.canary.pages[1]) & -PAGE
            kept = ram.read(self.bait, PAGE)
            ram.write(self.bait, pattern(0))
        try:
            yield
        finally:
            if self.bait is not None:
                ram.write(self.bait, kept)
            self.bait = None

    def swallowed(self):
        """Bytes of the page in quarantine that the attack changed."""
        if self.bait is None:
            return 0
        return sum(a != b for a, b in zip(self.machine.ram.read(self.bait, PAGE), pattern(0)))

    @contextlib.contextmanager
    def armed(self, port, function):
        """Gives the function and the bridges above it memory decoding and BME, and the function a
        reachable BAR; yields its address, or the malicious function. Everything is restored. No
        virtual CPU runs meanwhile: QEMU 7.2 crashes when one writes through a memory map that
        another thread just replaced (iotlb_to_section)."""
        evil = self.malicious(port, function)    # needs no BAR: it is told from outside
        saved, silent = [], not evil and not self.decode(port.rid, True)

        def put(rid, offset, size, value):
            saved.append((rid, offset, size, self.config.load(rid, offset, size)))
            self.config.store(rid, offset, size, value)

        try:
            with self.machine.paused():
                target = evil or self.reachable(port, function, put)
                for rid in function.path + (function.rid,):
                    put(rid, COMMAND, 2, self.config.load(rid, COMMAND, 2) | CMD_MEMORY | CMD_BME)
            yield target
        finally:
            with self.machine.paused():
                for rid, offset, size, value in reversed(saved):
                    self.config.store(rid, offset, size, value)
                if silent:
                    self.decode(port.rid, False)

    def decode(self, rid, wanted):
        """Sets or clears Memory Space Enable of a port, and nothing else of its Command: what it was. A device needs
        none to attack; the lab does, to tell it to."""
        with self.machine.paused():
            before = self.config.load(rid, COMMAND, 2)
            self.config.store(rid, COMMAND, 2, before | CMD_MEMORY if wanted else before & ~CMD_MEMORY)
        return bool(before & CMD_MEMORY)

    def reachable(self, port, function, put):
        """Address of BAR 0, moved to the top of P's window when the guest gave it none or the path
        does not lead there."""
        low, high = self.window(port.rid)
        at = self.config.load(function.rid, BAR0, 4)
        address, wide = at & ~0xF, at & 0x6 == 0x4
        if wide:
            address |= self.config.load(function.rid, BAR0 + 4, 4) << 32
        windows = [self.window(rid) for rid in (port.rid,) + function.path]
        if address and all(first <= address <= last for first, last in windows):
            return address
        if high < low:
            raise AttackError(f"port {port.name} has no memory window for its devices")
        address = high + 1 - (1 << 20)
        for rid in function.path:
            put(rid, MEMORY_BASE, 4, address & 0xFFF00000 | address >> 16 & 0xFFF0)
        put(function.rid, BAR0, 4, address)
        if wide:
            put(function.rid, BAR0 + 4, 4, 0)
        return address

    def window(self, rid):
        """(first, last address) of a bridge's memory window (PCI-to-PCI Bridge Spec 3.2.5.8)."""
        value = self.config.load(rid, MEMORY_BASE, 4)
        return (value & 0xFFF0) << 16, value & 0xFFF00000 | 0xFFFFF

    def until(self, ready, limit_s=3.0):
        """Waits for a condition; False when it did not come."""
        end = time.monotonic() + limit_s
        while not ready():
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def edu(self, bar):
        """QEMU's edu: 4088 bytes from its buffer (0x40000) to canary page 1 (QEMU docs/specs/edu; a
        whole page trips edu_check_range)."""
        target = self.target.pages[1]
        for register, value in ((0x80, 0x40000), (0x88, target), (0x90, 4088), (0x98, 3)):
            self.qtest.store(bar + register, 8, value)
        if not self.until(lambda: not self.qtest.load(bar + 0x98, 8) & 1):
            raise AttackError("edu did not finish its DMA")

    def evil(self, device):
        """lab/evil: a page of its bytes onto canary page 1. What QEMU answers must be what the memory says."""
        passed = device.write(self.target.pages[1])
        if passed != bool(self.target.canary.changed(1)):
            said = "let through" if passed else "refused"
            raise AttackError(f"QEMU says that the DMA was {said}; memory does not say so")

    def nvme(self, bar):
        """NVMe: admin queues on canary pages 2 and 3; the controller's completion entry is the
        write (NVMe Base Spec 3.1)."""
        load, store = self.qtest.load, self.qtest.store
        store(bar + 0x14, 4, 0)
        if not self.until(lambda: not load(bar + 0x1C, 4) & 1):
            raise AttackError("the NVMe controller does not stop")
        registers = (0x24, 0x28, 0x2C, 0x30, 0x34)    # AQA, ASQ, ACQ
        saved = [load(bar + register, 4) for register in registers]
        pages = (self.target.pages[page] >> shift & 0xFFFFFFFF for page in (2, 3) for shift in (0, 32))
        for register, value in zip(registers, (0x0007_0007, *pages)):
            store(bar + register, 4, value)
        store(bar + 0x14, 4, 0x0046_0001)
        if not self.until(lambda: load(bar + 0x1C, 4) & 3):
            raise AttackError("the NVMe controller does not start")
        store(bar + 0x1000, 4, 1)
        if not self.until(lambda: self.target.canary.changed(3) or self.swallowed() or
                          load(bar + 0x1C, 4) & CSTS_CFS):
            raise AttackError("the NVMe controller neither completed the command nor failed")
        if not load(bar + 0x1C, 4) & CSTS_CFS:    # taken by its doorbell: QEMU's pin outlasts the reset
            store(bar + 0x1004, 4, 1)
        store(bar + 0x14, 4, 0)
        self.until(lambda: not load(bar + 0x1C, 4) & 1)
        for register, value in zip(registers, saved):    # a dom0 driver may be about to use them
            store(bar + register, 4, value)
