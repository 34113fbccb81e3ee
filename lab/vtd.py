# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d remapping tables as a machine has them in RAM (Intel VT-d specification 3.4, chapter 9).
Reads only."""

import dataclasses
import struct

PAGE = 4096
REGISTERS = 0xFED90000     # QEMU's q35: Q35_HOST_BRIDGE_IOMMU_ADDR
GSTS, RTADDR = 0x1C, 0x20
ADDRESS = 0x000F_FFFF_FFFF_F000
READ, WRITE, LARGE = 1, 2, 1 << 7
PASS_THROUGH = 2           # context entry TT


class TableError(Exception):
    """The tables are of a kind this reader does not judge."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """A present context entry. root: second-level table; tt: translation type; levels: of the walk
    (0 = reserved AW)."""
    root: int
    domain: int
    tt: int
    levels: int


def context(low, high):
    """The context entry of two 64-bit words, or None when not present (9.3)."""
    if not low & 1:
        return None
    levels = {1: 3, 2: 4, 3: 5}.get(high & 7, 0)
    return Entry(low & ADDRESS, high >> 8 & 0xFFFF, low >> 2 & 3, levels)


class Tables:
    """One state of the tables. read(address, size) gives RAM bytes or None outside RAM;
    load(register, size) a register."""

    def __init__(self, read, load):
        self.read = read
        self.load = load
        self.parsed = {}

    def translating(self):
        """GSTS.TES: off means every requester reaches all memory."""
        return bool(self.load(REGISTERS + GSTS, 4) & 1 << 31)

    def entries(self):
        """{requester ID: Entry} of all present entries of the 65,536; absent buses cost one root
        entry each (9.1)."""
        root = self.load(REGISTERS + RTADDR, 8)
        if root & 0xC00:
            raise TableError(f"root table address {root:#x}: scalable mode is not judged")
        table = self.read(root & ADDRESS, PAGE)
        if table is None:
            return {}
        result = {}
        for bus, (low, _) in enumerate(struct.iter_unpack("<QQ", table)):
            if low & 1:
                result.update((bus << 8 | devfn, entry) for devfn, entry in self.bus(low & ADDRESS))
        return result

    def bus(self, address):
        """[(devfn, Entry)] of a context table; parsed again only when its bytes changed."""
        data = self.read(address, PAGE)
        if data is None:
            return ()
        if data not in self.parsed:
            if len(self.parsed) > 4096:
                self.parsed.clear()
            words = enumerate(struct.iter_unpack("<QQ", data))
            self.parsed[data] = [(devfn, entry) for devfn, (low, high) in words
                                 if (entry := context(low, high))]
        return self.parsed[data]

    def translate(self, entry, address):
        """(machine address, READ | WRITE bits) that a request to `address` reaches, or None when it
        faults (9.8)."""
        if entry.tt == PASS_THROUGH:
            return address, READ | WRITE
        if entry.tt > 1 or not entry.levels or address >> 12 + 9 * entry.levels:
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

    def maps(self, entry, page):
        """True when a requester with this entry reaches the machine page at its own address, for
        reading or writing.

        Xen gives dom0's devices and PV guests' devices machine addresses (iommu_construct,
        arch_iommu_hwdom_init)."""
        hit = self.translate(entry, page)
        return hit is not None and hit[0] == page
