# SPDX-License-Identifier: GPL-2.0-or-later
"""Bridges, a disk and leaves behind bridges are plugged at once: stock Xen gives them dom0's
memory. Where a disk's answers end in a page of their own, there is none of it: see harness.hierarchy."""

from harness import RACK, hierarchy

PORTS = RACK


def run(lab):
    devices = hierarchy(diskless=lab.platform.quarantine == "scratch")
    lab.guard()
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0")
    lab.judge()
