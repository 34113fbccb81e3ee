# SPDX-License-Identifier: GPL-2.0-or-later
"""When the doors of each port stood open, made of one sample after the other."""

FACTS = ("gate", "owned", "exposed")


class Spells:
    """ports: {port: {fact: [[from, to], ...]}} in guest seconds. gate: Bus Master Enable was set; owned:
    something was there with a way to dom0 past the IOMMU; exposed: both. from: of the first sample that
    shows it; to: of the first one that does not any more, None while it still holds."""

    def __init__(self):
        self.ports = {}

    def of(self, name):
        return self.ports.get(name, {fact: [] for fact in FACTS})

    def take(self, now, sample):
        """Adds a sample (oracle.Sample) of the time `now`."""
        for name, (gate, occupied, _, _) in sample.ports.items():
            mine = set(sample.reaching(name)) if occupied else set()
            held = gate, bool(mine), not mine.isdisjoint(sample.exposed)
            spells = self.ports.setdefault(name, {fact: [] for fact in FACTS})
            for fact, holds in zip(FACTS, held):
                self.note(spells[fact], round(now, 3), holds)

    @staticmethod
    def note(spells, now, holds):
        under_way = spells and spells[-1][1] is None
        if holds and not under_way:
            spells.append([now, None])
        elif under_way and not holds:
            spells[-1][1] = now
