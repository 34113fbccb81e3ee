#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of how the lab tells a leak from what goes up and down."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from leaks import DAEMON, MACHINE, growth, slope, usage  # noqa: E402

TEXT = """pss_kib 3700
fds 21
processes 1
nodes 190
slots 0
"""
CONSOLE = """(XEN) 0000:02:00.0 - DomIO:8004 - node -1
(XEN)     Dom heap: 525000kB free
(XEN) Physical memory information:
(XEN)     Xen heap: 0kB free
(XEN)     heap[21]: 131072kB free
(XEN)     Dom heap: 524288kB free
(XEN) ==== PCI devices ====
(XEN) 0000:01:00.0 - DomIO:8003 - node -1
(XEN) 0000:00:1f.2 - d0 - node -1  - MSIs < 28 >
"""


def leaking(bounds, **series):
    """Names of what leaks; what is not given stays as it is."""
    count = len(next(iter(series.values())))
    usages = [dict.fromkeys(bounds, 5) | {name: values[i] for name, values in series.items()} for i in range(count)]
    return [name for name, _, leaks in growth(usages, bounds) if leaks]


class LeaksTest(unittest.TestCase):
    def test_usage(self):
        self.assertEqual(usage(TEXT, CONSOLE), {"pss_kib": 3700, "fds": 21, "processes": 1, "nodes": 190, "slots": 0,
                                       "free_kib": 524288, "pdevs": 2})

    def test_slope(self):
        self.assertEqual(slope([1, 3, 5, 7]), 2)
        self.assertEqual(slope([4, 4, 90, 4, 4]), 0)

    def test_leaks(self):
        self.assertEqual(leaking(DAEMON, fds=[20, 21, 22, 23]), ["fds"])
        self.assertEqual(leaking(DAEMON, fds=[20, 20, 21, 21, 22, 22]), ["fds"])
        self.assertEqual(leaking(DAEMON, pss_kib=[3700 + 4 * i for i in range(200)]), ["pss_kib"])
        self.assertEqual(leaking(MACHINE, free_kib=[90000 - 4 * i for i in range(200)]), ["free_kib"])
        self.assertEqual(leaking(MACHINE, nodes=[91, 103, 115, 127]), ["nodes"])
        self.assertEqual(leaking(MACHINE, nodes=[91, 103, 103]), [])
        self.assertEqual(leaking(MACHINE, pdevs=[8, 9, 10], slots=[0, 1, 2]), ["slots", "pdevs"])

    def test_steady(self):
        self.assertEqual(leaking(DAEMON, fds=[20, 23, 20, 20], pss_kib=[3700, 3780, 3760, 3790]), [])
        self.assertEqual(leaking(DAEMON, pss_kib=[3700 + i // 4 for i in range(200)]), [])
        self.assertEqual(leaking(MACHINE, free_kib=[90000, 90060, 90040, 90120], processes=[9, 5, 5, 5]), [])


if __name__ == "__main__":
    unittest.main()
