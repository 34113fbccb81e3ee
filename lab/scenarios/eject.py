# SPDX-License-Identifier: GPL-2.0-or-later
"""`sallyport eject`: everything below the port leaves in order. Until somebody pulls it, the device
is still there: it must not reach memory either. Then it is pulled, and plugged again."""

from harness import RACK, hierarchy, leaf

PORTS = RACK
BASELINE = "hierarchy"


def run(lab):
    devices = hierarchy()
    lab.guard()
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.say(f"sallyport eject {lab.address('rp0')}")
    lab.say(lab.dom0(f"sallyport eject {lab.address('rp0')}", 100).strip())
    lab.reported("removal-begun", "rp0")
    lab.reported("ejected", "rp0")
    lab.expect(not lab.instances("rp0"), "the kernel knows nothing below the port")
    lab.expect(lab.state("rp0") == "ejected", f"the daemon calls it ejected: {lab.state('rp0')}")
    lab.examine("rp0", "ejected, not pulled")
    lab.pull("rp0")
    lab.empty("rp0")
    lab.reported("unplugged", "rp0")
    lab.plug(("rp0", leaf()))
    lab.settle("rp0", leaf())
    lab.examine("rp0", "plugged again")
    lab.judge()
