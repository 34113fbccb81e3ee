# SPDX-License-Identifier: GPL-2.0-or-later
"""dom0 sleeps and wakes while something is quarantined, and meanwhile another device takes its place: Linux saves and
restores the registers of the port and of what it takes for the old device, the clock jumps, and nothing opens."""

from harness import RACK, disk, hierarchy

PORTS = RACK
GUESTS = ("pv",)    # for xenstored: where it does not run, whoever waits for it cannot be frozen
# The new device overwrites dom0 where nothing guards the port.
BASELINE = "swap"
# Linux puts all devices to sleep and wakes them without the machine's own sleep, which Xen was not seen to do in QEMU
# (Documentation/power/basic-pm-debugging.rst). Seconds between the two.
ASLEEP_S = 10
SLEEP = f"""echo devices >/sys/power/pm_test && echo {ASLEEP_S} >/sys/module/suspend/parameters/pm_test_delay &&
echo 7 >/proc/sys/kernel/printk && (sleep 1; echo mem >/sys/power/state) >/dev/null 2>&1 &"""


def said(lab, words):
    """Has dom0's kernel said this?"""
    return words in lab.rig.serial()


def run(lab):
    devices, port = hierarchy(), lab.port("rp0").rid
    lab.guard()
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0")
    old = lab.instances("rp0")
    lab.dom0(SLEEP)
    lab.wait("dom0 falls asleep", lambda: said(lab, "PM: suspend entry"), 30, 0.05)
    lab.wait("its devices sleep", lambda: said(lab, "Freezing user space processes"), 10, 0.05)
    lab.swap("rp0", disk(), 0, old)
    lab.expect(not said(lab, "PM: suspend exit"), "dom0 slept when the device was swapped")
    lab.wait("dom0 is awake", lambda: said(lab, "PM: suspend exit"), 120, 0.05)
    lab.expect(said(lab, "suspend debug: Waiting"), "all of dom0's devices slept")
    lab.expect(not lab.config.bme(port), "door 1 is closed after the registers were restored")
    lab.settle("rp0", disk())
    lab.examine("rp0", "swapped while dom0 slept")
    lab.judge()
