# SPDX-License-Identifier: GPL-2.0-or-later
"""What dom0 needs besides to run bolt, which authorizes Thunderbolt devices on desktops: boltd itself, and the bus,
udev and polkit that it talks to."""

from debian import OWN, one, root

# By path in dom0. udevadm is the daemon, too, by that name.
PROGRAMS = {"usr/bin/boltctl": "usr/bin/boltctl", "usr/bin/dbus-daemon": "usr/bin/dbus-daemon",
            "usr/sbin/boltd": "usr/libexec/boltd", "usr/sbin/polkitd": "usr/lib/polkit-1/polkitd",
            "usr/sbin/systemd-udevd": "bin/udevadm"}
DATA = ("usr/share/dbus-1/system.conf", "usr/share/dbus-1/system.d/*.conf", "usr/share/polkit-1/actions/*.policy")


def programs():
    """{path in dom0: file here} of what runs in dom0."""
    return {path: one(OWN, source) for path, source in PROGRAMS.items()}


def data():
    """{path in dom0: file here} of what these read."""
    return {str(path.relative_to(root(OWN))): path for pattern in DATA for path in root(OWN).glob(pattern)}
