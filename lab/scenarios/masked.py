# SPDX-License-Identifier: GPL-2.0-or-later
"""A network card keeps all of its MSI-X vectors masked at once, for which Xen refuses to quarantine it: it is
taken out of Xen's books instead, and stays contained; what is beside it is quarantined as ever."""

import contextlib
import threading

from harness import RACK, WIDE
from machine import Device

PORTS = RACK
BASELINE = "hierarchy"
CAP_MSI_X, FUNCTION_MASK = 0x11, 0x4000
INTERVAL_S = 0.05    # Xen takes the mask away when it is told of the card: it is set again long before it counts
# No driver of this dom0 takes the card: one would wait for its interrupts.
CARD = Device("e1000e", "card", "0.0", options=(("romfile", ""),))
LEAF = Device("edu", "beside", "0.1", options=(WIDE,))


@contextlib.contextmanager
def masked(lab, name):
    """Inside the block Function Mask of what is plugged directly below a port is set again and again."""
    rid, ended = lab.config.buses(lab.port(name).rid)[0] << 8, threading.Event()
    at = lab.config.capability(rid, CAP_MSI_X)
    lab.expect(at, "the card has MSI-X")

    def run():
        while not ended.wait(INTERVAL_S):
            control = lab.config.load(rid, at + 2, 2)
            if not control & FUNCTION_MASK:
                lab.config.store(rid, at + 2, 2, control | FUNCTION_MASK)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(60)
        lab.expect(not thread.is_alive(), "nobody masks it any more")


def functions(lab, name, device):
    """What the daemon says of the functions that are this device."""
    return [f for f in lab.daemon.functions(lab.address(name)).values() if f["id"] == device.id]


def settled(lab, name):
    return ([f["reason"] for f in functions(lab, name, CARD)] == ["withdrawn"] and
            [f["state"] for f in functions(lab, name, LEAF)] == ["quarantined"])


def run(lab):
    lab.guard()
    lab.plug(("rp0", (LEAF, CARD)))
    with masked(lab, "rp0"):
        lab.wait("the card withdrawn, the other function quarantined", lambda: settled(lab, "rp0"), 60)
    card = functions(lab, "rp0", CARD)[0]
    lab.expect(card["state"] == "contained" and card["owner"] is None, "it is contained, and nobody's")
    lab.expect("msix-masked" in card["findings"], "found: msix-masked")
    lab.reported("function-withdrawn", "rp0")
    lab.examine("rp0", "withdrawn")
    lab.judge()
