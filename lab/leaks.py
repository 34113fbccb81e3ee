# SPDX-License-Identifier: GPL-2.0-or-later
"""What the daemon, dom0 and Xen use, and whether that grows from one time to the next."""

import itertools
import re
import statistics

# Each prints "NAME NUMBER" lines. Of what a worker process of the daemon has for a moment the least of some looks
# counts.
OWN = """pid=$(cat /run/sallyportd.pid)
least() {
	echo $1 $(for look in 1 2 3 4; do eval "$2"; sleep 0.3; done | sort -n | head -n 1)
}
sed -n 's/^Pss:[^0-9]*\\([0-9]*\\) kB/pss_kib \\1/p' /proc/$pid/smaps_rollup
least fds 'ls /proc/$pid/fd | wc -l'
"""
# And has Xen print on its console what it has (debug keys m and Q), which on AMD-Vi, where thousands of requester IDs
# are reserved, is more than the ring that xl reads holds.
SCRIPT = OWN + """least processes 'ls -l /proc/[0-9]*/exe 2>/dev/null | grep -c -e sallyport -e /xl'
sed -n 's/^MemAvailable:[^0-9]*\\([0-9]*\\) kB/available_kib \\1/p' /proc/meminfo
echo log_kib $(du -k /run/sallyport.log | cut -f 1)
echo nodes $(xenstore-ls -f / | wc -l)
echo slots $(wc -l </sys/bus/pci/drivers/pciback/slots)
xl debug-keys m; xl debug-keys Q; xl debug-keys h"""
LINE = re.compile(r"^(\w+) (\d+)$", re.M)
# xen/common/page_alloc.c:pagealloc_info, xen/drivers/passthrough/pci.c:_dump_pci_devices.
FREE = re.compile(r"Dom heap: (\d+)kB free")
# What it prints last (common/keyhandler.c:show_handlers).
LAST = "'h' pressed"
FUNCTION = re.compile(r"\(XEN\) ([\da-f]{4}:[\da-f]{2}:[\da-f]{2}\.\d) - \S+")

# {name: (which way is worse, tolerated per time, tolerated besides)}, in the units of the names; free_kib is Xen's.
# What else SCRIPT prints is a hint only. nodes: what one guest that ended leaves in xenstore (doc/guests.md) is Xen's.
DAEMON = {"pss_kib": (1, 1, 128), "fds": (1, 0, 0)}
MACHINE = {"processes": (1, 0, 0), "nodes": (1, 0, 16), "slots": (1, 0, 0), "pdevs": (1, 0, 0),
           "free_kib": (-1, 1, 128)}


def numbers(text):
    """{name: number} of what OWN printed."""
    return {name: int(number) for name, number in LINE.findall(text)}


def usage(text, console):
    """{name: number} of what SCRIPT printed, and what Xen printed for it."""
    last = list(FREE.finditer(console))[-1]
    return numbers(text) | {"free_kib": int(last[1]), "pdevs": len(set(FUNCTION.findall(console, last.end())))}


def slope(values):
    """Growth from one value to the next: the median of what each pair of values says (Theil and Sen), which single
    odd values do not move."""
    pairs = itertools.combinations(enumerate(values), 2)
    return statistics.median((later - earlier) / (j - i) for (i, earlier), (j, later) in pairs)


def growth(series, bounds):
    """(name, growth from one time to the next, does that leak) of each of the bounds. series: usages, at least two."""
    for name, (sign, rate, besides) in bounds.items():
        values = [one[name] for one in series]
        rise, steps = slope(values), len(values) - 1
        yield name, rise, sign * rise * steps > rate * steps + besides
