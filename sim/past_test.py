#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""past_test.py SIM: do the runs that once broke an invariant (past.txt) hold now, and give the same bytes twice?"""

import pathlib
import subprocess
import sys

PAST = pathlib.Path(__file__).resolve().parent / "past.txt"
SECONDS = 60


def replayed(sim, line):
    done = subprocess.run([sim, "replay", line], capture_output=True, check=False, timeout=SECONDS)
    return done.returncode, done.stdout, done.stderr


def main():
    lines = [line.split() for line in PAST.read_text().splitlines() if not line.startswith("#")]
    wrong = []
    for invariant, line in lines:
        first = replayed(sys.argv[1], line)
        if first != replayed(sys.argv[1], line):
            wrong.append(f"{invariant} {line}: differs from run to run")
        if first[0] != 0 or b"faults and attacks stop" not in first[1]:
            wrong.append(f"{invariant} {line}: exit {first[0]}: {first[1].decode()[-200:]}{first[2].decode()}")
    print("\n".join(wrong) or f"{len(lines)} runs hold")
    return 1 if wrong or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
