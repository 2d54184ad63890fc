"""What the benchmarks against the finished program share: a node pinned to a core, services made from a guest, the load generator
(load.cc), and saying whether a budget is met."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WAGGLE_BUILD", ROOT / "build/release"))
os.environ.setdefault("WAGGLE_PROGRAM", str(BUILD / "waggle"))  # before node.py is read
LOAD = pathlib.Path(os.environ.get("WAGGLE_LOAD", BUILD / "tests/bench/load"))
GUESTS = ROOT / "build/guests"
SMOKE = "--smoke" in sys.argv

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/e2e"))
from node import Node, clean_env, wait_until  # noqa: E402, F401

PAYLOAD = ('{"text":"0123456789012345678901234567890123456789012345678901234567890123456789",'
           '"n":12345,"data":{"a":[1,2,3,4,5]}}')


def core(n):
    """A core's number, on machines that have fewer too."""
    return n % os.cpu_count()


@contextlib.contextmanager
def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="waggle-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def service(where, name, settings="", guest="neighbour"):
    """A module under a name of its own. `settings` are further arguments of @service."""
    text = (GUESTS / f"{guest}.graphql").read_text()
    text, changed = re.subn(r'@service\([^)]*\)', f'@service(name: "{name}"' + (f", {settings}" if settings else "") + ")", text, count=1)
    assert changed == 1, text
    stem = name.replace(".", "-")
    shutil.copy(GUESTS / f"{guest}.wasm", where / f"{stem}.wasm")
    (where / f"{stem}.graphql").write_text(text)
    return where / f"{stem}.wasm"


@contextlib.contextmanager
def node(targets, *flags, threads=1, on=None, patience=20):
    """A node; `on`: the core that all of its threads share; `patience`: seconds for it to start."""
    with Node(targets, *flags, threads=threads, wait=False) as n:
        n.wait_for_port(patience)
        if on is not None:
            subprocess.run(["taskset", "-a", "-c", "-p", str(core(on)), str(n.process.pid)], check=True, stdout=subprocess.DEVNULL)
        yield n


class Load:
    """load.cc under way. `requests`: (path, body) in turn."""

    def __init__(self, n, requests, on=1, fds=(), **options):
        arguments = [str(x) for k, v in options.items() for x in ("--" + k, v)]
        if fds:
            arguments += ["--fds", ",".join(map(str, fds))]
        pin = [] if on is None else ["taskset", "-c", str(core(on))]
        self.process = subprocess.Popen([*pin, str(LOAD), f"127.0.0.1:{n.port}", *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, pass_fds=fds)
        try:
            self.process.stdin.write("".join(f"{path} {body}\n" for path, body in requests))
            self.process.stdin.close()
        except BrokenPipeError:  # it has said why
            pass

    def result(self):
        out = self.process.stdout.read()
        if self.process.wait() != 0:
            sys.exit("the load generator failed")
        return json.loads(out)

    def end(self):
        self.process.kill()
        self.process.wait()


def load(n, requests, **options):
    return Load(n, requests, **options).result()


def ms(us):
    return us / 1e3


def budget(what, met):
    print(f"{'met   ' if met else 'MISSED'}  {what}")
