# SPDX-License-Identifier: GPL-2.0-or-later
"""A Thunderbolt dock that can prove which one it is: somebody in dom0 gives it a key, and challenges it when it comes
back. Neither a wrong key nor a clone that claims the same unique ID brings anything onto PCI. What does appear is
caught like anything that is plugged in; firmware that approves takes nothing back."""

from harness import RACK, hierarchy
from thunderbolt import Dock

PORTS = RACK
THUNDERBOLT = "secure"
BASELINE = "authorized"
DOCK = 0x1
UUID = "c5010000-0070-7d18-0382-0a1d5f72f30a"
KEY, OTHER = "5a" * 32, "a5" * 32
# As the C library puts ENOKEY, EKEYREJECTED, EPERM (Documentation/ABI/testing/sysfs-bus-thunderbolt, `authorized`).
NO_KEY, REJECTED, NOT_PERMITTED = "Required key not available", "Key was rejected by service", "Operation not permitted"


def challenged(lab, key):
    """What became of a challenge with a key: nothing, or the error."""
    lab.expect(lab.thunderbolt.store(DOCK, "key", key) is None, "the kernel takes the key")
    return lab.thunderbolt.store(DOCK, "authorized", 2)


def refused(lab, key, error):
    lab.expect(error in (challenged(lab, key) or ""), f"refused: {error}")
    lab.nothing("rp0")


def caught(lab, devices):
    """What appeared, and then its end."""
    lab.settle("rp0", devices)
    lab.examine("rp0")
    error = lab.thunderbolt.store(DOCK, "authorized", 0) or ""
    lab.expect(NOT_PERMITTED in error, f"not taken back: {NOT_PERMITTED}")
    lab.thunderbolt.disconnect(DOCK)
    lab.empty("rp0")


def run(lab):
    devices = hierarchy()
    dock, clone = (Dock("rp0", devices, UUID, nvm=name) for name in ("dock", "clone"))
    lab.guard()
    lab.thunderbolt.connect(DOCK, dock)
    refused(lab, KEY, NO_KEY)
    lab.expect(lab.thunderbolt.store(DOCK, "authorized", 1) is None, "it is given the key")
    caught(lab, devices)
    lab.thunderbolt.connect(DOCK, dock)
    refused(lab, OTHER, REJECTED)
    lab.expect(challenged(lab, KEY) is None, "it has the key")
    caught(lab, devices)
    lab.thunderbolt.connect(DOCK, clone)
    refused(lab, KEY, NO_KEY)
    lab.judge()
