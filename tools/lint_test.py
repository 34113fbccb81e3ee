#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does tools/lint find a bug of each kind when there is one, and does it fail where it looked at nothing?"""

import importlib.machinery
import importlib.util
import json
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

sys.dont_write_bytecode = True
LOADER = importlib.machinery.SourceFileLoader("lint", str(pathlib.Path(__file__).resolve().parent / "lint"))
lint = importlib.util.module_from_spec(importlib.util.spec_from_loader("lint", LOADER))
LOADER.exec_module(lint)

CLEAN = "int base_f(int a);\n\nint base_f(int a)\n{\n        return a + 1;\n}\n"
# Both branches do the same.
PATTERN = "int base_f(int a);\n\nint base_f(int a)\n{\n        if (a > 1)\n                a++;\n        else\n" \
          "                a++;\n        return a;\n}\n"
NULL = "int base_f(int a);\n\nint base_f(int a)\n{\n        const int *b = a > 1 ? &a : 0;\n\n        return *b;\n}\n"
LEAK = "#include <stdlib.h>\n\nint base_f(void);\nvoid base_free(char **a);\n\nint base_f(void)\n{\n" \
       "        %schar *a = malloc(1);\n\n        return a ? 1 : 0;\n}\n"
CLEANUP = "#define BASE_CLEANUP_MEMORY __attribute__((cleanup(base_free)))\n"


class Lint(unittest.TestCase):
    def judged(self, tool, text, compiled=("a.c",)):
        """Exit status and output over a tree of one file."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            build = root / "build/clang"
            build.mkdir(parents=True)
            (root / "src").mkdir()
            (root / ".clang-tidy").write_text((lint.ROOT / ".clang-tidy").read_text())
            if text is not None:
                (root / "src/a.c").write_text(text)
            entries = [{"directory": str(build), "file": f"../../src/{name}",
                        "command": f"clang-14 -Wall -c ../../src/{name} -o {name}.o"} for name in compiled]
            (build / "compile_commands.json").write_text(json.dumps(entries))
            return lint.lint(tool, root, build)

    def test_clean(self):
        for tool in lint.TOOLS:
            status, output = self.judged(tool, CLEAN)
            self.assertEqual((status, output), (0, f"{tool}: 1 files, 0 with findings"))

    def test_pattern(self):
        status, output = self.judged("clang-tidy", PATTERN)
        self.assertEqual(status, 1)
        self.assertIn("bugprone-branch-clone", output)

    def test_null(self):
        status, output = self.judged("scan-build", NULL)
        self.assertEqual(status, 1)
        self.assertIn("src/a.c:7:16: Dereference of null pointer", output)

    def test_leak(self):
        status, output = self.judged("scan-build", LEAK % "")
        self.assertEqual(status, 1)
        self.assertIn("[unix.Malloc]", output)
        self.assertEqual(self.judged("scan-build", CLEANUP + LEAK % "BASE_CLEANUP_MEMORY ")[0], 0)

    def test_unreadable(self):
        for tool in lint.TOOLS:
            status, output = self.judged(tool, '#include "none.h"\n' + CLEAN)
            self.assertEqual(status, 1, tool)
            self.assertIn("none.h", output)

    def test_nothing(self):
        for tool in lint.TOOLS:
            self.assertIn("no C file", self.judged(tool, None)[1])
            self.assertEqual(self.judged(tool, None)[0], 1)
            self.assertEqual(self.judged(tool, CLEAN, compiled=())[0], 1)

    def test_no_tool(self):
        with unittest.mock.patch.object(lint.shutil, "which", lambda name: None):
            for tool in lint.TOOLS:
                status, output = self.judged(tool, CLEAN)
                self.assertEqual(status, 1, tool)
                self.assertIn("not installed", output)


if __name__ == "__main__":
    unittest.main()
