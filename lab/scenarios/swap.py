# SPDX-License-Identifier: GPL-2.0-or-later
"""Another device at the same address right after a surprise removal: while the removal is being
worked on; faster than anybody looks; and one of the same make, which is attacked before the daemon
has had a chance to look."""

from harness import RACK, disk, hierarchy, leaf

PORTS = RACK
# Guest seconds: longer than a poll (0.1), shorter than the removal of a hierarchy.
GAP_S = 0.15


def run(lab):
    devices = hierarchy()
    lab.guard()
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.swap("rp0", disk(), GAP_S)
    lab.settle("rp0", disk())
    lab.examine("rp0", "swapped while the removal was under way")
    lab.swap("rp0", leaf("a"), 0)
    lab.settle("rp0", leaf("a"))
    lab.examine("rp0", "swapped between two looks")
    if not lab.stock:
        lab.reported("removal-surprise", "rp0")
        lab.daemon.signal("STOP")
        lab.swap("rp0", leaf("b"), 0)
        lab.examine("rp0", "same make, before the daemon looked")
        lab.daemon.signal("CONT")
        lab.settle("rp0", leaf("b"))
        lab.examine("rp0", "same make")
    lab.judge()
