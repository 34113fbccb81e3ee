#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""doc/threats.md names only what exists: each scenario, personality, unit test, checker and fuzz target of its tables,
and every row either names a test or says why it has none."""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "doc" / "threats.md"
# A row without a test must say one of these.
EXCUSES = re.compile(r"out of reach|not attacked|issue \d+")
SPAN = re.compile(r"`([^`]+)`(?: \(([^)]*)\))?")
LEAST_ROWS = 40


def rows():
    """(number, cells) of every attack."""
    for line in DOCUMENT.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if re.fullmatch(r"\| (?:[HD]?\d+) \|.*", line):
            yield cells[0].strip("| "), cells


def missing(span, note, root=ROOT):
    """Why what is named does not exist, or nothing."""
    if span.startswith("lab/run "):
        path = root / "lab" / "scenarios" / f"{span.removeprefix('lab/run ')}.py"
        if not path.exists():
            return f"no scenario {path.name}"
        faces = (root / "lab" / "evil" / "face.c").read_text()
        if path.stem == "evil":
            played = path.read_text()
            return next((f"no personality {name}" for name in (note or "").split(", ")
                         if name and (f'{{ "{name}",' not in faces or f'"{name}"' not in played)), None)
        return None
    if span.startswith("sim/check/"):
        return None if (root / span).exists() else "no such checker"
    if span.endswith("_fuzz"):
        return None if (root / "fuzz" / f"{span}.c").exists() else "no such fuzz target"
    if "_test.c:" in span:
        file, _, name = span.partition(":")
        text = (root / file).read_text() if (root / file).exists() else ""
        run = re.search(rf"(?:cmocka_unit_test\w*|TEST)\({name}\b", text)
        return None if run and re.search(rf"static void {name}\(", text) else "no such unit test, or not run"
    return "neither scenario, checker, fuzz target nor unit test"


class Threats(unittest.TestCase):
    def test_every_row_is_told_apart(self):
        numbers = [number for number, _ in rows()]
        self.assertGreaterEqual(len(numbers), LEAST_ROWS)
        self.assertEqual(len(numbers), len(set(numbers)))

    def test_what_is_named_exists(self):
        for number, cells in rows():
            for span, note in SPAN.findall(cells[2]):
                self.assertIsNone(missing(span, note), f"row {number}: {span}")

    def test_no_row_without_test_or_reason(self):
        for number, cells in rows():
            named = SPAN.search(cells[2])
            self.assertTrue(named or EXCUSES.search(" ".join(cells[3:])), f"row {number} has neither")

    def test_what_does_not_exist_is_found(self):
        for span, note in (("lab/run nothing", ""), ("lab/run evil", "no-such-face"), ("sim/check/i99.c", ""),
                           ("nothing_fuzz", ""), ("src/core/step_test.c:test_nothing", ""),
                           ("src/core/nothing_test.c:test_arrival", ""), ("a word", "")):
            self.assertIsNotNone(missing(span, note), span)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
