# SPDX-License-Identifier: GPL-2.0-or-later
"""QMP: QEMU's control protocol over a unix socket (QEMU docs/interop/qmp-spec)."""

import json
import socket
import threading
import time


class QmpError(Exception):
    """QEMU refused a command; the text is QEMU's."""


def connect(path, deadline_s=10):
    """A stream socket to a listening unix socket that may not be there yet."""
    end = time.monotonic() + deadline_s
    while True:
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            stream.connect(str(path))
            return stream
        except OSError:
            stream.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


class Qmp:
    """One QMP session; commands from several threads are serialised. Events are kept in order of
    arrival."""

    TIMEOUT_S = 30

    def __init__(self, path):
        self.stream = connect(path)
        self.stream.settimeout(self.TIMEOUT_S)
        self.lines = self.stream.makefile("r")
        self.lock = threading.RLock()
        self.events = []
        self.lines.readline()
        self.execute("qmp_capabilities")

    def execute(self, command, **arguments):
        """The `return` value of one command."""
        with self.lock:
            text = json.dumps({"execute": command, "arguments": arguments})
            self.stream.sendall(text.encode() + b"\n")
            while True:
                line = self.lines.readline()
                if not line:
                    raise QmpError(f"{command}: QEMU is gone")
                answer = json.loads(line)
                if "event" in answer:
                    self.events.append(answer)
                elif "error" in answer:
                    raise QmpError(f"{command}: {answer['error']['desc']}")
                else:
                    return answer["return"]

    def close(self):
        self.stream.close()
