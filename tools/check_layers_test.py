#!/usr/bin/env python3
"""Shows that each rule of tools/check_layers can fail, and that a tidy tree passes."""
import importlib.machinery
import importlib.util
import json
import shutil
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
loader = importlib.machinery.SourceFileLoader("check_layers", str(HERE / "check_layers"))
spec = importlib.util.spec_from_loader("check_layers", loader)
tool = importlib.util.module_from_spec(spec)
loader.exec_module(tool)


class check_layers(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        for layer in ("core", "loop", "wasm", "gateway", "runtime"):
            self.write(f"src/{layer}/README.md", layer)
        self.write("src/core/error.h", "#pragma once\n")

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def found(self):
        return [(str(path.relative_to(self.root)), line, text) for path, line, text in tool.check(self.root)]

    def one(self, file, line, text):
        found = self.found()
        self.assertEqual(len(found), 1, found)
        self.assertEqual(found[0][:2], (file, line))
        self.assertIn(text, found[0][2])

    def test_a_tidy_tree_passes(self):
        self.write("src/loop/a.h", '#pragma once\n#include <vector>\n#include "core/error.h"\n')
        self.write("src/wasm/b.cc", '#include <wasmtime.h>\n#include "loop/a.h"\n')
        self.write("src/gateway/http.cc", "#include <boost/beast/http.hpp>\n")
        self.assertEqual(self.found(), [])

    def test_an_arrow_that_points_back(self):
        self.write("src/loop/a.h", "#pragma once\n")
        self.write("src/core/b.cc", '#include "core/error.h"\n#include "loop/a.h"\n')
        self.one("src/core/b.cc", 2, "core may not include loop")

    def test_an_arrow_in_angle_brackets(self):
        self.write("src/loop/a.h", "#pragma once\n")
        self.write("src/core/b.cc", "#include <loop/a.h>\n")
        self.one("src/core/b.cc", 1, "core may not include loop")

    def test_an_arrow_that_is_not_in_the_table(self):
        self.write("src/wasm/a.h", "#pragma once\n")
        self.write("src/gateway/b.h", '#pragma once\n#include "wasm/a.h"\n')
        self.one("src/gateway/b.h", 2, "gateway may not include wasm")

    def test_an_include_that_is_not_written_from_src(self):
        self.write("src/core/b.cc", '#include "error.h"\n')
        self.one("src/core/b.cc", 1, "write the path from src")

    def test_the_engine_outside_its_folder(self):
        self.write("src/runtime/a.cc", "#include <wasmtime.h>\n")
        self.one("src/runtime/a.cc", 1, "only src/wasm may include the engine")

    def test_beast_in_two_sources(self):
        self.write("src/gateway/a.cc", "#include <boost/beast/core.hpp>\n")
        self.write("src/gateway/b.cc", "#include <vector>\n#include <boost/beast/http.hpp>\n")
        self.one("src/gateway/b.cc", 2, "one source only")

    def test_beast_in_a_header(self):
        self.write("src/gateway/a.h", "#include <boost/beast.hpp>\n")
        self.one("src/gateway/a.h", 1, "out of headers")

    def test_a_long_header(self):
        self.write("src/core/a.h", "\n" * 250)
        self.assertEqual(self.found(), [])
        self.write("src/core/a.h", "\n" * 251)
        self.one("src/core/a.h", 251, "at most 250")

    def test_a_long_source(self):
        self.write("src/core/a.cc", "\n" * 600)
        self.assertEqual(self.found(), [])
        self.write("src/core/a.cc", "\n" * 601)
        self.one("src/core/a.cc", 601, "at most 600")

    def test_a_long_test(self):
        self.write("src/core/a_test.cc", "\n" * 900)
        self.assertEqual(self.found(), [])
        self.write("src/core/a_test.cc", "\n" * 901)
        self.one("src/core/a_test.cc", 901, "at most 900")

    def test_a_folder_without_readme(self):
        (self.root / "src/core/README.md").unlink()
        self.one("src/core/README.md", 1, "README.md")

    def test_a_folder_that_is_no_layer(self):
        self.write("src/util/README.md", "")
        self.write("src/util/a.h", "")
        self.one("src/util", 1, "not a layer")

    def test_a_header_that_does_not_compile_alone(self):
        self.write("src/core/good.h", "#pragma once\n#include <string>\ninline std::string a;\n")
        self.write("src/core/a.cc", "")
        build = self.root / "build"
        build.mkdir()
        file = str(self.root / "src/core/a.cc")
        command = f"ccache g++ -std=c++20 -Werror -I{self.root}/src -o a.o -c {file}"
        (build / "compile_commands.json").write_text(json.dumps([{"directory": str(build), "command": command, "file": file}]))
        self.assertEqual(tool.check_headers(self.root, build), ([], 2))
        self.write("src/core/bad.h", "#pragma once\ninline std::string a;\n")
        errors, _ = tool.check_headers(self.root, build)
        self.assertEqual([e[0].name for e in errors], ["bad.h"])
        self.assertIn("does not compile alone", errors[0][2])


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    raise SystemExit(bad > 0)
