# SPDX-License-Identifier: GPL-2.0-or-later
"""An SSDT that gives root ports device properties, as laptops' firmware does. ACPI Spec 6.5: 5.2.11.2
(SSDT), 6.2.5 (_DSD), 20.2 (AML)."""

import struct
import uuid

# By property: the UUID that its package stands below.
UUIDS = {"ExternalFacingPort": "efcc06cc-73ac-4bc3-bff0-76143807c389",
         "HotPlugSupportInD3": "6211e2c0-58a3-4af3-90e1-927a4e0c55a4"}


def measured(opcode, body):
    """An opcode with the length of its body (20.2.4), which counts itself too."""
    size = len(body) + 2
    assert size < 1 << 12
    return opcode + bytes([0x40 | size & 0xf, size >> 4]) + body


def package(*elements):
    return measured(b"\x12", bytes([len(elements)]) + b"".join(elements))


def properties(names):
    """Name (_DSD, ...): each of the properties is 1."""
    pairs = []
    for name in names:
        identity = measured(b"\x11", b"\x0a\x10" + uuid.UUID(UUIDS[name]).bytes_le)
        pairs += [identity, package(package(b"\x0d" + name.encode() + b"\0", b"\x01"))]
    return b"\x08_DSD" + package(*pairs)


def ssdt(marks):
    """The table. marks: {requester ID of a port on bus 0: names of properties}; QEMU calls such a
    port \\_SB.PCI0.S and its requester ID."""
    scopes = (measured(b"\x10", b"\\\x2f\x03_SB_PCI0" + f"S{rid:02X}_".encode() + properties(names))
              for rid, names in sorted(marks.items()))
    body = b"".join(scopes)
    table = bytearray(struct.pack("<4sIBB6s8sI4sI", b"SSDT", 36 + len(body), 2, 0, b"SALLYP",
                                  b"MARKS   ", 1, b"SALP", 1) + body)
    table[9] = -sum(table) & 0xff
    return bytes(table)
