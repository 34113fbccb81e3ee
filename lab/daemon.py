# SPDX-License-Identifier: GPL-2.0-or-later
"""Sallyport inside dom0: started, stopped, asked; and what it says."""

import dataclasses
import json
import re

import guest

LOG, PIDFILE, STRUCK = "/run/sallyport.log", "/run/sallyportd.pid", "/run/struck"
# In the kernel's log something comes before it.
LINE = re.compile(r"(?:^|\] )(\d+\.\d+) ([A-Z]+) (\S+) (\S+) (\S+): (.*)$")
READY_S = 30
AUTO = "[Ports]\nExternal = auto\n"


class DaemonError(Exception):
    """Sallyport is not there to be tested."""


@dataclasses.dataclass(frozen=True)
class Record:
    """One line of its log (src/edge/sink/journal.c). time_s: dom0's CLOCK_BOOTTIME; "-" where there
    is no subject."""
    time_s: float
    priority: str
    event: str
    port: str
    function: str
    text: str

    @property
    def effect(self):
        """The effect's name, of a record `effect-started`."""
        return self.text.split()[0] if self.event == "effect-started" else None


class Daemon:
    """sallyportd in one rig's dom0."""

    def __init__(self, rig):
        self.rig = rig

    def configure(self, text=AUTO):
        """Writes the configuration file. Its folder holds nothing else."""
        if missing := [path for path in guest.PROGRAMS if self.rig.agent.run(f"[ -x /{path} ]")[0]]:
            raise DaemonError(f"not built: {', '.join(missing)}")
        self.rig.dom0("rm -rf /etc/sallyport && mkdir -p /etc/sallyport && "
                      f"cat >/etc/sallyport/sallyport.conf <<'E'\n{text}E")

    def start(self, killer="", level="debug"):
        """Starts it and waits until it answers: seconds that took. killer: arguments of
        lab/dom0/killer, which then reads the log on its way to the file."""
        target = LOG
        if killer:
            target = f"{LOG}.pipe"
            self.rig.dom0(f"rm -f {target} {PIDFILE}; mkfifo {target}; "
                          f"setsid /lib/lab/killer {PIDFILE} {killer} <{target} >>{LOG} 2>&1 &")
        self.rig.dom0(f"/lib/lab/guard {target} {level} {PIDFILE}")
        return self.rig.wait("sallyportd answers", lambda: self.status() is not None, READY_S)

    def status(self):
        """0 or 4, the exit status of `sallyport status` (contained or not), or None when nobody
        answers."""
        script = "[ -S /run/sallyport/socket ] && sallyport status >/dev/null"
        status = self.rig.agent.run(script)[0]
        return status if status in (0, 4) else None

    def signal(self, name):
        """Sends it a signal, by its process id."""
        self.rig.dom0(f"kill -{name} $(cat {PIDFILE})")

    def strike(self, delay_s, pause_s):
        """Has dom0 kill it (SIGKILL) so many seconds from now, and start another one pause_s later; `struck` tells when
        that was done. Whatever dom0 does for the lab meanwhile."""
        self.rig.dom0(f"rm -f {STRUCK}; setsid /lib/lab/strike {LOG} debug {PIDFILE} {delay_s:.3f} {pause_s:.3f} "
                      f"{STRUCK} </dev/null >/dev/null 2>&1 &")

    def struck(self):
        """Was the strike done, and does another one answer?"""
        return self.rig.agent.run(f"[ -e {STRUCK} ]")[0] == 0 and self.status() is not None

    def pid(self):
        """Its process id, as text."""
        return self.rig.dom0(f"cat {PIDFILE}").strip()

    def alive(self, pid=f"$(cat {PIDFILE})"):
        """Is its process there (a zombie is not)?"""
        script = f"[ -e {PIDFILE} ] && sed 's/.*) //' /proc/{pid}/stat"
        status, state = self.rig.agent.run(script)
        return status == 0 and not state.startswith("Z")

    def stop(self):
        """Ends it, if it runs, and forgets its log and its configuration."""
        self.rig.dom0(f"[ ! -e {PIDFILE} ] || kill -KILL $(cat {PIDFILE}) 2>/dev/null; true")
        self.rig.wait("sallyportd has ended", lambda: not self.alive(), 10)
        self.rig.dom0(f"rm -rf {LOG} {LOG}.pipe {PIDFILE} /run/sallyport /var/lib/sallyport "
                      "/etc/sallyport")

    def ask(self, verb):
        """What `sallyport VERB --json` prints. Asked once more where the answer was cut off: a daemon that is just
        being ended by another one does that."""
        once = f"{{ sallyport {verb} --json || [ $? = 4 ]; }}"
        return json.loads(self.rig.dom0(f"{once} 2>/run/ask.err || {{ sleep 1; {once}; }}"))

    def functions(self, port=None):
        """{SBDF: function} as `sallyport list` tells it; of one port's SBDF only, when given."""
        return {f["sbdf"]: f for f in self.ask("list")["functions"] if port in (None, f["port"])}

    def ports(self):
        """{SBDF: port} as `sallyport ports` tells it."""
        return {port["sbdf"]: port for port in self.ask("ports")["ports"]}

    def log(self):
        """The whole log."""
        return self.rig.dom0(f"cat {LOG} 2>/dev/null || true")

    def records(self, early=False):
        """The log's records, oldest first. early: those of the daemon of the initramfs, which writes into
        the kernel's log."""
        text = self.rig.dom0("dmesg") if early else self.log()
        return [Record(float(found[1]), *found.groups()[1:])
                for line in text.splitlines() if (found := LINE.search(line))]
