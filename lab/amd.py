# SPDX-License-Identifier: GPL-2.0-or-later
"""AMD-Vi device table and I/O page tables as a machine has them in RAM (AMD I/O Virtualization
Technology Specification 48882, 2.2.2 and 2.2.3). Reads only."""

import struct

import tables
from tables import ABORT, ADDRESS, OPEN, PAGE, PASS, TABLE, Entry, TableError

REGISTERS = 0xFED80000     # QEMU: AMDVI_BASE_ADDR
TABLE_BASE, CONTROL = 0x00, 0x18
ENTRY, BUS = 32, 32 * 256    # bytes of an entry, and of those of a bus
VALID, TRANSLATED = 1 << 0, 1 << 1
GUEST = 1 << 55              # GV: two stages of page tables
RIGHTS = 61                  # IR, IW: the bits of READ and WRITE from here on
NO_LEVELS, SIZED = 0, 7      # values of Mode and Next Level


def entry(words):
    """The device table entry of four 64-bit words (table 8: V=0 is forwarded untranslated, V=1 TV=0
    is aborted)."""
    low, levels, rights = words[0], words[0] >> 9 & 7, words[0] >> RIGHTS & 3
    domain = words[1] & 0xFFFF
    if not low & VALID:
        return Entry(OPEN)
    if low & TRANSLATED and low & GUEST:
        raise TableError(f"device table entry {low:#x}: guest translation is not judged")
    if not low & TRANSLATED or not rights or levels == SIZED:
        return Entry(ABORT, domain=domain)
    if levels == NO_LEVELS:
        return Entry(PASS, domain=domain, rights=rights)
    return Entry(TABLE, low & ADDRESS, domain, levels, rights)


def device_entries(data):
    """(devfn, Entry) of a bus."""
    return enumerate(map(entry, struct.iter_unpack("<4Q", data)))


class Tables(tables.Tables):
    """See tables.Tables. A requester ID beyond the end of the table is blocked (2.2.2); QEMU forwards
    what V=1 TV=0 aborts (amdvi_page_walk goes to its label no_remap, 7.2 and 11.1)."""

    ABORT_PASSES = True

    def translating(self):
        """IommuEn: off means every requester reaches all memory."""
        return bool(self.load(REGISTERS + CONTROL, 8) & 1)

    def base(self):
        """Address of the device table."""
        return self.load(REGISTERS + TABLE_BASE, 8) & ADDRESS

    def buses(self, numbers):
        """See tables.Tables. Every requester ID inside the table has an entry."""
        base = self.load(REGISTERS + TABLE_BASE, 8)
        size = ((base & 0x1FF) + 1) * PAGE
        for bus in numbers:
            length = min(BUS, size - bus * BUS)
            if length <= 0:
                continue
            data = self.read((base & ADDRESS) + bus * BUS, length)
            if data is None:
                raise TableError(f"the device table {base:#x} is not in RAM")
            yield bus, self.bus(data, device_entries)

    def walk(self, entry, address):
        """I/O page tables (2.2.3): a level may be left out where the address has zeroes, Next Level
        0 ends the walk at a page of its level, 7 at one whose size is written into its address."""
        table, level, rights = entry.root, entry.levels, entry.rights
        if address >> 12 + 9 * level:
            return None
        while True:
            shift = 12 + 9 * (level - 1)
            word = self.read(table + (address >> shift & 0x1FF) * 8, 8)
            value = struct.unpack("<Q", word)[0] if word else 0
            rights &= value >> RIGHTS
            if not value & 1 or not rights:
                return None
            below = value >> 9 & 7
            if below in (NO_LEVELS, SIZED):
                size = 1 << shift if below == NO_LEVELS else page_size(value)
                return (value & ADDRESS & -size) | address & size - 1, rights
            if below >= level or address & (1 << shift) - (1 << 12 + 9 * below):
                return None
            table, level = value & ADDRESS, below


def page_size(value):
    """Size of a page whose entry has Next Level 7: the lowest zero bit of its address, from bit 12
    on, is the highest that the size covers (table 14)."""
    return (~value & ~0xFFF & -(~value & ~0xFFF)) << 1
