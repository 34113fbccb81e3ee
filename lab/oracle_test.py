#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the table reader and of the oracle's judgement on made-up tables."""

import pathlib
import struct
import sys
import types
import unittest
import unittest.mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import oracle  # noqa: E402
import spells  # noqa: E402
import vtd  # noqa: E402

ROOT, CONTEXT, L4, L3, L2, L1 = (0x1000 * n for n in range(1, 7))
OTHER = 0x7000
SIZE = 0x10000
TARGET = 0x0000_0080_4020_3000          # indices 1, 1, 1, 3 of the four levels


class Memory:
    """64 KiB of RAM and the two registers."""

    def __init__(self):
        self.data = bytearray(SIZE)
        self.registers = {vtd.REGISTERS + vtd.RTADDR: ROOT, vtd.REGISTERS + vtd.GSTS: 1 << 31}
        self.tables = vtd.Tables(self.read, lambda register, size: self.registers[register])

    def read(self, address, size):
        return bytes(self.data[address:address + size]) if 0 <= address <= SIZE - size else None

    def put(self, address, *words):
        self.data[address:address + 8 * len(words)] = struct.pack(f"<{len(words)}Q", *words)

    def context(self, rid, root, width=2, tt=0, domain=1):
        """A present context entry for a requester ID; every bus shares one context table."""
        self.put(ROOT + 16 * (rid >> 8), CONTEXT | 1, 0)
        self.put(CONTEXT + 16 * (rid & 0xFF), root | tt << 2 | 1, domain << 8 | width)

    def walk(self, *rights):
        """Tables that map TARGET to itself with these rights at levels 4 to 1."""
        tables, indices, below = (L4, L3, L2, L1), (1, 1, 1, 3), (L3, L2, L1, TARGET)
        for table, index, below, right in zip(tables, indices, below, rights):
            self.put(table + 8 * index, below | right)


class EntriesTest(unittest.TestCase):
    def setUp(self):
        self.memory = Memory()

    def test_absent(self):
        self.assertEqual(self.memory.tables.entries(), {})

    def test_present(self):
        self.memory.context(0x0108, L4, domain=0xABCD)
        self.assertEqual(self.memory.tables.entries(), {0x0108: vtd.Entry(L4, 0xABCD, 0, 4)})

    def test_change_is_seen(self):
        self.memory.context(0x0108, L4)
        self.memory.tables.entries()
        self.memory.put(CONTEXT + 16 * 8, 0, 0)
        self.assertEqual(self.memory.tables.entries(), {})

    def test_tables_outside_ram(self):
        self.memory.put(ROOT, 0xDEAD_0000_0001, 0)
        self.assertEqual(self.memory.tables.entries(), {})
        self.memory.registers[vtd.REGISTERS + vtd.RTADDR] = 0xFFFF_0000
        self.assertEqual(self.memory.tables.entries(), {})

    def test_scalable_mode_is_refused(self):
        self.memory.registers[vtd.REGISTERS + vtd.RTADDR] = ROOT | 0x400
        self.assertRaises(vtd.TableError, self.memory.tables.entries)

    def test_all_ones(self):
        self.memory.data[:] = b"\xff" * SIZE
        for entry in self.memory.tables.entries().values():
            self.assertIsNone(self.memory.tables.translate(entry, TARGET))


class WalkTest(unittest.TestCase):
    def setUp(self):
        self.memory = Memory()
        self.entry = vtd.Entry(L4, 1, 0, 4)

    def translate(self, address=TARGET, entry=None):
        return self.memory.tables.translate(entry or self.entry, address)

    def test_four_levels(self):
        self.memory.walk(3, 3, 3, 3)
        self.assertEqual(self.translate(), (TARGET, 3))
        self.assertEqual(self.translate(TARGET + 0x123), (TARGET + 0x123, 3))
        self.assertIsNone(self.translate(TARGET + 0x1000))

    def test_three_levels(self):
        self.memory.put(L3 + 8, L2 | 3)
        self.memory.put(L2 + 8, L1 | 3)
        self.memory.put(L1 + 24, 0x40203000 | 3)
        self.assertEqual(self.translate(0x40203000, vtd.Entry(L3, 1, 0, 3)), (0x40203000, 3))
        self.assertIsNone(self.translate(0x80_4020_3000, vtd.Entry(L3, 1, 0, 3)))

    def test_rights_are_the_least_on_the_way(self):
        self.memory.walk(3, 1, 3, 3)
        self.assertEqual(self.translate(), (TARGET, vtd.READ))
        self.memory.walk(3, 1, 2, 3)
        self.assertIsNone(self.translate())

    def test_large_pages(self):
        self.memory.walk(3, 3, 3, 3)
        self.memory.put(L2 + 8, 0x80_4020_0000 | vtd.LARGE | 3)
        self.assertEqual(self.translate(TARGET + 5), (TARGET + 5, 3))
        self.memory.put(L3 + 8, 0x80_4000_0000 | vtd.LARGE | 3)
        self.assertEqual(self.translate(TARGET + 5), (TARGET + 5, 3))

    def test_loop_ends(self):
        self.memory.put(L4 + 8, L4 | 3)
        self.memory.put(L4 + 24, L4 | 3)
        self.assertEqual(self.translate(), (L4, 3))

    def test_table_outside_ram(self):
        self.memory.put(L4 + 8, 0xF_0000_0000 | 3)
        self.assertIsNone(self.translate())

    def test_pass_through_and_reserved(self):
        self.assertEqual(self.translate(entry=vtd.Entry(0, 1, 2, 0)), (TARGET, 3))
        self.assertIsNone(self.translate(entry=vtd.Entry(L4, 1, 3, 4)))
        self.assertIsNone(self.translate(entry=vtd.Entry(L4, 1, 0, 0)))

    def test_maps_means_at_its_own_address(self):
        self.memory.walk(3, 3, 3, 3)
        self.assertTrue(self.memory.tables.maps(self.entry, TARGET))
        self.memory.put(L1 + 24, 0x5000 | 3)
        self.assertFalse(self.memory.tables.maps(self.entry, TARGET))


class JudgementTest(unittest.TestCase):
    """The oracle on one port with buses 1 to 2."""

    def setUp(self):
        self.memory, self.open = Memory(), True
        machine = types.SimpleNamespace(
            ram=self.memory, qtest=types.SimpleNamespace(
                load=lambda register, size: self.memory.registers[register]),
            ports=[types.SimpleNamespace(name="rp0", rid=0x20)], paused=unittest.mock.MagicMock)
        config = types.SimpleNamespace(buses=lambda rid: (1, 2), bme=lambda rid: self.open)
        self.oracle = oracle.Oracle(machine, config, types.SimpleNamespace(pages=[TARGET]))
        self.memory.context(0x0108, OTHER)
        self.memory.put(ROOT + 0, OTHER + 0x1000 | 1, 0)

    def reference(self, root):
        self.memory.put(OTHER + 0x1000 + 16 * oracle.REFERENCE, root | 1, 1 << 8 | 2)

    def test_none(self):
        self.assertEqual(self.oracle.owner(0x0100), "none")

    def test_other_is_no_exposure(self):
        self.reference(L4)
        self.assertEqual(self.oracle.owner(0x0108), "other")
        self.assertEqual(self.oracle.look().exposed, [])

    def test_same_table_as_dom0(self):
        self.reference(OTHER)
        self.assertEqual(self.oracle.look().exposed, [0x0108])
        self.open = False
        self.assertEqual(self.oracle.look().exposed, [])
        self.assertEqual(self.oracle.look().owners, {0x0108: "dom0"})

    def test_other_table_that_maps_the_canary(self):
        self.reference(OTHER)
        self.memory.context(0x0108, L4)
        self.memory.walk(3, 3, 3, 1)
        self.assertEqual(self.oracle.look().exposed, [0x0108])

    def test_not_translating_exposes_everything(self):
        self.memory.registers[vtd.REGISTERS + vtd.GSTS] = 0
        self.assertEqual(len(self.oracle.look().exposed), 512)

    def test_bus_outside_the_port(self):
        self.reference(OTHER)
        self.memory.put(ROOT + 16, 0, 0)
        self.memory.context(0x0308, OTHER)
        self.assertEqual(self.oracle.look().exposed, [])


class SpellsTest(unittest.TestCase):
    """What was seen of one port with buses 1 to 2, one look a second."""

    def seen(self, *looks):
        """looks: (gate is open, owner of 01:00.0, owner of 03:00.0, which is below another port)."""
        result = spells.Spells()
        for now, (gate, owner, other) in enumerate(looks):
            exposed = [0x0100] if gate and owner == "dom0" else []
            exposed += [0x0300] if other == "dom0" else []
            sample = oracle.Sample({"rp0": (gate, 1, 2)}, {0x0100: owner, 0x0300: other}, exposed)
            result.take(now, sample)
        return result.of("rp0")

    def test_never(self):
        self.assertEqual(self.seen((False, "other", "dom0")), {"gate": [], "owned": [], "exposed": []})
        self.assertEqual(spells.Spells().of("rp1"), {"gate": [], "owned": [], "exposed": []})

    def test_once(self):
        looks = [(False, "dom0", "other")] * 2 + [(True, "dom0", "other")] * 3
        looks += [(False, "dom0", "other"), (False, "other", "other")]
        self.assertEqual(self.seen(*looks), {"gate": [[2, 5]], "owned": [[0, 6]], "exposed": [[2, 5]]})

    def test_still(self):
        self.assertEqual(self.seen((True, "dom0", "other"))["exposed"], [[0, None]])

    def test_again(self):
        looks = [(True, owner, "other") for owner in ("dom0", "other", "dom0", "other")]
        self.assertEqual(self.seen(*looks), {"gate": [[0, None]], "owned": [[0, 1], [2, 3]],
                                             "exposed": [[0, 1], [2, 3]]})


if __name__ == "__main__":
    unittest.main()
