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

KEYS = """(XEN) 'q' pressed -> dumping domain info (now = 30401234567)
(XEN) General information for domain 7:
(XEN)     Interrupts { 9 }
(XEN) 'q' pressed -> dumping domain info (now = 60401234567)
(XEN) General information for domain 0:
(XEN)     Interrupts { 1-23, 25-30 }
(XEN)     I/O Memory { 0-fed8f, fed91-fedff }
(XEN)     I/O Ports  { 0-1f, 22-3f }
(XEN) General information for domain 3:
(XEN) Rangesets belonging to domain 3:
(XEN)     Interrupts { 20 }
(XEN)     I/O Memory { fc300-fc3ff, fe200-fe203 }
(XEN)     I/O Ports  { }
(XEN)     log-dirty  { }
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


class ToldTest(unittest.TestCase):
    def test_rights(self):
        rights = guests(KEYS).rights()
        self.assertEqual(rights[3], {"Interrupts": "20", "I/O Memory": "fc300-fc3ff, fe200-fe203", "I/O Ports": ""})
        self.assertEqual(sorted(rights), [0, 3])

    def test_traces(self):
        self.assertEqual(guests(STORE).traces(), {"backends": [2], "given": {"0000:01:00.0": 3},
                                                  "slots": ["0000:01:00.0", "0000:04:00.0"]})
        self.assertEqual(guests("").traces(), {"backends": [], "given": {}, "slots": []})

    def test_toolstack(self):
        self.assertEqual(guests(XL).toolstack(), ({"Domain-0": 0, "work": 3}, {"work": ["0000:01:00.0"], "other": []},
                                                  ["0000:02:00.0"]))


class AimTest(unittest.TestCase):
    """Attacks from below a port that is open for the guest `work`."""

    def failures(self, mine, believed=True, **reached):
        """Targets at which what landed was not as it should. reached: {target: whose memory changed}."""
        told, aimed = [], []
        record = {"requester": "02:00.0", "owner": "quarantine", "door2_judged_by": "DMA"}

        def attack(port, function, target):
            aimed.append(target.name)
            name = reached.get(target.name)
            hit = {"bytes_door2": 8 if name == "dom0" else 0, "landed": {name: 8} if name not in (None, "dom0") else {}}
            return types.SimpleNamespace(record=lambda: record | hit)

        target = lambda name, own=False: types.SimpleNamespace(name=name)  # noqa: E731
        lab = types.SimpleNamespace(
            port=str, expect=lambda held, text: held or told.append(text.split(" at ")[1].split(":")[0]),
            config=types.SimpleNamespace(requester=lambda function: 0),
            rig=types.SimpleNamespace(
                oracle=types.SimpleNamespace(owner=str, believed=lambda owner: believed),
                attacker=types.SimpleNamespace(attack=attack, at_guest=target, at_dom0=lambda: target("dom0"),
                                               at_xen=lambda: target("xen"))))
        who = types.SimpleNamespace
        Guests(lab).aim("rp0", who(sbdf="0000:01:00.0"), who(name="work"), who(name="other"), mine)
        return told, aimed

    def test_mine(self):
        self.assertEqual(self.failures(True, work="work"), ([], ["dom0", "other", "work", "xen"]))
        self.assertEqual(self.failures(True)[0], ["work"])
        self.assertEqual(self.failures(True, work="work", other="other", dom0="dom0", xen="xen")[0],
                         ["dom0", "other", "xen"])

    def test_nobodys(self):
        self.assertEqual(self.failures(False)[0], [])
        self.assertEqual(self.failures(False, work="work", dom0="dom0")[0], ["dom0", "work"])

    def test_not_believed(self):
        self.assertEqual(self.failures(False, believed=False), ([], ["dom0", "other", "work"]))


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
