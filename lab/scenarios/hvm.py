# SPDX-License-Identifier: GPL-2.0-or-later
"""`assign` with an HVM guest, whose devices see its memory at the guest's own addresses; stock: `passthrough` with one.
The other guest is PV: under QEMU's TCG the start of a second HVM guest ends in a double fault of Xen now and then."""

from scenarios import assign, passthrough

from harness import RACK

PORTS = RACK
GUESTS = ("hvm", "pv")
# Without VMX, which QEMU does not emulate, there is no HVM.
PROTECTS = ("amd",)


def run(lab):
    (passthrough if lab.stock else assign).run(lab, "hvm")
