#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of what the machine is given: the firmware's table made wider, and bus numbers."""

import mmap
import pathlib
import struct
import sys
import types
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import ivrs  # noqa: E402
import numbering  # noqa: E402
from machine import Device  # noqa: E402

SELECTS = b"".join(struct.pack("<I", devid << 8 | 2) for devid in (0x00, 0x08, 0x20, 0xFA))
ALIAS = struct.pack("<III", 0x0200 << 8 | 0x43, 0x0200 << 8, 0x02FF << 8 | 4)
IOAPIC = bytes([0x48, 0, 0, 0, 0, 0xA0, 0, 1])
RANGE = struct.pack("<II", 0x0008 << 8 | 3, 0xFFFE << 8 | 4)


def block(entries, kind=0x10, head=24, length=None):
    size = head + len(entries) if length is None else length
    return struct.pack("<BBH", kind, 0xD1, size) + bytes(range(4, head)) + entries


def table(*blocks):
    data = bytearray(struct.pack("<4sI", b"IVRS", 48 + sum(map(len, blocks))) + bytes(40))
    data += b"".join(blocks)
    data[9] = -sum(data) & 0xFF
    return bytes(data)


class IvrsTest(unittest.TestCase):
    def check(self, old, *entries):
        new = ivrs.wide(old)
        self.assertEqual(len(new), len(old))
        self.assertEqual(sum(new) & 0xFF, 0)
        self.assertEqual(new[:9] + new[10:], table(*entries)[:9] + table(*entries)[10:])

    def test_one_range_instead_of_devices(self):
        self.check(table(block(SELECTS + IOAPIC)), block(RANGE + IOAPIC + bytes(8)))
        self.check(table(block(SELECTS + ALIAS + IOAPIC)), block(RANGE + IOAPIC + bytes(20)))

    def test_longer_heads_and_other_blocks(self):
        memory = struct.pack("<BBH", 0x20, 0, 32) + bytes(28)
        self.check(table(block(SELECTS, 0x11, 40), memory, block(SELECTS, 0x40, 40)),
                   block(RANGE + bytes(8), 0x11, 40), memory, block(RANGE + bytes(8), 0x40, 40))

    def test_no_room(self):
        for entries in (b"", SELECTS[:4], SELECTS[:4] + IOAPIC, IOAPIC):
            self.assertRaises(ivrs.IvrsError, ivrs.wide, table(block(entries)))

    def test_malformed(self):
        for blocks in (block(SELECTS, length=0), block(SELECTS, length=3),
                       block(SELECTS, length=41), block(SELECTS + IOAPIC[:4])):
            self.assertRaises(ivrs.IvrsError, ivrs.wide, table(blocks))

    def test_found_only_when_finished(self):
        size = 2 << 20
        with mmap.mmap(-1, size) as data:
            ram = types.SimpleNamespace(size=size, bytes=data,
                                        read=lambda at, size: data[at:at + size])
            self.assertIsNone(ivrs.find(ram))
            whole = table(block(SELECTS + IOAPIC))
            at = size - 0x1234
            data[0x100:0x100 + len(whole)] = whole
            data[at - 64:at - 60] = b"IVRS"
            data[at:at + len(whole)] = whole[:9] + bytes([whole[9] ^ 1]) + whole[10:]
            self.assertIsNone(ivrs.find(ram))
            data[at:at + len(whole)] = whole
            self.assertEqual(ivrs.find(ram), (at, whole))


HIERARCHY = (Device("pcie-pci-bridge", "conv", "0.1"), Device("edu", "a", "1.0", bus="conv"),
             Device("x3130-upstream", "up", "0.2"),
             Device("xio3130-downstream", "down", "0.0", bus="up"),
             Device("edu", "b", "0.0", bus="down"), Device("nvme", "disk", "0.0"))


class NumberingTest(unittest.TestCase):
    def setUp(self):
        self.stored = {}
        self.config = types.SimpleNamespace(
            buses=lambda rid: tuple(struct.pack("<I", self.load(rid, 0x18, 4))[1:3]),
            load=self.load, store=self.store)
        self.store(0x20, 0x18, 4, 0x0D_05_00)

    def load(self, rid, offset, size):
        return self.stored.get((rid, offset, size), 0xAA_00_00_00)

    def store(self, rid, offset, size, value):
        self.stored[rid, offset, size] = value

    def test_depth_first(self):
        self.assertEqual(numbering.depth_first(HIERARCHY, 5),
                         ({"conv": (5, 6, 6), "up": (5, 7, 8), "down": (7, 8, 8)}, 8))
        self.assertEqual(numbering.depth_first(HIERARCHY[-1:], 5), ({}, 5))

    def numbering(self):
        return numbering.Numbering(self.config, 0x20, HIERARCHY)

    def test_given_and_taken_back(self):
        numbers = self.numbering()
        for name in ("up", "down"):
            numbers.give(name)
        self.assertEqual(self.stored[0x0502, 0x18, 4], 0xAA_08_07_05)
        self.assertEqual(self.stored[0x0700, 0x18, 4], 0xAA_08_08_07)
        numbers.take()
        self.assertEqual(self.stored[0x0502, 0x18, 4], 0xAA_00_00_00)
        self.assertEqual(self.stored[0x0700, 0x18, 4], 0xAA_00_00_00)
        self.assertEqual(numbers.secondaries(), {0x0501: 6, 0x0502: 7, 0x0700: 8})

    def test_below_a_bridge_that_is_there(self):
        self.store(0x0700, 0x18, 4, 0x0C_08_07)
        numbers = numbering.Numbering(self.config, 0x0700, (
            Device("nvme", "late", "0.1", bus="down"), Device("x3130-upstream", "more", "0.0", bus="down"),
            Device("xio3130-downstream", "last", "0.0", bus="more"), Device("edu", "c", "0.0", bus="last")), "down")
        self.assertEqual(numbers.secondaries(), {0x0800: 9, 0x0900: 10})

    def test_not_taken(self):
        numbers = self.numbering()
        self.config.store = lambda *_: None
        self.assertRaises(numbering.NumberingError, numbers.give, "up")

    def test_innermost_first(self):
        numbers, order = self.numbering(), []
        self.config.store = lambda rid, *_: order.append(rid)
        numbers.take()
        self.assertEqual(order, [0x0700, 0x0502, 0x0501])


if __name__ == "__main__":
    unittest.main()
