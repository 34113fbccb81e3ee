# SPDX-License-Identifier: GPL-2.0-or-later
"""A third party sets Bus Master Enable of a closed port above a quarantined hierarchy: noticed,
closed again, reported. While door 1 is open, which lasts as long as the daemon is held still, door
2 alone must stop the attack."""

from harness import RACK, hierarchy

PORTS = RACK
BASELINE = "hierarchy"


def run(lab):
    devices = hierarchy()
    lab.guard()
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    before = len(lab.daemon.records())
    lab.open_gate("rp0")
    lab.closed_again("rp0", before)
    before = len(lab.daemon.records())
    lab.daemon.signal("STOP")
    lab.open_gate("rp0")
    rows = lab.examine("rp0", "door 1 held open")
    lab.expect(all(row["dma"]["door1"] == "open" for row in rows if row["dma"]),
               "door 1 was open meanwhile")
    lab.daemon.signal("CONT")
    lab.closed_again("rp0", before)
    lab.ready("rp0", devices)
    lab.examine("rp0", "closed again")
    lab.judge()
