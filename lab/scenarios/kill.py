# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGKILL of the daemon at each phase of an arrival, out of dom0 itself: the port stays closed, the
attack fails, and after a restart everything is quarantined. At last the hierarchy is swapped while
the daemon is dead."""

from harness import RACK, hierarchy, leaf

PORTS = RACK
BASELINE = "hierarchy"

# (what, words of the log line, which one after the arrival). Lines about effects are written before
# they are carried out.
PHASES = (
    ("arrival", " arrival ", 1),
    ("inventory of an empty port", ": inventory for", 1),
    ("rescan", ": rescan for", 1),
    ("inventory after the rescan", ": inventory for", 2),
    ("first driver off", ": driver-off for", 1),
    ("fourth driver off", ": driver-off for", 4),
    ("first quarantine", ": quarantine for", 1),
    ("first confirmation", ": confirm for", 1),
    ("fourth quarantine", ": quarantine for", 4),
    ("last confirmation", ": confirm for", 6),
    ("owners", ": owners for", 1),
    ("all quarantined", " port-quarantined ", 1),
)


def run(lab):
    devices = hierarchy()
    lab.daemon.configure()
    for what, words, count in PHASES:
        lab.say(f"--- SIGKILL at: {what}")
        lab.start(killer=f"{count} '{words}'")
        lab.plug(("rp0", devices))
        lab.wait(f"sallyportd is killed at: {what}", lambda: not lab.daemon.alive())
        lab.expect(not lab.config.bme(lab.port("rp0").rid), f"killed at {what}: door 1 is closed")
        lab.examine("rp0", f"killed at {what}", doors=1)
        lab.start()
        lab.ready("rp0", devices)
        lab.examine("rp0", f"restarted after {what}")
        if what != PHASES[-1][0]:
            lab.pull("rp0")
            lab.empty("rp0")
        lab.kill()
    lab.swap("rp0", leaf(), 0)
    lab.examine("rp0", "swapped while the daemon is dead")
    lab.start()
    lab.ready("rp0", leaf())
    lab.examine("rp0", "swapped while the daemon was dead")
    lab.judge()
