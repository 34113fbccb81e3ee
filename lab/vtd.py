# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d remapping tables as a machine has them in RAM (Intel VT-d specification 3.4, chapter 9).
Reads only."""

import struct

import tables
from tables import ABORT, ADDRESS, PAGE, PASS, READ, TABLE, WRITE, Entry, TableError

REGISTERS = 0xFED90000     # QEMU's q35: Q35_HOST_BRIDGE_IOMMU_ADDR
GSTS, RTADDR = 0x1C, 0x20
LARGE = 1 << 7
PASS_THROUGH, RESERVED = 2, 3    # context entry TT


def context(low, high):
    """The context entry of two 64-bit words, or None when not present (9.3)."""
    if not low & 1:
        return None
    levels, kind = {1: 3, 2: 4, 3: 5}.get(high & 7, 0), low >> 2 & 3
    if kind == PASS_THROUGH:
        return Entry(PASS, domain=high >> 8 & 0xFFFF)
    return Entry(TABLE if levels and kind != RESERVED else ABORT, low & ADDRESS,
                 high >> 8 & 0xFFFF, levels)


def contexts(data):
    """(devfn, Entry) of the present entries of a context table."""
    words = enumerate(struct.iter_unpack("<QQ", data))
    return ((devfn, entry) for devfn, (low, high) in words if (entry := context(low, high)))


class Tables(tables.Tables):
    """See tables.Tables. A requester ID without entry is blocked."""

    def translating(self):
        """GSTS.TES: off means every requester reaches all memory."""
        return bool(self.load(REGISTERS + GSTS, 4) & 1 << 31)

    def base(self):
        """Address of the root table."""
        return self.load(REGISTERS + RTADDR, 8) & ADDRESS

    def buses(self, numbers):
        """See tables.Tables. Absent buses cost one root entry each (9.1)."""
        root = self.load(REGISTERS + RTADDR, 8)
        if root & 0xC00:
            raise TableError(f"root table address {root:#x}: scalable mode is not judged")
        table = self.read(root & ADDRESS, PAGE)
        for bus in numbers if table else ():
            low = struct.unpack_from("<Q", table, 16 * bus)[0]
            if low & 1 and (data := self.read(low & ADDRESS, PAGE)) is not None:
                yield bus, self.bus(data, contexts)

    def walk(self, entry, address):
        """Second-level translation (9.8)."""
        if address >> 12 + 9 * entry.levels:
            return None
        table, rights = entry.root, READ | WRITE
        for level in range(entry.levels, 0, -1):
            shift = 12 + 9 * (level - 1)
            word = self.read(table + (address >> shift & 0x1FF) * 8, 8)
            if word is None:
                return None
            value = struct.unpack("<Q", word)[0]
            rights &= value
            if not rights & (READ | WRITE):
                return None
            if level == 1 or (level <= 3 and value & LARGE):
                offset = address & (1 << shift) - 1
                return (value & ADDRESS & -1 << shift) | offset, rights
            table = value & ADDRESS
        return None
