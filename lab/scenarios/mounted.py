# SPDX-License-Identifier: GPL-2.0-or-later
"""Three disks, each with an attacker beside it, are there at boot, and dom0 uses them when the daemon
starts: two are mounted, one is swapped to. They are left alone, open, and that is reported. What dom0
unmounts is quarantined without a word; with InUse=quarantine a mounted disk is taken away; swap is
spared even then, as long as it is used."""

import re

from harness import RACK, Device, WIDE

PORTS = RACK
DEVICES = {port.name: (Device("nvme", f"disk{port.name}", "0.0", options=(("serial", port.name),)),
                       Device("edu", f"leaf{port.name}", "0.1", options=(WIDE,))) for port in PORTS}
COLD = tuple((name, device) for name, devices in DEVICES.items() for device in devices)
BASELINE = "boot"
SEIZE = "[Ports]\nExternal = auto\n[Boot]\nInUse = quarantine\n"

# Arguments: PORT NAME
DISK = "disk=$(echo /sys/bus/pci/devices/$1/*/nvme/nvme*/nvme*n1); disk=/dev/${disk##*/}; "
MOUNT = DISK + """modprobe -a vfat nls_cp437 nls_ascii && mkdosfs $disk && mkdir -p /mnt/$2 &&
	mount $disk /mnt/$2 && echo kept >/mnt/$2/file && sync"""
READ = "echo 3 >/proc/sys/vm/drop_caches; cat /mnt/$2/file"


def at(lab, name, script):
    """Exit status and output of a script about a port's disk."""
    return lab.rig.agent.run(f"set -- {lab.address(name)} {name}; {script}")


def use(lab):
    """dom0 takes the disks into use, as fstab has it."""
    lab.wait("three disks", lambda: all(at(lab, name, DISK + "[ -b $disk ]")[0] == 0 for name in DEVICES))
    for name, script in (("rp0", MOUNT), ("rp1", MOUNT), ("rp2", DISK + "mkswap $disk && swapon $disk")):
        lab.say(f"{name}: dom0 takes the disk into use")
        lab.dom0(f"set -- {lab.address(name)} {name}; {script}")


def spared(lab, name, word):
    """Is a port left open, in use, and is that told?"""
    lab.reported("port-exposed", name)
    shown = lab.dom0(f"sallyport show {lab.address(name)}")
    used = re.search(r"used_by: *(.*)", shown)[1]
    lab.expect(lab.state(name) == "exposed" and word in used, f"{name}: show tells why: {used}")
    lab.expect(lab.config.bme(lab.port(name).rid), f"door 1 of {name} is open")
    rows = lab.examine(name, "in use", doors=0, used=("1b36:0010",))
    lab.expect(all(row["owner"] == "dom0" for row in rows), f"{name}: all is dom0's")
    lab.expect(any(row["dma"] and row["dma"]["bytes"] for row in rows),
               f"{name}: what is beside the disk overwrites dom0, as reported")
    lab.expect(lab.daemon.status() == 4, "status: not contained")


def closed(lab, name, what):
    """Waits until a port that was spared is contained, attacks it, and keeps the time."""
    took = lab.wait(f"door 1 of {name} is shut", lambda: not lab.config.bme(lab.port(name).rid), 30)
    lab.say(f"{name}: door 1 was shut {took:.2f} s after {what}")
    lab.ready(name, DEVICES[name])
    lab.examine(name, what)


def run(lab):
    lab.there |= DEVICES
    use(lab)
    lab.watch()
    lab.guard(spared=DEVICES)
    for name, word in (("rp0", "/mnt/rp0"), ("rp1", "/mnt/rp1"), ("rp2", "swap")):
        spared(lab, name, word)
    for name in ("rp0", "rp1"):
        lab.expect(at(lab, name, READ) == (0, "kept\n"), f"{name}: dom0 goes on to read its disk")
    lab.dom0("umount /mnt/rp0")
    closed(lab, "rp0", "umount")
    lab.expect(at(lab, "rp1", READ) == (0, "kept\n"), "rp1: dom0 goes on to read its disk")
    lab.reload(SEIZE)
    closed(lab, "rp1", "InUse=quarantine")
    lab.reported("port-cut-off", "rp1")
    lab.expect(at(lab, "rp1", READ)[0] != 0, "rp1: the disk is gone for dom0")
    spared(lab, "rp2", "swap")
    at(lab, "rp2", DISK + "swapoff $disk")
    closed(lab, "rp2", "swapoff")
    lab.expect(lab.daemon.status() == 0, "status: all is contained")
    lab.judge(late=DEVICES)
