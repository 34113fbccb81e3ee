# SPDX-License-Identifier: GPL-2.0-or-later
"""Descriptions of machines (*.topology) to dumps as sallyport-dump(5) has them. The language: see README.md.

A line is "ADDRESS VENDOR:DEVICE KIND [WORD...] [-> VERDICT WHY]", or begins with title, source, host, iommu, xen,
tables, facts or remedy.
"""

import pathlib
import re
import struct

KINDS = {  # header type, Device/Port Type or None, class
    "root": (1, 4, 0x060400), "up": (1, 5, 0x060400), "down": (1, 6, 0x060400), "to-pci": (1, 7, 0x060400),
    "pci-bridge": (1, None, 0x060401), "cardbus": (2, None, 0x060700), "device": (0, 0, None), "pci": (0, None, None),
}
SLOT_BITS = {"button": 0x01, "power": 0x02, "surprise": 0x20, "hot-plug": 0x40}
UUIDS = {
    "HotPlugSupportInD3": "6211e2c0-58a3-4af3-90e1-927a4e0c55a4",
    "ExternalFacingPort": "efcc06cc-73ac-4bc3-bff0-76143807c389",
    "usb4-host-interface": "c44d002f-69f9-4e7d-a904-a7baabdf43f7",
}
VERDICTS = ("external", "internal")
FLAGS = {*SLOT_BITS, *UUIDS, "keep", "cut-off", "exposed", "removable", "method", "wrong-address", "both"}
VALUES = {"bus", "class", "slot", "acpi", "driver", "use"}


class Function:
    """One line of a description."""

    def __init__(self, words):
        self.address, self.identity, self.kind = words[:3]
        if self.address.count(":") == 1:
            self.address = "0000:" + self.address
        match = re.fullmatch(r"([0-9a-f]{4,5}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])", self.address)
        self.segment, self.bus, self.device, self.number = (int(part, 16) for part in match.groups())
        self.flags, self.values, self.verdict, self.why = set(), {}, None, None
        rest = words[3:]
        if "->" in rest:
            verdict = rest[rest.index("->") + 1:]
            rest = rest[:rest.index("->")]
            self.verdict, self.why = verdict
            if self.verdict not in VERDICTS:
                raise ValueError(f"no verdict '{self.verdict}'")
        for word in rest:
            key, equals, value = word.partition("=")
            if equals and key in VALUES:
                self.values[key] = value
            elif word in FLAGS:
                self.flags.add(word)
            else:
                raise ValueError(f"no word '{word}'")
        header, self.type, default = KINDS[self.kind]
        self.header = header
        self.cls = int(self.values["class"], 16) if "class" in self.values else default
        if (self.type in (4, 6)) != (self.verdict is not None):
            raise ValueError(f"{self.address}: each port has a verdict, and nothing else has")
        self.buses = tuple(int(part, 16) for part in self.values.get("bus", "0-0").split("-"))

    def config(self, occupied):
        """Config space: header, PCI Express capability, and ACS where it is a port."""
        vendor, device = (int(part, 16) for part in self.identity.split(":"))
        space = bytearray(0x110)
        struct.pack_into("<HHHH", space, 0, vendor, device, 0x0507, 0x0010 if self.type is not None else 0)
        space[9:12] = self.cls.to_bytes(3, "little")
        space[0x0e] = self.header
        if self.header:
            space[0x18:0x1b] = bytes([self.bus, *self.buses])
        if self.type is None:
            return space[:256]
        space[0x34] = 0x40
        slot = "slot" in self.values or self.flags & SLOT_BITS.keys()
        struct.pack_into("<BBH", space, 0x40, 0x10, 0, 2 | self.type << 4 | (0x100 if slot else 0))
        struct.pack_into("<I", space, 0x4c, 0x00100000 if self.type in (4, 6) else 0)
        struct.pack_into("<H", space, 0x52, 0x2000 if occupied else 0)
        if slot:
            bits = sum(bit for word, bit in SLOT_BITS.items() if word in self.flags)
            struct.pack_into("<I", space, 0x54, bits | int(self.values.get("slot", "0")) << 19)
            struct.pack_into("<H", space, 0x5a, 0x40 if occupied else 0)
        if self.type not in (4, 6):
            return space[:256]
        struct.pack_into("<IHH", space, 0x100, 0x0001000d, 0x1f, 0x1d)
        return space


class Topology:
    """A description, read whole."""

    def __init__(self, path):
        self.name = pathlib.Path(path).stem
        self.functions, self.sources, self.remedy = [], [], None
        self.title, self.host, self.iommu, self.xen, self.tables, self.facts = "", "\\_SB.PCI0", None, None, True, True
        for number, line in enumerate(pathlib.Path(path).read_text(encoding="ascii").splitlines(), 1):
            line = line.partition("#")[0].strip()
            try:
                if line:
                    self.line_add(line)
            except (ValueError, KeyError, AttributeError, IndexError) as error:
                raise SystemExit(f"{path}:{number}: {error}") from error

    def line_add(self, line):
        key, _, rest = line.partition(" ")
        if key == "source":
            self.sources.append(rest)
        elif key in ("title", "host", "iommu", "xen", "remedy"):
            setattr(self, key, rest)
        elif key in ("tables", "facts") and rest == "none":
            setattr(self, key, False)
        else:
            self.functions.append(Function(line.split()))

    def occupied(self, port):
        return any(function.segment == port.segment and port.buses[0] == function.bus for function in self.functions)

    def dump(self):
        """The text of the dump."""
        lines = ["@sallyport-dump 1", "@uses complete", "@kernel 6.1.0-28-amd64"] if self.facts else []
        if self.facts and self.xen:
            lines.append(f"@xen {self.xen}")
        for function in sorted(self.functions, key=lambda one: one.address):
            lines += ["", f"{function.address} {function.cls >> 8:04x}: {function.identity}"]
            lines += self.function_facts(function) if self.facts else []
            space = function.config(self.occupied(function))
            lines += [f"{at:02x}: {space[at:at + 16].hex(' ')}" for at in range(0, len(space), 16)]
        tables = [("DSDT", self.dsdt())] if self.tables else []
        if self.iommu:
            tables.append((self.iommu, header(self.iommu, b"")))
        for signature, table in tables:
            lines += ["", f"{signature} @ 0x0000000000000000"]
            lines += [f"    {at:04X}: {table[at:at + 16].hex(' ').upper()}" for at in range(0, len(table), 16)]
        return "\n".join(lines) + "\n"

    def function_facts(self, function):
        if "acpi" in function.values:
            names = (self.host + "." + function.values["acpi"]).lstrip("\\").split(".")
            yield "@firmware \\" + ".".join(name.ljust(4, "_") for name in names)
        if function.type in (4, 6):
            yield "@driver pcieport"
            yield f"@pciehp {int('hot-plug' in function.flags)}"
        elif "driver" in function.values:
            yield "@driver " + function.values["driver"]
        if "removable" in function.flags:
            yield "@removable removable"
        if "use" in function.values:
            yield "@use " + function.values["use"]

    def dsdt(self):
        """A Device() for all that has acpi=, each within the one above it."""
        tree = {}
        for function in self.functions:
            node = {"in": tree}
            for name in function.values["acpi"].split(".") if "acpi" in function.values else []:
                node = node["in"].setdefault(name, {"in": {}, "function": None})
            if "function" in node:
                node["function"] = function
        body = b"".join(device(name, node) for name, node in tree.items())
        names = self.host.lstrip("\\").split(".")
        path = b"\\\x2e" + b"".join(name.ljust(4, "_").encode() for name in names)
        return header("DSDT", block(b"\x10", path + body))


def header(signature, body):
    """ACPI Spec 6.5, 5.2.6."""
    table = bytearray(struct.pack("<4sIBB6s8sI4sI", signature.encode(), 36 + len(body), 2, 0, b"SALLYP", b"TOPOLOGY", 1,
                                  b"TEST", 1) + body)
    table[9] = -sum(table) & 0xff
    return bytes(table)


def block(opcode, body):
    """Opcode, PkgLength (20.2.4), body."""
    if len(body) < 0x3f:
        return opcode + bytes([len(body) + 1]) + body
    length = len(body) + 3
    return opcode + bytes([0x80 | length & 0xf, length >> 4 & 0xff, length >> 12]) + body


def package(*elements):
    return block(b"\x12", bytes([len(elements)]) + b"".join(elements))


def uuid(text):
    a, b, c, d, e = text.split("-")
    raw = bytes.fromhex(a)[::-1] + bytes.fromhex(b)[::-1] + bytes.fromhex(c)[::-1] + bytes.fromhex(d + e)
    return block(b"\x11", b"\x0a\x10" + raw)


def properties(function):
    """The value of _DSD."""
    pairs = []
    for word, text in UUIDS.items():
        if word not in function.flags:
            continue
        key = b"\x0d" + word.encode() + b"\0"
        value = b"\x5c\x2e_SB_NHI0" if word == "usb4-host-interface" else b"\x01"
        pairs += [uuid(text), package(package(key, value))]
        if "both" in function.flags and word == "ExternalFacingPort":
            pairs += [uuid(text), package(package(key, b"\x00"))]
    return package(*pairs)


def device(name, node):
    body = name.ljust(4, "_").encode()
    function = node["function"]
    if function:
        number = (function.device + ("wrong-address" in function.flags)) << 16 | function.number
        body += b"\x08_ADR\x0c" + struct.pack("<I", number)
        if function.flags & UUIDS.keys():
            value = properties(function)
            if "method" in function.flags:
                body += block(b"\x14", b"_DSD\x00\xa4" + value)
            else:
                body += b"\x08_DSD" + value
    body += b"".join(device(inner, below) for inner, below in node["in"].items())
    return block(b"\x5b\x82", body)
