# SPDX-License-Identifier: GPL-2.0-or-later
"""A device is plugged that nobody enumerates, and door 1 is open. On VT-d its requests find no entry.
On AMD-Vi Xen leaves the entry of every requester ID that the firmware covers with V=0, which
forwards them all to where they want: there door 2 has to be shut before anything is plugged."""

from harness import RACK, leaf

PORTS = RACK


def run(lab):
    lab.guard()
    if lab.stock:
        lab.pciehp("rp0", "unbind")
    else:
        before = len(lab.daemon.records())
        lab.daemon.signal("STOP")
    lab.plug(("rp0", leaf()))
    lab.open_gate("rp0")
    rows = lab.examine("rp0", "not enumerated, door 1 open")
    lab.expect(all(row["dma"]["door1"] == "open" for row in rows), "door 1 was open meanwhile")
    lab.expect(not lab.instances("rp0"), "dom0 has not enumerated it")
    if not lab.stock:
        lab.daemon.signal("CONT")
        lab.closed_again("rp0", before)
        lab.settle("rp0", leaf())
        lab.examine("rp0", "enumerated")
    if not lab.stock or lab.platform.iommu == "amd":
        lab.judge()
    else:
        lab.expect(not any(row["dma"]["bytes"] for row in rows), "VT-d alone blocks it")
        lab.expect(lab.sampler.exposures == 0, "no exposure")
