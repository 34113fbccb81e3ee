# SPDX-License-Identifier: GPL-2.0-or-later
"""Which QEMU a machine runs on: this machine's own, or a newer one that has `vfio-user-pci` (10.1 and later),
unpacked and run with its own libraries."""

import dataclasses
import subprocess

from debian import BUILD, ROOT, root, run, unpack

IMAGES = BUILD / "images"
NEWER = "forky"
EVIL = ("evil/evil.c", "evil/face.c")


@dataclasses.dataclass(frozen=True)
class Emulator:
    """command: what stands before QEMU's arguments. preload: an object of keep.c, or nothing. iommu: what the
    IOMMU's device is given besides, by its name in platforms.py. evil: the malicious device's program, or nothing."""
    command: tuple
    preload: str = ""
    iommu: dict = dataclasses.field(default_factory=dict)
    evil: str = ""


def stale(target, *sources):
    """True when target is missing or older than a source."""
    return not target.exists() or any(s.stat().st_mtime > target.stat().st_mtime for s in sources)


def compiled(name, sources, *options):
    """A program or object of the lab's own C files, compiled when it is older than one of them."""
    target, paths = IMAGES / name, [ROOT / "lab" / source for source in sources]
    if stale(target, *paths, *(header for path in paths for header in path.parent.glob("*.h"))):
        run("cc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", *options, "-o", str(target), *map(str, paths))
    return str(target)


def own():
    """This machine's QEMU, with what keeps Debian 12's from crashing."""
    return Emulator(("qemu-system-x86_64",), compiled("keep.so", ("keep.c",), "-shared", "-fPIC"))


def newer(say):
    """The newer QEMU. Its client of vfio-user follows the guest's mappings, which intel-iommu lets it do in caching
    mode only, and amd-iommu when it remaps DMA by way of address spaces (see doc/threats.md)."""
    unpack(NEWER, say)
    where = root(NEWER)
    command = (str(where / "usr/lib64/ld-linux-x86-64.so.2"), "--library-path", str(where / "usr/lib/x86_64-linux-gnu"),
               str(where / "usr/bin/qemu-system-x86_64"), "-L", str(where / "usr/share/qemu"),
               "-L", str(where / "usr/share/seabios"))
    iommu = {"vtd": ",caching-mode=on", "amd": ",dma-remap=on"}
    return Emulator(command, iommu=iommu, evil=compiled("evil", EVIL, "-I", str(ROOT / "lab")))


def version(emulator):
    """What QEMU says of itself, in one line."""
    text = subprocess.run([*emulator.command, "--version"], capture_output=True, text=True, check=True).stdout
    return text.split("\n", 1)[0]
