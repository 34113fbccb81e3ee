# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays scenarios one after the other, on one machine as long as they ask for the same one and it
can be restored."""

import importlib
import pathlib
import shutil
import tempfile
import traceback

import guest
import platforms
from agent import AgentError
from harness import Lab
from machine import Setup
from platforms import DEFAULT
from rig import BootError, Rig

SCENARIOS = pathlib.Path(__file__).resolve().parent / "scenarios"


def names():
    """Every scenario."""
    return sorted(path.stem for path in SCENARIOS.glob("*.py"))


def scenario(name):
    """A scenario's module: run(lab), PORTS, and where it differs: COLD, devices at boot; BOOT, how dom0
    boots, watched from the beginning; BASELINE, the scenario whose stock run shows its attack at work
    (its own name, unless given); PROTECTS, the IOMMUs that it is about; NEWER, NARROW, GUESTS, BUILT,
    THUNDERBOLT and BOLT: see machine.Setup."""
    module = importlib.import_module(f"scenarios.{name}")
    module.COLD = getattr(module, "COLD", ())
    module.BOOT = getattr(module, "BOOT", None)
    module.BASELINE = getattr(module, "BASELINE", name)
    module.PROTECTS = getattr(module, "PROTECTS", tuple(platforms.IOMMU))
    module.NEWER = getattr(module, "NEWER", False)
    module.NARROW = getattr(module, "NARROW", False)
    module.GUESTS = getattr(module, "GUESTS", ())
    module.BUILT = getattr(module, "BUILT", None)
    module.THUNDERBOLT = getattr(module, "THUNDERBOLT", None)
    module.BOLT = getattr(module, "BOLT", False)
    return module


class Player:
    """label: what its machines' folders begin with; quiet: progress goes to the scenario's log only. second: how
    many machines took the place of one that did not come up."""

    def __init__(self, label="machine", quiet=False):
        self.label, self.quiet, self.second = label, quiet, 0
        self.rig = self.setup = None

    def play(self, name, stock, platform=DEFAULT):
        """The verdict of one run, whatever happens in it."""
        module, lab, error = scenario(name), Lab(name, stock, platform, self.quiet), None
        try:
            lab.enter(self.ready(module, lab), sampled=not module.COLD)
            module.run(lab)
        except KeyboardInterrupt:
            lab.leave("interrupted")
            raise
        except Exception as problem:  # the verdict must be written whatever failed
            error = f"{type(problem).__name__}: {problem}"
            lab.say(traceback.format_exc())
            if self.rig and isinstance(problem, AgentError):
                lab.say(self.rig.machine.whereabouts())
        verdict = lab.leave(error)
        if not verdict["held"] or lab.fatal:
            self.close()
        return verdict

    def ready(self, module, lab):
        """A rig as after boot with the scenario's ports: the one that is there, or a new one."""
        boot = module.BOOT and ("stock" if lab.stock else module.BOOT)
        wanted = Setup(module.PORTS, module.COLD, boot, module.NEWER, module.NARROW, module.GUESTS,
                       module.BUILT, module.THUNDERBOLT, module.BOLT)
        setup, say = (lab.platform, lab.stock, wanted), lab.say
        if self.rig and setup == self.setup and not (module.COLD or module.GUESTS or module.BOLT):
            try:
                self.rig.restore()
                say("same machine, restored")
                return self.rig
            except Exception as problem:  # any doubt about the machine: take a new one
                say(f"the machine cannot be used again: {problem}")
        self.close()
        try:
            self.rig = self.booted(lab, wanted, boot)
        except BootError as error:
            # Where Sallyport is no part of the boot, a machine that does not come up says nothing of it.
            if boot:
                raise
            say(f"{error}; a second machine is started")
            self.second += 1
            self.rig = self.booted(lab, wanted, boot)
        self.setup = setup
        return self.rig

    def booted(self, lab, wanted, boot):
        """A new rig in a folder of its own."""
        guest.BUILD.mkdir(parents=True, exist_ok=True)
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.label}-", dir=guest.BUILD))
        lab.say(f"the machine's own files: {folder}")
        return Rig(folder, lab.platform, wanted, lab.say, boot and lab.watch)

    def close(self):
        """Ends the machine. Its folder goes, unless it did not come up: the scenarios have what
        they need of it."""
        if self.rig:
            self.rig.stop()
            shutil.rmtree(self.rig.folder, ignore_errors=True)
        self.rig = None
