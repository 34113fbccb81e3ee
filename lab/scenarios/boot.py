# SPDX-License-Identifier: GPL-2.0-or-later
"""A hierarchy is there at power-on, and the daemon is the first program of the real root: until then the
hierarchy is dom0's (nothing can change that), and never again. How long that was is measured from
outside."""

import re

from harness import hierarchy
from machine import Port

# Marked by firmware, so that both ways to start the daemon treat them alike: in the initramfs it spares
# an unmarked slot with a disk in it.
PORTS = tuple(Port(f"rp{number}", 4 + number, power=number == 2, marks=("ExternalFacingPort",))
              for number in range(3))
COLD = tuple(("rp0", device) for device in hierarchy())
BOOT = "late"


def contained(lab):
    """Waits until the daemon that runs has contained and marked what was there at power-on."""
    lab.wait("sallyportd answers", lambda: lab.daemon.status() is not None)
    lab.wait("every port guarded", lab.guarded, 10)
    lab.ready("rp0", lab.there["rp0"])
    marked = lab.daemon.functions(lab.address("rp0")).values()
    lab.expect(all(f["at_boot"] is True for f in marked), "all are marked as there at boot")
    lab.expect(lab.daemon.status() == 0, "status: all is contained")
    audit = lab.rig.agent.run("sallyport audit")[1]
    told = re.findall(r"^weak +at-boot +(\S+)", audit, re.M)
    lab.expect(sorted(told) == sorted(f["sbdf"] for f in marked), f"audit tells of each: {told}")


def run(lab):
    lab.there["rp0"] = hierarchy()
    if lab.stock:
        lab.ready("rp0", lab.there["rp0"])
    else:
        contained(lab)
        lab.expect(lab.exposure("rp0")[0] > lab.rig.stages["real"],
                   "it stood open until the daemon of the real root ran")
    lab.examine("rp0")
    lab.judge(late=("rp0",))
