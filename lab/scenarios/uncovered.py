# SPDX-License-Identifier: GPL-2.0-or-later
"""An IVRS that does not cover what is below ports with several buses, as QEMU makes it: Xen takes no function
there, and keeps an entry without owner of each that dom0 reports. When the device is pulled stock dom0 has it
removed, and Xen before 4.19 panics (shared/mechanisms.md 9, H4). Sallyport says that the port is weak, and has
nothing removed that has no owner."""

import time

from harness import RACK, leaf

PORTS = RACK
PROTECTS = ("amd",)
NARROW = True


def panics(lab):
    """Stock: the plug and the pull that end Xen 4.17; a newer one says no."""
    lab.fatal = lab.platform.xen == "4.17"
    lab.plug(("rp0", leaf()))
    lab.wait("the kernel lists it", lambda: lab.arrived("rp0", leaf()))
    lab.pull("rp0")
    if lab.fatal:
        lab.wait("Xen breaks", lambda: lab.rig.broken(), 60)
        lab.expect("Panic on CPU" in lab.rig.broken(), f"Xen panics: {lab.rig.broken()}")
    else:
        lab.wait("the kernel lists nothing", lambda: not lab.instances("rp0"), 60)


def run(lab):
    if lab.stock:
        lab.guard()
        panics(lab)
        return
    lab.daemon.configure()
    lab.start()
    lab.reported("platform-weak", "rp0")
    lab.plug(("rp0", leaf()))
    lab.wait("rp0 is contained", lambda: lab.state("rp0") == "contained")
    lab.expect("not-covered" in lab.dom0(f"sallyport audit; sallyport show {lab.address('rp0')}; true"),
               "it is told why")
    lab.pull("rp0")
    lab.say("the daemon has half a minute to do something wrong")
    lab.wait("rp0 is empty", lambda: not lab.config.occupied(lab.port("rp0").rid), 10)
    time.sleep(30)
    lab.expect(not lab.rig.broken(), "Xen and dom0's kernel are whole after the pull")
    lab.expect(lab.daemon.alive(), "sallyportd runs")
    lab.unharmed()
