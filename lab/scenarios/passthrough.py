# SPDX-License-Identifier: GPL-2.0-or-later
"""A hierarchy is plugged, and its disk and the leaf behind its switch are given to a guest by xl. The guest works
with the disk; the leaf reaches that guest's memory, and nobody else's. Stock: while they are the guest's and before,
what is left of the hierarchy overwrites dom0."""

from harness import RACK, hierarchy

PORTS = RACK
GUESTS = ("pv",)
DISK, EDU = "1b36:0010", "1234:11e8"


def functions(lab, name):
    """{id: the last function with it below a port}: behind the switch there is another leaf than behind the bridge."""
    return {function.id: function for function in lab.config.below(lab.port(name).rid)}


def aim(lab, name, leaf, domain, other):
    """The leaf tries the memory of each: it must reach its guest's, and no other."""
    attacker, port = lab.rig.attacker, lab.port(name)
    targets = (attacker.at_dom0(), attacker.at_xen(), attacker.at_guest(other.name),
               attacker.at_guest(domain.name, own=True))
    for target in targets:
        dma = attacker.attack(port, leaf, target).record()
        landed = dma["landed"] | ({"dom0": dma["bytes_door2"]} if dma["bytes_door2"] else {})
        wanted = [domain.name] if target.name == domain.name else []
        lab.expect(sorted(landed) == wanted, f"DMA of {leaf.sbdf} at {target.name}: "
                   f"{landed or 'landed nowhere'} (it is of {dma['owner']})")


def run(lab, kind="pv"):
    devices = hierarchy()
    lab.guard()
    work, other = lab.guests.create("work", kind), lab.guests.create("other", kind)
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0")
    found = functions(lab, "rp0")
    lab.guests.lend("rp0", work)
    for function in (found[DISK], found[EDU]):
        lab.times[f"xl_{function.id}"] = lab.guests.attach(work, function.sbdf)
    lab.guests.learn(work, found[EDU].rid)
    for function in (found[DISK], found[EDU]):
        owner = lab.rig.oracle.owner(function.rid)
        lab.expect(owner == "guest work", f"{function.sbdf} is of {owner}")
    lab.times["guest_has_disk_s"] = lab.guests.uses(work)
    aim(lab, "rp0", found[EDU], work, other)
    lab.examine("rp0", "two are a guest's", used=(DISK,))
    for function in (found[EDU], found[DISK]):
        lab.times[f"xl_detach_{function.id}"] = lab.guests.detach(work, function.sbdf)
    lab.guests.clean(work)
    lab.guests.lend("rp0", None)
    lab.examine("rp0", "taken back")
    lab.judge()
