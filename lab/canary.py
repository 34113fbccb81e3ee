# SPDX-License-Identifier: GPL-2.0-or-later
"""A canary: pages of a domain's memory with a known pattern, whose machine addresses the lab finds
from outside.

The initramfs carries them as the file /canary, not page-aligned inside the archive: after
unpacking, the page-aligned copies in RAM are the page cache of that file, which a kernel without swap
never moves. dom0 has one, and so has each guest, with its name in it."""

PAGE = 4096
COUNT = 64
PATH = "canary"


class CanaryError(Exception):
    """The canary pages were not found in the guest's RAM, or not once each."""


def pattern(page, name="canary"):
    """Content of a page: a line of 32 bytes, repeated."""
    line = b"sallyport %-6s page %03d......\n" % (name.encode(), page)
    assert len(line) == 32
    return line * (PAGE // len(line))


def content(name="canary"):
    """The file /canary of dom0, or of a guest of that name (at most 6 letters)."""
    return b"".join(pattern(page, name) for page in range(COUNT))


class Canary:
    """pages[i] = machine address of page i."""

    def __init__(self, ram, name="canary"):
        self.ram, self.name = ram, name
        found = {page: [] for page in range(COUNT)}
        for at in ram.find(pattern(0, name)[:22]):
            page = self.number(at)
            if at % PAGE == 0 and page in found and ram.read(at, PAGE) == self.pattern(page):
                found[page].append(at)
        wrong = {page: len(copies) for page, copies in found.items() if len(copies) != 1}
        if wrong:
            raise CanaryError(f"{name}: copies per page (must be 1): {wrong}")
        self.pages = [found[page][0] for page in range(COUNT)]

    def number(self, at):
        """The page number that stands at an address, or -1."""
        digits = self.ram.read(at + 22, 3)
        return int(digits) if digits.isdigit() else -1

    def pattern(self, page):
        """What belongs into a page."""
        return pattern(page, self.name)

    def changed(self, page):
        """How many bytes of a page differ from its pattern."""
        now = self.ram.read(self.pages[page], PAGE)
        return sum(a != b for a, b in zip(now, self.pattern(page)))

    def restore(self, page):
        self.ram.write(self.pages[page], self.pattern(page))

    def damage(self):
        """{page: changed bytes} of every page that is not intact."""
        return {page: count for page in range(COUNT) if (count := self.changed(page))}
