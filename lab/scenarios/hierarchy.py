# SPDX-License-Identifier: GPL-2.0-or-later
"""Bridges, a disk and leaves behind bridges are plugged at once: stock Xen gives them dom0's
memory. There is no disk where its answers end in a page of their own and a driver can bind: see harness.hierarchy."""

from harness import RACK, hierarchy

PORTS = RACK


def run(lab):
    bound = lab.platform.linux != "newest"    # which binds no driver while Sallyport enumerates
    devices = hierarchy(diskless=bound and lab.platform.quarantine == "scratch")
    lab.guard()
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0")
    lab.judge()
