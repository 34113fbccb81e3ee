# SPDX-License-Identifier: GPL-2.0-or-later
"""A hierarchy is there at boot: it is dom0's until the daemon runs (nothing in dom0 can change
that), and never again."""

from harness import RACK, hierarchy

PORTS = RACK
COLD = tuple(("rp0", device) for device in hierarchy())


def run(lab):
    devices = lab.there["rp0"] = hierarchy()
    if lab.stock:
        lab.watch()
        lab.ready("rp0", devices)
        lab.examine("rp0")
    else:
        early = lab.examine("rp0", "before the daemon", doors=0)
        lab.expect(any(row["dma"] and row["dma"]["bytes"] for row in early),
                   "before the daemon runs the attack works")
        lab.guard()
        lab.watch()
        lab.ready("rp0", devices)
        marked = lab.daemon.functions(lab.address("rp0")).values()
        lab.expect(all(f["at_boot"] is True for f in marked), "all are marked as there at boot")
        lab.examine("rp0")
    lab.judge()
