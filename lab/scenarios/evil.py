# SPDX-License-Identifier: GPL-2.0-or-later
"""Malicious functions of our own (lab/evil): header type and class that contradict each other, capabilities that
loop or vanish, bus numbers that are not kept, phantom functions, MSI-X that has Xen refuse the quarantine, IDs and
a class that change. Each is contained, what is odd about it is found, and Xen and dom0 stay whole."""

from harness import RACK, malicious

PORTS = RACK
NEWER = True

# By port, in the order of their functions.
PLUGS = {"rp0": ("cap-loop", "fake-bridge", "class-bridge", "conventional", "bus-numbers", "msix-hidden",
                 "express-gone"),
         "rp1": ("ids-change", "maskall", "class-flips"),
         "rp2": ("phantom",)}
# What a rule can name about those that stay. The class of those that do not is not the one that dom0's kernel goes
# by (it ignores a bridge's with the header of an endpoint), so they are taken out again.
FINDINGS = ("malformed", "header-class", "conventional")
FOUND = {"cap-loop": "malformed", "fake-bridge": "header-class", "conventional": "conventional",
         "bus-numbers": None, "msix-hidden": None, "express-gone": None, "phantom": None}
TAKEN_OUT = ("class-bridge", "class-flips")
REFUSED = "maskall"
# Their second face is shown when they are quarantined.
TURNING = ("msix-hidden", "express-gone", "ids-change")
FOUND_TURNED = FOUND | {"express-gone": "conventional"}
# VT-d gives no context entry to what says that it is a bridge; class-flips may say so when Xen asks.
SPARED = {"vtd": ("class-bridge", "bus-numbers"), "amd": ()}
FLIPS = "class-flips"

FILE = "10-findings.rules"
RULES = "".join(f"quarantine if finding={finding}\n" for finding in FINDINGS)


def staying(name):
    """What is plugged below a port and is to stay there."""
    return tuple(what for what in PLUGS[name] if what not in TAKEN_OUT)


def found(lab, name):
    """{personality: (state, finding)} of the functions that the daemon knows below a port. The finding is the one
    that the rule names which decided."""
    result = {}
    for sbdf, function in lab.daemon.functions(lab.address(name)).items():
        file, _, line = (function["rule"] or "").partition(":")
        finding = FINDINGS[int(line) - 1] if file == FILE else None
        result[PLUGS[name][int(sbdf[-1])]] = function["state"], finding
    return result


def guard(lab):
    if lab.stock:
        lab.guard()
        return
    lab.daemon.configure()
    lab.dom0(f"mkdir -p /etc/sallyport/rules.d && cat >/etc/sallyport/rules.d/{FILE} <<'E'\n{RULES}E")
    lab.start()


def quarantined(lab, name, expected):
    """Waits until exactly these are below a port, each quarantined and with its finding."""
    wanted = {what: ("quarantined", expected[what]) for what in staying(name)}
    lab.wait(f"below {name}: {wanted}", lambda: found(lab, name) == wanted)
    lab.say(f"below {name}: {wanted}")


def refused(lab, expected):
    """Waits until these are all that is below rp1, and REFUSED is contained there."""
    def contained():
        states = found(lab, "rp1")
        return set(states) == expected and states[REFUSED] == ("contained", None)

    lab.wait(f"{REFUSED} is contained, and below rp1 is {expected}", contained)
    lab.say(f"below rp1: {found(lab, 'rp1')}, port {lab.state('rp1')}")


def plug(lab, name):
    """Plugs what belongs to a port, and waits until that is where it should be."""
    devices = malicious(*PLUGS[name])
    lab.plug((name, devices))
    if lab.stock:
        lab.wait(f"{len(devices)} functions below {name}", lambda: lab.arrived(name, devices))
    elif name == "rp1":
        refused(lab, {"ids-change", REFUSED})
    else:
        quarantined(lab, name, FOUND)
    lab.examine(name, doors=1 if name == "rp1" else 2)


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
    quarantined(lab, "rp0", FOUND_TURNED)
    refused(lab, {REFUSED})
    for name in ("rp0", "rp1"):
        lab.examine(name, "turned", doors=1)


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
    guard(lab)
    for name in PLUGS:
        plug(lab, name)
    phantoms = len(mapped(lab, "rp2"))
    lab.expect(phantoms == (8 if lab.stock else 0), f"phantom: {phantoms} requester IDs have dom0's memory")
    if lab.stock:
        judge_stock(lab)
        return
    turn(lab)
    lab.judge()
