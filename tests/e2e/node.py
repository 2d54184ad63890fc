"""Starts the real program for tests: a node on a port of its own, with its own data folder; always ended."""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("WAGGLE_PROGRAM", str(ROOT / "build/release/waggle"))
GUESTS = ROOT / "build/guests"
HOSTILE = GUESTS / "hostile"
EXAMPLES = ROOT / "build/examples"


def wait_until(what, seconds=10.0, every=0.01, why="the condition"):
    """Polls until `what()` is true and returns it; fails when it takes too long."""
    until = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"{why} did not come true within {seconds} s")
        time.sleep(every)


class Answer:
    """An HTTP answer: status, headers (names in lower case), body."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {k.lower(): v for k, v in headers}
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        if self.status == 200:
            return None
        return self.json["code"] if "code" in self.json else self.json["errors"][0]["extensions"]["code"]

    @property
    def message(self):
        return self.json["message"] if "message" in self.json else self.json["errors"][0]["message"]

    @property
    def fault(self):
        return self.headers.get("waggle-fault")

    def __repr__(self):
        return f"{self.status} {self.headers.get('waggle-fault')} {self.body[:300]!r}"


class Node:
    """A `waggle serve` with the flags given. Use it in `with`."""

    def __init__(self, targets, *flags, data=None, env=None, threads=2, wait=True):
        self.data = data
        self.errors = []  # lines of stderr
        self._own_data = None
        if data is None:
            self._own_data = tempfile.mkdtemp(prefix="waggle-e2e-")
            self.data = self._own_data
        if isinstance(targets, (str, pathlib.Path)):
            targets = [targets]
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [PROGRAM, "serve", *map(str, targets), "--listen", "127.0.0.1:0", "--data", str(self.data),
             "--threads", str(threads), *map(str, flags)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**clean_env(), **(env or {})}, text=True, errors="replace")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port = None
        if wait:
            try:
                self.wait_for_port()
            except BaseException:
                self.end()
                raise

    def wait_for_port(self, seconds=20):
        line = self.wait_for_line(r"listening on http://127\.0\.0\.1:(\d+)", seconds)
        self.time_to_ready = time.monotonic() - self.started
        self.port = int(line.group(1))
        self.url = f"http://127.0.0.1:{self.port}"

    def _read(self):
        for line in self.process.stderr:
            self.errors.append(line.rstrip("\n"))

    @property
    def log(self):
        return "\n".join(self.errors)

    def wait_for_line(self, pattern, seconds=10.0, after=0):
        """Waits for a line on stderr, from the line number `after` on."""
        def look():
            for line in self.errors[after:]:
                if found := re.search(pattern, line):
                    return found
            if self.process.poll() is not None and not self._reader.is_alive():
                for line in self.errors[after:]:
                    if found := re.search(pattern, line):
                        return found
                raise AssertionError(f"the node ended with {self.process.returncode} before {pattern!r}:\n{self.log}")
            return None
        try:
            return wait_until(look, seconds, why=f"{pattern!r} on stderr")
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.log[-3000:]}") from None

    def request(self, verb, path, body=None, headers=None, timeout=20):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            c.request(verb, path, body=body, headers=headers or {})
            r = c.getresponse()
            return Answer(r.status, r.getheaders(), r.read())
        finally:
            c.close()

    def get(self, path, **headers):
        return self.request("GET", path, headers=headers)

    def call(self, service, method, payload=None, timeout=20, headers=None):
        """POST with a JSON payload: a value, or text as it is."""
        body = "{}" if payload is None else payload if isinstance(payload, (str, bytes)) else json.dumps(payload)
        return self.request("POST", f"/{service}/{method}", body=body.encode() if isinstance(body, str) else body,
                            headers={"content-type": "application/json", **(headers or {})}, timeout=timeout)

    def metrics(self):
        """All samples: {'waggle_workers{service="…",state="idle"}': 1.0}"""
        out = {}
        for line in self.get("/metrics").body.decode().splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                out[name] = float(value)
        return out

    def workers(self, service, state):
        return self.metrics().get(f'waggle_workers{{service="{service}",state="{state}"}}', 0)

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=15):
        status = self.process.wait(seconds)
        self._reader.join(5)
        return status

    def memory_kb(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))

    def maps(self):
        with open(f"/proc/{self.process.pid}/maps") as f:
            return sum(1 for _ in f)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(5)
        self.process.stderr.close()
        if self._own_data:
            shutil.rmtree(self._own_data, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def clean_env():
    return {k: v for k, v in os.environ.items() if not k.startswith("WAGGLE_")}


class Outcome:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    @property
    def error(self):
        """The error's JSON: the last line of stderr that is an object; the log may be above it."""
        lines = [line for line in self.err.splitlines() if line.startswith("{")]
        assert lines, f"no JSON on stderr:\n{self.err}"
        return json.loads(lines[-1])

    def __repr__(self):
        return f"exit {self.status}\nstdout: {self.out[:2000]}\nstderr: {self.err[:2000]}"


class TestCase(unittest.TestCase):
    """With a temporary folder of its own, and the program at hand."""

    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="waggle-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_waggle(self, *arguments, stdin=None, env=None, timeout=20, cwd=None):
        done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin or "", capture_output=True, text=True,
                              timeout=timeout, cwd=cwd,
                              env={**clean_env(), "XDG_DATA_HOME": str(self.folder / "home"), **(env or {})})
        return Outcome(done)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def service(self, name, pool="", guest="echo", service=None, folder=None):
        """A module with a contract of its own: the guest's, under another name and with another pool."""
        folder = folder or self.folder
        folder.mkdir(parents=True, exist_ok=True)
        text = (GUESTS / f"{guest}.graphql").read_text()
        text, changed = re.subn(r'@service\(name: "[^"]*", version: "1\.0\.0"[^)]*\)',
                                f'@service(name: "{service or "e2e." + name}", version: "1.0.0"'
                                + (f", pool: {pool}" if pool else "") + ")", text)
        assert changed == 1, text
        shutil.copy(GUESTS / f"{guest}.wasm", folder / f"{name}.wasm")
        (folder / f"{name}.graphql").write_text(text)
        return folder / f"{name}.wasm"


def terminate(node):
    node.signal(signal.SIGTERM)
    return node.wait()
