# SPDX-License-Identifier: GPL-2.0-or-later
"""What the readers of remapping tables (vtd, amd) have in common. One of them stands behind the
oracle."""

import dataclasses

PAGE = 4096
ADDRESS = 0x000F_FFFF_FFFF_F000
READ, WRITE = 1, 2

# Kinds of entries. OPEN: nobody made one, and the IOMMU forwards every request as it is.
TABLE, PASS, OPEN, ABORT = "table", "pass", "open", "abort"


class TableError(Exception):
    """The tables are of a kind that is not judged here."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """What the tables say of a requester ID. root: its page tables; levels: of the walk; rights: the
    most that these allow."""
    kind: str
    root: int = 0
    domain: int = 0
    levels: int = 0
    rights: int = READ | WRITE


@dataclasses.dataclass
class Bus:
    """The entries of one bus. groups: [(Entry, devfns that it stands for)]; made: what a reader made of
    them, kept as long as the table's bytes are the same."""
    groups: list
    made: dict


class Tables:
    """One state of the tables. read(address, size) gives RAM bytes or None outside RAM;
    load(register, size) a register. Subclasses: translating(); base(), address of a page of Xen's that
    holds tables; buses(numbers), (number, Bus) each, without entries whose every request faults for want
    of one; walk(entry, address).
    ABORT_PASSES: the emulated IOMMU forwards what an entry aborts."""

    ABORT_PASSES = False

    def __init__(self, read, load):
        self.read = read
        self.load = load
        self.parsed = {}

    def bus(self, data, parse):
        """The Bus of parse(data), which gives (devfn, Entry) each; made again only when the bytes are
        others."""
        if data not in self.parsed:
            if len(self.parsed) > 4096:
                self.parsed.clear()
            groups = {}
            for devfn, entry in parse(data):
                groups.setdefault(entry, []).append(devfn)
            self.parsed[data] = Bus(list(groups.items()), {})
        return self.parsed[data]

    def entry(self, rid):
        """The Entry of a requester ID, or None."""
        groups = (group for _, bus in self.buses([rid >> 8]) for group in bus.groups)
        return next((entry for entry, devfns in groups if rid & 0xFF in devfns), None)

    def translate(self, entry, address):
        """(machine address, READ | WRITE bits) that a request to `address` reaches, or None when it
        faults."""
        if entry.kind == ABORT:
            return None
        return self.walk(entry, address) if entry.kind == TABLE else (address, entry.rights)
