# SPDX-License-Identifier: GPL-2.0-or-later
"""Thunderbolt routers that lie about who they are: one that says another name, or another unique ID, than a moment
ago; one with a name of more than 4 KB, and one with a name that would command a terminal; two with the same unique ID
at a time, then one of them at the other's port; another one in the same place; and 4,000 that come and go. Each is held
for the reason that is said, nothing of it is on PCI; the daemon does not grow, and an honest dock is let in after all
that."""

import leaks
from daemon import LOG
from harness import RACK, hierarchy
from thunderbolt import Dock

PORTS = RACK
THUNDERBOLT = "user"
BASELINE = "authorized"
DOCK, OTHER, THIRD = 0x1, 0x3, 0x5
UUID, ANOTHER = "c5010000-0070-7d18-0382-0a1d5f72f30a", "00e10000-0001-0002-0003-000000000004"
# Says its name in 4,400 bytes; sysfs gives a page of that.
LONG = f"""name=$(yes '\\x1b[2J' | head -n 1100 | tr -d '\\n')
echo "add 0-{DOCK:x} uuid={UUID} vendor=$name" >/dev/tbfake"""
# So many looks, with a storm before each but the first: so many routers, an `add` and a `remove` each, and no program
# is started between two.
STORMS, STORM = 5, 500
SCRIPT = f"""before=$(cat /sys/kernel/uevent_seqnum) i=0
while [ $i -lt {STORM} ]; do
	echo "add 0-{THIRD:x} uuid=$((10000000 + i))-0000-0000-ffff-ffffffffffff vendor=Storm name=N$i"
	echo "del 0-{THIRD:x}"
	i=$((i + 1))
done >/dev/tbfake
echo $(($(cat /sys/kernel/uevent_seqnum) - before))"""


def left(lab, *routes):
    """They are unplugged, and the daemon knows that."""
    for route in routes:
        lab.thunderbolt.disconnect(route)
    lab.wait("the daemon lists no router there", lambda: not any(map(lab.thunderbolt.row, routes)), 30)


def changed(lab, word, first, second):
    """It says something else while it is plugged: it is held from then on, also when it says the first again."""
    lab.say(f"--- another {word} between two reads")
    after = len(lab.daemon.records())
    lab.thunderbolt.connect(DOCK, Dock("rp0", hierarchy(), UUID))
    lab.thunderbolt.reason(DOCK, "not-enrolled")
    lab.thunderbolt.change(DOCK, **{word: second})
    lab.thunderbolt.connect(OTHER, Dock("rp1", (), ANOTHER))    # has all be read again
    lab.thunderbolt.told("router-changed", DOCK, after)
    lab.thunderbolt.change(DOCK, **{word: first})
    left(lab, OTHER)
    lab.thunderbolt.reason(DOCK, "router-changed")
    lab.expect(not lab.thunderbolt.ask(f"authorize 0-{DOCK:x}"), "it is not let in any more")
    lab.thunderbolt.held(DOCK, "rp0")
    left(lab, DOCK)


def stale(lab):
    """It says another unique ID just before it is let in: what was asked is not done to it."""
    lab.say("--- another unique ID before it is let in")
    lab.thunderbolt.connect(DOCK, Dock("rp0", hierarchy(), UUID))
    lab.thunderbolt.reason(DOCK, "not-enrolled")
    lab.thunderbolt.change(DOCK, uuid=ANOTHER)
    lab.expect(not lab.thunderbolt.ask(f"authorize 0-{DOCK:x}"), "it is not let in")
    lab.thunderbolt.reason(DOCK, "router-changed")
    lab.thunderbolt.held(DOCK, "rp0")
    left(lab, DOCK)


def harmless(lab):
    """Nothing that Sallyport shows or logs of it would command a terminal."""
    text = lab.dom0("sallyport routers; sallyport routers --json; sallyport tree; sallyport list --known; "
                    f"sallyport show 0-{DOCK:x}; sallyport explain 0-{DOCK:x}; grep router {LOG} | tail -n 40", 60)
    odd = sorted({character for character in text if not " " <= character <= "~" and character != "\n"})
    lab.expect(not odd, f"{len(text)} characters shown, of which do not print: {odd or 'none'}")


def names(lab):
    """Names that no honest router has."""
    lab.say("--- a name of more than 4 KB")
    lab.thunderbolt.docks[DOCK] = Dock("rp0", hierarchy(), UUID)
    lab.dom0(LONG)
    size = lab.dom0(f"wc -c </sys/bus/thunderbolt/devices/0-{DOCK:x}/vendor_name").strip()
    lab.expect(int(size) >= 4095, f"the kernel gives {size} bytes of it")
    lab.thunderbolt.reason(DOCK, "router-unreadable")
    harmless(lab)
    for words in ("authorize", "enroll"):
        lab.expect(not lab.thunderbolt.ask(f"{words} 0-{DOCK:x}"), f"it cannot be let in: {words}")
    lab.thunderbolt.held(DOCK, "rp0")
    left(lab, DOCK)
    lab.say("--- a name that would command a terminal")
    lab.thunderbolt.connect(DOCK, Dock("rp0", hierarchy(), UUID, "\x1b[2J\x07\r\x9b31m", "a\nb\"',]}\\ \x00c"))
    lab.thunderbolt.reason(DOCK, "not-enrolled")
    harmless(lab)
    lab.say(f"{lab.thunderbolt.row(DOCK)}")
    lab.thunderbolt.held(DOCK, "rp0")
    left(lab, DOCK)


def twins(lab, devices):
    """Two say the same unique ID, which somebody enrolls: neither is let in, until one of them is gone."""
    lab.say("--- the same unique ID twice, then at the other port")
    lab.thunderbolt.connect(DOCK, Dock("rp0", devices, UUID))
    lab.thunderbolt.connect(OTHER, Dock("rp1", devices, UUID))
    for route in (DOCK, OTHER):
        lab.thunderbolt.reason(route, "same-unique-id")
    lab.expect(lab.thunderbolt.ask(f"enroll 0-{DOCK:x}"), "enrolled")
    for route, port in ((DOCK, "rp0"), (OTHER, "rp1")):
        lab.thunderbolt.held(route, port)
        lab.thunderbolt.reason(route, "same-unique-id")
    left(lab, DOCK)
    lab.settle("rp1", devices)
    lab.examine("rp1", "at the other port")
    row = lab.thunderbolt.row(OTHER)
    lab.expect((row["state"], row["key"], row["port"]) == ("authorized", "claimed", lab.address("rp1")), f"{row}")
    lab.say("--- another unique ID in the same place")
    left(lab, OTHER)
    lab.empty("rp1")
    lab.thunderbolt.connect(OTHER, Dock("rp1", devices, ANOTHER))
    lab.thunderbolt.reason(OTHER, "not-enrolled")
    lab.thunderbolt.held(OTHER, "rp1")


def storms(lab):
    """Routers come and go, faster than anybody can look; the one that is held beside them stays so."""
    usages = []
    for number in range(STORMS):
        if number:
            began = lab.machine.clock()
            events = int(lab.dom0(SCRIPT, 300))
            lab.expect(events >= 2 * STORM, f"{events} uevents in {lab.machine.clock() - began:.1f} s")
            lab.wait("the daemon has seen the end", lambda: not lab.thunderbolt.row(THIRD), 60)
        lab.dom0("sleep 3")
        usages.append(leaks.numbers(lab.dom0(leaks.OWN)))
        lab.say(f"{usages[-1]}")
    lab.times["usages"] = usages
    for name, rise, leaking in leaks.growth(usages[1:], leaks.DAEMON):
        lab.expect(not leaking, f"{name}: {rise:+.2f} from one storm to the next: {[one[name] for one in usages]}")
    lab.thunderbolt.held(OTHER, "rp1")
    lab.thunderbolt.reason(OTHER, "not-enrolled")


def run(lab):
    devices = hierarchy()
    lab.guard()
    changed(lab, "name", "Dock", "Other")
    changed(lab, "uuid", UUID, "00000001-0000-0000-ffff-ffffffffffff")
    stale(lab)
    names(lab)
    twins(lab, devices)
    lab.say("--- storms")
    storms(lab)
    lab.say("--- the dock itself")
    lab.thunderbolt.connect(DOCK, Dock("rp0", devices, UUID))
    lab.settle("rp0", devices)
    lab.examine("rp0", "after all that")
    lab.judge()
