# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk that `sallyport assign` gave to a guest is taken from it by somebody in dom0, with xl, and given to another
guest. On AMD-Vi Xen does not tell which guest has it, and xenstore does: the door is shut. For how long the other guest
was reached through it, if it was, is in the verdict (regiven_open_s). `sallyport unassign` takes the disk back from
there. (Where Sallyport looks at its guests between the two, once a minute, the disk is its own guest's again first.)"""

from harness import RACK, beside
from scenarios.assign import disks, given

BASELINE = "passthrough"
PORTS = RACK
GUESTS = ("pv",)
PROTECTS = ("amd",)
# libxl writes whose it is to be before it asks Xen, so that there is nothing to wait for but dom0 itself.
LATE_S = 1


def regiven(lab, name, disk, work, other):
    """By hand, and the port is shut for it."""
    before, spells = len(lab.daemon.records()), len(lab.sampler.spells.of(name)["exposed"])
    lab.times["xl_s"] = lab.guests.ordered(f"xl pci-detach {work.name} {disk.sbdf} && "
                                           f"xl pci-attach {other.name} {disk.sbdf}")
    lab.times["shut_after_xl_s"] = lab.wait("door 1 is shut", lambda: not lab.config.bme(lab.port(name).rid), 10)
    lab.reported("port-shut", name, before)
    lab.reported("function-claimed", name, before)
    owner = lab.rig.oracle.owner(disk.rid)
    lab.expect(owner == f"guest {other.name}", f"{disk.sbdf} is of {owner}")
    lab.wait(f"{name} is contained", lambda: lab.state(name) == "contained", 20)
    late = [until - since for since, until in lab.sampler.spells.of(name)["exposed"][spells:] if until]
    lab.times["regiven_open_s"] = [round(took, 3) for took in late]
    lab.expect(sum(late) < LATE_S, f"{other.name} was reached through the open door for "
               f"{lab.times['regiven_open_s']} s")


def run(lab):
    devices = beside()
    lab.guard()
    work, other = lab.guests.create("work"), lab.guests.create("other")
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0", "plugged")
    disk = disks(lab, "rp0")[0]
    given(lab, "rp0", work, disk.sbdf)
    lab.times["guest_has_disk_s"] = lab.guests.uses(work)
    regiven(lab, "rp0", disk, work, other)
    exposures = lab.sampler.exposures
    lab.times["unassign_s"] = lab.guests.unassign("rp0", disk.sbdf)
    lab.ready("rp0", devices)
    lab.guests.clean(work)
    lab.guests.clean(other)
    lab.guests.agree()
    lab.examine("rp0", "taken back")
    lab.expect(lab.sampler.exposures == exposures, f"{exposures} exposures, all of them before the door was shut")
    lab.expect(not lab.rig.attacker.leftover(), "nothing was overwritten")
    lab.closed()
