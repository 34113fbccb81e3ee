# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine: one QEMU process with an emulated IOMMU and external root ports; its RAM is mapped
into this process."""

import contextlib
import dataclasses
import itertools
import mmap
import os
import re
import subprocess
import threading
import time

import acpi
import ivrs
import pci
import platforms
from numbering import Numbering, NumberingError
from pci import CAP_EXPRESS, SLTCTL
from qmp import Qmp, QmpError
from qtest import Qtest
from vfiouser import Evil

MIB = 1 << 20
RAM_MIB, DOM0_MIB = 2048, 1024
# No processor here speculates: what Xen and Linux do against that costs half of the time, and protects nothing. But for
# one thing: with the FPU switched lazily, processes of dom0 were seen to find each other's vector registers in theirs
# (Haswell; not qemu64, which has no XSAVE).
XEN_UNMITIGATED, LINUX_UNMITIGATED = "spec-ctrl=no,eager-fpu=yes xpti=no", "mitigations=off"
CONTROLLER_SIZE = 4096


class MachineError(Exception):
    """The machine did not do what the lab needs of it."""


# Vendor and device ID of QEMU's models, and of the malicious device behind vfio-user-pci.
IDS = {"edu": "1234:11e8", "nvme": "1b36:0010", "pcie-pci-bridge": "1b36:000e",
       "pci-bridge": "1b36:0001", "x3130-upstream": "104c:8232", "xio3130-downstream": "104c:8233",
       "e1000e": "8086:10d3", "vfio-user-pci": "1234:e110"}


@dataclasses.dataclass(frozen=True)
class Port:
    """A root port, or the downstream port of a switch that is part of the machine. name: QEMU id and bus; device: its
    number on its bus; power: has a power controller; marks: what firmware says of it (acpi.py); external: what the
    daemon has to say; root: device number of the root port above its switch, or None; bus: the number that firmware
    gives its bus."""
    name: str
    device: int
    power: bool = False
    buses: int = 8
    hotplug: bool = True
    marks: tuple = ()
    external: bool = True
    root: int | None = None
    bus: int = 0

    @property
    def rid(self):
        return self.bus << 8 | self.device << 3

    @property
    def switch(self):
        """QEMU id of the upstream port of the switch that it belongs to."""
        return f"{self.name}-up"

    def arguments(self):
        """Arguments of each -device for it. buses = bus numbers kept free below a root port by the firmware."""
        extra = "" if self.power else ",power_controller_present=off"
        extra += "" if self.hotplug else ",hotplug=off"
        if self.root is None:
            return (self.root_port(self.name, self.device) + extra,)
        return (self.root_port(f"{self.name}-root", self.root) + ",hotplug=off",
                f"x3130-upstream,id={self.switch},bus={self.name}-root",
                f"xio3130-downstream,id={self.name},bus={self.switch},addr={self.device:#x},"
                f"chassis={self.root},slot=0{extra}")

    def root_port(self, name, device):
        """Argument of the -device for a root port."""
        return (f"pcie-root-port,id={name},bus=pcie.0,addr={device:#x},chassis={device},slot={device},"
                f"bus-reserve={self.buses},mem-reserve=64M")


@dataclasses.dataclass(frozen=True)
class Device:
    """A device to plug. model: QEMU's; name: id; addr: "SLOT.FUNCTION" on `bus` (None: the port's
    own bus). personality: of the malicious device (vfio-user-pci)."""
    model: str
    name: str
    addr: str
    bus: str | None = None
    options: tuple = ()
    personality: str | None = None

    @property
    def id(self):
        return IDS[self.model]

    @property
    def devfn(self):
        slot, function = self.addr.split(".")
        return int(slot, 16) << 3 | int(function)

    @property
    def function(self):
        return int(self.addr[-1])

    def arguments(self, port, multifunction):
        """Arguments of device_add."""
        values = {"driver": self.model, "id": self.name, "bus": self.bus or port, "addr": self.addr}
        if multifunction:
            values["multifunction"] = True
        return values | dict(self.options)


class Ram:
    """Memory shared with QEMU by a memfd. The guest's: guest-physical address = offset (all of it lies
    below 2 GiB)."""

    def __init__(self, size):
        self.size = size
        self.file = os.memfd_create("guest-ram")
        os.ftruncate(self.file, size)
        self.bytes = mmap.mmap(self.file, size)

    def read(self, address, size):
        """Bytes, or None when the range is not RAM."""
        if address < 0 or address + size > self.size:
            return None
        return self.bytes[address:address + size]

    def write(self, address, data):
        assert 0 <= address <= self.size - len(data)
        self.bytes[address:address + len(data)] = data

    def extents(self):
        """(start, end) of the parts that were ever written."""
        end = 0
        while end < self.size:
            try:
                start = os.lseek(self.file, end, os.SEEK_DATA)
            except OSError:
                return
            end = os.lseek(self.file, start, os.SEEK_HOLE)
            yield start, end

    def find(self, pattern):
        """Addresses at which the pattern stands, ascending."""
        for start, end in self.extents():
            at = self.bytes.find(pattern, start, end)
            while at >= 0:
                yield at
                at = self.bytes.find(pattern, at + 1, end)

    def close(self):
        self.bytes.close()
        os.close(self.file)


@dataclasses.dataclass(frozen=True)
class Setup:
    """What a machine is to be. ports; cold: (port name, Device) there at power-on; boot: the word for
    lab/dom0/init, or None; newer: with the newer QEMU (emulator.py); narrow: an AMD machine's IVRS stays
    as QEMU makes it (ivrs.py); guests: kinds of guests that dom0 has to be able to run ("pv", "hvm"); built: a
    build of tools/build other than usual, or None; thunderbolt: it has a Thunderbolt controller (lab/tbfake) with
    this security level, or None; bolt: dom0 can run it."""
    ports: tuple
    cold: tuple = ()
    boot: str | None = None
    newer: bool = False
    narrow: bool = False
    guests: tuple = ()
    built: str | None = None
    thunderbolt: str | None = None
    bolt: bool = False


class Machine:
    """QEMU from start to stop. `clock()` counts seconds in which the guest ran, pauses left out."""

    def __init__(self, folder, image, platform, setup):
        self.folder, self.setup, self.ports = folder, setup, tuple(setup.ports)
        self.platform, self.iommu = platform, platforms.IOMMU[platform.iommu]
        self.ram = Ram(RAM_MIB * MIB)
        # Of the Thunderbolt controller (thunderbolt.py); nobody looks at it where there is none.
        self.controller = Ram(CONTROLLER_SIZE)
        self.lock = threading.RLock()
        self.emulator, self.evils = image.emulator, {}    # by port's name and number of function
        self.drives, self.slots = itertools.count(1), itertools.count(1)
        self.pauses, self.ran_s, self.since = 0, 0.0, None
        self.numbers = {}    # see Numbering.secondaries
        # Where the IOMMU's model wants bus numbers, they are plugged when the firmware has given them,
        # before Xen starts.
        self.cold = setup.cold if self.iommu.by_number else ()
        self.argv = self.command(image, () if self.cold else setup.cold)

    def command(self, image, cold):
        """QEMU's command line (shared/lab-facts.md, "Recipe"). cold: those that are there as it starts."""
        word = f" lab.boot={self.setup.boot}" if self.setup.boot else ""
        argv = ["setpriv", "--pdeathsig", "KILL", *self.emulator.command, "-nodefaults",
                "-display", "none", "-no-reboot", "-accel", "tcg,thread=multi",
                "-machine", "q35,kernel-irqchip=split,memory-backend=ram",
                "-cpu", self.iommu.cpu, "-smp", "2", "-m", str(self.ram.size // MIB),
                "-object", f"memory-backend-file,id=ram,size={self.ram.size},share=on,"
                           f"mem-path=/proc/self/fd/{self.ram.file}",
                "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
                "-device", self.iommu.device + self.emulator.iommu.get(self.platform.iommu, ""),
                "-qmp", f"unix:{self.folder}/qmp,server=on,wait=off",
                "-qtest", f"unix:{self.folder}/qtest,server=on,wait=off", "-qtest-log", "none",
                "-serial", f"file:{self.folder}/serial.log",
                "-serial", f"unix:{self.folder}/agent,server=on,wait=off",
                "-kernel", str(image.xen),
                "-append", f"console=com1 dom0_mem={DOM0_MIB}M,max:{DOM0_MIB}M loglvl=all "
                           f"guest_loglvl=all iommu={self.platform.options} {XEN_UNMITIGATED}",
                "-initrd", f"{image.kernel} console=hvc0 quiet {LINUX_UNMITIGATED}{word},{image.initramfs}"]
        for port in self.ports:
            for text in port.arguments():
                argv += ["-device", text]
        if marks := {port.rid: port.marks for port in self.ports if port.marks}:
            (self.folder / "ssdt.aml").write_bytes(acpi.ssdt(marks))
            argv += ["-acpitable", f"file={self.folder}/ssdt.aml"]
        if self.setup.thunderbolt:
            argv += ["-object", f"memory-backend-file,id=controller,size={CONTROLLER_SIZE},share=on,"
                                f"mem-path=/proc/self/fd/{self.controller.file}",
                     "-device", "ivshmem-plain,memdev=controller,addr=0x3"]
        for port, device in cold:
            values = device.arguments(port, True) | self.numbered(device)
            if device.model == "nvme":
                values["drive"] = f"cold{device.name}"
                argv += ["-blockdev", ",".join(f"{key}={value}" for key, value
                                               in self.disk(f"cold{device.name}").items())]
            argv += ["-device", ",".join(f"{key}={flag(value)}" for key, value in values.items())]
        return argv

    def start(self):
        """Starts QEMU; the guest runs from here on."""
        for name in ("qmp", "qtest", "agent"):
            (self.folder / name).unlink(missing_ok=True)
        log = open(self.folder / "qemu.log", "wb")
        self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                        env=os.environ | {"LD_PRELOAD": self.emulator.preload},
                                        pass_fds=(self.ram.file, self.controller.file))
        try:
            self.qmp, self.qtest = Qmp(self.folder / "qmp"), Qtest(self.folder / "qtest")
        except OSError as error:
            self.process.kill()
            text = f"QEMU does not answer: {error}; see {self.folder}/qemu.log"
            raise MachineError(text) from error
        self.since = time.monotonic()
        self.config = pci.Config(self.qtest)
        if self.iommu.ivrs and not self.setup.narrow:
            ivrs.widen(self)
        with self.paused():
            for name in dict.fromkeys(name for name, _ in self.cold):
                self.plug(name, [device for port, device in self.cold if port == name])
            if self.cold and self.begun():
                raise MachineError("Xen was faster than what is to be there at boot")

    def begun(self):
        """Has Xen printed anything?"""
        log = self.folder / "serial.log"
        return log.exists() and log.stat().st_size > 0

    def stop(self):
        """Ends QEMU and malicious devices, by their process ids, and gives the RAM back."""
        self.process.kill()
        self.process.wait(10)
        for evil in self.evils.values():
            evil.close()
        self.ram.close()
        self.controller.close()

    def alive(self):
        return self.process.poll() is None

    def whereabouts(self, count=12):
        """For who has to know why nothing happens: the console's last lines, and what every processor is at, and what
        interrupts it has not taken, three times."""
        told = (self.folder / "serial.log").read_text(errors="replace").splitlines()[-count:]
        for command in ("info registers -a", "info lapic 0", "info lapic 1") * 3:
            try:
                text = self.qmp.execute("human-monitor-command", **{"command-line": command})
            except (QmpError, OSError) as error:
                text = f"EIP unknown: {error}"
            told += re.findall(r"CPU#\d+|.*[ER]IP.*|CPU \d+|I[RS]R.*", text)
        return "\n".join(told)

    def clock(self):
        """Seconds of guest activity since the start."""
        with self.lock:
            return self.ran_s + (time.monotonic() - self.since if self.since else 0.0)

    @contextlib.contextmanager
    def paused(self):
        """No virtual CPU runs inside the block; nests."""
        with self.lock:
            if self.pauses == 0:
                self.qmp.execute("stop")
                self.ran_s += time.monotonic() - self.since
                self.since = None
            self.pauses += 1
            try:
                yield
            finally:
                self.pauses -= 1
                if self.pauses == 0:
                    self.since = time.monotonic()
                    self.qmp.execute("cont")

    def plug(self, port, devices, above=None):
        """Plugs a hierarchy at once: the guest is paused meanwhile and sees one event. Function 0
        goes after its slot's others, which do not answer before; what is behind bridges comes
        last, where the IOMMU's model wants their numbers. above: (name, requester ID) of the bridge
        that it is plugged at, where that is not the port itself."""
        rack = next(p for p in self.ports if p.name == port)
        bus, rid = above or (None, rack.rid)
        own = sorted((d for d in devices if d.bus == bus), key=lambda d: d.addr.endswith(".0"))
        below = [d for d in devices if d.bus != bus]
        slots = {device.name: device.bus or port for device in devices}
        numbering = Numbering(self.config, rid, devices if self.iommu.by_number else (), bus)
        with self.paused(), self.powered(rack, bool(numbering.numbers)):
            for device in own + below:
                if device.bus in numbering.numbers:
                    numbering.give(device.bus)
                if device.model == "xio3130-downstream":
                    self.adopt(slots[device.bus], device.bus)
                self.add(port, device, len(devices) > 1)
            numbering.take()
            for device in devices:
                if device.personality:
                    self.evils[port, device.function].show()
        self.numbers |= numbering.secondaries()

    def served(self, port, device):
        """Starts a malicious function: what QEMU's client of it is given."""
        socket = self.folder / f"{port}.{device.function}"
        self.evils[port, device.function] = Evil(self.emulator.evil, socket, device.personality)
        return {"socket": {"type": "unix", "path": str(socket)}}

    @contextlib.contextmanager
    def powered(self, port, wanted):
        """Power for a slot, if it is off and that is wanted. Afterwards it is off again, but its
        indicator is lit: QEMU unplugs what is in a slot that turns to off and dark."""
        register = self.config.capability(port.rid, CAP_EXPRESS) + SLTCTL
        before = self.config.load(port.rid, register, 2)
        wanted = wanted and before & 0x400
        if wanted:
            self.config.store(port.rid, register, 2, before & ~0x700 | 0x100)
        yield
        if wanted:
            self.config.store(port.rid, register, 2, before & ~0x300 | 0x100)

    def check_number(self, function):
        """A NumberingError if a bridge that the guest has numbered leads to another bus than the
        IOMMU's model takes it to lead to."""
        given, now = self.numbers.get(function.rid), self.config.buses(function.rid)[0]
        if function.bridge and given and now not in (0, given):
            raise NumberingError(f"{pci.text(function.rid)} leads to bus {now}, not {given}")

    def add(self, port, device, multifunction):
        """One device_add."""
        more = {"drive": self.drive()} if device.model == "nvme" else self.numbered(device)
        if device.personality:
            more = self.served(port, device)
        self.qmp.execute("device_add", **device.arguments(port, multifunction), **more)

    def numbered(self, device):
        """What a switch's downstream port is given: a slot number that no other has, and no power
        controller. (With one, what is behind it would stay off until pciehp, bound to that port
        while dom0 enumerates, has switched it on.)"""
        if device.model != "xio3130-downstream":
            return {}
        return {"chassis": 77, "slot": next(self.slots), "power_controller_present": False}

    def adopt(self, slot, bus):
        """Lets a switch's internal bus accept hot-added downstream ports: QEMU gives that bus no
        hotplug handler of its own ("does not support hotplugging"), so that of the port above the
        switch is lent to it, which then tells the guest of one more event."""
        self.qmp.execute("qom-set", path=f"/machine/peripheral/{bus}/{bus}",
                         property="hotplug-handler", value=f"/machine/peripheral/{slot}")

    def drive(self):
        """Name of a new empty disk."""
        name = f"drive{next(self.drives)}"
        self.qmp.execute("blockdev-add", **self.disk(name))
        return name

    def disk(self, name):
        """QEMU's description of a new empty disk of 64 MiB, which keeps what is written."""
        path = self.folder / f"{name}.disk"
        path.touch()
        os.truncate(path, 64 * MIB)
        return {"driver": "file", "node-name": name, "filename": str(path)}

    def pull(self, name, rid):
        """Surprise removal of all below a port, or a switch's downstream port: QEMU unplugs at once when
        Slot Control turns to "power off, indicator off" (pcie_cap_slot_write_config), also on a port
        without power controller; the guest's Slot Control is put back."""
        config = self.config
        register = config.capability(rid, CAP_EXPRESS) + SLTCTL
        with self.paused():
            before = config.load(rid, register, 2)
            config.store(rid, register, 2, before & ~0x400 & ~0x300 | 0x100)
            config.store(rid, register, 2, before | 0x400 | 0x300)
            config.store(rid, register, 2, before)
        for key in [key for key in self.evils if key[0] == name]:
            self.evils.pop(key).close()

    def inject(self, device, error):
        """Has a function, by its QEMU id, report an uncorrectable error, named as pcie_aer_inject_error does."""
        self.qmp.execute("human-monitor-command", **{"command-line": f"pcie_aer_inject_error {device} {error}"})

    def press_button(self, device):
        """Presses the attention button of the slot that holds the device. On a port with power
        controller QEMU ends the removal when the guest turns power and indicator off; without one,
        the user pulls (`pull`) once the indicator is off."""
        self.qmp.execute("device_del", id=device.name)


def flag(value):
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value
