# SPDX-License-Identifier: GPL-2.0-or-later
"""Two disks beside a switch are given to a guest by `sallyport assign`: the guest works with one, the other is made
to attack, through the open port; the bridges stay in quarantine. What nobody enumerated attacks from behind the switch
through the same door, and on AMD-Vi what is behind a conventional bridge, with that bridge's requester ID. Then all is
taken back, and one is given to a second guest, from under which it is pulled; what is plugged next is nobody's."""

from daemon import AUTO
from harness import RACK, WIDE, beside, bridged
from machine import Device

BASELINE = "passthrough"
PORTS = RACK
GUESTS = ("pv",)
# When xl takes back what was pulled from under a PV guest, libxl waits for the guest all the same.
LEAVE_S = 120
# What the operator knows of the dock and forgives on AMD-Vi; on VT-d that would not help, since such a port is tainted.
KNOWN = f"{AUTO}[Vetting]\nForgive = conventional\n"


def dock(lab, tag=""):
    """What is plugged. On VT-d a conventional function keeps a port from being opened for anybody."""
    return (bridged(tag, "0.1") if lab.platform.iommu == "amd" else ()) + beside(tag)


def disks(lab, name):
    """The disks below a port, by address."""
    return [function for function in lab.config.below(lab.port(name).rid) if function.id == "1b36:0010"]


def belongs(lab, name, domain, given=None):
    """The door is open, and every function below a port is the guest's, those at these addresses or all leaves, or
    contained."""
    lab.expect(lab.config.bme(lab.port(name).rid), f"door 1 of {name} is open")
    lab.expect(lab.state(name) == "assigned", f"{name} is {lab.state(name)}")
    for function in lab.config.below(lab.port(name).rid):
        owner = lab.rig.oracle.owner(function.rid)
        kept = function.bridge or given is not None and function.sbdf not in given
        wanted = ("blocked", "quarantine") if kept else (f"guest {domain.name}",)
        lab.expect(owner in wanted, f"{function.sbdf} is of {owner}")


def given(lab, name, domain, only=None):
    """Gives all that is below a port to a guest, or one function."""
    took = lab.guests.assign(name, only or lab.address(name), domain)
    lab.times.setdefault("assign_s", []).append(took)
    lab.guests.learn(domain, next(f.rid for f in disks(lab, name) if only in (None, f.sbdf)))
    belongs(lab, name, domain, only and {only})
    lab.guests.agree()


def returned(lab, name, domain, pulled=False):
    """Nothing below a port is a guest's any more, by Xen's and Sallyport's books; and by xl's, unless it was pulled:
    then a PV guest's backend is stuck, and xl lists it until the guest ends (doc/guests.md)."""
    lab.guests.lend(name, None)
    lab.guests.clean(domain)
    if pulled:
        lab.say(f"xl pci-list {domain.name}: {domain.devices()}")
    else:
        lab.guests.agree()
    lab.expect(not lab.config.bme(lab.port(name).rid), f"door 1 of {name} is closed")


def restarted(lab, name, domain):
    """The daemon is killed while the guest works with what is below a port; the next one shuts the door, looks, and
    opens it again."""
    before = len(lab.daemon.records())
    lab.kill()
    lab.expect(lab.config.bme(lab.port(name).rid), f"no daemon runs: door 1 of {name} is as it was")
    lab.daemon.start()
    lab.times["reopened_s"] = lab.wait(f"{name} is assigned again", lambda: lab.state(name) == "assigned", 60)
    shut = [record for record in lab.daemon.records()[before:]
            if record.effect == "port-close" and record.port == lab.address(name)]
    lab.expect(shut, f"{name} was shut first")
    lab.expect(lab.config.bme(lab.port(name).rid), f"door 1 of {name} is open again")
    lab.guests.uses(domain)
    lab.guests.agree()


def intrusions(lab, name, domain, other):
    """Through the door that is open for a guest: what is shown behind the switch, where no kernel and no Xen knows of
    it; and what uses the requester ID of a bridge."""
    before = {function.rid for function in lab.config.below(lab.port(name).rid)}
    lab.show(name, (Device("edu", "unknown", "0.0", bus="down", options=(WIDE,)),))
    found = list(lab.config.below(lab.port(name).rid))
    unknown = [function for function in found if function.rid not in before]
    bridges = {function.rid for function in found if function.bridge}
    behind = [function for function in found if lab.config.requester(function) in bridges and not function.bridge]
    lab.expect(len(unknown) == 1 and bool(behind) == (lab.platform.iommu == "amd"),
               f"unknown: {[f.sbdf for f in unknown]}, with a bridge's requester ID: {[f.sbdf for f in behind]}")
    for function in unknown + behind:
        lab.guests.aim(name, function, domain, other, mine=False)
    lab.expect(lab.config.bme(lab.port(name).rid), f"door 1 of {name} was open meanwhile")
    lab.expect(unknown[0].sbdf not in lab.rig.enumerated(lab.port(name)), "nobody has enumerated it")


def run(lab, kind="pv"):
    devices = dock(lab)
    lab.guard()
    if lab.platform.iommu == "amd":
        lab.reload(KNOWN)
    work, other = lab.guests.create("work", kind), lab.guests.create("other")
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0", "plugged")
    given(lab, "rp0", work)
    first, second = disks(lab, "rp0")
    lab.times["guest_has_disk_s"] = lab.guests.uses(work)
    restarted(lab, "rp0", work)
    intrusions(lab, "rp0", work, other)
    lab.guests.aim("rp0", second, work, other)  # from now on the guest cannot use that disk
    lab.times["unassign_s"] = lab.guests.unassign("rp0", lab.address("rp0"))
    lab.ready("rp0", devices)
    returned(lab, "rp0", work)
    lab.examine("rp0", "taken back")
    given(lab, "rp0", other, first.sbdf)
    lab.pull("rp0")
    lab.wait("door 1 is shut", lambda: not lab.config.bme(lab.port("rp0").rid), 10)
    lab.empty("rp0", LEAVE_S)
    returned(lab, "rp0", other, pulled=True)
    lab.plug(("rp0", dock(lab, "b")))
    lab.settle("rp0", lab.there["rp0"])
    lab.examine("rp0", "plugged after it was pulled from under a guest")
    lab.judge()
