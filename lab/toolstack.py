# SPDX-License-Identifier: GPL-2.0-or-later
"""What dom0 needs besides to run guests: Xen's toolstack, and for HVM the device model with its firmware. All of it is
of the suite that Xen comes from: Xen refuses another version's control calls (XEN_DOMCTL_INTERFACE_VERSION)."""

import pathlib

from debian import PackageError, one, root

# A guest has one of these names: each has a canary of its own.
NAMES = ("work", "other")
# Of a guest: its own PCI bus where it is PV, and a driver for what it is given.
MODULES = ("xen-pcifront", "nvme")

TOOLS = ("libxl-save-helper", "xen-init-dom0", "xenconsoled", "xenstored", "xl")
STORE = ("xenstore-list", "xenstore-ls", "xenstore-read", "xenstore-rm", "xenstore-write")
MODEL = "usr/libexec/xen-qemu-system-i386"
FIRMWARE = ("usr/lib/xen-*/boot/hvmloader", "usr/share/seabios/bios-256k.bin", "usr/share/qemu/kvmvapic.bin",
            "usr/share/qemu/keymaps/en-us", "usr/share/qemu/pvh.bin")
# Threads of the toolstack end by a call that the C library finds here (pthread_exit).
LATE = pathlib.Path("/lib/x86_64-linux-gnu/libgcc_s.so.1")


def programs(guests, suite):
    """{path in dom0: file here} of what runs in dom0, for these kinds of guests on a suite's Xen."""
    if not guests:
        return {}
    files = {f"usr/sbin/{name}": one(suite, f"usr/lib/xen-*/bin/{name}") for name in TOOLS}
    files |= {f"usr/bin/{name}": one(suite, f"usr/bin/{name}") for name in STORE}
    return files | ({MODEL: one(suite, MODEL)} if "hvm" in guests else {})


def data(guests, suite):
    """{path in dom0: file here} of what these read."""
    if not guests:
        return {}
    files = {str(LATE)[1:]: LATE}
    for pattern in FIRMWARE if "hvm" in guests else ():
        found = sorted(root(suite).glob(pattern))
        if not found:
            raise PackageError(f"no {pattern} below {root(suite)}")
        files |= {str(path.relative_to(root(suite))): path for path in found}
    return files
