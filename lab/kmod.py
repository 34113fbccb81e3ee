# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab's own kernel module (lab/tbfake): built with a dom0 kernel's headers and their tools, and this machine's
compiler."""

import shutil

from debian import OWN, ROOT, PackageError, root, run, unpack
from emulator import IMAGES, stale

SOURCES = ROOT / "lab" / "tbfake"
# What this machine's compiler cannot do, what pahole would be needed for, and what nobody reads.
WITHOUT = ("CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=", "CONFIG_DEBUG_INFO_BTF_MODULES=", "CONFIG_DEBUG_INFO=")


def folders(suite):
    """Where a suite's kernel has its modules: the first one is named by its release."""
    return [*root(suite).glob("lib/modules/*"), *root(suite).glob("usr/lib/modules/*")]


def tools(suite):
    """Has the headers' tools run with their own suite's C library, which is newer than this machine's."""
    where = root(suite)
    loader, libraries = where / "usr/lib64/ld-linux-x86-64.so.2", where / "usr/lib/x86_64-linux-gnu"
    for path in sorted(where.glob("usr/lib/linux-kbuild-*/**/*.real-*")):
        program = path.with_name(f"{path.name}.elf")
        if path.suffix == ".elf" or program.exists():
            continue
        path.rename(program)
        path.write_text(f"#!/bin/sh\nexec '{loader}' --library-path '{libraries}' '{program}' \"$@\"\n")
        path.chmod(0o755)


def module(suite, say):
    """The module for a suite's kernel, built when it is older than one of its files."""
    unpack(suite, say, "module")
    release = folders(suite)[0].name
    target = IMAGES / release / "tbfake" / "tbfake.ko"
    sources = [path for path in SOURCES.iterdir() if path.name != "README.md"]
    if not stale(target, *sources):
        return target
    headers = root(suite) / f"usr/src/linux-headers-{release}"
    if not headers.is_dir():
        raise PackageError(f"no headers of Linux {release}, which {suite} had when its kernel was fetched: remove "
                           f"{root(suite)}, and both are fetched")
    if suite != OWN:
        tools(suite)
    say(f"building lab/tbfake for Linux {release}")
    target.parent.mkdir(parents=True, exist_ok=True)
    for path in sources:
        shutil.copy(path, target.parent)
    common = headers.with_name(f"linux-headers-{release.removesuffix('-amd64')}-common")
    run("make", "-C", str(headers), "-f", str(common / "Makefile"), f"KBUILD_OUTPUT={headers}",
        f"M={target.parent}", "CC=gcc", *WITHOUT, "modules")
    return target
