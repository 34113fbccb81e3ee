# SPDX-License-Identifier: GPL-2.0-or-later
"""What scenarios do with guests: have one, give it a device and take it back, with xl alone or by Sallyport; see from
outside that it works there; and what Xen, xl and xenstore say of it."""

import hashlib
import re

import pci
from agent import AgentError
from domain import Domain, DomainError
from rig import LabError

# In the guest: its disk with a serial number that begins so.
DISK = """disk=; for entry in /sys/bus/pci/devices/*/nvme/nvme*/serial; do
	case $(cat $entry) in %s*) disk=/dev/$(basename ${entry%%/serial}/nvme*n1) ;; esac
done; [ -b "$disk" ]"""
# Then: so many bytes of noise to it, and read back from there.
WRITE = """ &&
head -c %d /dev/urandom >/run/noise &&
dd if=/run/noise of=$disk bs=64k conv=fsync 2>/dev/null && echo 3 >/proc/sys/vm/drop_caches &&
[ "$(head -c $(stat -c %%s /run/noise) $disk | sha256sum)" = "$(sha256sum </run/noise)" ] && sha256sum </run/noise"""

# What Xen prints for debug keys q and Q (xen/common/domain.c: dump_domains, xen/common/rangeset.c:
# rangeset_domain_printk, xen/drivers/passthrough/pci.c: _dump_pci_devices).
DUMP = "'q' pressed"
DOMAIN = re.compile(r"General information for domain (\d+):")
RIGHTS = re.compile(r"\(XEN\) +(Interrupts|I/O Memory|I/O Ports) +\{ *(.*?) *\}")
# Lines of xenstore-ls (libxl: libxl_pci.c:libxl__create_pci_backend, pci_info_xs_path).
BACKEND = re.compile(r"^/local/domain/0/backend/pci/(\d+) = ", re.M)
GIVEN = re.compile(r"^/libxl/pci/(\w{4})-(\w\w)-(\w\w)-(\d)/domid = \"(\d+)\"", re.M)
# An address in xl's tables.
FULL = re.compile(r"\b[\da-f]{4}:[\da-f]{2}:[\da-f]{2}\.\d\b")
# More than a guest's memory ever has, in a guest's own addresses.
SPACE = {"pv": 0, "hvm": 1 << 29}


class Guests:
    """Those of one run. domains: {name: Domain}."""

    def __init__(self, lab):
        self.lab, self.domains = lab, {}

    def create(self, name, kind="pv", passthrough=True):
        """A guest that is up: its memory is watched from now on."""
        domain = self.domains[name] = Domain(self.lab.rig, name, kind, passthrough)
        try:
            took, ready = domain.create()
        except LabError:
            self.lab.say(f"what {name} printed last: {domain.log()[-2000:]}")
            raise
        pages = domain.canary.pages
        self.lab.say(f"guest {name} ({kind}) is domain {domain.id()}: created in {took:.1f} s, answers after "
                     f"{ready:.1f} s more, {len(pages)} pages of it found from {min(pages):#x} on")
        return domain

    def learn(self, domain, rid):
        """Finds out at which addresses a device of an HVM guest's sees its memory; known of a PV guest."""
        if SPACE[domain.kind]:
            self.lab.rig.oracle.learn(rid, domain.name, SPACE[domain.kind])
            found = self.lab.rig.oracle.places[domain.name]
            self.lab.say(f"{len(found)} pages of {domain.name} found in the table of {pci.text(rid)}")

    def save(self, folder):
        """What each guest's kernel has to say of a run that failed, or that the guest does not answer."""
        for domain in self.domains.values():
            try:
                text = domain.run("dmesg | tail -n 200; cat /proc/interrupts; ps", 30)[1]
            except (AgentError, DomainError, OSError) as error:
                text = f"{error}\n"
            (folder / f"{domain.name}.log").write_text(text)

    def attach(self, domain, sbdf):
        """The toolstack's own way, without Sallyport: {step: seconds of the machine's}."""
        return {"assignable_add": self.ordered(f"xl pci-assignable-add {sbdf}"),
                "attach": self.ordered(f"xl pci-attach {domain.name} {sbdf}")}

    def detach(self, domain, sbdf):
        """The way back: a device stays with pciback, and in DOMID_IO."""
        return self.ordered(f"xl pci-detach {domain.name} {sbdf}")

    def assign(self, name, device, domain):
        """Sallyport gives what is below a port, or one device there, to a guest: seconds of the machine's."""
        self.lend(name, domain)
        return self.ordered(f"sallyport assign {device} {domain.name}")

    def unassign(self, name, device):
        """Sallyport takes it back; then no guest's memory may be reached from below the port."""
        took = self.ordered(f"sallyport unassign {device}")
        self.lend(name, None)
        return took

    def ordered(self, script):
        """Has dom0 do what must succeed: seconds of the machine's."""
        before = self.lab.machine.clock()
        self.lab.say(f"{script}: {self.lab.dom0(script, 120).strip() or 'done'}")
        return round(self.lab.machine.clock() - before, 2)

    def lend(self, name, domain):
        """From now on memory of a guest may be reached from below a port; None: of none."""
        lent = self.lab.rig.oracle.lent
        lent.pop(name, None)
        if domain:
            lent[name] = domain.name

    def aim(self, name, function, domain, other, mine=True):
        """A function below a port tries the memory of dom0, Xen, another guest and the one that is given something
        there. mine: it is that guest's, and must reach its memory, and no other; else it must reach none."""
        attacker, oracle = self.lab.rig.attacker, self.lab.rig.oracle
        targets = [attacker.at_dom0(), attacker.at_guest(other.name), attacker.at_guest(domain.name, own=True)]
        # QEMU lets pass what AMD's basic quarantine aborts: Xen's tables would really be overwritten.
        if oracle.believed(oracle.owner(self.lab.config.requester(function))):
            targets.append(attacker.at_xen())
        for target in targets:
            dma = attacker.attack(self.lab.port(name), function, target).record()
            landed = dma["landed"] | ({"dom0": dma["bytes_door2"]} if dma["bytes_door2"] else {})
            wanted = [domain.name] if mine and target.name == domain.name else []
            self.lab.expect(sorted(landed) == wanted, f"DMA of {function.sbdf} as {dma['requester']} at {target.name}: "
                            f"{landed or 'landed nowhere'} (it is of {dma['owner']}; judged by "
                            f"{dma['door2_judged_by']})")

    def uses(self, domain, size=1 << 20, serial=""):
        """The guest's driver works with its disk, or the one with this serial number: what it wrote, so many bytes, is
        on the disk that is outside. Seconds until it had a disk."""
        clock, disk = self.lab.machine.clock, DISK % serial
        before = clock()
        self.lab.wait(f"{domain.name} has a disk", lambda: domain.does(disk), 180)
        took = round(clock() - before, 2)
        told = domain.inside(disk + WRITE % size, 120).split()[0]
        files = {path.name: hashlib.sha256(path.open("rb").read(size)).hexdigest()
                 for path in self.lab.rig.folder.glob("*.disk")}
        self.lab.expect(told in files.values(), f"{domain.name} wrote {size} bytes to its disk and read them back; "
                        f"outside they are the same: sha256 {told[:16]}")
        return took

    def rights(self):
        """What each domain may reach, as Xen has it: {domain ID: {"I/O Memory": "fe800-fe803"}}."""
        text = self.lab.dom0("xl debug-keys q; xl dmesg | tail -n 500", 60)
        rights, domain = {}, None
        for line in text[text.rindex(DUMP):].splitlines():
            if found := DOMAIN.search(line):
                domain = rights.setdefault(int(found[1]), {})
            elif (found := RIGHTS.search(line)) and domain is not None:
                domain[found[1]] = found[2]
        return rights

    def clean(self, domain):
        """Has a guest no right left to any device's memory, ports or interrupts? (Stock Xen 4.17 leaves an HVM guest
        what it had, which is told: doc/release.md.)"""
        rights = self.rights().get(domain.id(), {})
        if self.lab.stock and domain.kind == "hvm" and rights:
            return self.lab.say(f"stock: rights of {domain.name}: {rights}")
        return self.lab.expect(rights and not any(rights.values()), f"rights of {domain.name}: {rights}")

    def traces(self):
        """What is left in dom0 of devices that guests had: {"backends": domain IDs that xenstore has a PCI backend for,
        "given": {SBDF: domain ID} as libxl remembers them, "slots": SBDFs that pciback would seize again}."""
        text = self.lab.dom0("cd /; xenstore-ls -f /local/domain/0/backend/pci 2>/dev/null; xenstore-ls -f /libxl/pci "
                             "2>/dev/null; cat /sys/bus/pci/drivers/pciback/slots")
        given = {":".join(found[:3]) + f".{found[3]}": int(found[4]) for found in GIVEN.findall(text)}
        return {"backends": sorted(map(int, BACKEND.findall(text))), "given": given,
                "slots": sorted(re.findall(r"^[\da-f]{4}:[\da-f]{2}:[\da-f]{2}\.\d$", text, re.M))}

    def toolstack(self):
        """What xl tells: ({guest's name: domain ID}, {name of one of ours: SBDFs of what it has}, SBDFs that are
        assignable)."""
        text = self.lab.dom0(f"xl list; for name in {' '.join(self.domains)}; do echo =$name; "
                             "xl pci-list $name 2>/dev/null; done; echo =; xl pci-assignable-list", 60)
        listed, *devices = re.split(r"^=(\w*)\n", text, flags=re.M)
        ids = {line.split()[0]: int(line.split()[1]) for line in listed.splitlines()[1:]}
        found = {name: sorted(FULL.findall(rows)) for name, rows in zip(devices[::2], devices[1::2])}
        return ids, found, found.pop("")

    def agree(self):
        """At rest xl and Sallyport must tell the same of every guest's devices, and of those that are free."""
        ids, devices, free = self.toolstack()
        functions = self.lab.daemon.functions()
        owners = {sbdf: f["owner"] for sbdf, f in functions.items()}
        for name in self.domains:
            given = sorted(sbdf for sbdf, f in functions.items() if f["assigned_to"] == name)
            # On AMD-Vi Xen says no more than that it is a guest's (doc/amd.md).
            mine = sorted(sbdf for sbdf, owner in owners.items() if name in ids and (
                owner == f"dom{ids[name]}" or owner == "guest" and sbdf in given))
            self.lab.expect(devices[name] == mine, f"xl pci-list {name}: {devices[name]}; sallyport list: {mine}")
            self.lab.expect(set(given) >= set(mine), f"given to {name}, for sallyport: {given}")
        others = {owner for owner in owners.values() if owner} - {f"dom{number}" for number in ids.values()}
        self.lab.expect(others <= {"dom_io", "guest"}, f"every guest that has something is in xl list: {ids}")
        self.lab.expect(all(owners.get(sbdf) == "dom_io" for sbdf in free),
                        f"what xl pci-assignable-list has is quarantined for sallyport: {free or 'nothing'}")
