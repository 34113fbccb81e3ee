# SPDX-License-Identifier: GPL-2.0-or-later
"""The oracle: says from outside, without believing any program in the guest, who owns a requester
ID and whether dom0's memory was exposed through an external port. It samples all tables and all
gates atomically while the guest is paused."""

import dataclasses
import json
import threading

import pci
import vtd
from spells import Spells

REFERENCE = 0x1F << 3 | 2        # 00:1f.2, q35's on-board AHCI: never anything but dom0's


@dataclasses.dataclass
class Sample:
    """One state. ports: {name: (BME, first bus, last bus)}; owners: {RID below a port: owner};
    exposed: RIDs."""
    ports: dict
    owners: dict
    exposed: list

    def record(self):
        """The sample as compact JSON values."""
        return {"ports": {name: {"gate": "open" if bme else "closed", "bus": [first, last]}
                          for name, (bme, first, last) in self.ports.items()},
                "owners": {pci.text(rid): owner for rid, owner in self.owners.items()},
                "exposed": [pci.text(rid) for rid in self.exposed]}


class Oracle:
    """Reads one machine. `canary` (may be None before dom0 is up) gives the dom0 pages that must
    not be reachable."""

    def __init__(self, machine, config, canary=None):
        self.machine, self.config, self.canary = machine, config, canary
        self.tables = vtd.Tables(machine.ram.read, machine.qtest.load)

    def owner(self, rid):
        """Owner of one requester ID now."""
        with self.machine.paused():
            return self.judge(self.entries()).get(rid, "none")

    def entries(self):
        """{RID: entry}, or None while the IOMMU does not translate."""
        return self.tables.entries() if self.tables.translating() else None

    def judge(self, entries, rids=None):
        """{RID: "dom0" | "other"} of present entries (of `rids` only, when given). Absent from it =
        "none": every request faults. dom0 = same table as the reference function, pass-through, or
        any canary page is mapped."""
        if entries is None:
            return dict.fromkeys(rids if rids is not None else range(65536), "dom0")
        reference, known, owners = entries.get(REFERENCE), {}, {}
        for rid, entry in entries.items():
            if rids is not None and rid not in rids:
                continue
            if entry not in known:
                known[entry] = self.is_dom0(entry, reference)
            owners[rid] = "dom0" if known[entry] else "other"
        return owners

    def is_dom0(self, entry, reference):
        if entry.tt == vtd.PASS_THROUGH or reference and entry.root == reference.root:
            return True
        pages = self.canary.pages if self.canary else ()
        return any(self.tables.maps(entry, page) for page in pages)

    def look(self):
        """One sample, taken atomically."""
        with self.machine.paused():
            ports, rids = {}, set()
            for port in self.machine.ports:
                first, last = self.config.buses(port.rid)
                ports[port.name] = (self.config.bme(port.rid), first, last)
                if 0 < first <= last:
                    rids.update(range(first << 8, last + 1 << 8))
            owners = self.judge(self.entries(), rids)
        exposed = [rid for rid, owner in owners.items() if owner == "dom0" and any(
            bme and first <= rid >> 8 <= last for bme, first, last in ports.values())]
        return Sample(ports, owners, exposed)


class Sampler:
    """A thread that looks again and again, at least `rate` times per second of guest activity, and
    keeps a log of changes."""

    def __init__(self, oracle, path, rate=30):
        self.oracle, self.interval = oracle, 1 / rate
        self.machine = oracle.machine
        self.log = open(path, "w", buffering=1)
        self.samples = self.exposures = 0
        self.exposed, self.worst_gap_s, self.error = set(), 0.0, None
        self.spells = Spells()
        self.done = threading.Event()
        self.started = self.last = self.machine.clock()
        self.previous = None
        self.thread = threading.Thread(target=self.run, name="sampler", daemon=True)

    def run(self):
        try:
            while not self.done.is_set():
                self.take()
                took = self.machine.clock() - self.last
                self.done.wait(max(0.0, self.interval - took))
        except Exception as error:  # a sampler that died must fail the scenario, whatever killed it
            self.error = f"{type(error).__name__}: {error}"

    def take(self):
        """One sample into the counters and, when it differs from the one before, into the log."""
        with self.machine.paused():
            now, sample = self.machine.clock(), self.oracle.look()
        self.samples += 1
        self.spells.take(now, sample)
        self.worst_gap_s, self.last = max(self.worst_gap_s, now - self.last), now
        if sample.exposed:
            self.exposures += 1
            self.exposed.update(sample.exposed)
        if sample != self.previous:
            head = {"n": self.samples, "guest_s": round(now, 3)}
            self.log.write(json.dumps(head | sample.record()) + "\n")
            self.previous = sample

    def start(self):
        self.thread.start()

    def stop(self):
        """Ends the thread; returns the summary for the verdict."""
        self.done.set()
        self.thread.join(30)
        self.log.close()
        seconds = self.last - self.started
        return {"samples": self.samples, "guest_s": round(seconds, 2),
                "samples_per_guest_s": round(self.samples / seconds, 1) if seconds else 0.0,
                "worst_gap_s": round(self.worst_gap_s, 3), "exposures": self.exposures,
                "exposed": sorted(map(pci.sbdf, self.exposed)), "spells": self.spells.ports,
                "error": self.error}
