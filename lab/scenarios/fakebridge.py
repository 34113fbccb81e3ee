# SPDX-License-Identifier: GPL-2.0-or-later
"""A bridge comes with a DMA engine behind it that uses the bridge's own requester ID, as a device does
that only says it is a bridge. Stock Xen gives a bridge dom0's memory on AMD-Vi; on VT-d it gets that
as the alias of what is behind it, if its bus number was there in time. Quarantined, it still
carries its child."""

from harness import RACK, bridged

PORTS = RACK


def run(lab):
    devices = bridged()
    lab.guard()
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    bridge, leaf = lab.examine("rp0")
    lab.expect(leaf["dma"]["requester"] == bridge["sbdf"].removeprefix("0000:"),
               f"what is behind the bridge attacks as {leaf['dma']['requester']}")
    if not lab.stock:
        lab.judge()
    elif lab.platform.iommu == "amd":
        lab.expect(bridge["owner"] == "dom0", f"the bridge itself is dom0's: {bridge['owner']}")
        lab.judge()
    else:
        lab.expect(not leaf["dma"]["bytes"], "VT-d alone blocks it: the bridge has no entry")
