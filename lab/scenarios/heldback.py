# SPDX-License-Identifier: GPL-2.0-or-later
"""What is below a port that is open for a guest holds a function back, and shows it while another port is enumerated:
that waits (RescanWhileOpen=postpone), or the open port is shut meanwhile (pause), and dom0 is never exposed. On AMD-Vi,
where every requester ID below the open port is reserved, nobody has to wait. Then another one shows itself while
somebody in dom0 scans all buses: Sallyport can only contain that and say so, and the verdict has for how long dom0 was
exposed (exposed_by_rescan_s)."""

from daemon import AUTO
from harness import RACK, beside, leaf
from machine import Device
from scenarios.assign import given

BASELINE = "passthrough"
PORTS = RACK
GUESTS = ("pv",)
PAUSE = f"{AUTO}[Guests]\nRescanWhileOpen = pause\n"


def dock():
    """Two disks and a switch with two empty ports."""
    up, down, *disks = beside()
    return (up, down, Device("xio3130-downstream", "below", "1.0", bus="up"), *disks)


def held(bus):
    """The disk that is shown late."""
    return Device("nvme", f"held-{bus}", "0.0", bus=bus, options=(("serial", f"held-{bus}"),))


def unexposed(lab, what):
    """Nothing was exposed until now."""
    lab.expect(lab.sampler.exposures == 0, f"{what}: {lab.sampler.exposures} exposures")


def postponed(lab, devices):
    """Another port's enumeration waits: what is held back stays unknown, the guest's port open."""
    lab.show("rp0", (held("down"),))
    before = len(lab.daemon.records())
    lab.plug(("rp1", leaf()))
    lab.reported("rescan-postponed", "rp1", before)
    lab.expect(lab.state("rp1") == "arriving", f"rp1 is {lab.state('rp1')}")
    lab.expect(not lab.config.bme(lab.port("rp1").rid), "door 1 of rp1 is closed")
    lab.expect(lab.config.bme(lab.port("rp0").rid), "door 1 of rp0 is open")
    lab.expect(len(lab.rig.enumerated(lab.port("rp0"))) == len(devices), "what is held back is not enumerated")
    unexposed(lab, "postponed")


def paused(lab, devices):
    """The guest's port is shut while the other is enumerated, and what shows itself is quarantined before it is open
    again."""
    before = len(lab.daemon.records())
    lab.reload(PAUSE)
    lab.ready("rp1", leaf())
    lab.wait("rp0 is assigned again", lambda: lab.state("rp0") == "assigned", 60)
    lab.reported("port-shut", "rp0", before)
    lab.expect(lab.config.bme(lab.port("rp0").rid), "door 1 of rp0 is open again")
    lab.expect(len(lab.rig.enumerated(lab.port("rp0"))) == len(devices) + 1, "what was held back is enumerated")
    unexposed(lab, "paused")


def reserved(lab, devices):
    """The other port is enumerated at once, and what is held back with it. Its requester ID was nobody's before; the
    guest's port is shut until it is known."""
    lab.show("rp0", (held("down"),))
    before = len(lab.daemon.records())
    lab.plug(("rp1", leaf()))
    lab.settle("rp1", leaf())
    lab.reported("port-shut", "rp0", before)
    lab.wait("rp0 is assigned again", lambda: lab.state("rp0") == "assigned", 60)
    lab.expect(lab.config.bme(lab.port("rp0").rid), "door 1 of rp0 is open again")
    lab.expect(len(lab.rig.enumerated(lab.port("rp0"))) == len(devices) + 1, "what was held back is enumerated")
    late = [record for record in lab.daemon.records()[before:] if record.event == "rescan-postponed"]
    lab.expect(not late, "no enumeration was postponed")
    unexposed(lab, "reserved")


def scanned(lab):
    """Somebody has dom0 scan all buses. What shows itself then is dom0's at once, below an open port, on VT-d; on
    AMD-Vi its requester ID is nobody's already."""
    lab.show("rp0", (held("below"),))
    before, spells = len(lab.daemon.records()), len(lab.sampler.spells.of("rp0")["exposed"])
    lab.say("somebody scans all buses")
    lab.dom0("echo 1 >/sys/bus/pci/rescan")
    lab.reported("port-shut", "rp0", before)
    lab.wait("rp0 is assigned again", lambda: lab.state("rp0") == "assigned", 60)
    late = [until - since for since, until in lab.sampler.spells.of("rp0")["exposed"][spells:] if until]
    lab.times["exposed_by_rescan_s"] = [round(took, 3) for took in late]
    lab.say(f"exposed by somebody's rescan: {lab.times['exposed_by_rescan_s']} s")
    lab.expect(lab.platform.iommu == "vtd" or not late, "where every requester ID is reserved, nothing is exposed")
    states = sorted(function["state"] for function in lab.daemon.functions(lab.address("rp0")).values())
    lab.expect(states == ["assigned"] * 2 + ["quarantined"] * 5, f"below rp0: {states}")


def run(lab):
    devices = dock()
    lab.guard()
    work = lab.guests.create("work")
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0", "plugged")
    given(lab, "rp0", work)
    if lab.platform.iommu == "amd":
        reserved(lab, devices)
    else:
        postponed(lab, devices)
        paused(lab, devices)
    scanned(lab)
    exposures = lab.sampler.exposures
    lab.guests.unassign("rp0", lab.address("rp0"))
    lab.ready("rp0", lab.there["rp0"])
    lab.examine("rp0", "taken back")
    lab.expect(lab.sampler.exposures == exposures, f"{exposures} exposures, all of them by somebody's rescan")
    lab.expect(not lab.rig.attacker.leftover(), "nothing was overwritten")
    lab.closed()
