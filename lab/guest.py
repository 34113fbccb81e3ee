# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's image: Xen, dom0 kernel and dom0 initramfs, made of Debian packages below build/lab/
(nothing is installed)."""

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

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "lab"
PACKAGES = BUILD / "packages"
DOM0 = ROOT / "lab" / "dom0"

# Loaded in dom0 in this order (dependencies are put before); nvme so that a stock dom0 really binds
# a disk.
MODULES = ("xen-privcmd", "xenfs", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-pciback",
           "nvme")

# The program under test: path in the build folder -> path in dom0. What is not built yet is left
# out.
PROGRAMS = {
    "build/gcc/src/daemon/sallyportd": "usr/sbin/sallyportd",
    "build/gcc/src/cli/sallyport": "usr/bin/sallyport",
}


class GuestError(Exception):
    """The image cannot be built; the text says what is missing."""


def packages():
    """Names of the packages to unpack: the `lab` lines of packages.txt, a kernel metapackage
    replaced by its kernel."""
    lines = (ROOT / "packages.txt").read_text().splitlines()
    names = [line.split()[1] for line in lines if line.startswith("lab ")]
    return [kernel_of(name) if name.startswith("linux-image-") else name for name in names]


def kernel_of(name):
    """The package that a kernel metapackage depends on: what is unpacked already, else what apt
    says now."""
    if re.match(r"linux-image-\d", name):
        return name
    unpacked = sorted(PACKAGES.glob("linux-image-[0-9]*"))
    if unpacked:
        return unpacked[-1].name
    text = run("apt-cache", "depends", name)
    found = re.search(r"Depends: (linux-image-\d\S*)", text)
    if not found:
        raise GuestError(f"{name}: apt-cache names no kernel package for it (apt-get update?)")
    return found.group(1)


def run(*argv, cwd=None):
    """Standard output of a program that must succeed within ten minutes."""
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise GuestError(f"{' '.join(argv)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def unpack(say):
    """Downloads and unpacks every package that is not there yet, one folder each."""
    for name in packages():
        target = PACKAGES / name
        if target.is_dir():
            continue
        say(f"fetching {name}")
        partial = PACKAGES / f".{name}"
        run("rm", "-rf", str(partial))
        partial.mkdir(parents=True)
        run("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name, cwd=partial)
        archive = next(partial.glob("*.deb"))
        run("dpkg", "-x", str(archive), str(partial))
        archive.unlink()
        partial.rename(target)


def one(pattern):
    """The only path below the unpacked packages that matches."""
    found = sorted(PACKAGES.glob(pattern))
    if not found:
        raise GuestError(f"no {pattern} below {PACKAGES}")
    return found[-1]


def hypervisor():
    """Xen for QEMU's multiboot loader: the gzip container taken off."""
    source, target = one("xen-hypervisor-*/boot/xen-*.gz"), BUILD / "xen"
    if stale(target, source):
        target.write_bytes(gzip.decompress(source.read_bytes()))
    return target


def kernel():
    """dom0's kernel as plain ELF, so that no compressor runs under emulation.

    x86 boot protocol: setup_sects 0x1f1, payload_offset 0x248, payload_length 0x24c."""
    source, target = one("linux-image-*/boot/vmlinuz-*"), BUILD / "vmlinux"
    if not stale(target, source):
        return target
    image = source.read_bytes()
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (image[0x1F1] + 1) * 512 + offset
    payload = image[start:start + length]
    if payload[:6] != b"\xfd7zXZ\0":
        return source
    target.write_bytes(lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(payload))
    return target


def stale(target, *sources):
    """True when target is missing or older than a source."""
    return not target.exists() or any(s.stat().st_mtime > target.stat().st_mtime for s in sources)


def module_paths():
    """Module files in load order, dependencies first (`depends=` of .modinfo)."""
    found = {p.stem.replace("_", "-"): p for p in one("linux-image-*/lib/modules/*").rglob("*.ko")}
    order = []

    def add(name):
        path = found.get(name.replace("_", "-"))
        if path is None:
            raise GuestError(f"kernel module {name} is not in the kernel package")
        if path in order:
            return
        depends = re.search(rb"\0depends=([^\0]*)\0", path.read_bytes())
        for other in filter(None, depends.group(1).decode().split(",") if depends else ()):
            add(other)
        order.append(path)

    for module in MODULES:
        add(module)
    return order


def libraries(program):
    """Shared objects that a program needs, by ldd, as absolute paths."""
    return sorted(set(re.findall(r"(/\S+)(?= \(0x)", run("ldd", str(program)))))


def content():
    """What the initramfs holds: {path in dom0: file on this machine}, {path in dom0: bytes}."""
    modules = module_paths()
    files = {f"lib/modules/{path.name}": path for path in modules}
    files["bin/busybox"] = one("busybox-static/bin/busybox")
    files["init"] = DOM0 / "init"
    files.update((f"lib/lab/{path.name}", path) for path in DOM0.iterdir()
                 if path.name not in ("init", "README.md"))
    for source, target in PROGRAMS.items():
        if (ROOT / source).exists():
            files[target] = ROOT / source
            files.update((path.lstrip("/"), pathlib.Path(path))
                         for path in libraries(ROOT / source))
    order = "".join(f"/lib/modules/{path.name}\n" for path in modules)
    return files, {canary.PATH: canary.content(), "lib/modules/order": order.encode()}


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


def initramfs():
    """dom0's root file system, not compressed; rebuilt when any of its files is newer."""
    target = BUILD / "initramfs"
    files, texts = content()
    partial = target.with_suffix(f".{os.getpid()}")
    listing = "\n".join(f"{path} {source} {source.stat().st_mtime_ns}"
                        for path, source in sorted(files.items()))
    stamp = BUILD / "initramfs.list"
    if target.exists() and stamp.exists() and stamp.read_text() == listing:
        return target
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


def keeper():
    """The object preloaded into QEMU (see keep.c), compiled when it is older than its source."""
    source, target = ROOT / "lab" / "keep.c", BUILD / "keep.so"
    if stale(target, source):
        run("cc", "-O2", "-shared", "-fPIC", "-o", str(target), str(source))
    return target


@dataclasses.dataclass(frozen=True)
class Image:
    """Files that a machine is made of."""
    xen: pathlib.Path
    kernel: pathlib.Path
    initramfs: pathlib.Path
    keeper: pathlib.Path


def image(say):
    """The image, built or brought up to date."""
    BUILD.mkdir(parents=True, exist_ok=True)
    unpack(say)
    return Image(hypervisor(), kernel(), initramfs(), keeper())
