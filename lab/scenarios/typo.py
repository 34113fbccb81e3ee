# SPDX-License-Identifier: GPL-2.0-or-later
"""A configuration file with a typo: told with file, line and column, and every port is guarded all
the same."""

from harness import RACK, hierarchy

PORTS = RACK
BASELINE = "hierarchy"

TYPO = "# The ports at the back.\n[Ports]\nExternal = 0000:00:05.0 0000:0z:04.0\n"
PLACE = "/etc/sallyport/sallyport.conf:3:25: "


def run(lab):
    devices = hierarchy()
    lab.guard(TYPO)
    told = [line for line in lab.daemon.log().splitlines() if PLACE in line]
    lab.expect(told, f"the log names the place: {told[0] if told else PLACE}")
    lab.expect("config-rejected" in (record.event for record in lab.daemon.records()),
               "reported: config-rejected")
    status, text = lab.rig.agent.run("sallyportd --check-config")
    lab.expect(status == 1 and text.startswith(PLACE),
               f"--check-config: exit {status}: {text.strip()}")
    lab.plug(("rp0", devices))
    lab.settle("rp0", devices)
    lab.examine("rp0")
    lab.judge()
