# SPDX-License-Identifier: GPL-2.0-or-later
"""A third party sets Bus Master Enable of a closed port above a quarantined hierarchy: noticed,
closed again, reported. While door 1 is open, which lasts as long as the daemon is held still, door
2 alone must stop the attack."""

from harness import RACK, hierarchy

PORTS = RACK
BASELINE = "hierarchy"


def open_gate(lab):
    lab.say("somebody sets Bus Master Enable of rp0")
    lab.dom0(f"/lib/lab/bme {lab.address('rp0')} 1")


def closed_again(lab, before):
    port = lab.port("rp0").rid
    took = lab.wait("door 1 is closed again", lambda: not lab.config.bme(port), 10, 0.01)
    lab.say(f"closed again after {took:.2f} s")
    lab.reported("gate-opened", "rp0", before)


def run(lab):
    devices = hierarchy()
    lab.guard()
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    before = len(lab.daemon.records())
    open_gate(lab)
    closed_again(lab, before)
    before = len(lab.daemon.records())
    lab.daemon.signal("STOP")
    open_gate(lab)
    rows = lab.examine("rp0", "door 1 held open")
    lab.expect(all(row["dma"]["door1"] == "open" for row in rows if row["dma"]),
               "door 1 was open meanwhile")
    lab.daemon.signal("CONT")
    closed_again(lab, before)
    lab.ready("rp0", devices)
    lab.examine("rp0", "closed again")
    lab.judge()
