# SPDX-License-Identifier: GPL-2.0-or-later
"""A function with SR-IOV that marks the BAR of its virtual functions as I/O ports: Xen 4.17 and 4.18 never get past
it while dom0 reports the function (shared/mechanisms.md 9, H7), later ones do. No program in dom0 comes between: it is
the same with Sallyport, whose port is closed meanwhile. Only what does not appear helps, or a newer Xen."""

from agent import AgentError
from harness import RACK, malicious

PORTS = RACK
NEWER = True
LINE = "SR-IOV device 0000:01:00.0 with vf BAR0 in IO space"
ENDLESS = 1000


def answers(lab):
    try:
        return lab.rig.agent.run("true", 5)[0] == 0
    except AgentError:
        return False


def run(lab):
    lab.guard()
    devices = malicious("sriov-io")
    if lab.platform.xen == "4.17":
        lab.fatal = True
        lab.plug(("rp0", devices))
        lab.wait("Xen goes round in circles", lambda: lab.rig.serial().count(LINE) > ENDLESS, 120, 1)
        lab.expect(not answers(lab), "Xen never comes back: dom0 is dead")
        lab.unharmed()
        return
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0")
    lab.judge()
