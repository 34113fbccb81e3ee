# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest of the lab's dom0: created and ended by xl, told what to do by its console, and its memory found from
outside."""

import base64
import itertools
import zlib

from agent import unwrapped
from canary import Canary, CanaryError
from machine import LINUX_UNMITIGATED

COMMON = f"console=hvc0 loglevel=0 {LINUX_UNMITIGATED}"
# `extra` is the kernel's command line. HVM is emulation in an emulation, where each access to a port costs a
# millisecond. So its device model puts kernel and ramdisk into its memory, instead of firmware that reads 10 MB from a
# port: a machine newer than the one that xl asks for starts an ELF file by its PVH entry (QEMU: x86_load_linux), and
# the kernel is told where its ramdisk lies, which it does not reserve by itself (memmap). `noearly`: else it looks for
# an AGP bridge in each of 65536 functions, twice, since the processor is an old AMD (Linux: aperture_64.c). Ticks that
# were missed must not all come later: a guest to which one takes longer than the time to the next does nothing else,
# and was seen to stop where Linux counts them (io_apic.c:check_timer).
CONFIG = {
    "pv": """type = "pv"
kernel = "/lib/lab/domu/pv"
memory = 192
ramdisk = "{ramdisk}"
extra = "{common}"
""",
    "hvm": """type = "hvm"
kernel = "/lib/lab/domu/hvm"
memory = 256
device_model_version = "qemu-xen"
device_model_args_hvm = ["-machine", "xenfv-4.2,suppress-vmdesc=on",
    "-device", "loader,file={ramdisk},addr=0xc000000,force-raw=on"]
extra = "{common} pci=noearly no_timer_check memmap=4M$0xc000000 initrdmem=0xc000000,{size}"
timer_mode = "no_missed_ticks_pending"
vga = "none"
vnc = 0
serial = "none"
"""}
# Seconds, on a machine that others use.
CREATE_S, READY_S = 120, {"pv": 300, "hvm": 600}


class DomainError(Exception):
    """A guest did not do what the lab needs of it."""


class Domain:
    """name: one of toolstack.NAMES, no two at a time have the same; kind: "pv" or "hvm"; passthrough: may it be given
    devices. canary: of its memory, since it was up last."""

    def __init__(self, rig, name, kind, passthrough=True):
        self.rig, self.name, self.kind, self.passthrough = rig, name, kind, passthrough
        self.tokens, self.canary, self.tty = itertools.count(1), None, None

    def create(self):
        """Starts it; seconds until xl was done, and until its agent answered."""
        ramdisk = f"/run/{self.name}.ramdisk"
        size = self.rig.dom0(f"cat /lib/lab/domu/ramdisk /lib/lab/domu/{self.name} >{ramdisk} && stat -c %s {ramdisk}")
        own = CONFIG[self.kind].format(ramdisk=ramdisk, size=size.strip(), common=COMMON)
        text = f'name = "{self.name}"\nvcpus = 1\non_crash = "destroy"\n{own}'
        if self.passthrough:
            text += 'passthrough = "enabled"\n'
        self.rig.dom0(f"cat >/run/{self.name}.cfg <<'E'\n{text}E")
        took = self.rig.wait(f"{self.name} is not there", lambda: self.id() is None, 30)
        before = self.rig.machine.clock()
        self.rig.dom0(f"xl create /run/{self.name}.cfg", CREATE_S)
        took = self.rig.machine.clock() - before
        return took, self.ready()

    def ready(self):
        """Waits until its agent answers and its canary is found: seconds."""
        before = self.rig.machine.clock()
        self.rig.wait(f"{self.name} answers", self.answers, READY_S[self.kind], 0.5)
        took = self.rig.machine.clock() - before
        self.rig.wait(f"the canary of {self.name} is found", self.found, 30, 1)
        self.rig.oracle.guests[self.name] = self.canary
        return took

    def answers(self):
        """Is there a console of it in dom0, and somebody at the other end? It may read what was sent while it booted,
        or not, so it is asked again; who asks often makes it slow."""
        status, output = self.rig.agent.run(
            f"id=$(xl domid {self.name}) && xenstore-read /local/domain/$id/console/tty 2>/dev/null")
        self.tty = output.strip()
        return status == 0 and self.does("true", 10)

    def gone(self):
        """Waits until it has ended: what was its memory is nobody's."""
        self.forget()
        self.rig.wait(f"{self.name} has ended", lambda: self.id() is None, 60)

    def forget(self):
        """Its memory is not watched any more."""
        self.rig.oracle.guests.pop(self.name, None)
        self.rig.oracle.places.pop(self.name, None)

    def found(self):
        """Looks for its canary. What an ended guest of that name left is there until Xen has cleared it."""
        try:
            self.canary = Canary(self.rig.machine.ram, self.name)
        except CanaryError:
            return False
        return True

    def run(self, script, timeout_s=30):
        """(exit status, output) of a shell script in the guest, which is killed there after timeout_s (status 137); a
        DomainError if the guest does not answer. dom0's agent does nothing else meanwhile."""
        token = f"g{next(self.tokens)}"
        text = base64.b64encode(script.encode()).decode()
        status, answer = self.rig.agent.run(f"exec /lib/lab/inside {self.tty} {token} {timeout_s} {text}",
                                            timeout_s + 5)
        if status:
            raise DomainError(f"{self.name} does not answer (exit {status}): {answer.strip()}")
        lines = answer.splitlines()
        try:
            return unwrapped(lines[1:-1], lines[-1])
        except (EOFError, OSError, ValueError, zlib.error) as error:  # its kernel prints on the same console
            raise DomainError(f"{self.name} answers with something else between: {answer!r}") from error

    def inside(self, script, timeout_s=30):
        """Output of a shell script in the guest that must succeed."""
        status, output = self.run(script, timeout_s)
        if status:
            raise DomainError(f"{self.name}: {script!r}: exit {status}: {output.strip()}")
        return output

    def does(self, script, timeout_s=30):
        """Does a shell script in the guest succeed? No answer is none yet: a guest whose kernel looks at a new device
        does nothing else, for longer than an answer is waited for on a busy machine (Linux: xen-pcifront.c:do_pci_op
        waits up to two seconds for each access, with interrupts off)."""
        try:
            return self.run(script, timeout_s)[0] == 0
        except DomainError:
            return False

    def id(self):
        """Its domain ID now, or None."""
        status, output = self.rig.agent.run(f"xl domid {self.name}")
        return int(output) if status == 0 else None

    def devices(self):
        """SBDFs of what it has, as `xl pci-list` tells it."""
        lines = self.rig.dom0(f"xl pci-list {self.name}").splitlines()[1:]
        return sorted(line.split()[1] for line in lines)

    def destroy(self):
        """Ends it without asking it."""
        self.forget()
        self.rig.dom0(f"xl destroy {self.name}", 60)

    def shutdown(self):
        """Has it end itself, and waits until it has."""
        self.rig.dom0(f"xl shutdown {self.name}")
        self.gone()

    def reboot(self):
        """Has it start again, with another domain ID, and waits until it is ready: seconds."""
        before = self.id()
        self.forget()
        self.rig.dom0(f"xl reboot {self.name}")
        self.rig.wait(f"{self.name} has another ID", lambda: self.id() not in (before, None), 60)
        return self.ready()

    def crash(self):
        """Has its kernel panic; xl destroys it then (on_crash)."""
        self.rig.agent.run(f"exec /lib/lab/inside {self.tty} crash 5 {CRASH}", 3)
        self.gone()

    def log(self):
        """What its kernel and its programs printed."""
        return self.rig.dom0(f"cat /var/log/xen/console/guest-{self.name}.log 2>/dev/null || true")


CRASH = base64.b64encode(b"echo c >/proc/sysrq-trigger").decode()
