#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of how the lab reads what Xen and xenstore say of guests' devices: lines that Xen 4.17 printed."""

import pathlib
import sys
import types
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from canary import PAGE, Canary, CanaryError, content  # noqa: E402
from guests import Guests  # noqa: E402

KEYS = """(XEN) General information for domain 0:
(XEN)     Interrupts { 1-23, 25-30 }
(XEN)     I/O Memory { 0-fed8f, fed91-fedff }
(XEN)     I/O Ports  { 0-1f, 22-3f }
(XEN) General information for domain 3:
(XEN) Rangesets belonging to domain 3:
(XEN)     Interrupts { 20 }
(XEN)     I/O Memory { fc300-fc3ff, fe200-fe203 }
(XEN)     I/O Ports  { }
(XEN)     log-dirty  { }
(XEN) 0000:04:00.0 - DomIO:8006 - node -1
(XEN) 0000:03:00.0 - d0 - node -1  - MSIs < 28 >
(XEN) 0000:01:00.0 - d3 - node -1
"""
STORE = """/libxl/pci = ""
/libxl/pci/0000-01-00-0 = ""
/libxl/pci/0000-01-00-0/driver_path = "/sys/bus/pci/drivers/nvme"
/libxl/pci/0000-01-00-0/domid = "3"
/local/domain/0/backend/pci/2 = ""
/local/domain/0/backend/pci/2/0 = ""
/local/domain/0/backend/pci/2/0/dev-0 = "0000:01:00.0"
0000:01:00.0
0000:04:00.0
"""


XL = """Name                                        ID   Mem VCPUs\tState\tTime(s)
Domain-0                                     0  1024     2     r-----      40.1
work                                         3   192     1     -b----       2.2
=work
Vdev Device
00.0 0000:01:00.0
=other
=
0000:02:00.0
"""


def guests(text):
    return Guests(types.SimpleNamespace(dom0=lambda *_: text))


class BooksTest(unittest.TestCase):
    def test_books(self):
        owners, rights = guests(KEYS).books()
        self.assertEqual(owners, {"0000:04:00.0": "DomIO:8006", "0000:03:00.0": "d0", "0000:01:00.0": "d3"})
        self.assertEqual(rights[3], {"Interrupts": "20", "I/O Memory": "fc300-fc3ff, fe200-fe203", "I/O Ports": ""})
        self.assertEqual(sorted(rights), [0, 3])

    def test_traces(self):
        self.assertEqual(guests(STORE).traces(), {"backends": [2], "given": {"0000:01:00.0": 3},
                                                  "slots": ["0000:01:00.0", "0000:04:00.0"]})
        self.assertEqual(guests("").traces(), {"backends": [], "given": {}, "slots": []})


    def test_toolstack(self):
        self.assertEqual(guests(XL).toolstack(), ({"Domain-0": 0, "work": 3}, {"work": ["0000:01:00.0"], "other": []},
                                                  ["0000:02:00.0"]))


class CanaryTest(unittest.TestCase):
    """Pages of two domains in one RAM."""

    def ram(self, *parts):
        data = b"".join(parts)
        return types.SimpleNamespace(
            read=lambda at, size: data[at:at + size] if 0 <= at <= len(data) - size else None,
            find=lambda pattern: (at for at in range(0, len(data), 32) if data.startswith(pattern, at)))

    def test_by_name(self):
        ram = self.ram(bytes(PAGE), content("work"), content("other"))
        self.assertEqual(Canary(ram, "work").pages[0], PAGE)
        self.assertEqual(Canary(ram, "other").pages[0], PAGE + len(content()))
        self.assertRaises(CanaryError, Canary, ram)

    def test_twice(self):
        self.assertRaises(CanaryError, Canary, self.ram(content("work"), content("work")), "work")
        self.assertRaises(CanaryError, Canary, self.ram(bytes(32), content("work"), bytes(PAGE - 32)), "work")


if __name__ == "__main__":
    unittest.main()
