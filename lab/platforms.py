# SPDX-License-Identifier: GPL-2.0-or-later
"""Platforms: which IOMMU, which Xen, which Linux in dom0. The name says all three: vtd-4.17-6.1."""

import dataclasses
import itertools

# Debian's suites that each comes from.
XEN = {"4.17": "bookworm", "4.20": "trixie"}
LINUX = {"6.1": "bookworm", "6.12": "trixie", "newest": "sid"}


@dataclasses.dataclass(frozen=True)
class Iommu:
    """cpu, device: QEMU's arguments. options: of Xen's command line iommu=."""
    cpu: str
    device: str
    options: str = "verbose,debug"


HASWELL, SVM = "Haswell-noTSX,-pcid,-x2apic", "qemu64,+svm,+npt,+smep"
VTD, AMD = "intel-iommu,intremap=on,device-iotlb=on,aw-bits=48", "amd-iommu,intremap=on,device-iotlb=on"
IOMMU = {"vtd": Iommu(HASWELL, VTD), "amd": Iommu(SVM, AMD)}


@dataclasses.dataclass(frozen=True)
class Platform:
    """iommu, xen, linux: keys of the tables above."""
    iommu: str
    xen: str
    linux: str

    @property
    def name(self):
        return f"{self.iommu}-{self.xen}-{self.linux}"


ALL = {platform.name: platform
       for platform in itertools.starmap(Platform, itertools.product(IOMMU, XEN, LINUX))}
DEFAULT = ALL["vtd-4.17-6.1"]
