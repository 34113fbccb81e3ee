# SPDX-License-Identifier: GPL-2.0-or-later
"""An external port of a switch that is part of the machine, as those of a Thunderbolt controller are. An uncorrectable
error is reported in the name of that switch, which whatever is plugged can do; Linux resets the link above and has
pcieport restore the registers that each port had when it was bound (Linux: err.c:pcie_do_recovery,
portdrv.c:pcie_portdrv_slot_reset), Bus Master Enable with them: noticed, closed again, reported. While the daemon is
held still, door 2 alone must stop what is plugged then, as long as nobody enumerates it. With something in quarantine
below, for which no driver answers, Linux gives the recovery up: what was reset stays so, and nothing opens."""

from harness import leaf
from machine import Port

PORTS = (Port("dp0", 0, root=4, bus=2), Port("rp1", 5))
# Fatal by its default severity (PCIe Base Spec 7.8.4.4): Data Link Protocol Error.
ERROR = "DLP"
RECOVERED, FAILED = "device recovery successful", "device recovery failed"


def recovered(lab, words):
    """The error is reported; waits until Linux says how its recovery ended."""
    before = len(lab.rig.serial())
    lab.say(f"a fatal error in the name of {lab.port('dp0').switch}")
    lab.machine.inject(lab.port("dp0").switch, ERROR)
    took = lab.wait(f"dom0's kernel says: {words}", lambda: words in lab.rig.serial()[before:], 60)
    lab.say(f"{words}, after {took:.2f} s")


def given_up(lab):
    """What the port's registers are after the reset nobody restores, and neither is the way to them."""
    port, after = lab.port("dp0"), len(lab.daemon.records())
    switch = lab.config.buses(port.root << 3)[0] << 8
    recovered(lab, FAILED)
    lab.wait("the daemon holds what it cannot read", lambda: lab.state("dp0") == "contained", 20)
    lab.reported("port-contained", "dp0", after)
    lab.expect(lab.config.load(port.rid, 0, 2) == 0xFFFF, "dp0 does not answer")
    lab.expect(not lab.config.bme(switch), "the switch above it forwards nothing: its Bus Master Enable is 0")
    lab.dom0("sleep 5")
    lab.expect(lab.state("dp0") == "contained" and lab.sampler.exposures == 0, "nothing opened since, no exposure")


def run(lab):
    devices, rid = leaf(), lab.port("dp0").rid
    lab.dom0("echo 7 >/proc/sys/kernel/printk")    # the kernel tells of each recovery
    lab.guard()
    if not lab.stock:
        before = len(lab.daemon.records())
        recovered(lab, RECOVERED)
        lab.closed_again("dp0", before)
        lab.daemon.signal("STOP")
        recovered(lab, RECOVERED)
        before = len(lab.daemon.records())
        lab.expect(lab.config.bme(rid), "door 1 of dp0 is open: Linux has opened it")
    lab.plug(("dp0", devices))
    if not lab.stock:
        lab.examine("dp0", "not enumerated, opened by a recovery")
        lab.daemon.signal("CONT")
        lab.closed_again("dp0", before)
    lab.settle("dp0", devices)
    lab.examine("dp0", "enumerated")
    lab.judge()
    if not lab.stock:
        given_up(lab)
