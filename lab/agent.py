# SPDX-License-Identifier: GPL-2.0-or-later
"""The command channel into dom0: COM2 of the machine, with lab/dom0/agent at the other end."""

import base64
import gzip
import itertools
import re
import threading
import time

from qmp import connect


# Seconds that dom0 may take to answer after it has killed what took too long: on a machine that six others use, with
# a guest that boots beside it, 10 were not enough.
LATE_S = 60


class AgentError(Exception):
    """dom0 did not answer in time."""


def unwrapped(lines, last):
    """(exit status, output) of what lab/dom0/agent answers: the lines between the first and the last, and that."""
    data = gzip.decompress(base64.b64decode("".join(lines)))
    return int(last.split()[1]), data.decode("utf-8", "replace")


class Agent:
    """Runs shell scripts in dom0, one at a time."""

    def __init__(self, path):
        self.stream = connect(path)
        self.buffer = b""
        self.lock = threading.Lock()
        self.tokens = itertools.count(1)

    def line(self, end):
        """The next line, waited for until the monotonic time `end`."""
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0:
                raise AgentError("dom0's command agent does not answer")
            self.stream.settimeout(left)
            try:
                data = self.stream.recv(65536)
            except TimeoutError:
                continue
            if not data:
                raise AgentError("the machine is gone")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.strip(b"\r \0").decode("ascii", "replace")

    def wait_ready(self, deadline_s, clock):
        """Waits for the agent's greeting, that is, for dom0's user space: {stage: clock() when it began}
        of what dom0's init told on the way ("=STAGE")."""
        end, stages = time.monotonic() + deadline_s, {}
        while "ready" not in stages:
            if found := re.search(r"=(\w+)$", self.line(end)):
                stages[found[1]] = round(clock(), 3)
        return stages

    def run(self, script, timeout_s=30):
        """(exit status, output) of a shell script; it is killed after timeout_s in dom0 (status
        137)."""
        with self.lock:
            token = f"t{next(self.tokens)}"
            text = base64.b64encode(script.encode()).decode()
            self.stream.settimeout(timeout_s + LATE_S)
            self.stream.sendall(f"{token} {timeout_s} {text}\n".encode())
            end = time.monotonic() + timeout_s + LATE_S
            while self.line(end) != f"<{token}":
                pass
            output = []
            while True:
                line = self.line(end)
                if line.startswith(f">{token} "):
                    return unwrapped(output, line)
                output.append(line)

    def close(self):
        self.stream.close()
