# SPDX-License-Identifier: GPL-2.0-or-later
"""The attacker: DMA into dom0's memory by plugged devices, programmed from outside; the guest helps
with nothing.

A hostile hierarchy controls everything below the trusted port P: its functions' COMMAND bits, BARs
and bridges. The attacker sets those (and puts them back), and never touches P. QEMU does not
enforce P's BME, so P's gate is read and reported as door 1; the DMA is tried in any case, which
tells what door 2 (the IOMMU) does on its own."""

import contextlib
import dataclasses
import time

from pci import BAR0, CMD_BME, CMD_MEMORY, COMMAND, MEMORY_BASE

EDU, NVME = 0x11E81234, 0x00101B36
CSTS_CFS = 2    # NVMe Base Spec 3.1.6, Controller Fatal Status: here, its DMA read was refused


class AttackError(Exception):
    """The attack could not be carried out, so it proves nothing."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """door1: gate of P when it was tried; overwritten: bytes of dom0's canary that changed (what
    door 2 let through)."""
    rid: int
    weapon: str
    door1: str
    overwritten: int

    @property
    def result(self):
        """What a real machine shows: an open gate and an open IOMMU are both needed."""
        if self.door1 == "closed":
            return "blocked by door 1" if self.overwritten else "blocked by both doors"
        return f"overwritten {self.overwritten} bytes" if self.overwritten else "blocked by door 2"

    def record(self):
        passed = f"overwritten {self.overwritten} bytes" if self.overwritten else None
        return {"weapon": self.weapon, "door1": self.door1, "result": self.result,
                "door2": passed or "blocked by door 2",
                "bytes": self.overwritten if self.door1 == "open" else 0,
                "bytes_door2": self.overwritten}


class Attacker:
    """Attacks one machine's dom0 through the functions below its external ports."""

    def __init__(self, machine, config, canary):
        self.machine, self.qtest, self.config, self.canary = machine, machine.qtest, config, canary

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

    def attack(self, port, function):
        """Tries to overwrite dom0's canary through a function; canary and function are as before
        afterwards."""
        fire = self.weapon(port, function)
        gate = "open" if self.config.bme(port.rid) else "closed"
        with self.armed(port, function) as target:
            fire(target)
        return Outcome(function.rid, fire.__name__, gate, self.leftover())

    @contextlib.contextmanager
    def armed(self, port, function):
        """Gives the function and the bridges above it memory decoding and BME, and the function a
        reachable BAR; yields its address, or the malicious function. Everything is restored. No
        virtual CPU runs meanwhile: QEMU 7.2 crashes when one writes through a memory map that
        another thread just replaced (iotlb_to_section)."""
        evil = self.malicious(port, function)    # needs no BAR: it is told from outside
        if not evil and not self.config.load(port.rid, COMMAND, 2) & CMD_MEMORY:
            raise AttackError(f"port {port.name} does not forward memory requests: its devices "
                              "cannot be driven")
        saved = []

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
        target = self.canary.pages[1]
        for register, value in ((0x80, 0x40000), (0x88, target), (0x90, 4088), (0x98, 3)):
            self.qtest.store(bar + register, 8, value)
        if not self.until(lambda: not self.qtest.load(bar + 0x98, 8) & 1):
            raise AttackError("edu did not finish its DMA")

    def evil(self, device):
        """lab/evil: a page of its bytes onto canary page 1. What QEMU answers must be what the memory says."""
        passed = device.write(self.canary.pages[1])
        if passed != bool(self.canary.changed(1)):
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
        pages = (self.canary.pages[page] >> shift & 0xFFFFFFFF for page in (2, 3) for shift in (0, 32))
        for register, value in zip(registers, (0x0007_0007, *pages)):
            store(bar + register, 4, value)
        store(bar + 0x14, 4, 0x0046_0001)
        if not self.until(lambda: load(bar + 0x1C, 4) & 3):
            raise AttackError("the NVMe controller does not start")
        store(bar + 0x1000, 4, 1)
        if not self.until(lambda: self.canary.changed(3) or load(bar + 0x1C, 4) & CSTS_CFS):
            raise AttackError("the NVMe controller neither completed the command nor failed")
        store(bar + 0x14, 4, 0)
        self.until(lambda: not load(bar + 0x1C, 4) & 1)
        for register, value in zip(registers, saved):    # a dom0 driver may be about to use them
            store(bar + register, 4, value)
