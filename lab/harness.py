# SPDX-License-Identifier: GPL-2.0-or-later
"""What a scenario plays with: a rig, what is plugged, what was seen and attacked, and the
verdict."""

import json
import shutil
import sys
import time

import daemon
import guest
import platforms
import pci
from agent import AgentError
from guests import Guests
from machine import Device, Port
from oracle import CONTAINED, QUARANTINE, Sampler, ranges
from rig import LabError
from thunderbolt import Thunderbolt

SAMPLES_PER_GUEST_S = 20
KEPT_OFF = (None, "pciback", "pci-stub")
# Three external ports: two as Thunderbolt has them, one with a power controller.
RACK = (Port("rp0", 4), Port("rp1", 5), Port("rp2", 6, power=True))
WIDE = ("dma_mask", 0xFFFF_FFFF_FFFF_FFFF)


def hierarchy(tag="", diskless=False):
    """The hierarchy of the first users' report: a disk, a switch with a leaf, a bridge with a
    conventional leaf. diskless: an edu in the disk's place. A driver that binds what is in quarantine
    already gets no message-signalled interrupt and takes the pin; a disk whose answers go astray holds
    that asserted, and dom0 is busy until Linux switches the line off (doc/amd.md)."""
    conv, up, down = f"conv{tag}", f"up{tag}", f"down{tag}"
    disk = Device("nvme", f"disk{tag}", "0.0", options=(("serial", f"lab{tag}"),))
    return (
        Device("pcie-pci-bridge", conv, "0.1"),
        Device("edu", f"convleaf{tag}", "1.0", bus=conv, options=(WIDE,)),
        Device("x3130-upstream", up, "0.2"),
        Device("xio3130-downstream", down, "0.0", bus=up),
        Device("edu", f"leaf{tag}", "0.0", bus=down, options=(WIDE,)),
        Device("edu", f"first{tag}", "0.0", options=(WIDE,)) if diskless else disk,
    )


def leaf(tag=""):
    """A single function that does DMA."""
    return (Device("edu", f"single{tag}", "0.0", options=(WIDE,)),)


def disk(tag=""):
    """A single NVMe disk."""
    return (Device("nvme", f"only{tag}", "0.0", options=(("serial", f"lab{tag}"),)),)


def beside(tag=""):
    """Two disks, and a switch beside them: no function of it is conventional. 0.1 is free for what gets its bus
    number before the switch."""
    up, down = f"up{tag}", f"down{tag}"
    return (Device("x3130-upstream", up, "0.2"),
            Device("xio3130-downstream", down, "0.0", bus=up),
            Device("nvme", f"second{tag}", "0.3", options=(("serial", f"second{tag}"),)),
            Device("nvme", f"first{tag}", "0.0", options=(("serial", f"first{tag}"),)))


def bridged(tag="", addr="0.0"):
    """A bridge that does not speak PCI Express. What is behind it uses the bridge's own requester ID:
    the nearest that QEMU has to a DMA engine with the header of a bridge."""
    plain = f"plain{tag}"
    return (Device("pci-bridge", plain, addr, options=(("chassis_nr", 99),)),
            Device("edu", f"behind{tag}", "1.0", bus=plain, options=(WIDE,)))


def told(dma):
    """A DMA attack in words, None if there was none."""
    if dma is None:
        return "-"
    requester = f", as {dma['requester']} of {dma['owner']}"
    if dma["bytes_emulated"] > dma["bytes_door2"]:
        return (f"{dma['result']} by the table{requester} (QEMU lets {dma['bytes_emulated']} bytes "
                "pass against it)")
    return f"{dma['result']}{requester}"


def folder(name, stock, platform):
    """Where a run's files are."""
    own = "" if platform == platforms.DEFAULT else platform.name
    return guest.BUILD / own / (f"{name}-stock" if stock else name)


def malicious(*personalities):
    """The malicious device of lab/evil, a function for each of the personalities (names in face.c)."""
    return tuple(Device("vfio-user-pci", f"evil-{personality}", f"0.{function}", personality=personality)
                 for function, personality in enumerate(personalities))


class Lab:
    """One run of one scenario on a rig."""

    def __init__(self, name, stock, platform=platforms.DEFAULT, quiet=False):
        self.name, self.stock, self.platform, self.quiet = name, stock, platform, quiet
        self.folder = folder(name, stock, platform)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.progress = open(self.folder / "progress.log", "w", buffering=1)
        self.began = time.monotonic()
        self.rig = self.sampler = self.thunderbolt = None
        self.failures, self.rows, self.times = [], [], {}
        # By port: the kernel's objects of before the plug, and what is plugged.
        self.old, self.there = {}, {}
        self.doors = None    # how many had to hold in the last examination
        self.reaching = set()    # requester IDs that reached dom0 when both had to hold
        self.fatal = False    # Xen breaks: that is what the scenario shows
        self.guests = Guests(self)

    def elapsed(self):
        """Seconds since the start."""
        return time.monotonic() - self.began

    def say(self, text):
        """A progress line: seconds since the start, then what is being done."""
        line = f"{self.elapsed():7.2f}  {text}"
        print(line, file=self.progress)
        if not self.quiet:
            print(line, file=sys.stdout, flush=True)

    def expect(self, held, text):
        """Records what must hold; the scenario goes on."""
        self.say(f"{'ok  ' if held else 'FAIL'}  {text}")
        if not held:
            self.failures.append(text)
        return held

    def enter(self, rig, sampled):
        """Takes a rig whose ports are as after boot. sampled: from now on; else the scenario calls
        `watch` itself, since what is there at boot is dom0's until the daemon runs."""
        self.rig, self.dom0, self.wait = rig, rig.dom0, rig.wait
        self.machine, self.config, self.daemon = rig.machine, rig.config, rig.daemon
        if sampled:
            self.watch()
        if security := self.machine.setup.thunderbolt:
            self.thunderbolt = Thunderbolt(self, security)

    def watch(self, oracle=None):
        """Starts to sample. oracle: of a rig that is still booting."""
        self.sampler = Sampler(oracle or self.rig.oracle, self.folder / "samples.jsonl")
        self.sampler.start()

    def port(self, name):
        return next(port for port in self.machine.ports if port.name == name)

    def address(self, name):
        """A port's SBDF as text."""
        return pci.sbdf(self.port(name).rid)

    def guard(self, config=daemon.AUTO, spared=()):
        """Starts the daemon and waits until it answers; nothing in a stock run."""
        if self.stock:
            self.say("stock: nothing guards the ports")
            return
        self.daemon.configure(config)
        self.start(spared)
        if self.platform.iommu == "amd":
            took = self.wait("every requester ID reserved", self.reserved, 400, 0.5)
            self.say(f"every requester ID is reserved after {took:.2f} s")

    def reserved(self):
        """Does the daemon say that Xen blocks every requester ID below every port?"""
        ports = self.daemon.ports()
        mine = [ports.get(pci.sbdf(port.rid), {}) for port in self.external()]
        return all(port.get("reserved") and port["reserved"] == port["requesters"] for port in mine)

    def start(self, spared=(), **options):
        """Starts the daemon with the configuration that is there; then every port must be guarded, but
        those that it has to spare for dom0's sake. Options: those of Daemon.start."""
        took = self.daemon.start(**options)
        self.say(f"sallyportd answers after {took:.2f} s")
        self.wait("every port guarded", lambda: self.guarded(spared), 10)
        for port in self.external():
            self.expect(self.config.bme(port.rid) == (port.name in spared),
                        f"door 1 of {port.name} is {'open' if port.name in spared else 'closed'}")

    def external(self):
        """The ports that the daemon has to guard."""
        return [port for port in self.machine.ports if port.external]

    def guarded(self, spared=()):
        """Does the daemon say that every port, but those, is closed and without pciehp?"""
        ports = self.daemon.ports()
        mine = [ports.get(pci.sbdf(port.rid), {}) for port in self.external()
                if port.name not in spared]
        wanted = {"external": True, "gate": "closed", "pciehp": "unbound"}
        return all(wanted.items() <= port.items() for port in mine)

    def kill(self):
        """SIGKILL to the daemon."""
        self.say("SIGKILL to sallyportd")
        self.daemon.signal("KILL")
        self.wait("sallyportd has ended", lambda: not self.daemon.alive(), 10)

    def open_gate(self, name):
        """A third party opens door 1 of a port."""
        self.say(f"somebody sets Bus Master Enable of {name}")
        self.dom0(f"/lib/lab/bme {self.address(name)} 1")

    def closed_again(self, name, after):
        """Waits until door 1 of a port is closed again; that must have been reported after the first
        `after` records."""
        rid = self.port(name).rid
        took = self.wait("door 1 is closed again", lambda: not self.config.bme(rid), 10, 0.01)
        self.say(f"closed again after {took:.2f} s")
        self.reported("gate-opened", name, after)

    def pciehp(self, name, verb):
        """A third party binds the kernel's pciehp to a port or unbinds it."""
        self.say(f"somebody: pciehp {verb} {name}")
        self.dom0(f"echo {self.address(name)}:pcie004 >/sys/bus/pci_express/drivers/pciehp/{verb}")

    def plug(self, *plugs):
        """Plugs at once: (port name, devices) each. What the kernel lists there now is not what is
        waited for."""
        for name, devices in plugs:
            models = ", ".join(device.model for device in devices)
            self.say(f"plugging {models} at {name} ({self.address(name)})")
            self.old[name], self.there[name] = self.instances(name), tuple(devices)
        with self.machine.paused():
            for name, devices in plugs:
                self.machine.plug(name, devices)
        self.plugged = time.monotonic()

    def swap(self, name, devices, gap_s, old=None):
        """Pulls everything and plugs something else gap_s of guest time later; 0: faster than
        anybody can look. old: the kernel's `instances` there, where it cannot be asked now."""
        self.say(f"swapping for {', '.join(d.model for d in devices)} at {name} within {gap_s} s")
        self.old[name], self.there[name] = old or self.instances(name), tuple(devices)
        with self.machine.paused():
            self.machine.pull(name, self.port(name).rid)
            if gap_s == 0:
                self.machine.plug(name, devices)
        if gap_s:
            time.sleep(gap_s)
            self.machine.plug(name, devices)
        self.plugged = time.monotonic()

    def show(self, name, devices):
        """Adds devices below a bridge that is plugged already, and that dom0 has numbered."""
        self.say(f"{', '.join(device.model for device in devices)} appears below {name}")
        bridge = next(device.bus for device in devices if device.bus not in {other.name for other in devices})
        above = bridge, self.located(name, bridge)
        self.there[name] += tuple(devices)
        self.machine.plug(name, devices, above)

    def pull(self, name):
        """Surprise removal of all that is below a port."""
        self.say(f"pulling everything out of {name}")
        self.there[name] = ()
        self.machine.pull(name, self.port(name).rid)

    def hide(self, name, bridge, devices):
        """Surprise removal of devices below a bridge that stays: a downstream port of a switch at a port."""
        self.say(f"{', '.join(device.model for device in devices)} vanishes from below {name}")
        rid = self.located(name, bridge)
        self.there[name] = tuple(device for device in self.there[name] if device not in devices)
        self.machine.pull(bridge, rid)

    def located(self, name, bridge):
        """Requester ID of a plugged bridge, by dom0's bus numbers."""
        device = next(device for device in self.there[name] if device.name == bridge)
        above = self.located(name, device.bus) if device.bus else self.port(name).rid
        return self.config.buses(above)[0] << 8 | device.devfn

    def press_button(self, name, devices):
        """Presses the attention button of a slot with power controller and waits until QEMU has
        taken everything away, which it does when the slot is switched off."""
        self.say(f"pressing the attention button of {name}")
        first = next(device for device in devices if not device.bus and device.addr == "0.0")
        self.machine.press_button(first)
        self.wait(f"{name} is empty", lambda: not self.config.slot(self.port(name).rid)["presence"])

    def instances(self, name):
        """The kernel's device objects below a port."""
        return {instance for _, _, instance in self.rig.enumerated(self.port(name)).values()}

    def settle(self, name, devices):
        """Waits until what was plugged is `ready`; the verdict keeps how long that took."""
        self.ready(name, devices)
        took = round(time.monotonic() - self.plugged, 2)
        self.times.setdefault(f"settle_{name}_s", []).append(took)
        self.say(f"{name}: settled {took} s after the plug")

    def ready(self, name, devices):
        """Waits until dom0 has enumerated exactly these devices below a port, none of them an
        object of before the plug, and, unless stock, the daemon says that all are quarantined."""
        self.wait(f"{len(devices)} functions below {name}", lambda: self.arrived(name, devices))
        if self.stock:
            return
        self.wait(f"everything below {name} quarantined", lambda: self.quarantined(name, devices),
                  interval_s=0.2)
        self.expect(self.arrived(name, devices), "the kernel lists what was plugged, no more")

    def arrived(self, name, devices):
        found = self.rig.enumerated(self.port(name)).values()
        return (sorted(identity for identity, _, _ in found) == sorted(d.id for d in devices) and
                self.old.get(name, set()).isdisjoint(instance for _, _, instance in found))

    def quarantined(self, name, devices):
        """Does the daemon say that these devices, and no others, are below a port, all
        quarantined?"""
        mine = self.daemon.functions(self.address(name)).values()
        return (sorted(f["id"] for f in mine) == sorted(d.id for d in devices) and
                all(f["state"] == "quarantined" and f["owner"] == "dom_io" for f in mine) and
                self.state(name) == "quarantined")

    def empty(self, name, limit_s=30):
        """Waits until neither the kernel nor, unless stock, the daemon knows anything below a
        port."""
        self.wait(f"{name} is empty", lambda: not self.rig.enumerated(self.port(name)), limit_s)
        if not self.stock:
            self.wait(f"the daemon says that {name} is empty", lambda: self.state(name) == "empty"
                      and not self.daemon.functions(self.address(name)), limit_s)

    def nothing(self, name):
        """Is a port as if nobody had ever plugged anything into it?"""
        self.expect(not self.config.occupied(self.port(name).rid) and not self.rig.enumerated(self.port(name)),
                    f"nothing is on PCI below {name}")

    def state(self, name):
        """The daemon's word for a port's state."""
        return self.daemon.ports()[self.address(name)]["state"]

    def reload(self, config):
        """Has the daemon take another configuration."""
        self.daemon.configure(config)
        self.say(self.dom0("sallyport reload").strip())

    def reported(self, event, name, after=0):
        """Waits for a record about a port among those after the first `after`; what it says is in
        the progress log."""
        found, subject = [], (event, self.address(name))

        def ready():
            found[:] = [r for r in self.daemon.records()[after:] if (r.event, r.port) == subject]
            return found

        try:
            self.wait(f"a record {event} about {name}", ready, 20)
        except LabError:
            return self.expect(False, f"reported: {event}")
        return self.expect(True, f"reported: {event}: {found[0].text}")

    def examine(self, name, stage="", doors=2, used=(), kept_off=True):
        """Every function below a port, seen from outside, then attacked: the rows. stage: when this
        is, for people. doors: how many must hold: both; one is enough; or 0, it is not guarded
        yet. used: ids of what dom0 works with just now: an attack by it would take it away.
        kept_off: no driver of dom0's may be there."""
        port, known, rows = self.port(name), self.rig.enumerated(self.port(name)), []
        self.look_back()
        self.doors = doors
        for function in list(self.config.below(port.rid)):
            self.machine.check_number(function)
            row = {"stage": stage, "doors": doors, "kept_off": kept_off, "sbdf": function.sbdf,
                   "port": pci.sbdf(port.rid), "id": function.id,
                   "class": f"0x{function.class_code:06x}",
                   "kind": "bridge" if function.bridge else "endpoint",
                   "owner": self.rig.oracle.owner(function.rid),
                   "driver": known.get(function.sbdf, ("", None))[1], "dma": None,
                   "lent": self.rig.oracle.lent_to(name)}
            if function.id not in used and self.rig.attacker.weapon(port, function):
                row["dma"] = self.rig.attacker.attack(port, function).record()
            rows.append(row)
            self.say(f"{function.sbdf} {function.id} {row['kind']:8} owner {row['owner']:12} driver "
                     f"{row['driver'] or '-':9} DMA {told(row['dma'])}")
        self.rows += rows
        self.expect(any(row["dma"] for row in rows), f"attacked: {stage or 'settled'}")
        if doors != 1:    # a hierarchy without bus numbers shows its first bus only
            self.expect(sorted(row["id"] for row in rows) == sorted(d.id for d in self.there[name]),
                        "everything that is plugged was examined")
        if doors == 2:
            self.reaching |= set(self.rig.oracle.look().reaching(name))
        return rows

    def look_back(self):
        """What changed dom0's memory since the last examination came through the doors of then."""
        changed = self.rig.attacker.leftover()
        if changed and self.doors in (0, 1) and not self.stock:
            self.say(f"{changed} bytes of the canary changed after the last attack; the gate was "
                     "all that had to hold then, and QEMU does not enforce it")
        elif changed and not self.stock:
            self.expect(False, f"{changed} bytes of dom0 changed between two examinations")

    def judge(self, late=()):
        """The expectation of nearly every scenario: stock is overwritten, protected never
        exposed. late: names of ports that were open while the sampling began; they must have been
        shut, for good."""
        if self.stock:
            self.judge_stock()
            return
        both = [row for row in self.rows if row["doors"] == 2]
        fired = [row["dma"] for row in self.rows if row["dma"] and row["doors"]]
        self.expect(any(row["dma"] for row in both), "both doors were attacked")
        self.expect(not any(dma["bytes"] for dma in fired), "nothing was overwritten")
        self.expect(not any(row["dma"] and row["dma"]["bytes_door2"] for row in both),
                    "no byte of dom0 passed door 2")
        self.expect(all(owner in (*CONTAINED, row["lent"]) for row in both
                        for owner in (row["owner"], row["dma"]["owner"] if row["dma"] else row["owner"])),
                    "the IOMMU's tables contain every function, or let it reach the guest that it is for")
        self.expect(not self.reaching, "requester IDs below the ports that reach dom0: "
                    f"{', '.join(ranges(dict.fromkeys(self.reaching, ''))) or 'none'}")
        caught = [row["dma"] for row in both if row["dma"] and row["dma"]["owner"] == QUARANTINE]
        self.expect(all(dma["bytes_swallowed"] for dma in caught),
                    f"{len(caught)} attacks ended in a page of their own")
        self.expect(all(row["driver"] in KEPT_OFF for row in both if row["kept_off"]),
                    "no dom0 driver below a port")
        self.closed()
        for port in self.external():
            spells = self.sampler.spells.of(port.name)
            if port.name in late:
                self.expect(all(len(spells[fact]) == 1 and spells[fact][0][1] for fact in spells),
                            f"each door of {port.name} was shut once, and for good: {spells}")
            else:
                self.expect(not spells["exposed"], f"no exposure through {port.name}")
        if not late:
            self.expect(self.sampler.exposures == 0, "no exposure")

    def closed(self):
        """At the end: door 1 of every guarded port."""
        for port in self.external():
            self.expect(not self.config.bme(port.rid), f"door 1 of {port.name} is still closed")

    def exposure(self, name):
        """Into the verdict, in guest seconds, for what was there at power-on: from when Xen gave it to
        dom0 until door 1, and until both were shut; how long both were open; and how much of that was
        after the kernel had started dom0's first process: before, nothing can shut them. Returns when
        each door was shut, on the machine's clock."""
        spells, stages = self.sampler.spells.of(name), self.rig.stages
        given, owned = spells["owned"][0]
        since, until = spells["exposed"][0]
        self.times["exposure"] = took = {
            "given_to_door1_s": round(until - given, 2), "given_to_doors_s": round(owned - given, 2),
            "exposed_s": round(until - since, 2), "by_dom0_s": round(until - stages["top"], 2)}
        self.say(f"{name}: {took}; stages of the boot: {stages}")
        return until, owned

    def unharmed(self):
        """Where Xen breaks, no more than that may happen: dom0's memory is as it was, protected ports are closed."""
        self.expect(not self.rig.attacker.leftover(), "nothing was overwritten")
        if self.stock:
            return
        self.closed()
        self.expect(self.sampler.exposures == 0, "no exposure")

    def judge_stock(self):
        """Where nothing guards, every port that something was plugged into let it through."""
        ports = {row["port"] for row in self.rows}
        hit = {row["port"] for row in self.rows if row["dma"] and row["dma"]["bytes"]}
        self.expect(ports and hit == ports, "stock: dom0 was overwritten through every port")
        self.expect(self.sampler.exposures > 0, "stock: the oracle saw exposures")

    def leave(self, error=None):
        """Ends the run; writes and returns the verdict. The rig goes on."""
        if problem := self.thunderbolt and self.thunderbolt.stop():
            self.failures.append(problem)
        sampling = self.sampler.stop() if self.sampler else {}
        if sampling.get("error"):
            self.failures.append(f"the sampler died: {sampling['error']}")
        if not error:
            rate = sampling.get("samples_per_guest_s", 0)
            self.expect(rate >= SAMPLES_PER_GUEST_S, f"{rate} samples per guest second")
        if self.rig:
            if not self.fatal:
                broken = self.rig.broken()
                self.expect(not broken, f"Xen and dom0's kernel are whole: {broken or 'nothing broke'}")
            (self.folder / "serial.log").write_text(self.rig.serial())
            shutil.copy(self.rig.folder / "qemu.log", self.folder)
            self.save_log()
            if error or self.failures:
                self.guests.save(self.folder)
        self.times["total_s"] = round(self.elapsed(), 2)
        held = not self.failures and not error
        verdict = {"scenario": self.name, "stock": self.stock, "platform": self.platform.name,
                   "versions": self.rig.versions if self.rig else None, "folder": str(self.folder),
                   "held": held, "error": error, "failures": self.failures,
                   "functions": self.rows, "sampling": sampling, "times": self.times,
                   "stages": self.rig.stages if self.rig else {}}
        (self.folder / "verdict.json").write_text(json.dumps(verdict, indent=1) + "\n")
        self.say(f"{'held' if held else 'FAILED'}: {sampling.get('exposures', '?')} exposures in "
                 f"{sampling.get('samples', 0)} samples, longest gap "
                 f"{sampling.get('worst_gap_s', '?')} s; {self.folder}/verdict.json")
        self.progress.close()
        return verdict

    def save_log(self):
        """A copy of the daemon's log on this machine, if dom0 still answers."""
        try:
            text = "" if self.stock or self.fatal else self.daemon.log()
        except (OSError, AgentError, LabError) as problem:
            text = f"(the log could not be fetched: {problem})\n"
        (self.folder / "sallyport.log").write_text(text)
