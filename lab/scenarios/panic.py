# SPDX-License-Identifier: GPL-2.0-or-later
"""A function whose PCI Express capability is there at one read and gone at the next. Xen relies on finding again
what it has just found, and panics while dom0 reports the function (shared/mechanisms.md 9, H6). No program in dom0
comes between: it is the same with Sallyport, whose port is closed meanwhile. Only what does not appear helps."""

from harness import RACK, malicious

PORTS = RACK
NEWER = True


def run(lab):
    lab.guard()
    lab.fatal = True
    lab.plug(("rp0", malicious("express-vanishes")))
    lab.wait("Xen breaks", lambda: lab.rig.broken(), 120)
    lab.expect("Xen BUG at drivers/passthrough/pci.c" in lab.rig.broken(), f"Xen panics: {lab.rig.broken()}")
    lab.unharmed()
