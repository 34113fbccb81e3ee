# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot of `boot`, with Sallyport's scripts in the initramfs: door 1 is shut before the first driver is
loaded, and door 2 unless that takes longer than the daemon lets the boot wait. The daemon of the real
root goes on from there, and then another one ends that; no door opens meanwhile, and the marks stay."""

from scenarios.boot import COLD, PORTS, contained

from harness import hierarchy

BOOT = "early"
BASELINE = "boot"
# src/daemon/loop.h: how long the boot waits, and what is said then.
PATIENCE_S, GAVE_UP = 20, "the boot goes on without waiting longer"


def shortened(lab):
    """By how much: without the daemon of the initramfs the doors would have been open for as long as what
    comes between its place and that of the other one takes, at least."""
    (door1, door2), stages = lab.exposure("rp0"), lab.rig.stages
    waited = stages["coldplug"] - stages["top"]
    lab.expect(door1 < stages["coldplug"], "door 1 was shut before the first driver was loaded")
    took = lab.times["exposure"]["by_dom0_s"]
    spared = round(stages["real"] - stages["coldplug"], 2)
    lab.times["exposure"] |= {"spared_s": spared, "ratio": round(took / (took + spared), 2)}
    lab.say(f"door 1 was shut {took} s after dom0's first process began; the rest of the initramfs, "
            f"which it was spared, took {spared} s")
    first = [r for r in lab.daemon.records(early=True) if r.port == lab.address("rp0")]
    (lab.folder / "early.log").write_text("".join(f"{record}\n" for record in first))
    if GAVE_UP in lab.dom0("dmesg"):
        lab.expect(waited > PATIENCE_S, f"a busy machine: the boot went on after {waited:.1f} s")
        return
    lab.expect(door2 < stages["coldplug"], f"door 2 too, for which the boot waited {waited:.1f} s")
    lab.expect([r.event for r in first].count("function-quarantined") == len(lab.there["rp0"]),
               "the daemon of the initramfs reported each function as quarantined")


def take_over(lab):
    """Starts another daemon while one runs."""
    before = lab.daemon.pid()
    lab.say("another sallyportd is started beside the one that runs")
    lab.daemon.configure()
    lab.daemon.start()
    lab.wait("the first one has ended", lambda: not lab.daemon.alive(before), 10)
    lab.expect(lab.daemon.alive(), "the other one runs")


def run(lab):
    lab.there["rp0"] = hierarchy()
    contained(lab)
    shortened(lab)
    lab.examine("rp0", "the daemon of the real root")
    take_over(lab)
    contained(lab)
    lab.examine("rp0", "the daemon that ended it")
    lab.judge(late=("rp0",))
