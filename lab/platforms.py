# SPDX-License-Identifier: GPL-2.0-or-later
"""Platforms: which IOMMU, which Xen, which Linux in dom0, and how Xen quarantines. The name says all
of it: vtd-4.17-6.1, amd-4.17-6.1-scratch."""

import dataclasses
import itertools

# Debian's suites that each comes from.
XEN = {"4.17": "bookworm", "4.20": "trixie"}
LINUX = {"6.1": "bookworm", "6.12": "trixie", "newest": "sid"}


# What Xen does with what belongs to DOMID_IO (xen-command-line, iommu=quarantine=): no table at all,
# or one that leads every address to a page of its own.
QUARANTINE = {"": "", "scratch": ",quarantine=scratch-page"}


@dataclasses.dataclass(frozen=True)
class Iommu:
    """cpu, device: QEMU's arguments. by_number: QEMU finds its requesters by bus number
    (numbering.py). ivrs: its table is made wider (ivrs.py)."""
    cpu: str
    device: str
    by_number: bool = False
    ivrs: bool = False


IOMMU = {
    "vtd": Iommu("Haswell-noTSX,-pcid,-x2apic",
                 "intel-iommu,intremap=on,device-iotlb=on,aw-bits=48"),
    "amd": Iommu("qemu64,+svm,+npt,+smep", "amd-iommu,intremap=on,device-iotlb=on",
                 by_number=True, ivrs=True)}


@dataclasses.dataclass(frozen=True)
class Platform:
    """iommu, xen, linux, quarantine: keys of the tables above."""
    iommu: str
    xen: str
    linux: str
    quarantine: str = ""

    @property
    def name(self):
        return "-".join(filter(None, (self.iommu, self.xen, self.linux, self.quarantine)))

    @property
    def options(self):
        """Of Xen's command line iommu=."""
        return "verbose,debug" + QUARANTINE[self.quarantine]


ALL = {platform.name: platform for platform in itertools.starmap(
    Platform, itertools.product(IOMMU, XEN, LINUX, QUARANTINE))}
DEFAULT = ALL["vtd-4.17-6.1"]
