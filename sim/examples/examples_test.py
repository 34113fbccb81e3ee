#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""examples_test.py SALLYPORT PAGE [--write]: do the examples give what stands beside them, as the page shows it?"""

import difflib
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = 30
# What is printed, of which command, with which exit code.
OUTPUTS = [
    ("dock.txt", ["dock.scenario"], 0),
    ("dock-verbose.txt", ["--verbose", "dock.scenario"], 0),
    ("dock.json", ["--json", "-v", "-o", "STEP,KIND,EVENT,SBDF,STATE,CONTAINED,TEXT", "dock.scenario"], 0),
    ("dock-raw.txt", ["--raw", "--noheadings", "-o", "STEP,SBDF,STATE,OWNER", "dock.scenario"], 0),
    ("dock-added.txt", ["-n", "-o", "+PARENT,ID,CLASS", "dock.scenario"], 0),
    ("killed.txt", ["killed.scenario"], 4),
    ("killed.json", ["--json", "killed.scenario"], 4),
    ("unknown.txt", ["unknown.scenario"], 0),
    ("unknown-verbose.txt", ["-v", "unknown.scenario"], 0),
    ("named.txt", ["-v", "named.scenario"], 0),
    ("swapped.txt", ["-v", "swapped.scenario"], 0),
    ("guest.txt", ["-v", "guest.scenario"], 0),
    ("used.txt", ["-v", "used.scenario"], 4),
    ("wrong-key.txt", ["wrong-key.scenario"], 1),
    ("wrong-config.txt", ["wrong-config.scenario"], 1),
    ("wrong-event.txt", ["wrong-event.scenario"], 1),
    ("wrong-file.txt", ["absent.scenario"], 1),
    ("wrong-folder.txt", ["."], 1),
]
# Command lines that mean nothing: exit code 2.
USAGE = [["simulate"], ["simulate", "dock.scenario", "dock.scenario"], ["list", "--verbose"],
         ["simulate", "-o", "NONE", "dock.scenario"]]
SHOWN = ["dock.scenario", "dock.txt", "killed.scenario", "killed.txt", "unknown.scenario", "unknown.txt"]


def stripped(text):
    """Without blanks at the ends of lines, which tables have and pages should not."""
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n")) + "\n"


def run(sallyport, arguments):
    return subprocess.run([sallyport, *arguments], cwd=HERE, capture_output=True, text=True, check=False,
                          timeout=SECONDS, env=os.environ | {"LC_ALL": "C"})


def outputs_check(sallyport, write):
    for name, arguments, status in OUTPUTS:
        done = run(sallyport, ["simulate", *arguments])
        printed = stripped(done.stdout + done.stderr)
        if done.returncode != status:
            yield f"{name}: exit code {done.returncode}, expected {status}"
        if write:
            (HERE / name).write_text(printed)
        expected = (HERE / name).read_text() if (HERE / name).exists() else ""
        if printed != expected:
            yield f"{name}: differs:\n" + "\n".join(difflib.unified_diff(
                expected.split("\n"), printed.split("\n"), "expected", "printed", lineterm=""))
    for arguments in USAGE:
        done = run(sallyport, arguments)
        if done.returncode != 2:
            yield f"{' '.join(arguments)}: exit code {done.returncode}, expected 2"


def page_check(page):
    """Each block of the page is the grammar or one of the files, and none of the files is left out."""
    blocks = {stripped(block) for block in re.findall(r"^```\n(.*?)^```$", page.read_text(), re.M | re.S)}
    files = {stripped((HERE / name).read_text()): name for name in SHOWN}
    for block in blocks - set(files):
        if not block.startswith("scenario "):
            yield f"{page.name}: a block is none of {', '.join(SHOWN)}:\n{block}"
    for text in set(files) - blocks:
        yield f"{page.name}: does not show {files[text]} as it is"


def files_check():
    """Is every file here run, or the output of a run?"""
    used = {name for name, _, _ in OUTPUTS} | {arguments[-1] for _, arguments, _ in OUTPUTS}
    for path in sorted(HERE.iterdir()):
        if path.suffix in (".scenario", ".txt", ".json") and path.name not in used:
            yield f"{path.name}: nothing runs or writes it"


def main():
    write = "--write" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    sallyport, page = os.path.abspath(arguments[0]), pathlib.Path(arguments[1])
    wrong = [*outputs_check(sallyport, write), *page_check(page), *files_check()]
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
