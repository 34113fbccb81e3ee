# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's image: Xen, dom0 kernel and dom0 initramfs of a platform, made of the packages that debian.py
unpacks and of the program under test."""

import dataclasses
import gzip
import lzma
import os
import pathlib
import re
import stat
import struct
import subprocess

import canary
import emulator
import platforms
from debian import OWN, ROOT, PackageError, one, root, run, unpack
from emulator import BUILD, IMAGES, stale

DOM0 = ROOT / "lab" / "dom0"

# Loaded in dom0 in this order (dependencies are put before); nvme so that a stock dom0 really binds
# a disk.
MODULES = ("xen-privcmd", "xenfs", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-pciback",
           "nvme")

# The program under test: path in dom0 -> path in the build folder.
PROGRAMS = {"usr/sbin/sallyportd": "src/daemon/sallyportd", "usr/bin/sallyport": "src/cli/sallyport"}


def hypervisor(suite):
    """Xen for QEMU's multiboot loader: the gzip container taken off."""
    source, target = one(suite, "boot/xen-*.gz"), IMAGES / f"xen-{suite}"
    if stale(target, source):
        target.write_bytes(gzip.decompress(source.read_bytes()))
    return target


def kernel(suite):
    """dom0's kernel as plain ELF, so that no compressor runs under emulation.

    x86 boot protocol: setup_sects 0x1f1, payload_offset 0x248, payload_length 0x24c; what follows
    an LZMA or zstd stream there is its unpacked size in 4 bytes."""
    found = sorted(root(suite).glob("boot/vmlinuz-*")) or [one(suite, "usr/lib/modules/*/vmlinuz")]
    source, target = found[0], IMAGES / f"vmlinux-{suite}"
    if not stale(target, source):
        return target
    image = source.read_bytes()
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (image[0x1F1] + 1) * 512 + offset
    target.write_bytes(unpacked(image[start:start + length - 4]))
    return target


def unpacked(data):
    """What an xz or a zstd stream holds."""
    if data[:6] == b"\xfd7zXZ\0":
        return lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(data)
    return subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=True).stdout


def modules(suite):
    """{file name: content} in load order, dependencies first (`depends=` of .modinfo)."""
    folders = [*root(suite).glob("lib/modules/*"), *root(suite).glob("usr/lib/modules/*")]
    found = {path.name.split(".")[0].replace("_", "-"): path
             for folder in folders for path in folder.rglob("*.ko*")}
    order = {}

    def add(name):
        path = found.get(name.replace("_", "-"))
        if path is None:
            raise PackageError(f"kernel module {name} is not in the kernel package of {suite}")
        if path.name in order:
            return
        data = path.read_bytes()
        if path.suffix != ".ko":
            data = unpacked(data)
        depends = re.search(rb"\0depends=([^\0]*)\0", data)
        for other in filter(None, depends.group(1).decode().split(",") if depends else ()):
            add(other)
        order[path.name.removesuffix(".xz")] = data

    for module in MODULES:
        add(module)
    return order


def build(suite):
    """Name of the build folder whose programs fit a suite's Xen."""
    return "gcc" if suite == OWN else suite


def libraries(program, suite):
    """{path in dom0: file here} of the shared objects that a program needs. Those of a newer suite come with
    their own C library, which serves the ones of this machine as well."""
    where = root(suite)
    if suite == OWN:
        text = run("ldd", str(program))
    else:
        text = run(str(where / "usr/lib64/ld-linux-x86-64.so.2"), "--library-path",
                   str(where / "usr/lib/x86_64-linux-gnu"), "--list", str(program))
    found = set(re.findall(r"(/\S+)(?= \(0x)", text))
    return {path.removeprefix(f"{where}/usr").lstrip("/"): pathlib.Path(path) for path in found}


def programs(suite):
    """{path in dom0: file here} of the program under test, built for a suite's Xen, and of what it needs. What
    is not built is left out."""
    if suite != OWN:
        run(str(ROOT / "tools" / "build"), build(suite), "sallyportd", "sallyport")
    files = {}
    for target, source in PROGRAMS.items():
        path = ROOT / "build" / build(suite) / source
        if path.exists():
            files[target] = path
            files |= libraries(path, suite)
    return files


def content(xen):
    """{path in dom0: file here}: what the initramfs holds besides kernel modules and canary."""
    files = {"bin/busybox": one(OWN, "bin/busybox"), "init": DOM0 / "init"}
    files |= {f"lib/lab/{path.name}": path for path in DOM0.iterdir()
              if path.name not in ("init", "README.md")}
    return files | programs(xen)


class Archive:
    """A cpio archive in `newc` format (Linux:
    Documentation/driver-api/early-userspace/buffer-format.rst)."""

    def __init__(self, out):
        self.out, self.count, self.folders = out, 0, set()

    def member(self, path, mode, data=b"", device=(0, 0)):
        """Appends one member after the folders it lies in."""
        parent = os.path.dirname(path)
        if parent and parent not in self.folders:
            self.folders.add(parent)
            self.member(parent, stat.S_IFDIR | 0o755)
        self.count += 1
        name = path.encode() + b"\0"
        fields = (self.count, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + name
        self.out.write(head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4))

    def close(self):
        self.member("TRAILER!!!", 0)


def initramfs(xen, linux):
    """dom0's root file system for the Xen and the kernel of two suites, not compressed; rebuilt when any of its
    files is newer."""
    target = IMAGES / f"initramfs-{xen}-{linux}"
    files = content(xen)
    listing = f"{MODULES} {kernel(linux).stat().st_mtime_ns}\n"
    listing += "\n".join(f"{path} {source} {source.stat().st_mtime_ns}"
                        for path, source in sorted(files.items()))
    stamp = target.with_suffix(".list")
    if target.exists() and stamp.exists() and stamp.read_text() == listing:
        return target
    partial = target.with_suffix(f".{os.getpid()}")
    drivers = modules(linux)
    order = "".join(f"/lib/modules/{name}\n" for name in drivers)
    texts = {f"lib/modules/{name}": data for name, data in drivers.items()}
    texts |= {canary.PATH: canary.content(), "lib/modules/order": order.encode()}
    with open(partial, "wb") as out:
        archive = Archive(out)
        archive.member("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
        for path, data in texts.items():
            archive.member(path, stat.S_IFREG | 0o644, data)
        for path, source in sorted(files.items()):
            archive.member(path, stat.S_IFREG | 0o755, source.read_bytes())
        archive.close()
    partial.rename(target)
    stamp.write_text(listing)
    return target


@dataclasses.dataclass(frozen=True)
class Image:
    """Files that a machine is made of."""
    xen: pathlib.Path
    kernel: pathlib.Path
    initramfs: pathlib.Path
    emulator: emulator.Emulator


def image(platform, say, newer=False):
    """A platform's image, built or brought up to date. newer: for a QEMU that has vfio-user-pci."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    xen, linux = platforms.XEN[platform.xen], platforms.LINUX[platform.linux]
    for suite in sorted({OWN, xen, linux}):
        unpack(suite, say)
    return Image(hypervisor(xen), kernel(linux), initramfs(xen, linux),
                 emulator.newer(say) if newer else emulator.own())
