# SPDX-License-Identifier: GPL-2.0-or-later
"""Bus numbers for the bridges of a hierarchy, before what is behind them is added.

QEMU's amd-iommu looks a requester up by the number that its bus had when the device was added
(amdvi_host_dma_iommu, pci_bus_num), and no function of a slot answers before function 0 is there.
So bridges are numbered from outside, as Linux will, and go back to zero when all is added: the
guest sees them as they come out of reset."""

import pci


class NumberingError(Exception):
    """What QEMU computes with is not what the guest sees: the lab's results would be wrong."""


def depth_first(devices, first, name=None):
    """{name of a bridge: (primary, secondary, subordinate)} of those on bus `name`, whose number is
    `first`, and below them; also the last number in use. Bridges are what others lie behind."""
    buses, numbers, last = {device.bus for device in devices}, {}, first
    for device in devices:
        if device.bus == name and device.name in buses:
            below, end = depth_first(devices, last + 1, device.name)
            numbers |= {device.name: (first, last + 1, end)} | below
            last = end
    return numbers, last


class Numbering:
    """Numbers the bridges of one hierarchy, of which the first devices are on the bus of a bridge that has its number:
    a port, or a bridge that is plugged already (bus: its name)."""

    def __init__(self, config, rid, devices, bus=None):
        self.config, first = config, config.buses(rid)[0]
        self.numbers = depth_first(devices, first, bus)[0]
        self.rids = {device.name: self.numbers[device.name][0] << 8 | device.devfn
                     for device in devices if device.name in self.numbers}

    def give(self, name):
        """Gives a bridge its numbers. One that does not take them, as in a slot without power, would
        have its devices found at bus 0."""
        self.put(name, *self.numbers[name])
        if self.config.buses(self.rids[name]) != self.numbers[name][1:]:
            raise NumberingError(f"bridge {name} did not take its bus numbers")

    def secondaries(self):
        """{requester ID of a bridge: the number that its bus had when its devices were added}."""
        return {self.rids[name]: numbers[1] for name, numbers in self.numbers.items()}

    def take(self):
        """Takes them all back; the innermost first, as long as it can be reached."""
        for name in reversed(self.rids):
            self.put(name, 0, 0, 0)

    def put(self, name, primary, secondary, subordinate):
        kept = self.config.load(self.rids[name], pci.PRIMARY, 4) & 0xFF000000
        self.config.store(self.rids[name], pci.PRIMARY, 4,
                          kept | primary | secondary << 8 | subordinate << 16)
