#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does tools/purity see a clock, a heap and a variable when there is one?"""

import pathlib
import subprocess
import tempfile
import unittest

PURITY = pathlib.Path(__file__).resolve().parent / "purity"


class Purity(unittest.TestCase):
    def judged(self, source):
        """Exit status and output of purity on a library made of this source."""
        with tempfile.TemporaryDirectory() as folder:
            where = pathlib.Path(folder)
            (where / "a.c").write_text(source)
            subprocess.run(["gcc", "-O2", "-fPIC", "-c", "a.c"], cwd=where, check=True)
            subprocess.run(["ar", "rcs", "liba.a", "a.o"], cwd=where, check=True)
            done = subprocess.run([PURITY, "liba.a"], cwd=where, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def test_pure(self):
        status, output = self.judged('#include <string.h>\nstatic const char *const names[] = { "a" };\n'
                                     "void base_x(void);\nunsigned long f(int i) { base_x(); return strlen(*names); }")
        self.assertEqual(status, 0, output)

    def test_clock(self):
        status, output = self.judged("#include <time.h>\nlong f(void) { return time(0); }")
        self.assertEqual(status, 1)
        self.assertIn("calls time", output)

    def test_heap(self):
        self.assertIn("calls malloc", self.judged("#include <stdlib.h>\nvoid *f(int n) { return malloc(n); }")[1])

    def test_variables(self):
        for source in ("int counter = 1;", "int counter;", "static int n; int f(void) { return n++; }",
                       "int n __attribute__((common));"):
            status, output = self.judged(source)
            self.assertEqual(status, 1, source)
            self.assertIn("writable", output)

    def test_empty(self):
        self.assertEqual(self.judged("")[0], 1)


if __name__ == "__main__":
    unittest.main()
