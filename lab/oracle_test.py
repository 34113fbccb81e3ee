#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the table readers and of the oracle's judgement on made-up tables."""

import pathlib
import struct
import sys
import types
import unittest
import unittest.mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import amd  # noqa: E402
import oracle  # noqa: E402
import spells  # noqa: E402
import tables  # noqa: E402
import vtd  # noqa: E402

ROOT, CONTEXT, L4, L3, L2, L1 = (0x1000 * n for n in range(1, 7))
OTHER = 0x7000
SIZE = 0x10000
TARGET = 0x0000_0080_4020_3000          # indices 1, 1, 1, 3 of the four levels


def entries(memory, buses=range(256)):
    """{RID: Entry} of these buses."""
    return {number << 8 | devfn: entry for number, bus in memory.tables.buses(buses)
            for entry, devfns in bus.groups for devfn in devfns}


class Memory:
    """64 KiB of RAM and an IOMMU's registers."""

    def __init__(self, reader, registers):
        self.data = bytearray(SIZE)
        self.registers = registers
        self.tables = reader(self.read, lambda register, size: self.registers[register])

    def read(self, address, size):
        return bytes(self.data[address:address + size]) if 0 <= address <= SIZE - size else None

    def put(self, address, *words):
        self.data[address:address + 8 * len(words)] = struct.pack(f"<{len(words)}Q", *words)


class Vtd(Memory):
    IOMMU = "vtd"

    def __init__(self):
        super().__init__(vtd.Tables, {vtd.REGISTERS + vtd.RTADDR: ROOT,
                                      vtd.REGISTERS + vtd.GSTS: 1 << 31})

    def off(self):
        self.registers[vtd.REGISTERS + vtd.GSTS] = 0

    def context(self, rid, root, width=2, tt=0, domain=1):
        """A present context entry for a requester ID; every bus shares one context table."""
        self.put(ROOT + 16 * (rid >> 8), CONTEXT | 1, 0)
        self.put(CONTEXT + 16 * (rid & 0xFF), root | tt << 2 | 1, domain << 8 | width)

    def walk(self, *rights):
        """Tables that map TARGET to itself with these rights at levels 4 to 1."""
        indices, below = (1, 1, 1, 3), (L3, L2, L1, TARGET)
        for table, index, below, right in zip((L4, L3, L2, L1), indices, below, rights):
            self.put(table + 8 * index, below | right)


class Amd(Memory):
    """Its device table covers buses 0 to 3, 8 KiB each, and lies above the page tables."""
    IOMMU, DEVICES = "amd", 0x8000

    def __init__(self):
        super().__init__(amd.Tables, {amd.REGISTERS + amd.TABLE_BASE: self.DEVICES | 7,
                                      amd.REGISTERS + amd.CONTROL: 1})

    def off(self):
        self.registers[amd.REGISTERS + amd.CONTROL] = 0

    def device(self, rid, root=0, flags=3, mode=4, rights=3, domain=1):
        low = root | flags | mode << 9 | rights << 61
        self.put(self.DEVICES + 32 * rid, low, domain, 0, 0)

    def walk(self, *rights):
        """Tables that map TARGET to itself with these rights at levels 4 to 1."""
        below = ((L3, 3), (L2, 2), (L1, 1), (TARGET, 0))
        for table, index, (to, level), right in zip((L4, L3, L2, L1), (1, 1, 1, 3), below, rights):
            self.put(table + 8 * index, to | level << 9 | right << 61 | 1)


def entry(root, domain=1, levels=4, rights=3):
    return tables.Entry(tables.TABLE, root, domain, levels, rights)


class EntriesTest(unittest.TestCase):
    def setUp(self):
        self.memory = Vtd()

    def test_absent(self):
        self.assertEqual(entries(self.memory), {})

    def test_present(self):
        self.memory.context(0x0108, L4, domain=0xABCD)
        self.assertEqual(entries(self.memory), {0x0108: entry(L4, 0xABCD)})

    def test_one(self):
        self.memory.context(0x0108, L4)
        self.assertEqual(self.memory.tables.entry(0x0108), entry(L4))
        self.assertIsNone(self.memory.tables.entry(0x0109))
        self.assertIsNone(self.memory.tables.entry(0x0208))

    def test_change_is_seen(self):
        self.memory.context(0x0108, L4)
        entries(self.memory)
        self.memory.put(CONTEXT + 16 * 8, 0, 0)
        self.assertEqual(entries(self.memory), {})

    def test_tables_outside_ram(self):
        self.memory.put(ROOT, 0xDEAD_0000_0001, 0)
        self.assertEqual(entries(self.memory), {})
        self.memory.registers[vtd.REGISTERS + vtd.RTADDR] = 0xFFFF_0000
        self.assertEqual(entries(self.memory), {})

    def test_scalable_mode_is_refused(self):
        self.memory.registers[vtd.REGISTERS + vtd.RTADDR] = ROOT | 0x400
        self.assertRaises(tables.TableError, entries, self.memory)

    def test_all_ones(self):
        self.memory.data[:] = b"\xff" * SIZE
        for entry in entries(self.memory).values():
            self.assertIsNone(self.memory.tables.translate(entry, TARGET))


class WalkTest(unittest.TestCase):
    def setUp(self):
        self.memory = Vtd()
        self.entry = entry(L4)

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
        self.assertEqual(self.translate(0x40203000, entry(L3, levels=3)), (0x40203000, 3))
        self.assertIsNone(self.translate(0x80_4020_3000, entry(L3, levels=3)))

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

    def test_kinds(self):
        self.assertEqual(self.translate(entry=vtd.context(1 | 2 << 2, 2)), (TARGET, 3))
        for word in (L4 | 3 << 2 | 1, 2), (L4 | 1, 0):
            self.assertEqual(vtd.context(*word).kind, tables.ABORT)
            self.assertIsNone(self.translate(entry=vtd.context(*word)))
        self.assertEqual(vtd.context(L4 | 1 << 2 | 1, 2).kind, tables.TABLE)
        self.assertIsNone(vtd.context(L4, 2))


class DeviceTableTest(unittest.TestCase):
    def setUp(self):
        self.memory = Amd()

    def kind(self, **fields):
        self.memory.device(0x0108, **fields)
        return entries(self.memory, [1])[0x0108].kind

    def test_kinds(self):
        self.assertEqual(self.kind(flags=0), tables.OPEN)
        self.assertEqual(self.kind(flags=2), tables.OPEN)
        self.assertEqual(self.kind(flags=1), tables.ABORT)
        self.assertEqual(self.kind(), tables.TABLE)
        self.assertEqual(self.kind(mode=0), tables.PASS)
        self.assertEqual(self.kind(mode=0, rights=0), tables.ABORT)
        self.assertEqual(self.kind(mode=7), tables.ABORT)
        self.assertEqual(self.kind(rights=0), tables.ABORT)

    def test_fields(self):
        self.memory.device(0x0108, L4, mode=3, rights=2, domain=0xABCD)
        self.assertEqual(entries(self.memory)[0x0108],
                         entry(L4, 0xABCD, 3, tables.WRITE))

    def test_change_is_seen(self):
        self.assertEqual(self.kind(), tables.TABLE)
        self.assertEqual(self.kind(flags=1), tables.ABORT)

    def test_beyond_the_table(self):
        self.assertEqual(len(entries(self.memory)), 4 * 256)
        self.memory.registers[amd.REGISTERS + amd.TABLE_BASE] = Amd.DEVICES | 2
        self.assertEqual(len(entries(self.memory)), 256 + 128)

    def test_table_outside_ram(self):
        for base in (SIZE - 0x1000 | 7, 0xF_0000_0000):
            self.memory.registers[amd.REGISTERS + amd.TABLE_BASE] = base
            self.assertRaises(tables.TableError, entries, self.memory)

    def test_guest_translation_is_refused(self):
        self.memory.device(0x0108, L4 | 1 << 55)
        self.assertRaises(tables.TableError, entries, self.memory)

    def test_all_ones(self):
        self.memory.data[:] = b"\xff" * SIZE
        self.assertRaises(tables.TableError, entries, self.memory)


class AmdWalkTest(unittest.TestCase):
    def setUp(self):
        self.memory = Amd()
        self.memory.walk(3, 3, 3, 3)

    def translate(self, address=TARGET, levels=4, root=L4, rights=3):
        return self.memory.tables.translate(entry(root, 1, levels, rights), address)

    def put(self, at, to, level, rights=3):
        self.memory.put(at, to | level << 9 | rights << 61 | 1)

    def test_four_levels(self):
        self.assertEqual(self.translate(), (TARGET, 3))
        self.assertEqual(self.translate(TARGET + 0x123), (TARGET + 0x123, 3))
        self.assertIsNone(self.translate(TARGET + 0x1000))
        self.assertIsNone(self.translate(TARGET | 1 << 48))

    def test_six_levels(self):
        self.put(OTHER, L4, 4)
        self.put(ROOT, OTHER, 5)
        self.assertEqual(self.translate(levels=6, root=ROOT), (TARGET, 3))
        self.assertIsNone(self.translate(TARGET | 1 << 48, levels=6, root=ROOT))
        self.assertIsNone(self.translate(TARGET | 1 << 62, levels=6, root=ROOT))

    def test_rights_are_the_least_on_the_way(self):
        self.assertEqual(self.translate(rights=tables.WRITE), (TARGET, tables.WRITE))
        self.memory.walk(3, 1, 3, 3)
        self.assertEqual(self.translate(), (TARGET, tables.READ))
        self.assertIsNone(self.translate(rights=tables.WRITE))
        self.memory.walk(3, 1, 2, 3)
        self.assertIsNone(self.translate())
        self.memory.walk(3, 3, 3, 0)
        self.assertIsNone(self.translate())

    def test_not_present(self):
        self.memory.put(L1 + 24, TARGET | 3 << 61)
        self.assertIsNone(self.translate())

    def test_pages_of_upper_levels(self):
        self.put(L2 + 8, 0x80_4020_0000, 0)
        self.assertEqual(self.translate(TARGET + 5), (TARGET + 5, 3))
        self.put(L3 + 8, 0x80_4000_0000, 0)
        self.assertEqual(self.translate(TARGET + 5), (TARGET + 5, 3))

    def test_pages_with_a_size(self):
        self.put(L1 + 24, 0x5000, 7)                   # bits 12 set, 13 clear: 16 KiB
        self.assertEqual(self.translate(TARGET + 5), (0x7005, 3))
        self.put(L1 + 24, 0x4000, 7)                   # bit 12 clear: 8 KiB
        self.assertEqual(self.translate(TARGET + 5), (0x5005, 3))
        self.put(L2 + 8, 0x7FFF_F000, 7)               # up to bit 30: 4 GiB
        self.assertEqual(self.translate(TARGET), (0x4020_3000, 3))

    def test_all_ones_is_one_page_or_nothing(self):
        self.memory.data[:] = b"\xff" * SIZE
        self.assertEqual(self.translate(), (TARGET, 3))
        self.assertEqual(amd.page_size(tables.ADDRESS), 1 << 53)

    def test_left_out_level(self):
        self.put(L4 + 8, L1, 1)
        self.assertIsNone(self.translate())            # its bits are not zero
        self.put(L1 + 24, 0x80_0000_3000, 0)
        self.assertEqual(self.translate(0x80_0000_3005), (0x80_0000_3005, 3))
        self.assertIsNone(self.translate(0x80_0020_3005))
        self.assertIsNone(self.translate(0x80_4000_3005))

    def test_level_that_does_not_fall_is_a_fault(self):
        for level in (4, 5, 6):
            self.put(L4 + 8, L4, level)
            self.assertIsNone(self.translate())
        self.put(L1 + 24, L1, 1)
        self.put(L4 + 8, L3, 3)
        self.assertIsNone(self.translate())

    def test_table_outside_ram(self):
        self.put(L4 + 8, 0xF_0000_0000, 3)
        self.assertIsNone(self.translate())


class RangesTest(unittest.TestCase):
    def test_neighbours_of_one_owner(self):
        self.assertEqual(oracle.ranges({}), {})
        owners = {0x0107: "dom0", 0x0108: "dom0", 0x0109: "guest", 0x0200: "dom0", 0x00FF: "dom0"}
        self.assertEqual(oracle.ranges(owners), {"00:1f.7": "dom0", "01:00.7-01:01.0": "dom0",
                                                 "01:01.1": "guest", "02:00.0": "dom0"})


class JudgeTest:
    """The oracle on one port with buses 1 and 2. Subclasses: the tables; `give`, which makes a
    requester ID use page tables of four levels."""

    memory = None

    def prepare(self):
        self.open = self.occupied = True
        machine = types.SimpleNamespace(
            platform=types.SimpleNamespace(iommu=self.memory.IOMMU),
            ram=self.memory, qtest=types.SimpleNamespace(
                load=lambda register, size: self.memory.registers[register]),
            ports=[types.SimpleNamespace(name="rp0", rid=0x20)], paused=unittest.mock.MagicMock)
        self.buses = 1, 2
        config = types.SimpleNamespace(bridge=lambda rid: (self.open, *self.buses),
                                       occupied=lambda rid: self.occupied)
        self.oracle = oracle.Oracle(machine, config, types.SimpleNamespace(pages=[TARGET]))

    def owners(self):
        return {rid: owner for rid, owner in self.oracle.look().owners.items() if rid == 0x0108}

    def test_guest_is_no_exposure(self):
        self.give(oracle.REFERENCE, L4)
        self.assertEqual(self.oracle.owner(0x0108), "guest")
        self.assertNotIn(0x0108, self.oracle.look().exposed)
        self.assertNotIn(0x0108, self.oracle.look().reaching("rp0"))
        self.assertEqual(self.oracle.look().mapped(), [0x0108])

    def test_same_table_as_dom0(self):
        self.give(oracle.REFERENCE, OTHER)
        self.assertIn(0x0108, self.oracle.look().exposed)
        self.occupied = False
        self.assertIn(0x0108, self.oracle.look().exposed)
        self.open = False
        self.assertEqual(self.oracle.look().exposed, [])
        self.assertEqual(self.owners(), {0x0108: "dom0"})
        self.assertIn(0x0108, self.oracle.look().reaching("rp0"))

    def test_other_table_that_maps_the_canary(self):
        self.give(oracle.REFERENCE, OTHER)
        self.give(0x0108, L4)
        self.memory.walk(3, 3, 3, 1)
        self.assertIn(0x0108, self.oracle.look(quick=True).exposed)
        self.assertIn(0x0108, self.oracle.look().exposed)
        self.assertEqual(self.oracle.reach(0x0108, TARGET + 5), TARGET + 5)

    def test_guest_by_its_memory(self):
        self.give(oracle.REFERENCE, OTHER)
        self.give(0x0108, L4)
        self.memory.walk(3, 3, 3, 3)
        self.oracle.canary = types.SimpleNamespace(pages=[0x9000])
        self.assertEqual(self.oracle.owner(0x0108), "guest")
        self.oracle.guests = {"other": types.SimpleNamespace(pages=[TARGET + 0x1000]),
                              "work": types.SimpleNamespace(pages=[TARGET])}
        self.assertEqual(self.oracle.owner(0x0108), "guest work")
        self.assertEqual(self.oracle.look(quick=True).mapped(), [0x0108])
        self.memory.walk(3, 3, 3, 0)
        self.assertEqual(self.oracle.owner(0x0108), "guest")

    def test_guest_by_its_own_addresses(self):
        self.give(oracle.REFERENCE, OTHER)
        self.give(0x0108, L4)
        for table, to, level in (L4, L3, 3), (L3, L2, 2), (L2, L1, 1), (L1, 0x5000, 0):
            self.every(table, to, level)
        self.every(L1, 0x9000, 0, first=511)
        self.oracle.guests = {"work": types.SimpleNamespace(pages=[0x9000])}
        self.assertEqual(self.oracle.owner(0x0108), "guest")
        self.oracle.learn(0x0108, "work", 0x20_0000)
        self.assertEqual(self.oracle.places, {"work": {0x9000: 0x1F_F000}})
        self.assertEqual(self.oracle.owner(0x0108), "guest work")
        self.oracle.learn(0x0108, "work", 0x1F_F000)
        self.assertEqual(self.oracle.places, {"work": {}})

    def test_guest_that_it_is_not_lent_to(self):
        self.give(oracle.REFERENCE, OTHER)
        self.give(0x0108, L4)
        self.memory.walk(3, 3, 3, 3)
        self.oracle.canary = None
        self.oracle.guests = {"work": types.SimpleNamespace(pages=[TARGET])}
        self.assertIn(0x0108, self.oracle.look().exposed)
        self.oracle.lent = {"rp0": "work"}
        self.assertNotIn(0x0108, self.oracle.look().exposed)
        self.oracle.lent = {"rp0": "other"}
        self.assertIn(0x0108, self.oracle.look(quick=True).exposed)
        self.open = False
        self.assertEqual(self.oracle.look().exposed, [])

    def test_quarantine_leads_to_one_page(self):
        self.give(0x0108, L4)
        self.every(L4, L3, 3)
        self.every(L3, L2, 2)
        self.every(L2, L1, 1)
        self.every(L1, 0x5000, 0)
        self.assertEqual(self.oracle.owner(0x0108), "quarantine")
        self.assertEqual(self.oracle.reach(0x0108, TARGET + 5), 0x5005)
        self.assertEqual(self.oracle.look(quick=True).owners[0x0108], "quarantine")
        self.every(L1, 0x6000, 0, first=256)
        self.assertEqual(self.oracle.owner(0x0108), "guest")

    def test_change_is_seen(self):
        self.give(oracle.REFERENCE, OTHER)
        self.assertEqual(self.owners(), {0x0108: "dom0"})
        self.give(oracle.REFERENCE, L3)
        self.assertEqual(self.owners(), {0x0108: "guest"})
        self.give(0x0108, L3)
        self.assertEqual(self.owners(), {0x0108: "dom0"})

    def test_many_tables_are_looked_at_in_turn(self):
        """What changes behind an entry that stays as it is is seen after as many looks as there are buses; another
        entry, or another table of dom0's, at once."""
        self.give(oracle.REFERENCE, OTHER)
        for devfn in range(oracle.MANY + 1):
            self.give(0x0100 + devfn, L4 + devfn * 0x10_0000)
            self.give(0x0200 + devfn, L4 + devfn * 0x10_0000)
        self.assertEqual(self.oracle.look(quick=True).mapped(), self.oracle.look().mapped())
        self.memory.walk(3, 3, 3, 1)
        looks = [set(self.oracle.look(quick=True).exposed) for _ in range(2)]
        self.assertEqual(looks[0] ^ looks[1], {0x0100} if 0x0200 in looks[0] else {0x0200})
        self.assertLessEqual({0x0100, 0x0200}, looks[0] | looks[1])
        self.give(0x0101, OTHER)
        self.give(0x0201, OTHER)
        self.assertLessEqual({0x0101, 0x0201}, set(self.oracle.look(quick=True).exposed))
        self.give(oracle.REFERENCE, L4 + 2 * 0x10_0000)
        self.assertLessEqual({0x0102, 0x0202}, set(self.oracle.look(quick=True).exposed))

    def test_not_translating_exposes_everything(self):
        self.memory.off()
        self.assertEqual(len(self.oracle.look().exposed), 512)
        self.assertEqual(self.oracle.owner(0x0500), "dom0")
        self.assertEqual(self.oracle.reach(0x0500, 0x1234), 0x1234)

    def test_port_that_does_not_answer(self):
        """What was below it may still reach dom0."""
        self.buses = oracle.NO_ANSWER
        self.assertEqual(self.oracle.look().exposed, [])    # it never answered: nobody knows of anything below
        self.buses = 1, 2
        self.give(oracle.REFERENCE, OTHER)
        self.assertIn(0x0108, self.oracle.look().exposed)
        self.buses = oracle.NO_ANSWER
        self.assertIn(0x0108, self.oracle.look().exposed)

    def test_bus_outside_the_port(self):
        self.give(oracle.REFERENCE, OTHER)
        self.give(0x0308, OTHER)
        self.assertFalse({rid for rid in self.oracle.look().exposed if rid >> 8 not in (1, 2)})


class VtdJudgeTest(JudgeTest, unittest.TestCase):
    def setUp(self):
        self.memory = Vtd()
        self.prepare()
        self.memory.context(0x0108, OTHER)
        self.memory.put(ROOT + 0, OTHER + 0x1000 | 1, 0)

    def give(self, rid, root):
        if rid == oracle.REFERENCE:
            self.memory.put(OTHER + 0x1000 + 16 * rid, root | 1, 1 << 8 | 2)
        else:
            self.memory.context(rid, root)

    def every(self, table, to, level, first=0):
        self.memory.put(table + 8 * first, *[to | 3] * (512 - first))

    def test_absent_is_blocked(self):
        self.assertEqual(self.oracle.owner(0x0100), "blocked")
        self.assertIsNone(self.oracle.reach(0x0100, TARGET))
        self.assertNotIn(0x0100, self.oracle.look().owners)

    def test_pass_through(self):
        self.memory.context(0x0108, 0, tt=2)
        self.assertIn(0x0108, self.oracle.look().exposed)

    def test_blocked_is_believed(self):
        self.assertTrue(self.oracle.believed("blocked"))


class AmdJudgeTest(JudgeTest, unittest.TestCase):
    def setUp(self):
        self.memory = Amd()
        self.prepare()
        self.give(0x0108, OTHER)

    def give(self, rid, root):
        self.memory.device(rid, root)

    def every(self, table, to, level, first=0):
        word = to | level << 9 | 3 << 61 | 1
        self.memory.put(table + 8 * first, *[word] * (512 - first))

    def test_no_entry_forwards(self):
        self.assertEqual(self.oracle.owner(0x0100), "untranslated")
        self.assertEqual(self.oracle.reach(0x0100, TARGET), TARGET)
        self.assertEqual(len(self.oracle.look().exposed), 511)
        self.assertEqual(len(self.oracle.look().reaching("rp0")), 511)
        self.occupied = False
        self.assertEqual(self.oracle.look().exposed, [])
        self.assertEqual(self.oracle.look().mapped(), [0x0108])
        self.assertEqual(len(self.oracle.look().reaching("rp0")), 511)

    def test_abort_blocks_but_not_in_the_emulation(self):
        self.memory.device(0x0100, flags=1)
        self.assertEqual(self.oracle.owner(0x0100), "blocked")
        self.assertIsNone(self.oracle.reach(0x0100, TARGET))
        self.assertNotIn(0x0100, self.oracle.look().exposed)
        self.assertFalse(self.oracle.believed("blocked"))
        self.assertTrue(self.oracle.believed("quarantine"))

    def test_pass_through(self):
        self.memory.device(0x0108, mode=0)
        self.assertEqual(self.oracle.owner(0x0108), "dom0")

    def test_beyond_the_table_is_blocked(self):
        self.assertEqual(self.oracle.owner(0x0400), "blocked")


class SpellsTest(unittest.TestCase):
    """What was seen of one port with buses 1 to 2, one look a second."""

    def seen(self, *looks):
        """looks: (gate is open, owner of 01:00.0, owner of 03:00.0, which is below another port)."""
        result = spells.Spells()
        for now, (gate, owner, other) in enumerate(looks):
            exposed = [0x0100] if gate and owner == "dom0" else []
            exposed += [0x0300] if other == "dom0" else []
            sample = oracle.Sample({"rp0": (gate, True, 1, 2)},
                                   {1: {0x0100: owner}, 3: {0x0300: other}}, exposed)
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
