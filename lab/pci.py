# SPDX-License-Identifier: GPL-2.0-or-later
"""Configuration space from outside the guest, by ECAM through qtest. A requester ID is an int: bus
<< 8 | device << 3 | function."""

import dataclasses
import struct

ECAM = 0xB0000000          # q35's MMCONFIG window as SeaBIOS programs it

# Registers of the type 0 and 1 headers and of the PCI Express capability (PCIe Base Spec 7.5.1,
# 7.5.3).
COMMAND, STATUS, HEADER_TYPE, BAR0 = 0x04, 0x06, 0x0E, 0x10
PRIMARY, MEMORY_BASE, PREFETCH_BASE = 0x18, 0x20, 0x24
CMD_MEMORY, CMD_BME = 0x2, 0x4
STATUS_INTERRUPT = 0x8     # the function asserts its pin, unless that is disabled or there is nobody (all ones)
SLTCTL, SLTSTA, LNKSTA = 0x18, 0x1A, 0x12
PRESENCE = 0x40
CAP_EXPRESS = 0x10
EXPRESS_TO_PCI = 7         # Device/Port Type of a PCIe-to-PCI bridge


def text(rid):
    """01:00.0 for 0x0100."""
    return f"{rid >> 8:02x}:{rid >> 3 & 31:02x}.{rid & 7}"


def sbdf(rid):
    return f"0000:{text(rid)}"


@dataclasses.dataclass(frozen=True)
class Function:
    """A function as its configuration space shows it. path: requester IDs of the bridges from P's
    bus down to it."""
    rid: int
    vendor: int
    device: int
    class_code: int
    bridge: bool
    path: tuple

    @property
    def sbdf(self):
        return sbdf(self.rid)

    @property
    def id(self):
        return f"{self.vendor:04x}:{self.device:04x}"


class Config:
    """All configuration space of the machine."""

    def __init__(self, qtest):
        self.qtest = qtest
        self.express = {}

    def load(self, rid, offset, size):
        return self.qtest.load(ECAM + (rid << 12) + offset, size)

    def store(self, rid, offset, size, value):
        self.qtest.store(ECAM + (rid << 12) + offset, size, value)

    def header(self, rid):
        """The 64 bytes of the header in one exchange."""
        return self.qtest.block(ECAM + (rid << 12), 64)

    def capability(self, rid, wanted):
        """Offset of a capability, or 0; at most 48 links are followed."""
        at = self.load(rid, 0x34, 1) & 0xFC
        for _ in range(48):
            if at < 0x40 or self.load(rid, at, 1) == wanted:
                return at if at >= 0x40 else 0
            at = self.load(rid, at + 1, 1) & 0xFC
        return 0

    def bme(self, rid):
        return bool(self.load(rid, COMMAND, 2) & CMD_BME)

    def buses(self, rid):
        """(secondary, subordinate) of a bridge."""
        value = self.load(rid, PRIMARY, 4)
        return value >> 8 & 0xFF, value >> 16 & 0xFF

    def bridge(self, rid):
        """(BME, secondary, subordinate) of a bridge in one exchange."""
        head = self.header(rid)
        return bool(head[COMMAND] & CMD_BME), head[PRIMARY + 1], head[PRIMARY + 2]

    def below(self, port):
        """Every function that answers below a port, parents before children; bus numbers are
        believed only inside the port's range and each bus is visited once."""
        first, last = self.buses(port)
        todo, seen = [(first, ())], set()
        while todo:
            bus, path = todo.pop(0)
            if bus in seen or not 0 < first <= bus <= last:
                continue
            seen.add(bus)
            for function in self.on_bus(bus, path, only_device_0=bus == first):
                yield function
                if function.bridge:
                    todo.append((self.buses(function.rid)[0], path + (function.rid,)))

    def on_bus(self, bus, path, only_device_0):
        """Functions that answer on one bus. Behind a port there is one device; behind an upstream
        port or a conventional bridge there are up to 32."""
        for device in range(1 if only_device_0 else 32):
            for number in range(8):
                rid = bus << 8 | device << 3 | number
                head = self.header(rid)
                if head[:2] == b"\xff\xff":
                    if number == 0 and not only_device_0:
                        break
                    continue
                vendor_id, device_id = struct.unpack_from("<HH", head)
                class_code = int.from_bytes(head[9:12], "little")
                bridge = head[HEADER_TYPE] & 0x7F == 1
                yield Function(rid, vendor_id, device_id, class_code, bridge, path)
                if number == 0 and not head[HEADER_TYPE] & 0x80:
                    break

    def requester(self, function):
        """The requester ID of a function's memory requests where they reach its port: its own, and
        for what is behind a conventional bus 00.0 of that bus when a PCIe-to-PCI bridge forwards it
        (PCIe to PCI Bridge Spec 2.3), else the bridge's (QEMU: pci_device_iommu_address_space)."""
        rid = function.rid
        for bridge in reversed(function.path):
            express = self.capability(bridge, CAP_EXPRESS)
            if not express:
                rid = bridge
            elif self.load(bridge, express + 2, 2) >> 4 & 15 == EXPRESS_TO_PCI:
                rid = self.buses(bridge)[0] << 8
        return rid

    def occupied(self, port):
        """Does the slot of a port hold a device (Presence Detect State)?"""
        if port not in self.express:
            self.express[port] = self.capability(port, CAP_EXPRESS)
        return bool(self.load(port, self.express[port] + SLTSTA, 2) & PRESENCE)

    def slot(self, port):
        """Slot of a port: presence, power, link, indicator bits (PCIe Base Spec 7.5.3.10,
        7.5.3.11)."""
        express = self.capability(port, CAP_EXPRESS)
        control, status = self.load(port, express + SLTCTL, 2), self.load(port, express + SLTSTA, 2)
        link = self.load(port, express + LNKSTA, 2)
        return {"presence": bool(status & PRESENCE), "link": bool(link & 0x2000),
                "power": not control & 0x400, "power_indicator": control >> 8 & 3}
