# SPDX-License-Identifier: GPL-2.0-or-later
"""Docks in the connectors of the lab's Thunderbolt controller (lab/tbfake), and the PCIe hierarchies that appear
when dom0's kernel makes a tunnel to them, and vanish with it."""

import dataclasses
import re
import struct
import threading

LOOK_S = 0.02
TUNNEL = struct.Struct("<QQ")    # lab/tbfake/tbfake.h: route, changes
DEVICES = "/sys/bus/thunderbolt/devices"


@dataclasses.dataclass(frozen=True)
class Dock:
    """port, devices: what its tunnel leads to, on PCI: to nothing, where there are no devices; below: of a dock behind
    another, the name of the other's downstream port that it is at. The rest is what it says of itself
    (lab/tbfake/control.c). nvm: a name for what it keeps its key in, None where it keeps none; boot: authorized before
    Linux was there; slow_ms: how long its approval takes the kernel."""
    port: str
    devices: tuple
    uuid: str
    vendor: str = "Lab"
    name: str = "Dock"
    ids: str = "8086:0b26"
    generation: int = 3
    nvm: str | None = None
    boot: bool = False
    slow_ms: int = 0
    below: str | None = None

    def words(self):
        """Its WORDs in a command."""
        given = {"uuid": self.uuid, "vendor": self.vendor, "name": self.name, "ids": self.ids,
                 "generation": self.generation, "nvm": self.nvm, "slow": self.slow_ms}
        return [f"{key}={escaped(str(value))}" for key, value in given.items() if value] + ["boot"] * self.boot


def escaped(text):
    """Text as lab/tbfake and a shell's single quotes take it."""
    return re.sub(rb"[^\w.:-]", lambda found: b"\\x%02x" % ord(found[0]), text.encode()).decode()


def depth(route):
    return (route.bit_length() + 7) // 8


class Thunderbolt(threading.Thread):
    """The controller of a rig, its driver loaded. As hardware does it serves tunnels by itself, as long as it runs.
    problem: why it stopped before."""

    def __init__(self, lab, security):
        super().__init__(daemon=True)
        self.lab, self.docks, self.tunnels = lab, {}, {}    # by route: Dock; number of its changes, while there is one
        self.stopping, self.problem = threading.Event(), None
        lab.dom0(f"modprobe tbfake security={security}")
        lab.say(f"a Thunderbolt controller, security {security}")
        self.start()

    def connect(self, route, dock):
        """Plugs a dock in."""
        self.lab.say(f"connecting 0-{route:x}: {dock.vendor!r} {dock.name!r}, {dock.uuid}")
        self.docks[route] = dock
        self.command("add", route, *dock.words())

    def change(self, route, **words):
        """From now on it says something else of itself (WORDs), and nobody is told."""
        self.lab.say(f"0-{route:x} says from now on: {words}")
        self.command("set", route, *(f"{key}={escaped(value)}" for key, value in words.items()))

    def reset(self, security):
        """As after a boot with another security level: every router is gone."""
        self.lab.say(f"the Thunderbolt controller again, security {security}")
        self.lab.dom0(f"rmmod tbfake && modprobe tbfake security={security}")

    def disconnect(self, route):
        """Unplugs a dock, and those behind it."""
        self.lab.say(f"disconnecting 0-{route:x}")
        self.command("del", route)

    def command(self, verb, route, *words):
        line = " ".join((verb, f"0-{route:x}", *words))
        self.lab.dom0(f"echo '{line}' >/dev/tbfake")

    def attribute(self, route, name):
        """An attribute of a router as dom0 reads it now."""
        return self.lab.dom0(f"cat {DEVICES}/0-{route:x}/{name}").removesuffix("\n")

    def store(self, route, name, value):
        """Somebody in dom0 writes an attribute: None, or the shell's complaint."""
        status, output = self.lab.rig.agent.run(f"echo {value} >{DEVICES}/0-{route:x}/{name}")
        error = output.strip() if status else None
        self.lab.say(f"somebody writes {value} to {name} of 0-{route:x}: {error or 'done'}")
        return error

    def ask(self, words):
        """The operator's `sallyport` about a router: did it succeed?"""
        status, output = self.lab.rig.agent.run(f"sallyport {words}", 120)
        self.lab.say(f"sallyport {words}: {status}: {output.strip()}")
        return status == 0

    def told(self, event, route, after=0):
        """Waits for a record of the daemon's about a router, among those after the first `after`: what it says."""
        found, name = [], f"Thunderbolt router 0-{route:x} ("

        def ready():
            found[:] = [record.text for record in self.lab.daemon.records()[after:]
                        if record.event == event and name in record.text]
            return found

        self.lab.wait(f"a record {event} about 0-{route:x}", ready, 60, 0.5)
        self.lab.say(f"told: {event}: {found[0]}")
        return found[0]

    def row(self, route):
        """What `sallyport routers` has of a router: {} where it has none."""
        rows = self.lab.daemon.ask("routers")["routers"]
        return next((row for row in rows if row["router"] == f"0-{route:x}"), {})

    def reason(self, route, reason):
        """Waits until the daemon says that it holds a router back, why, and that `explain` says so."""
        self.lab.wait(f"0-{route:x} is held ({reason})",
                      lambda: {"state": "held", "reason": reason}.items() <= self.row(route).items(), 60, 0.5)
        told = self.lab.dom0(f"sallyport explain 0-{route:x}")
        lines = [line for line in told.splitlines() if f"({reason})" in line]
        self.lab.expect(lines, f"0-{route:x}: held, {reason}; explain: {lines[-1].strip() if lines else told}")

    def held(self, route, port, seconds=5):
        """For so long a router is not authorized, and nothing of it is on PCI."""
        self.lab.dom0(f"sleep {seconds}")
        self.lab.expect(self.attribute(route, "authorized") == "0", f"0-{route:x} is not authorized")
        self.lab.nothing(port)

    def run(self):
        try:
            while not self.stopping.wait(LOOK_S):
                self.serve()
        except Exception as problem:    # told by whoever ends it
            self.problem = problem

    def stop(self):
        """Ends it; an error's text, or None."""
        self.stopping.set()
        self.join(60)
        return f"the Thunderbolt controller: {self.problem!r}" if self.problem else None

    def serve(self):
        """Has PCI follow the tunnels: an odd number of changes is one that is there."""
        memory = self.lab.machine.controller
        entries = dict(TUNNEL.iter_unpack(memory.read(0, memory.size)))
        for route in sorted(self.tunnels, key=depth, reverse=True):
            if entries.get(route) != self.tunnels[route]:
                del self.tunnels[route]
                self.vanish(self.docks[route])
        for route in sorted(entries, key=depth):
            if entries[route] % 2 and route not in self.tunnels and self.docks[route].devices:
                self.tunnels[route] = entries[route]
                self.appear(self.docks[route])

    def appear(self, dock):
        if dock.below:
            self.lab.show(dock.port, dock.devices)
        else:
            self.lab.plug((dock.port, dock.devices))

    def vanish(self, dock):
        if dock.below:
            self.lab.hide(dock.port, dock.below, dock.devices)
        else:
            self.lab.pull(dock.port)
