#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does each rule of tools/tidy fire where it is broken, and only there?"""

import importlib.machinery
import importlib.util
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
LOADER = importlib.machinery.SourceFileLoader("tidy", str(pathlib.Path(__file__).resolve().parent / "tidy"))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", LOADER))
LOADER.exec_module(tidy)

C = "/* SPDX-License-Identifier: GPL-2.0-or-later */\n/* For the test. */\n"
PYTHON = "# SPDX-License-Identifier: GPL-2.0-or-later\n"
PYTHON_TOOL = "#!/usr/bin/python3\n" + PYTHON
SHELL = "#!/bin/sh\n# SPDX-License-Identifier: GPL-2.0-or-later\n"
CLEAN = {
    "src/meson.build": PYTHON + "sources = ['base/good.c', 'core/event/uevent.c', 'core/step.c',\n"
                                "  'cli/main.c', 'edge/pci.c', 'daemon/loop.c', 'core/model/model.c']\n",
    "src/base/README.md": "base\n",
    "src/base/good.h": C + "enum base_color { COLOR_RED, COLOR_BLUE };\n",
    "src/base/good.c": C + '#include "base/good.h"\n\n#include <stdio.h>\n\nint base_good_get(int a,\n  int b)\n'
                           "{\n        return a + b; /* not system() */\n}\n",
    "src/core/README.md": "core\n",
    "src/core/event/README.md": "event\n",
    "src/core/model/README.md": "model\n",
    "src/cli/README.md": "cli\n",
    "src/edge/README.md": "edge\n",
    "src/daemon/README.md": "daemon\n",
    "tools/README.md": "tools\n",
}
SWITCH = "static int f(enum base_color c)\n{\n        switch (c) {\n        case COLOR_RED:\n" \
         "                return 1;\n        default:\n                return 0;\n        }\n}\n"


def function(body_lines):
    return C + "static void f(void)\n{\n" + "        g();\n" * body_lines + "}\n"


def nested(levels):
    lines = [" " * 8 * level + "if (x)\n" for level in range(1, levels + 1)]
    return C + "static void f(void)\n{\n" + "".join(lines) + " " * 8 * (levels + 1) + "g();\n}\n"


BROKEN = [
    ("spdx", "src/base/good.c", "int a;\n"),
    ("spdx", "src/base/good.c", "/* SPDX-License-Identifier: GPL-2.0-or-later */\n#include <stdio.h>\n"),
    ("spdx", "tools/x", "#!/bin/sh\necho\n"),
    ("file-size", "src/base/good.c", C + "\n" * 600),
    ("function-size", "src/base/good.c", function(68)),
    ("function-size", "tools/x", SHELL + "f() {\n" + "        :\n" * 70 + "}\n"),
    ("function-size", "tools/x", PYTHON_TOOL + "def f():\n" + "    pass\n" * 71),
    ("columns", "src/base/good.c", C + "#define A " + "1" * 91 + "\n"),
    ("columns", "src/base/good.c", C + "/* " + "1" * 118 + "\n*/\n"),
    ("nesting", "src/base/good.c", nested(5)),
    ("nesting", "tools/x", PYTHON_TOOL + "".join(" " * n + "if x:\n" for n in range(5)) + "     pass\n"),
    ("symbol", "src/base/good.c", C + "int good_get(void)\n{\n        return 1;\n}\n"),
    ("symbol", "src/base/good.c", C + "const int table[] = { 1 };\n"),
    ("symbol", "src/core/event/uevent.c", C + "struct x *core_get(int a,\n  int b)\n{\n        return 0;\n}\n"),
    ("symbol", "src/core/step.c", C + "void step_it(void)\n{\n}\n"),
    ("include", "src/base/good.c", C + '#include "base/none.h"\n'),
    ("include", "src/base/good.c", C + '#include "core/event/event.h"\n'),
    ("include", "src/core/event/uevent.c", C + '#include "core/model/model.h"\n'),
    ("include", "src/core/event/uevent.c", C + "#include <stdio.h>\n"),
    ("include", "src/core/step.c", C + '#include "edge/pci.h"\n'),
    ("include", "src/edge/pci.c", C + '#include "core/model/model.h"\n'),
    ("include", "src/edge/pci.c", C + '#include "daemon/loop.h"\n'),
    ("include", "src/daemon/loop.c", C + '#include "cli/cli.h"\n'),
    ("include", "src/cli/main.c", C + '#include "core/event/event.h"\n'),
    ("include", "src/cli/main.c", C + '#include "sim/simulate.h"\n'),
    ("include", "src/cli/simulate.c", C + '#include "sim/world.h"\n'),
    ("include", "src/edge/pci.c", C + '#include "sim/simulate.h"\n'),
    ("call", "src/base/good.c", C + 'static void f(void)\n{\n        system ("x");\n}\n'),
    ("call", "src/core/step.c", C + "static void f(void)\n{\n        free(x);\n}\n"),
    ("static", "src/core/step.c", C + "static int count;\n"),
    ("static", "src/core/step.c", C + "static void f(void)\n{\n        static int a = 1;\n}\n"),
    ("default", "src/base/good.c", C + SWITCH),
    ("readme", "src/base/README.md", "x\n" * 11),
    ("readme", "src/edge/source/uevent.h", C),
    ("dead", "src/base/dead.c", C),
    ("dead", "src/base/dead.h", C),
    ("dead", "doc/dead.md", "x\n"),
    ("dead", "tools/dead.py", PYTHON),
]
FINE = [
    ("src/base/good.c", function(67)),
    ("src/base/good.c", nested(4)),
    ("src/base/good.c", C + "/* system() */ /* " + "1" * 90 + " */\n"),
    ("src/base/good.c", C + SWITCH.replace("COLOR_RED", "1")),
    ("src/core/event/uevent.c", C + '#include "core/event/event.h"\n#include "base/good.h"\n#include <errno.h>\n'),
    ("src/core/step.c", C + '#include "core/model/model.h"\n\nvoid core_step(void)\n{\n}\n'),
    ("src/edge/pci.c", C + '#include "core/event/event.h"\n#include "core/policy/config.h"\n'),
    ("src/daemon/loop.c", C + '#include "core/model/model.h"\n#include "edge/pci.h"\n'),
    ("src/cli/main.c", C + '#include "base/good.h"\n#include <stdio.h>\n\nint main(void)\n{\n        return 0;\n}\n'),
    ("src/cli/simulate.c", C + '#include "sim/simulate.h"\n'),
]
HEADERS = ["core/event/event.h", "core/model/model.h", "core/policy/config.h", "edge/pci.h", "daemon/loop.h",
           "cli/cli.h"]
OUTSIDE = ["sim/simulate.h", "sim/world.h"]


class Tidy(unittest.TestCase):
    def rules(self, files):
        """The rules that a tree of these files breaks; headers that exist only to be included aside."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in (CLEAN | {"src/" + header: C for header in HEADERS} | {header: C for header in OUTSIDE} |
                               {"sim/README.md": "sim\n"} | files).items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            spare = {"src/" + header for header in HEADERS} | {"src/core/policy", *OUTSIDE}
            return {rule for name, _, rule, _ in tidy.tidy_check(root)
                    if name not in spare and name != "src/core/policy/README.md"}

    def test_clean(self):
        self.assertEqual(self.rules({}), set())

    def test_each_rule_fires(self):
        for rule, name, text in BROKEN:
            with self.subTest(rule=rule, text=text[:300]):
                self.assertIn(rule, self.rules({name: text}))

    def test_each_rule_lets_pass(self):
        for name, text in FINE:
            with self.subTest(text=text[:300]):
                self.assertEqual(self.rules({name: text}) - {"dead"}, set())

    def test_every_rule_is_shown(self):
        source = (pathlib.Path(tidy.__file__)).read_text()
        named = set(tidy.re.findall(r'(?:yield .*?|append\(\(1), "([a-z-]+)",', source))
        self.assertEqual(named, {rule for rule, _, _ in BROKEN})


if __name__ == "__main__":
    unittest.main()
