# SPDX-License-Identifier: GPL-2.0-or-later
"""A rule makes one of two disks beside a switch dom0's: dom0's own driver works with it through the open port, and all
else stays in quarantine. Pulled, and another plugged at its address: that is quarantined first, and dom0's only by the
rule. Then all is taken back."""

from harness import CONTAINED, RACK, beside

BASELINE = "passthrough"
PORTS = RACK
BUILT = "trust"
PROTECTS = ("vtd",)
DISK = "1b36:0010"
WORKS = """disk=$(echo /sys/bus/pci/devices/$1/nvme/nvme*/nvme*n1); disk=/dev/${disk##*/}; [ -b $disk ] &&
	echo kept | dd of=$disk bs=512 conv=sync,fsync 2>/dev/null && echo 3 >/proc/sys/vm/drop_caches &&
	dd if=$disk bs=4 count=1 2>/dev/null"""


def chosen(lab, name):
    """The disk that the rule is about."""
    return next(function for function in lab.config.below(lab.port(name).rid)
                if function.id == DISK and function.sbdf.endswith(":00.0"))


def ruled(lab, name):
    """The rule is there, and read."""
    shown = lab.daemon.functions(lab.address(name))[chosen(lab, name).sbdf]
    rule = (f"trust-dom0 if port = {shown['port']} and id = {shown['id']} and subsystem = {shown['subsystem']} "
            f"and class = {shown['class'][2:]} and position = 00.0")
    lab.say(rule)
    lab.dom0(f"mkdir -p /etc/sallyport/rules.d && echo '{rule}' >/etc/sallyport/rules.d/trust.rules")
    lab.say(lab.dom0("sallyport reload").strip())


def trusted(lab, name):
    """The disk is dom0's, works, and nothing else is anybody's; that is told. Returns its requester ID."""
    rid, disk = lab.port(name).rid, chosen(lab, name)
    lab.wait(f"{name} is trusted", lambda: lab.state(name) == "trusted", 60, 0.2)
    lab.wait("the disk is there", lambda: lab.rig.agent.run(f"set -- {disk.sbdf}; {WORKS}") == (0, "kept"), 60, 1)
    lab.expect(lab.config.bme(rid), f"door 1 of {name} is open")
    drivers = lab.rig.enumerated(lab.port(name))
    for function in lab.config.below(rid):
        owner, driver = lab.rig.oracle.owner(function.rid), drivers[function.sbdf][1]
        wanted = ("dom0",) if function.rid == disk.rid else CONTAINED
        lab.expect(owner in wanted, f"{function.sbdf} is of {owner}")
        lab.expect(driver == ("nvme" if function.rid == disk.rid else None), f"{function.sbdf} has driver {driver}")
    lab.expect(lab.daemon.status() == 4, "status: not contained")
    told = lab.dom0("sallyport status 2>&1 >/dev/null || true")
    lab.expect(told.startswith(f"sallyport: TRUSTED: {disk.sbdf}:"), told.strip())
    return disk.rid


def quarantined_first(lab, name, after):
    """Among the records after the first `after`: was the disk quarantined before it was trusted?"""
    wanted = ["function-found", "function-quarantined", "trusted"]
    mine = [record for record in lab.daemon.records()[after:]
            if record.function == chosen(lab, name).sbdf and record.event in wanted]
    lab.expect([record.event for record in mine] == wanted, f"in this order: {[record.event for record in mine]}")
    lab.say(mine[-1].text)


def run(lab):
    devices = beside()
    lab.guard()
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0", "plugged")
    ruled(lab, "rp0")
    rid = trusted(lab, "rp0")
    after = len(lab.daemon.records())
    lab.pull("rp0")
    took = lab.wait("door 1 is shut", lambda: not lab.config.bme(lab.port("rp0").rid), 10, 0.01)
    lab.say(f"shut after {took:.2f} s")
    lab.empty("rp0", 120)
    lab.reported("trust-ended", "rp0", after)
    after = len(lab.daemon.records())
    lab.plug(("rp0", beside("b")))
    lab.expect(trusted(lab, "rp0") == rid, "another disk, at the same address")
    quarantined_first(lab, "rp0", after)
    lab.say(lab.dom0(f"sallyport unassign {lab.address('rp0')}", 200).strip())
    lab.ready("rp0", lab.there["rp0"])
    lab.examine("rp0", "taken back")
    fired = [row["dma"] for row in lab.rows if row["dma"]]
    lab.expect(fired and not any(dma["bytes"] for dma in fired), "nothing was overwritten")
    lab.expect(all(row["owner"] in CONTAINED for row in lab.rows), "all was contained when it was attacked")
    lab.closed()
    lab.expect(lab.sampler.exposed == {rid}, f"behind an open door only the disk was dom0's: {lab.sampler.exposed}")
