# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's image: Xen, dom0 kernel and dom0 initramfs of a platform, made of the packages that debian.py
unpacks and of the program under test."""

import dataclasses
import gzip
import io
import lzma
import os
import pathlib
import re
import struct
import subprocess

import bolt
import canary
import emulator
import kmod
import platforms
import toolstack
from cpio import Archive
from debian import OWN, ROOT, PackageError, one, root, run, unpack
from emulator import BUILD, IMAGES, stale

DOM0, DOMU = ROOT / "lab" / "dom0", ROOT / "lab" / "domu"
HOOKS = ROOT / "data" / "initramfs-tools"

# Loaded in dom0 in this order; nvme so that a stock dom0 really binds a disk.
MODULES = ("xen-privcmd", "xenfs", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-pciback",
           "nvme")
# There to be loaded: a file system for a disk.
MODULES_MORE = ("vfat", "nls_cp437", "nls_ascii")

LIBRARIES = "lib/x86_64-linux-gnu"

# The program under test: path in dom0 -> path in the build folder.
PROGRAMS = {"usr/sbin/sallyportd": "src/daemon/sallyportd", "usr/bin/sallyport": "src/cli/sallyport"}


def hypervisor(suite):
    """Xen for QEMU's multiboot loader: the gzip container taken off."""
    source, target = one(suite, "boot/xen-*.gz"), IMAGES / f"xen-{suite}"
    if stale(target, source):
        target.write_bytes(gzip.decompress(source.read_bytes()))
    return target


def compressed(suite):
    """A suite's kernel as its package has it."""
    found = sorted(root(suite).glob("boot/vmlinuz-*")) or [one(suite, "usr/lib/modules/*/vmlinuz")]
    return found[0]


def kernel(suite):
    """dom0's kernel as plain ELF, so that no compressor runs under emulation.

    x86 boot protocol: setup_sects 0x1f1, payload_offset 0x248, payload_length 0x24c; what follows
    an LZMA or zstd stream there is its unpacked size in 4 bytes."""
    source, target = compressed(suite), IMAGES / f"vmlinux-{suite}"
    if not stale(target, source):
        return target
    image = source.read_bytes()
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (image[0x1F1] + 1) * 512 + offset
    target.write_bytes(unpacked(image[start:start + length - 4]))
    return target


def loadable(suite):
    """The same ELF for a device model that is built for i386 alone, which takes no other machine's files
    (e_machine, and EM_386 instead of EM_X86_64; QEMU's load_elf)."""
    source, target = kernel(suite), IMAGES / f"vmlinux-{suite}-hvm"
    if stale(target, source):
        image = bytearray(source.read_bytes())
        struct.pack_into("<H", image, 18, 3)
        target.write_bytes(image)
    return target


def unpacked(data):
    """What an xz or a zstd stream holds."""
    if data[:6] == b"\xfd7zXZ\0":
        return lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(data)
    return subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=True).stdout


def modules(suite, names, own=()):
    """{path in dom0: content} of these kernel modules, with the modules.dep(5) that modprobe needs, made of what
    they say themselves (`depends=` of .modinfo). own: files of modules that are not of the suite's package."""
    folders = kmod.folders(suite)
    found = {path.name.split(".")[0].replace("_", "-"): path
             for paths in (*(folder.rglob("*.ko*") for folder in folders), own) for path in paths}
    contents, needs = {}, {}

    def add(name):
        """The file of a module that is taken."""
        path = found.get(name.replace("_", "-"))
        if path is None:
            raise PackageError(f"kernel module {name} is not in the kernel package of {suite}")
        file = path.name.split(".")[0] + ".ko"
        if file in needs:
            return file
        data = path.read_bytes()
        if path.suffix != ".ko":
            data = unpacked(data)
        depends = re.search(rb"\0depends=([^\0]*)\0", data)
        contents[file], needs[file] = data, []
        for other in filter(None, depends.group(1).decode().split(",") if depends else ()):
            below = add(other)
            needs[file] += [more for more in (below, *needs[below]) if more not in needs[file]]
        return file

    for module in (*names, *(path.stem for path in own)):
        add(module)
    dep = "".join(f"{file}: {' '.join(below)}\n" for file, below in needs.items())
    where = f"lib/modules/{folders[0].name}"
    return {f"{where}/{file}": data for file, data in (contents | {"modules.dep": dep.encode()}).items()}


def build(suite):
    """Name of the build folder whose programs fit a suite's Xen."""
    return "gcc" if suite == OWN else suite


def libraries(program, suite):
    """{path in dom0: file here} of the shared objects that a program needs. Those of a newer suite come with
    their own C library, which serves the ones of this machine as well."""
    where = root(suite)
    if suite == OWN:
        text = run("env", f"LD_LIBRARY_PATH={where}/usr/{LIBRARIES}:{where}/{LIBRARIES}", "ldd", str(program))
    else:
        text = run(str(where / "usr/lib64/ld-linux-x86-64.so.2"), "--library-path",
                   str(where / "usr" / LIBRARIES), "--list", str(program))
    found = set(re.findall(r"(/\S+)(?= \(0x)", text))
    return {path.removeprefix(str(where)).removeprefix("/usr").lstrip("/"): pathlib.Path(path) for path in found}


def programs(suite, built=None):
    """{path in dom0: file here} of the program under test, built for a suite's Xen, and of what it needs. What
    is not built is left out. built: another build than usual."""
    name = built or build(suite)
    if suite != OWN or built:
        run(str(ROOT / "tools" / "build"), name, "sallyportd", "sallyport")
    files = {}
    for target, source in PROGRAMS.items():
        path = ROOT / "build" / name / source
        if path.exists():
            files[target] = path
            files |= libraries(path, suite)
    return files


def content(xen, setup):
    """{path in dom0: file here}: what the initramfs holds besides kernel modules and canary."""
    files = {"bin/busybox": one(OWN, "bin/busybox"), "init": DOM0 / "init"}
    files |= {f"lib/lab/{path.name}": path for path in DOM0.iterdir()
              if path.name not in ("init", "README.md")}
    files |= {f"scripts/{stage}/sallyport": HOOKS / stage for stage in ("init-top", "init-bottom")}
    tools, own = toolstack.programs(setup.guests, xen), bolt.programs() if setup.bolt else {}
    data = toolstack.data(setup.guests, xen) | (bolt.data() if setup.bolt else {})
    for suite, found in ((OWN, own), (xen, tools)):  # a newer suite's C library serves the others as well
        for program in found.values():
            files |= libraries(program, suite)
    return files | own | tools | data | ramdisks(setup.guests) | programs(xen, setup.built)


def ramdisks(guests):
    """{path in dom0: file here}: what guests boot of: kernels, a ramdisk, and a canary for each name, which
    goes behind it. Compressed, so that nothing in dom0 looks like a page of it."""
    if not guests:
        return {}
    files = {f"lib/lab/domu/{kind}": {"pv": kernel, "hvm": loadable}[kind](OWN) for kind in guests}
    inside = {"bin/busybox": one(OWN, "bin/busybox"), "init": DOMU / "init",
              **{f"lib/lab/{name}": DOM0 / name for name in ("agent", "serve")}}
    parts = {"ramdisk": (inside, modules(OWN, toolstack.MODULES))}
    parts |= {name: ({}, {canary.PATH: canary.content(name)}) for name in toolstack.NAMES}
    for name, (programs, texts) in parts.items():
        target = IMAGES / f"domu-{name}"
        with io.BytesIO() as out:
            archive = Archive(out)
            archive.root(programs, texts)
            archive.close()
            refresh(target, PLAIN + gzip.compress(out.getvalue(), mtime=0))
        files[f"lib/lab/domu/{name}"] = target
    return files


# Skipped by the kernel (init/initramfs.c:unpack_to_rootfs); keeps libxc from trying to unpack what comes first.
PLAIN = bytes(4)


def refresh(target, data):
    """Writes a file, unless that is its content already."""
    if not target.exists() or target.read_bytes() != data:
        target.write_bytes(data)


def initramfs(xen, linux, setup, own):
    """dom0's root file system for the Xen and the kernel of two suites, not compressed; rebuilt when any of its
    files is newer. own: see modules."""
    more = setup.built, *(path.stem for path in own), "bolt" if setup.bolt else None
    target = IMAGES / "-".join(("initramfs", xen, linux, *setup.guests, *filter(None, more)))
    files = content(xen, setup)
    listing = f"{MODULES} {MODULES_MORE} {kernel(linux).stat().st_mtime_ns}\n"
    listing += "\n".join(f"{path} {source} {source.stat().st_mtime_ns}"
                        for path, source in sorted([*files.items(), *((path.name, path) for path in own)]))
    stamp = target.with_suffix(".list")
    if target.exists() and stamp.exists() and stamp.read_text() == listing:
        return target
    partial = target.with_suffix(f".{os.getpid()}")
    texts = modules(linux, MODULES + MODULES_MORE, own) | {canary.PATH: canary.content()}
    texts["lib/modules/order"] = "".join(f"{name}\n" for name in MODULES).encode()
    with open(partial, "wb") as out:
        archive = Archive(out)
        archive.root(files, texts)
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


def image(platform, say, setup):
    """A platform's image, built or brought up to date. setup: what the machine is to be (machine.Setup)."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    xen, linux = platforms.XEN[platform.xen], platforms.LINUX[platform.linux]
    for suite in sorted({OWN, xen, linux}):
        unpack(suite, say)
    own = (kmod.module(linux, say),) if setup.thunderbolt else ()
    if setup.bolt:
        unpack(OWN, say, "bolt")
    return Image(hypervisor(xen), kernel(linux), initramfs(xen, linux, setup, own),
                 emulator.newer(say) if setup.newer else emulator.own())
