# SPDX-License-Identifier: GPL-2.0-or-later
"""qtest: reads and writes of guest-physical addresses from outside, while the guest runs (QEMU
softmmu/qtest.c)."""

import threading

from qmp import connect


class QtestError(Exception):
    """QEMU refused an access."""


class Qtest:
    """One qtest session. Register accesses use their exact width; they take QEMU's big lock, so
    each is atomic."""

    def __init__(self, path):
        self.stream = connect(path)
        self.stream.settimeout(30)
        self.lines = self.stream.makefile("r")
        self.lock = threading.Lock()

    def exchange(self, text):
        """The words of the answer to one command line."""
        with self.lock:
            self.stream.sendall(text.encode() + b"\n")
            while True:
                words = self.lines.readline().split()
                if not words:
                    raise QtestError(f"{text}: QEMU is gone")
                if words[0] == "IRQ":
                    continue
                if words[0] != "OK":
                    raise QtestError(f"{text}: {' '.join(words)}")
                return words[1:]

    def load(self, address, size):
        """One access of 1, 2, 4 or 8 bytes."""
        return int(self.exchange(f"read{'bwlq'[size.bit_length() - 1]} {address:#x}")[0], 16)

    def store(self, address, size, value):
        """One access of 1, 2, 4 or 8 bytes."""
        self.exchange(f"write{'bwlq'[size.bit_length() - 1]} {address:#x} {value:#x}")

    def block(self, address, size):
        """A run of bytes without side effects (configuration space)."""
        return bytes.fromhex(self.exchange(f"read {address:#x} {size:#x}")[0][2:])

    def close(self):
        self.stream.close()
