# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk is plugged, quarantined, attacked, given to a guest, used there, taken back and pulled, or pulled from under
the guest; then the next one is plugged at the same port, sometimes faster than anybody looks: CYCLES times (3), in
which nothing may leak. Then more of them, in which the daemon gets KILLS SIGKILLs (2) at random moments (SEED), up
to two a cycle, after which all must come as if it had not been. In the third of UNDER cycles (10; 0: never) the disk
is pulled from under the guest, which has to be made anew then (doc/guests.md). None begins that many MINUTES after
the start (0: whenever). These words are the environment's."""

import math
import os
import random
import statistics

import leaks
from harness import RACK, LabError, disk

BASELINE = "passthrough"
PORTS = RACK
GUESTS = ("pv",)
CYCLES, KILLS, SEED, UNDER, MINUTES = (int(os.environ.get(name, usual)) for name, usual in (
    ("CYCLES", 3), ("KILLS", 2), ("SEED", 1), ("UNDER", 10), ("MINUTES", 0)))
PORT = "rp0"
# In the second of three cycles the next disk is there at once.
AT_ONCE = 3
# SIGKILLs in one cycle, each in another step.
TOGETHER = 2
# What the guest writes each time. How many cycles have one or two looks at what is used, which take as long as half of
# one.
BYTES, WEIGH = 1 << 16, max(1, (CYCLES + KILLS // TOGETHER) // 10)
# Usages that are not compared: caches fill, libxl makes its folders.
WARM = 1
# How long something may take, and before a request is asked again.
LIMIT_S, AGAIN_S = 400, 15


class Cycles:
    """Cycles of one port, with one guest at a time. took: {step: seconds of the machine's, of each that was not cut
    off}; again: how many requests were asked again after a SIGKILL; usages: at rests with an empty port."""

    def __init__(self, lab):
        self.lab, self.number, self.random = lab, 0, random.Random(SEED)
        self.work, self.rid = lab.guests.create("work"), lab.port(PORT).rid
        self.took, self.again, self.usages = {}, 0, []
        self.killed = []    # for each step that is left of a cycle: is the daemon killed in it?

    def play(self, kills, last):
        """One cycle, with so many SIGKILLs. last: nothing is plugged at once after it."""
        lab, there = self.lab, bool(self.lab.there.get(PORT))
        under, at_once = UNDER and self.number % UNDER == 2, self.number % AT_ONCE == 1 and not last
        steps = ([] if there else ["settle"]) + ["assign", "use"] + ([] if under else ["unassign"])
        steps.append(self.end(under, at_once))
        lab.say(f"--- cycle {self.number + 1}: {', '.join(steps)}")
        self.killed = self.moments(steps, kills)
        if not there:
            lab.plug((PORT, disk(f"c{self.number}")))
            self.settle("settle")
        self.give()
        if not under:
            self.take()
        self.number += 1
        self.change(under, at_once)
        if line := lab.rig.broken():
            raise LabError(f"broken: {line}")

    @staticmethod
    def end(under, at_once):
        """Name of a cycle's last step."""
        return f"{'swap' if at_once else 'pull'}{' from under the guest' if under else ''}"

    def usual(self, name):
        """Seconds that a step usually takes; a guess for one that was not played yet."""
        return statistics.median(self.took.get(name, (5,)))

    def moments(self, steps, count):
        """Into which of these steps so many moments fall, by chance: for each whether one does."""
        chosen = set()
        while len(chosen) < count:
            chosen |= set(self.random.choices(range(len(steps)), [self.usual(name) for name in steps]))
        return [place in chosen for place in range(len(steps))]

    def step(self, name, ready, order=None, act=None):
        """Waits until something is so. order: what is asked of the daemon for that; act: what is done."""
        lab, struck, began = self.lab, self.killed.pop(0), self.lab.machine.clock()
        if struck:
            self.strike(name)
        refused = order and self.order(order, struck)
        if act:
            act()
        if struck:
            lab.wait("another daemon answers", lab.daemon.struck, LIMIT_S)
        if refused:
            self.insist(name, ready, order)
        lab.wait(name, lambda: self.so(ready), LIMIT_S, 0.3)
        spent = round(lab.machine.clock() - began, 2)
        if not struck:
            self.took.setdefault(name, []).append(spent)
        lab.say(f"{name}: {spent} s")

    def strike(self, name):
        """SIGKILL at a random moment of a step that begins now."""
        delay, pause = self.random.uniform(0, self.usual(name)), self.random.uniform(0, 2)
        self.lab.say(f"SIGKILL to sallyportd {delay:.2f} s after the begin of {name}; another {pause:.2f} s later")
        self.lab.daemon.strike(delay, pause)

    def order(self, order, struck):
        """Exit status of a request: 0, unless the daemon may have been killed meanwhile."""
        status, told = self.lab.rig.agent.run(order, 240)
        self.lab.say(f"{order}: exit {status}: {told.strip()}")
        if status and not struck:
            raise LabError(f"{order}: exit {status}: {told.strip()}")
        return status

    def insist(self, name, ready, order):
        """Asks again for what was cut off, if nothing comes of it by itself."""
        for _ in range(5):
            try:
                self.lab.wait(name, lambda: self.so(ready), AGAIN_S, 0.3)
                return
            except LabError:
                self.again += 1
                self.order(order, struck=True)

    @staticmethod
    def so(ready):
        """Is it so? Not as long as no daemon answers."""
        try:
            return ready()
        except (LabError, LookupError, ValueError):
            return False

    def settle(self, name, act=None):
        """What was plugged is quarantined, and attacked."""
        lab, devices = self.lab, self.lab.there[PORT]
        self.step(name, lambda: lab.state(PORT) == "quarantined" and lab.arrived(PORT, devices) and
                  lab.quarantined(PORT, devices), act=act)
        lab.examine(PORT, f"cycle {self.number + 1}")

    def given(self):
        """Is the door open, and what is below the guest's?"""
        lab = self.lab
        return (lab.config.bme(self.rid) and
                {lab.rig.oracle.owner(one.rid) for one in lab.config.below(self.rid)} == {f"guest {self.work.name}"} and
                lab.state(PORT) == "assigned")

    def give(self):
        """The disk is the guest's, which uses it."""
        lab = self.lab
        lab.guests.lend(PORT, self.work)
        self.step("assign", self.given, order=f"sallyport assign {lab.address(PORT)} {self.work.name}")
        lab.guests.agree()
        self.step("use", self.given, act=lambda: lab.guests.uses(self.work, BYTES))

    def take(self):
        """The disk is in quarantine again, and nobody's."""
        lab, devices = self.lab, self.lab.there[PORT]
        self.step("unassign", lambda: lab.quarantined(PORT, devices), order=f"sallyport unassign {lab.address(PORT)}")
        lab.guests.lend(PORT, None)
        lab.expect(not lab.config.bme(self.rid), f"door 1 of {PORT} is closed")
        lab.guests.clean(self.work)
        lab.guests.agree()

    def change(self, under, at_once):
        """Out with the disk, and in with another one at once; under: the guest has it."""
        lab, name = self.lab, self.end(under, at_once)

        def act():
            lab.swap(PORT, disk(f"c{self.number}"), 0) if at_once else lab.pull(PORT)
            if under:
                self.shut()

        if at_once:
            lab.there[PORT] = disk()
            self.settle(name, act)
        else:
            self.step(name, lambda: lab.state(PORT) == "empty" and not lab.rig.enumerated(lab.port(PORT)) and
                      not lab.daemon.functions(lab.address(PORT)), act=act)
        if under:
            lab.guests.clean(self.work)
            self.work.destroy()
            self.work = lab.guests.create("work")
        lab.guests.agree()
        if not at_once and self.number % WEIGH <= 1:
            self.weigh()

    def weigh(self):
        """Looks at what is used."""
        before = len(self.lab.rig.serial())
        text = self.lab.dom0(leaks.SCRIPT, 120)
        self.lab.wait("Xen has printed all of it", lambda: leaks.LAST in self.lab.rig.serial()[before:], 60)
        self.usages.append(leaks.usage(text, self.lab.rig.serial()[before:]))
        self.lab.say(f"{self.usages[-1]}")

    def shut(self):
        """Waits until the door is shut behind what the guest had; from then on no guest's memory may be reached."""
        took = self.lab.wait("door 1 is shut", lambda: not self.lab.config.bme(self.rid), 60, 0.02)
        self.lab.guests.lend(PORT, None)
        self.lab.say(f"door 1 shut after {took:.2f} s")

    def steady(self, usages, bounds):
        """Nothing of these grew."""
        if len(usages) < WARM + 2:
            self.lab.say(f"{len(usages)} usages: too few to compare")
            return
        for name, rise, leaking in leaks.growth(usages[WARM:], bounds):
            values = [one[name] for one in usages]
            self.lab.expect(not leaking, f"{name}: {rise:+.2f} from one look to the next; {values[0]}, then "
                            f"{values[WARM]} to {values[-1]}")


def turns(lab, count):
    """So many times, if there is time: is it the last one?"""
    for number in range(count):
        if MINUTES and lab.elapsed() > 60 * MINUTES:
            return
        yield number == count - 1


def run(lab):
    lab.say(f"CYCLES={CYCLES} KILLS={KILLS} SEED={SEED} UNDER={UNDER} MINUTES={MINUTES}")
    lab.guard()
    cycles = Cycles(lab)
    for last in turns(lab, CYCLES):
        cycles.play(0, last)
    quiet, kills = cycles.number, 0
    cycles.steady(cycles.usages, leaks.DAEMON)
    lab.dom0("xl dmesg -c >/dev/null")    # what Xen said at boot is lost, as it is in time
    for last in turns(lab, math.ceil(KILLS / TOGETHER)):
        now = min(TOGETHER, KILLS - kills)
        cycles.play(now, last)
        kills += now
    cycles.steady(cycles.usages, leaks.MACHINE)
    lab.say(f"{cycles.number} cycles, {cycles.number - quiet} of them with SIGKILLs, {kills} in all, {cycles.again} "
            "requests asked again")
    lab.times |= {"cycles": cycles.number, "kills": kills, "asked_again": cycles.again, "usages": cycles.usages,
                  "steps": {name: {"count": len(took), "median_s": statistics.median(took), "max_s": max(took)}
                            for name, took in cycles.took.items()}}
    lab.judge()
