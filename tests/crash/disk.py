"""A node on a disk that loses what was not synced, and worse: tests/state/keep_synced.c with a node of tests/e2e."""

import contextlib
import importlib.machinery
import importlib.util
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from node import Node, clean_env  # noqa: E402


def load(name, path):
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


lose = load("lose_unsynced", ROOT / "tests/state/lose_unsynced").lose


def build(to):
    """The preloaded library, the guest with its two contracts, and a configuration that grants what they ask for."""
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-O2", "-o", to / "keep_synced.so",
                    ROOT / "tests/state/keep_synced.c"], check=True)
    subprocess.run(["clang-16", "-O2", "-Wall", "-Wextra", "-Werror", "--target=wasm32", "-mbulk-memory", "-nostdlib",
                    "-Wl,--no-entry", f"-I{ROOT / 'tests/guests'}", "-o", to / "bank.wasm", HERE / "bank.c"], check=True)
    (to / "register.wasm").write_bytes((to / "bank.wasm").read_bytes())
    for name in ("bank", "register"):
        (to / f"{name}.graphql").write_text((HERE / f"{name}.graphql").read_text())
    (to / "waggle.toml").write_text("".join(
        f'[[grant]]\nservice = "crash.{name}"\nuses = ["waggle.state.v1.State"]\n' for name in ("Bank", "Register")))


class Disk:
    """A data folder for one node after another. `built` is what build() filled."""

    def __init__(self, built, folder, **env):
        self.built, self.folder = built, folder
        self.data, self.synced = folder / "data", folder / "synced"
        self.data.mkdir(parents=True)
        self.lost = 0
        self.env = {"LD_PRELOAD": str(built / "keep_synced.so"), "WAGGLE_SYNCED": str(self.synced),
                    **{f"WAGGLE_{trouble}": str(folder / trouble) for trouble in ("FAIL_SYNC", "NO_SPACE", "FULL_DISK")}, **env}

    def start(self, wait=True):
        return Node(self.built / "bank.wasm", "--config", self.built / "waggle.toml", data=self.data, env=self.env,
                    wait=wait)

    def crash(self, node):
        """As if the machine had lost its power."""
        node.end()
        self.lost += lose(self.data / "state", self.synced)

    @contextlib.contextmanager
    def trouble(self, kind):
        (self.folder / kind).touch()
        try:
            yield
        finally:
            (self.folder / kind).unlink()
