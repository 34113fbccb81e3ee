#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the Thunderbolt controller's hardware side: what is plugged and pulled, in which order, and how words are
written."""

import pathlib
import sys
import types
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from machine import Ram  # noqa: E402
from thunderbolt import TUNNEL, Dock, Thunderbolt, escaped  # noqa: E402

UUID = "0f0e0d0c-0b0a-0908-ffff-ffffffffffff"


class FakeLab:
    """A lab without a machine: what it was told to do is in `done`. dom0 says what it is told here."""

    def __init__(self):
        self.done, self.scripts = [], []
        self.machine = types.SimpleNamespace(controller=Ram(4096))

    def say(self, text):
        pass

    def dom0(self, script):
        self.scripts.append(script)
        return ""

    def plug(self, *plugs):
        self.done += [("plug", name, devices) for name, devices in plugs]

    def show(self, name, devices):
        self.done.append(("show", name, devices))

    def pull(self, name):
        self.done.append(("pull", name))

    def hide(self, name, bridge, devices):
        self.done.append(("hide", name, bridge, devices))


class ServeTest(unittest.TestCase):
    def setUp(self):
        self.lab = FakeLab()
        self.there = Thunderbolt(self.lab, "user")
        self.assertIsNone(self.there.stop())    # here the tests are the thread
        self.there.docks = {0x1: Dock("rp0", ("a",), UUID), 0x301: Dock("rp0", ("b",), UUID, below="down"),
                            0x3: Dock("rp1", ("c",), UUID)}

    def tearDown(self):
        self.lab.machine.controller.close()

    def serve(self, *entries):
        """What was done when these are the entries (route, changes)."""
        memory = self.lab.machine.controller
        memory.write(0, b"".join(TUNNEL.pack(*entry) for entry in entries))
        self.lab.done.clear()
        self.there.serve()
        return self.lab.done

    def test_nothing_without_a_tunnel(self):
        self.assertEqual(self.serve(), [])
        self.assertEqual(self.serve((0x1, 2)), [])

    def test_appears_once_and_vanishes_once(self):
        self.assertEqual(self.serve((0x1, 1)), [("plug", "rp0", ("a",))])
        self.assertEqual(self.serve((0x1, 1)), [])
        self.assertEqual(self.serve((0x1, 2)), [("pull", "rp0")])
        self.assertEqual(self.serve((0x1, 2)), [])

    def test_vanished_and_back_between_two_looks(self):
        self.serve((0x1, 1))
        self.assertEqual(self.serve((0x1, 3)), [("pull", "rp0"), ("plug", "rp0", ("a",))])

    def test_a_chain_comes_from_the_host_on_and_goes_from_its_end_on(self):
        chain = [("plug", "rp0", ("a",)), ("show", "rp0", ("b",))]
        self.assertEqual(self.serve((0x301, 1), (0x1, 1)), chain)
        self.assertEqual(self.serve((0x301, 2), (0x1, 2)), [("hide", "rp0", "down", ("b",)), ("pull", "rp0")])

    def test_two_docks_do_not_touch_each_other(self):
        self.serve((0x1, 1), (0x3, 1))
        self.assertEqual(self.serve((0x1, 1), (0x3, 2)), [("pull", "rp1")])

    def test_a_tunnel_that_leads_to_nothing(self):
        self.there.docks[0x5] = Dock("rp1", (), UUID)
        self.assertEqual(self.serve((0x5, 1)), [])
        self.assertEqual(self.serve((0x5, 2)), [])

    def test_an_error_ends_it_and_is_told(self):
        self.lab.machine.controller.write(0, TUNNEL.pack(0x7, 1))    # of a dock that nobody connected
        self.there.stopping.clear()
        self.there.run()
        self.assertIn("KeyError", self.there.stop())


class WordsTest(unittest.TestCase):
    def test_words(self):
        dock = Dock("rp0", (), UUID, vendor="A'b c", nvm="n", boot=True, slow_ms=9)
        self.assertEqual(dock.words(), [f"uuid={UUID}", r"vendor=A\x27b\x20c", "name=Dock", "ids=8086:0b26",
                                        "generation=3", "nvm=n", "slow=9", "boot"])

    def test_what_is_no_letter_is_escaped(self):
        self.assertEqual(escaped("\x1b[\n\\\u00e9="), r"\x1b\x5b\x0a\x5c\xc3\xa9\x3d")

    def test_commands(self):
        lab = FakeLab()
        there = Thunderbolt(lab, "secure")
        there.connect(0x301, Dock("rp0", (), UUID))
        there.change(0x301, vendor="A b")
        there.disconnect(0x301)
        there.reset("none")
        there.stop()
        lab.machine.controller.close()
        words = f"uuid={UUID} vendor=Lab name=Dock ids=8086:0b26 generation=3"
        self.assertEqual(lab.scripts, ["modprobe tbfake security=secure", f"echo 'add 0-301 {words}' >/dev/tbfake",
                                       r"echo 'set 0-301 vendor=A\x20b' >/dev/tbfake", "echo 'del 0-301' >/dev/tbfake",
                                       "rmmod tbfake && modprobe tbfake security=none"])


if __name__ == "__main__":
    unittest.main()
