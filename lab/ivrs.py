# SPDX-License-Identifier: GPL-2.0-or-later
"""The firmware's table of what an AMD IOMMU covers (IVRS; specification 48882, 5.2), made wider in
the guest's RAM before Xen reads it: one range for every requester ID, as real firmware has it below
hot-plug ports.

QEMU's own table covers what is below a port only when the port has a single bus number
(hw/i386/acpi-build.c, insert_ivhd); what lies outside is refused by Xen. A table given by -acpitable
comes after QEMU's, and Xen takes the first."""

import struct
import time

FIRST, LAST = 0x0008, 0xFFFE    # 00:01.0; Xen counts IDs in 16 bits: the last one would make them 0
HEADER, IVINFO = 36, 12
IVHD = {0x10: 24, 0x11: 40, 0x40: 40}    # type of a block about an IOMMU: size of its head
PAD, START, END = 0, 3, 4                # device entries of 4 bytes
SIZES = (4, 8, 16, 32)                   # of device entries, by the two high bits of their type
SPECIAL = 0x48    # interrupt controllers: kept
LIMIT_S = 30
TOP = 1 << 20    # SeaBIOS puts the tables at the end of RAM


class IvrsError(Exception):
    """The table could not be made wider, so that devices below ports would not be covered."""


def wide(table):
    """The table with one range in each of its blocks instead of their entries about devices; as
    long as before."""
    data, at = bytearray(table), HEADER + IVINFO
    while at < len(data):
        kind, _, length = struct.unpack_from("<BBH", data, at)
        if length < 4 or at + length > len(data):
            raise IvrsError(f"a block of {length} bytes at {at} of a table of {len(data)}")
        if kind in IVHD:
            data[at + IVHD[kind]:at + length] = entries(bytes(data[at + IVHD[kind]:at + length]))
        at += length
    data[9] = 0
    data[9] = -sum(data) & 0xFF
    return bytes(data)


def entries(old):
    """A block's device entries: the range, what is no device, and padding up to the old length."""
    kept, at = b"", 0
    while at < len(old):
        size = SIZES[old[at] >> 6]
        if old[at] == SPECIAL:
            kept += old[at:at + size]
        at += size
    new = struct.pack("<II", FIRST << 8 | START, LAST << 8 | END) + kept
    if at != len(old) or len(new) > len(old):
        raise IvrsError(f"no room for a range in entries of {len(old)} bytes")
    return new + bytes([PAD]) * (len(old) - len(new))


def find(ram):
    """(address, table) of the finished table in the guest's RAM, or None."""
    at = ram.size - TOP
    while (at := ram.bytes.find(b"IVRS", at)) >= 0:
        length = struct.unpack_from("<I", ram.bytes, at + 4)[0]
        table = ram.read(at, length) if HEADER + IVINFO < length < 4096 else None
        if table and sum(table) & 0xFF == 0:
            return at, table
        at += 4
    return None


def widen(machine):
    """Waits for the firmware's table and replaces it. Xen prints before it reads tables, so nothing
    may be printed yet."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        if find(machine.ram):
            with machine.paused():
                if machine.begun():
                    raise IvrsError("Xen was faster than the lab")
                at, table = find(machine.ram)
                machine.ram.write(at, wide(table))
            return
        time.sleep(0.005)
    raise IvrsError(f"the firmware made no table within {LIMIT_S} s")
