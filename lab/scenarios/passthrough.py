# SPDX-License-Identifier: GPL-2.0-or-later
"""A hierarchy is plugged, and its disk and the leaf behind its switch are given to a guest by xl. Stock: before that
they overwrite dom0; then the guest works with the disk, and the leaf reaches that guest's memory, and nobody else's.
Guarded: xl alone gets nothing that Sallyport has not released, and all stays in quarantine."""

from harness import RACK, hierarchy

PORTS = RACK
GUESTS = ("pv",)
DISK, EDU = "1b36:0010", "1234:11e8"


def functions(lab, name):
    """{id: the last function with it below a port}: behind the switch there is another leaf than behind the bridge."""
    return {function.id: function for function in lab.config.below(lab.port(name).rid)}


def refused(lab, name, domain):
    """xl by hand, and what is below a port stays where it is."""
    found = functions(lab, name)
    for function in (found[DISK], found[EDU]):
        for script in (f"xl pci-assignable-add {function.sbdf}", f"xl pci-attach {domain.name} {function.sbdf}"):
            status, told = lab.rig.agent.run(script, 60)
            lab.expect(status not in (0, 137), f"{script}: exit {status}: {told.strip().splitlines()[-1:]}")
    lab.expect(lab.quarantined(name, lab.there[name]), "all is quarantined, as before")
    lab.guests.clean(domain)
    lab.guests.agree()
    lab.examine(name, "xl by hand")


def given(lab, name, domain, other):
    """Disk and leaf are a guest's for a while."""
    found = functions(lab, name)
    mine = (found[DISK], found[EDU])
    lab.guests.lend(name, domain)
    for function in mine:
        lab.times[f"xl_{function.id}"] = lab.guests.attach(domain, function.sbdf)
    lab.guests.learn(domain, found[EDU].rid)
    for function in mine:
        owner = lab.rig.oracle.owner(function.rid)
        lab.expect(owner == f"guest {domain.name}", f"{function.sbdf} is of {owner}")
    lab.times["guest_has_disk_s"] = lab.guests.uses(domain)
    lab.guests.aim(name, found[EDU], domain, other)
    lab.examine(name, "two are a guest's", used=(DISK,))
    for function in reversed(mine):
        lab.times[f"xl_detach_{function.id}"] = lab.guests.detach(domain, function.sbdf)
    lab.guests.clean(domain)
    lab.guests.lend(name, None)
    lab.examine(name, "taken back")


def run(lab, kind="pv"):
    devices = hierarchy()
    lab.guard()
    work = lab.guests.create("work", kind)
    other = lab.guests.create("other") if lab.stock else None
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0")
    if lab.stock:
        given(lab, "rp0", work, other)
    else:
        refused(lab, "rp0", work)
    lab.judge()
