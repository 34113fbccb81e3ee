# SPDX-License-Identifier: GPL-2.0-or-later
"""The malicious device of lab/evil: a process per device, told what to do a line at a time."""

import select
import subprocess

ANSWER_S = 10


class EvilError(Exception):
    """The malicious device does not do what it is told, so nothing is proved by it."""


class Evil:
    """A personality (lab/evil/face.c) that waits at a socket for QEMU's vfio-user-pci."""

    def __init__(self, program, socket, personality):
        self.socket, self.personality = str(socket), personality
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", program, self.socket, personality],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        bufsize=0)
        self.expect("listening")

    def line(self):
        """The next line it says, waited for."""
        if not select.select([self.process.stdout], [], [], ANSWER_S)[0]:
            raise EvilError(f"{self.personality}: says nothing within {ANSWER_S} s")
        return self.process.stdout.readline().decode().strip()

    def expect(self, wanted):
        if (said := self.line()) != wanted:
            raise EvilError(f"{self.personality}: said {said!r}, not {wanted!r}")

    def tell(self, text):
        self.process.stdin.write(text.encode() + b"\n")

    def show(self):
        """QEMU has taken it in: from now on the guest sees its first face."""
        self.expect("connected")
        self.tell("show")
        self.expect("done")

    def turn(self):
        """From now on it shows its second face."""
        self.tell("turn")
        self.expect("done")

    def write(self, address):
        """A page of DMA to an address, by way of the IOMMU. True when it was let through."""
        self.tell(f"write {address:x}")
        said = self.line().split()
        if len(said) != 2 or said[0] != "wrote":
            raise EvilError(f"{self.personality}: said {said} of its DMA")
        return said[1] == "0"

    def close(self):
        """It has been unplugged, or the machine is at its end."""
        self.process.kill()
        self.process.wait(10)
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()
