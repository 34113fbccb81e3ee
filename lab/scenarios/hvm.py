# SPDX-License-Identifier: GPL-2.0-or-later
"""`assign` with HVM guests, whose devices see their memory at the guest's own addresses; stock: `passthrough` with
them."""

from scenarios import assign, passthrough

from harness import RACK

PORTS = RACK
GUESTS = ("hvm",)
# Without VMX, which QEMU does not emulate, there is no HVM.
PROTECTS = ("amd",)


def run(lab):
    (passthrough if lab.stock else assign).run(lab, "hvm")
