# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon is dead and somebody has bound the kernel's pciehp again, as after a boot without the
daemon: what is plugged is enumerated at once, with door 1 open. What was reserved while the daemon
lived must hold all the same, and the daemon takes over when it is back."""

from harness import RACK, hierarchy

PORTS = RACK
BASELINE = "hierarchy"
# Nothing can be reserved on VT-d with Xen 4.17 (shared/mechanisms.md 10, H4).
PROTECTS = ("amd",)


def run(lab):
    devices = hierarchy(diskless=True)    # a driver will bind
    lab.guard()
    lab.kill()
    # In this order: an interrupt of the port that is lost keeps the next ones back, since its event stays pending.
    lab.open_gate("rp0")
    lab.pciehp("rp0", "bind")
    lab.plug(("rp0", devices))
    lab.wait("the kernel lists everything", lambda: lab.arrived("rp0", devices))
    rows = lab.examine("rp0", "plugged while the daemon is dead", kept_off=False)
    lab.expect(all(row["dma"]["door1"] == "open" for row in rows if row["dma"]), "door 1 is open")
    lab.start()
    lab.ready("rp0", devices)
    lab.examine("rp0", "the daemon is back")
    lab.judge()
