# SPDX-License-Identifier: GPL-2.0-or-later
"""A single function is plugged."""

from harness import RACK, leaf

PORTS = RACK


def run(lab):
    lab.guard()
    lab.plug(("rp0", leaf()))
    lab.settle("rp0", leaf())
    lab.examine("rp0")
    lab.judge()
