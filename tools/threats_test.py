#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""doc/threats.md names only what exists: each scenario, personality, unit test, checker and fuzz target of its tables,
each mutant and broken function of its list of what fails; every row either names a test or says why it has none, and
what fails when its counter-measure is taken away, or that nothing does."""

import importlib.machinery
import importlib.util
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "doc" / "threats.md"
# A row without a test must say one of these.
EXCUSES = re.compile(r"out of reach|not attacked|issue \d+")
NOTHING_FAILS = re.compile(r"out of reach|issue \d+|nothing fails")
BREAKS = "## What fails without it"
MUTANT = re.compile(r"[\w/]+\.c [\w-]+: .+")
SPAN = re.compile(r"`([^`]+)`(?: \(([^)]*)\))?")
LEAST_ROWS = 40


def parts():
    """The text with the attacks, and the list of what fails."""
    before, _, rest = DOCUMENT.read_text().partition(BREAKS)
    broken, heading, after = rest.partition("\n## ")
    return before + heading + after, broken


def rows(text):
    """(number, cells) of every line of a table that begins with the number of an attack."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if re.fullmatch(r"\| (?:[HD]?\d+a?) \|.*", line):
            yield cells[0].strip("| "), cells


def mutants():
    """{"FILE FUNCTION: why": equivalent} of tools/mutants.txt."""
    loader = importlib.machinery.SourceFileLoader("mutate", str(ROOT / "tools" / "mutate"))
    mutate = importlib.util.module_from_spec(importlib.util.spec_from_loader("mutate", loader))
    loader.exec_module(mutate)
    listed = mutate.list_parse(mutate.LIST.read_text(encoding="utf-8"))
    return {f"{mutant.file} {mutant.function}: {mutant.why}": bool(mutant.equivalent) for mutant in listed}


def broken_missing(span, known, root=ROOT):
    """Why what is named as a break, or as what failed, does not exist, or nothing."""
    if "_test.c:" in span:
        return missing(span, "", root)
    if MUTANT.fullmatch(span):
        return {False: None, True: "equivalent: nobody notices"}.get(known.get(span), "no such mutant")
    if found := re.fullmatch(r"(src/(?:edge|daemon)/[\w/]+\.c) (\w+)", span):
        path = root / found[1]
        defined = path.exists() and re.search(rf"\b{found[2]}\([^;]*?\)\n\{{", path.read_text())
        return None if defined else "no such function"
    if span.startswith("lab/run "):
        return missing(span, "", root)
    return "neither mutant, function, scenario nor unit test"


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
        numbers = [number for number, _ in rows(parts()[0])]
        self.assertGreaterEqual(len(numbers), LEAST_ROWS)
        self.assertEqual(len(numbers), len(set(numbers)))

    def test_what_is_named_exists(self):
        for number, cells in rows(parts()[0]):
            for span, note in SPAN.findall(cells[2]):
                self.assertIsNone(missing(span, note), f"row {number}: {span}")

    def test_no_row_without_test_or_reason(self):
        for number, cells in rows(parts()[0]):
            named = SPAN.search(cells[2])
            self.assertTrue(named or EXCUSES.search(" ".join(cells[3:])), f"row {number} has neither")

    def test_every_row_says_what_fails_without_it(self):
        attacks = [number for number, _ in rows(parts()[0])]
        self.assertEqual(attacks, [number for number, _ in rows(parts()[1])])

    def test_what_fails_exists(self):
        known = mutants()
        for number, cells in rows(parts()[1]):
            self.assertEqual(len(cells), 3, f"row {number}")
            spans = [span for cell in cells[1:] for span, _ in SPAN.findall(cell)]
            self.assertTrue(spans or NOTHING_FAILS.search(cells[1]), f"row {number} names nothing")
            for span in spans:
                self.assertIsNone(broken_missing(span, known), f"row {number}: {span}")

    def test_breaks_that_do_not_exist_are_found(self):
        known = {"model/a.c f: is noticed": False, "model/a.c f: is not": True}
        self.assertIsNone(broken_missing("model/a.c f: is noticed", known))
        self.assertIsNone(broken_missing("src/daemon/worker.c worker_main", known))
        for span in ("model/a.c f: is not", "model/a.c f: is unknown", "src/daemon/worker.c nothing",
                     "src/edge/nothing.c nothing", "src/core/step_test.c:test_nothing", "a word"):
            self.assertIsNotNone(broken_missing(span, known), span)

    def test_what_does_not_exist_is_found(self):
        for span, note in (("lab/run nothing", ""), ("lab/run evil", "no-such-face"), ("sim/check/i99.c", ""),
                           ("nothing_fuzz", ""), ("src/core/step_test.c:test_nothing", ""),
                           ("src/core/nothing_test.c:test_arrival", ""), ("a word", "")):
            self.assertIsNotNone(missing(span, note), span)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
