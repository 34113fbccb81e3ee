# SPDX-License-Identifier: GPL-2.0-or-later
"""Malicious functions of our own (lab/evil): header type and class that contradict each other, capabilities that
loop or vanish, bus numbers that are not kept, phantom functions, MSI-X that has Xen refuse the quarantine, IDs and
a class that change. Each is contained, what is odd about it is found, and Xen and dom0 stay whole."""

from harness import RACK, LabError, malicious

PORTS = RACK
NEWER = True

# By port, in the order of their functions.
PLUGS = {"rp0": ("cap-loop", "fake-bridge", "class-bridge", "conventional", "bus-numbers", "msix-hidden",
                 "express-gone"),
         "rp1": ("ids-change", "maskall", "class-flips"),
         "rp2": ("phantom",)}
# What is found about those that stay. The class of the others is not the one that dom0's kernel goes by (it ignores a
# bridge's with the header of an endpoint), so they are taken out again; FLIPS only if it shows that class just then.
# The buses of bus-numbers, from 0 on, are those of fake-bridge, too.
FOUND = {"cap-loop": ["malformed"], "fake-bridge": ["header-class", "port-type", "bus-numbers"],
         "conventional": ["conventional"], "bus-numbers": ["bus-numbers"], "msix-hidden": [],
         "express-gone": [], "phantom": ["phantom"], "ids-change": [], "maskall": ["msix-masked"]}
FLIPS, FLIPS_FOUND = "class-flips", "inconsistent"
TAKEN_OUT = ("class-bridge", FLIPS)
REFUSED = "maskall"
# State and reason. On AMD-Vi its requester ID belongs to quarantine before it is plugged: nothing is left to refuse.
QUARANTINED, WITHDRAWN = ("quarantined", None), ("contained", "withdrawn")
REFUSING = {"vtd": WITHDRAWN, "amd": QUARANTINED}
# Their second face is shown when they are quarantined.
TURNING = ("msix-hidden", "express-gone", "ids-change")
FOUND_TURNED = FOUND | {"express-gone": ["conventional"]}
# VT-d gives no context entry to what says that it is a bridge; class-flips may say so when Xen asks.
SPARED = {"vtd": ("class-bridge", "bus-numbers"), "amd": ()}


def staying(name):
    """What is plugged below a port and is to stay there."""
    return tuple(what for what in PLUGS[name] if what not in TAKEN_OUT)


def shown(lab, name):
    """{personality: what the daemon shows of it} of the functions that it knows below a port."""
    functions = lab.daemon.functions(lab.address(name)).items()
    return {PLUGS[name][int(sbdf[-1])]: function for sbdf, function in functions}


def settled(lab, name, expected):
    """Waits until exactly these are below a port, each where it can be and with what is found about it, in one and the
    same answer: after a rescan the daemon looks at everything again."""
    refusing = REFUSING[lab.platform.iommu]
    wanted = {what: ((refusing if what == REFUSED else QUARANTINED), found) for what, found in expected.items()}
    seen = {}

    def reached():
        seen.clear()
        for what, function in shown(lab, name).items():
            findings = [finding for finding in function["findings"] if finding]    # none: [null]
            seen[what] = (function["state"], function["reason"]), findings
        state, findings = seen.pop(FLIPS, (QUARANTINED, [FLIPS_FOUND]))
        return state == QUARANTINED and FLIPS_FOUND in findings and seen == wanted

    try:
        lab.wait(f"below {name}: {wanted}", reached)
    except LabError:
        lab.expect(False, f"below {name}: {seen}, expected {wanted}")
        return
    lab.expect(True, f"below {name}: {seen}")


def plug(lab, name):
    """Plugs what belongs to a port, and waits until that is where it should be."""
    devices = malicious(*PLUGS[name])
    lab.plug((name, devices))
    if lab.stock:
        lab.wait(f"{len(devices)} functions below {name}", lambda: lab.arrived(name, devices))
    else:
        settled(lab, name, {what: FOUND[what] for what in staying(name)})
    lab.examine(name)


def mapped(lab, name):
    """Requester IDs of the bus below a port that have dom0's memory."""
    bus, _ = lab.config.buses(lab.port(name).rid)
    return [rid for rid, owner in lab.rig.oracle.look().owners.items() if rid >> 8 == bus and owner == "dom0"]


def turn(lab):
    """Shows the second faces, and has dom0 look at everything again."""
    for name, whats in PLUGS.items():
        for function, what in enumerate(whats):
            if what in TURNING:
                lab.machine.evils[name, function].turn()
    lab.say("they turn, and somebody scans all buses")
    lab.dom0("echo 1 >/sys/bus/pci/rescan", 120)
    settled(lab, "rp0", {what: FOUND_TURNED[what] for what in staying("rp0")})
    settled(lab, "rp1", {REFUSED: FOUND_TURNED[REFUSED]})
    for name in ("rp0", "rp1"):    # doors=1: what is shown there is no longer what was plugged
        rows = lab.examine(name, "turned", doors=1)
        lab.expect(not any(row["dma"]["bytes_door2"] for row in rows), f"{name}, turned: door 2 holds too")


def judge_stock(lab):
    spared = SPARED[lab.platform.iommu]
    for row in lab.rows:
        name = next(port.name for port in PORTS if lab.address(port.name) == row["port"])
        what = PLUGS[name][int(row["sbdf"][-1])]
        hit = bool(row["dma"]["bytes"])
        if what != FLIPS:
            lab.expect(hit == (what not in spared), f"stock: {what}: {row['dma']['result']}, owner {row['owner']}")
    lab.expect(lab.sampler.exposures > 0, "stock: the oracle saw exposures")


def run(lab):
    lab.guard()
    for name in PLUGS:
        plug(lab, name)
    phantoms = len(mapped(lab, "rp2"))
    if lab.stock:
        judge_stock(lab)
        # AMD-Vi forwards the requests of those that nobody enumerated, too: no telling them apart.
        lab.expect(phantoms == 8 or lab.platform.iommu == "amd", f"stock: phantom: {phantoms} requester IDs are dom0's")
        return
    lab.expect(phantoms == 0, f"phantom: {phantoms} requester IDs are dom0's")
    turn(lab)
    lab.judge()
