# SPDX-License-Identifier: GPL-2.0-or-later
"""The rig: one booted machine with everything that looks at it. It can serve several scenarios."""

import re
import time

import emulator
import guest
import oracle
import pci
from agent import Agent, AgentError
from attacker import Attacker
from canary import Canary
from daemon import Daemon
from machine import Machine

BOOT_S = 300    # on a machine that six others use: 100 s and more
SETTLE_S = 120
# What Xen and Linux print when they break (xen/common/bug.c, xen/drivers/char/console.c:panic,
# Linux kernel/panic.c, arch/x86/kernel/dumpstack.c).
BROKEN = re.compile(r"^.*(?:Xen BUG|Panic on CPU|kernel BUG|Oops|Kernel panic|Call Trace).*$", re.M)

# Arguments: PORT. The port as the kernel leaves an empty one at boot: BME set, pciehp bound.
RESTORE = """
port=$1; folder=/sys/bus/pci/devices/$port
for function in $folder/????:??:??.?; do
	[ ! -e $function/remove ] || echo 1 >$function/remove
done
/lib/lab/bme $port 1
service=$(cd $folder && echo $port:pcie??4)
[ -e $folder/$service/driver ] || echo $service >/sys/bus/pci_express/drivers/pciehp/bind
"""


class LabError(Exception):
    """The lab could not do its work; says nothing about the program under test."""


class BootError(LabError):
    """dom0's user space did not come up."""


class Rig:
    """machine, agent, config, canary, oracle, attacker, daemon: see their files. boot_s: seconds
    until dom0 answered. stages: of its boot, {name: machine's clock}. versions: of kernel and Xen, as
    they say. mark: offset in the serial log at which the present scenario begins. pristine: owners
    after the boot.

    setup: see machine.Setup. watch: called with the oracle as soon as Xen has switched the IOMMU on, by
    which everything that is there becomes dom0's."""

    def __init__(self, folder, platform, setup, say, watch=None):
        image = guest.image(platform, say, setup)
        say(f"starting {emulator.version(image.emulator)} ({platform.name}): Xen and dom0 boot")
        start = time.monotonic()
        self.folder, self.mark = folder, 0
        self.machine = Machine(folder, image, platform, setup)
        try:
            self.machine.start()
            self.agent = Agent(folder / "agent")
            self.config = self.machine.config
            self.oracle = oracle.Oracle(self.machine, self.config)
            if watch:
                self.wait("Xen has switched the IOMMU on", self.oracle.translating, BOOT_S, 0.02)
                watch(self.oracle)
            self.stages = self.booted(say)
            self.boot_s = round(time.monotonic() - start, 2)
            self.versions = self.dom0("cd /sys/hypervisor/version; echo $(uname -r), "
                                      "Xen $(cat major).$(cat minor)$(cat extra)").strip()
            say(f"dom0 is up after {self.boot_s} s: {self.versions}")
            self.canary = self.oracle.canary = Canary(self.machine.ram)
            self.attacker = Attacker(self.machine, self.config, self.canary, self.oracle)
            self.pristine = self.oracle.look().owners
            self.daemon = Daemon(self)
        except BaseException:
            self.machine.stop()
            raise
        pages = self.canary.pages
        say(f"canary: {len(pages)} pages of dom0 found from {min(pages):#x} on")

    def booted(self, say):
        """Waits for dom0's user space: its stages, see Agent.wait_ready."""
        try:
            return self.agent.wait_ready(BOOT_S, self.machine.clock)
        except AgentError as error:
            say(self.machine.whereabouts())
            raise BootError(f"dom0 did not come up within {BOOT_S} s: {error}") from error

    def dom0(self, script, timeout_s=30):
        """Output of a shell script in dom0 that must succeed."""
        status, output = self.agent.run(script, timeout_s)
        if status:
            raise LabError(f"dom0: {script!r}: exit {status}: {output.strip()}")
        return output

    def wait(self, what, ready, limit_s=SETTLE_S, interval_s=0.1):
        """Seconds until ready() was true; a LabError after limit_s."""
        start = time.monotonic()
        while not ready():
            if time.monotonic() - start > limit_s:
                raise LabError(f"not within {limit_s} s: {what}")
            time.sleep(interval_s)
        return time.monotonic() - start

    def enumerated(self, port):
        """{SBDF: (id, driver or None, inode of its sysfs folder)} of the functions that dom0's
        kernel has below a port."""
        text = self.dom0(f"/lib/lab/functions {pci.sbdf(port.rid)}")
        rows = (line.split() for line in text.splitlines())
        return {sbdf: (identity, None if driver == "-" else driver, int(instance))
                for sbdf, identity, driver, instance in rows}

    def serial(self):
        """What Xen and dom0's kernel printed since the present scenario began."""
        data = (self.folder / "serial.log").read_bytes()[self.mark:]
        return data.decode("utf-8", "replace")

    def broken(self):
        """The first line of `serial` in which Xen or dom0's kernel says that it broke, or None."""
        found = BROKEN.search(self.serial())
        return found.group(0).strip() if found else None

    def restore(self):
        """Brings machine and dom0 back to what they are after a boot without devices; a LabError
        when that fails. On AMD-Vi an entry that Xen once wrote never goes back to V=0."""
        if any(owner != oracle.UNTRANSLATED == self.pristine.get(rid)
               for rid, owner in self.oracle.look().owners.items()):
            raise LabError("Xen has written into AMD-Vi's device table")
        self.daemon.stop()
        if self.machine.setup.thunderbolt:
            self.dom0("rmmod tbfake")
        for port in self.machine.ports:
            if self.config.slot(port.rid)["presence"]:
                self.machine.pull(port.name, port.rid)
        for port in self.machine.ports:
            name = pci.sbdf(port.rid)
            if self.config.bme(port.rid):    # stock: pciehp sees the removal and does it
                self.wait(f"{name} is empty", lambda: not self.enumerated(port), 20)
            self.dom0(f"set -- {name}\n{RESTORE}")
            if self.enumerated(port) or not self.config.bme(port.rid):
                raise LabError(f"{name} could not be restored")
        changed = self.oracle.look().owners.items() ^ self.pristine.items()
        if changed:
            raise LabError(f"left in the IOMMU's tables: {oracle.ranges(dict(changed))}")
        if line := self.broken():
            raise LabError(f"broken: {line}")
        self.mark = (self.folder / "serial.log").stat().st_size

    def stop(self):
        self.machine.stop()
