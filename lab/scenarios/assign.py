# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk and a switch with another disk behind it are given to a guest by `sallyport assign`: the guest works with
one, the other is made to attack, through the open port. Then all is taken back and given to a second guest, from
under which it is pulled; what is plugged next is nobody's."""

from harness import RACK
from machine import Device

BASELINE = "passthrough"
PORTS = RACK
GUESTS = ("pv",)


def switched(tag=""):
    """Two disks, one of them behind a switch: no function of it is conventional."""
    up, down = f"up{tag}", f"down{tag}"
    return (Device("x3130-upstream", up, "0.1"),
            Device("xio3130-downstream", down, "0.0", bus=up),
            Device("nvme", f"far{tag}", "0.0", bus=down, options=(("serial", f"far{tag}"),)),
            Device("nvme", f"near{tag}", "0.0", options=(("serial", f"near{tag}"),)))


def disks(lab, name):
    """The disks below a port, the one behind the switch last."""
    return [function for function in lab.config.below(lab.port(name).rid) if function.id == "1b36:0010"]


def given(lab, name, domain):
    """Gives all that is below a port to a guest: the door is open, and every function is the guest's or contained."""
    took = lab.guests.assign(name, lab.address(name), domain)
    lab.times.setdefault("assign_s", []).append(took)
    rid = lab.port(name).rid
    lab.expect(lab.config.bme(rid), f"door 1 of {name} is open")
    lab.expect(lab.state(name) == "assigned", f"{name} is {lab.state(name)}")
    for function in lab.config.below(rid):
        owner = lab.rig.oracle.owner(function.rid)
        wanted = ("blocked", "quarantine") if function.bridge else (f"guest {domain.name}",)
        lab.expect(owner in wanted, f"{function.sbdf} is of {owner}")
    lab.guests.agree()


def aim(lab, name, disk, domain, other):
    """A disk tries the memory of each: it must reach its guest's, and no other."""
    attacker = lab.rig.attacker
    for target in (attacker.at_dom0(), attacker.at_xen(), attacker.at_guest(other.name),
                   attacker.at_guest(domain.name, own=True)):
        dma = attacker.attack(lab.port(name), disk, target).record()
        landed = dict(dma["landed"]) | ({"dom0": dma["bytes_door2"]} if dma["bytes_door2"] else {})
        wanted = [domain.name] if target.name == domain.name else []
        lab.expect(sorted(landed) == wanted,
                   f"DMA of {disk.sbdf} at {target.name}: {landed or 'landed nowhere'} (it is of {dma['owner']})")


def returned(lab, name, domain):
    """Nothing below a port is a guest's any more, by anybody's books."""
    lab.guests.lend(name, None)
    lab.guests.clean(domain)
    lab.guests.agree()
    lab.expect(not lab.config.bme(lab.port(name).rid), f"door 1 of {name} is closed")


def run(lab):
    devices = switched()
    lab.guard()
    work, other = lab.guests.create("work"), lab.guests.create("other")
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0", "plugged")
    given(lab, "rp0", work)
    near, far = disks(lab, "rp0")
    lab.times["guest_has_disk_s"] = lab.guests.uses(work)
    lab.guests.learn(work, far.rid)
    aim(lab, "rp0", far, work, other)
    lab.times["unassign_s"] = lab.guests.unassign("rp0", lab.address("rp0"))
    lab.ready("rp0", devices)
    returned(lab, "rp0", work)
    lab.examine("rp0", "taken back")
    given(lab, "rp0", other)
    lab.pull("rp0")
    lab.empty("rp0", 90)
    returned(lab, "rp0", other)
    lab.plug(("rp0", switched("b")))
    lab.settle("rp0", lab.there["rp0"])
    lab.examine("rp0", "plugged after it was pulled from under a guest")
    lab.judge()
