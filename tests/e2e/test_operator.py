"""The operator's side: the socket, `waggle state`, what is granted (design.md §5, docs/operations.md)."""

import concurrent.futures
import json
import os
import pty
import re
import shutil
import signal
import socket
import stat
import subprocess
import termios
import tomllib
import unittest

from node import GUESTS, PROGRAM, Answer, Node, TestCase, terminate, wait_until

ADMIN = "waggle.admin.v1.Admin"


def ask(data, method, payload=None, path=None, extra=()):
    """What an operator types."""
    done = subprocess.run(
        ["curl", "-sS", "-i", "--unix-socket", str(data / "waggle.sock"), "-d", json.dumps(payload or {}), *extra,
         f"http://localhost/{path or ADMIN}/{method}"], capture_output=True, timeout=20)
    assert done.returncode == 0, done.stderr
    head, body = done.stdout.decode().split("\r\n\r\n", 1)
    lines = head.split("\r\n")
    return Answer(int(lines[0].split()[1]), [line.split(": ", 1) for line in lines[1:]], body)


class Operator(TestCase):
    def setUp(self):
        super().setUp()
        self.data = self.folder / "data"
        self.services = self.folder / "s"

    def contract(self, name, *directives, guest="echo", methods=None):
        """A service whose contract has more than the guest's own; methods: {name: directive}"""
        path = self.service(name, guest=guest, folder=self.services).with_suffix(".graphql")
        text = path.read_text()
        for directive in directives:
            text = re.sub(r"(@service\([^)]*\))", lambda m: m[1] + " " + directive, text, count=1)
        for method, directive in (methods or {}).items():
            text, n = re.subn(rf"(?m)^(  {method}\b.*)$", lambda m: m[1] + " " + directive, text)
            assert n == 1, text
        path.write_text(text)
        return path

    def node(self, *flags, **more):
        return Node(self.services, *flags, data=self.data, **more)

    def config(self, text):
        return self.write("waggle.toml", text)


class Socket(Operator):
    def test_it_is_its_owners_alone_and_gone_at_the_end(self):
        self.service("One", folder=self.services)
        with self.node() as node:
            path = self.data / "waggle.sock"
            mode = os.stat(path).st_mode
            self.assertTrue(stat.S_ISSOCK(mode))
            self.assertEqual(0o600, stat.S_IMODE(mode))
            self.assertEqual(0o700, stat.S_IMODE(os.stat(self.data).st_mode))
            self.assertEqual(200, node.call("e2e.One", "echo", {"n": 1}).status)
            (service,) = ask(self.data, "services").json
            self.assertEqual(("e2e.One", "1.0.0", 1, 0, []),
                             (service["name"], service["version"], service["requests"], service["errors"],
                              service["uses"]))
            self.assertEqual(0, terminate(node))
            self.assertFalse(path.exists())

    def test_the_nodes_own_services_are_reached_there_and_nowhere_else(self):
        self.service("One", folder=self.services)
        with self.node(threads=1) as node:
            for method in ("services", "drain"):
                self.assertEqual((404, "caller"), (lambda a: (a.status, a.fault))(node.call(ADMIN, method)))
            self.assertEqual(404, node.get(f"/{ADMIN}").status)
            self.assertEqual(200, ask(self.data, "echo", {"n": 1}, path="e2e.One").status)
            # State is a guest's.
            self.assertEqual("permission_denied", ask(self.data, "get", {"key": "a"}, path="waggle.state.v1.State").code)
            self.assertEqual("unimplemented", ask(self.data, "service").code)
            self.assertEqual("invalid_argument", ask(self.data, "state", {"service": "e2e.One", "first": 0}).code)
            self.assertIsNone(node.process.poll())

    def test_no_service_may_ask_for_it(self):
        self.contract("One", f'@uses(services: ["{ADMIN}"])')
        for flags in ([], ["--dev"]):
            with self.node(*flags, wait=False) as node:
                self.assertEqual(1, node.wait())
                self.assertRegex(node.log, r"One\.graphql: error: .*operator's")

    def test_one_that_a_killed_node_left_is_replaced(self):
        self.service("One", folder=self.services)
        with self.node() as node:
            node.process.kill()
            node.wait()
        self.assertTrue((self.data / "waggle.sock").exists())
        with self.node():
            self.assertEqual(200, ask(self.data, "services").status)

    def test_one_that_somebody_listens_on_ends_the_start(self):
        self.service("One", folder=self.services)
        self.data.mkdir(mode=0o700)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(self.data / "waggle.sock"))
            other.listen()
            with self.node(wait=False) as node:
                self.assertEqual(1, node.wait())
                self.assertIn("another process listens there", node.log)
        self.assertTrue((self.data / "waggle.sock").exists())

    def test_there_is_none_where_others_may_write(self):
        self.service("One", folder=self.services)
        self.data.mkdir()
        self.data.chmod(0o777)
        with self.node() as node:
            self.assertIn("no operator's socket", node.log)
            self.assertFalse((self.data / "waggle.sock").exists())
            self.assertEqual(200, node.call("e2e.One", "echo", {"n": 1}).status)

    @unittest.skipUnless(os.geteuid() == 0, "only root can give a folder away")
    def test_there_is_none_in_a_folder_of_another_user(self):
        self.service("One", folder=self.services)
        self.data.mkdir(mode=0o700)
        os.chown(self.data, 65534, 65534)
        with self.node() as node:
            self.assertRegex(node.log, "no operator's socket: .* is not this user's own")
            self.assertFalse((self.data / "waggle.sock").exists())
            self.assertEqual(200, node.call("e2e.One", "echo", {"n": 1}).status)

    def test_reload(self):
        self.service("One", folder=self.services)
        with self.node() as node:
            self.service("Two", folder=self.services)
            self.assertEqual("true", ask(self.data, "reload").body)
            self.assertEqual(["e2e.One", "e2e.Two"], [s["name"] for s in ask(self.data, "services").json])
            (self.services / "Two.graphql").write_text("type Query {")
            self.assertEqual("failed_precondition", ask(self.data, "reload").code)
            self.assertEqual({"n": 1}, node.call("e2e.Two", "echo", {"n": 1}).json)

    def test_drain(self):
        self.service("One", folder=self.services)
        with self.node() as node:
            self.assertEqual("true", ask(self.data, "drain").body)
            self.assertEqual(0, node.wait())
            self.assertFalse((self.data / "waggle.sock").exists())

    def test_the_first_signal_after_a_drain_only_joins_it(self):
        self.service("Slow", guest="sleepy", folder=self.services)
        with self.node() as node, concurrent.futures.ThreadPoolExecutor(1) as other:
            answer = other.submit(node.call, "e2e.Slow", "sleep", {"ms": 1500})
            wait_until(lambda: node.workers("e2e.Slow", "busy") == 1, why="a busy worker")
            self.assertEqual("true", ask(self.data, "drain").body)
            node.wait_for_line("draining")
            node.signal(signal.SIGTERM)
            self.assertEqual(200, answer.result().status)
            self.assertEqual(0, node.wait())

    def test_schedules_are_seen_and_triggered(self):
        self.contract("One", methods={"count": "@schedule(everyMs: 3600000)",
                                      "failPlain": '@schedule(cron: "0 3 * * *", tz: "Europe/Berlin")'})
        with self.node():
            count, fails = ask(self.data, "schedules").json
            self.assertEqual(("e2e.One", "count", "every 3600000 ms", None, None, 0, False),
                             tuple(count[k] for k in
                                   ("service", "method", "timetable", "lastRun", "lastError", "runs", "running")))
            self.assertEqual("failPlain", fails["method"])
            wait_until(lambda: ask(self.data, "schedules").json[1]["next"], why="the next run")
            one = {"service": "e2e.One", "method": "count"}
            self.assertGreaterEqual(ask(self.data, "trigger", one).json, 1)
            self.assertEqual("unknown", ask(self.data, "trigger", {**one, "method": "failPlain"}).code)
            self.assertEqual("not_found", ask(self.data, "trigger", {**one, "method": "echo"}).code)
            count, fails = ask(self.data, "schedules").json
            self.assertEqual((1, 0, None), (count["runs"], count["failed"], count["lastError"]))
            self.assertRegex(count["lastRun"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertEqual((1, 1, "unknown"), (fails["runs"], fails["failed"], fails["lastError"]["code"]))


ENTRIES = [{"service": "e2e.One", "key": "a/1", "value": {"price": 1.50, "text": "zwölf"}},
           {"service": "e2e.One", "key": "a/2", "value": None},
           {"service": "e2e.One", "key": "b", "value": 3, "expires": 4000000000000},
           {"service": "e2e.Two", "key": "a/1", "value": "other"}]


SECRET = """schema @service(name: "e2e.Secret", version: "1.0.0") { query: Query }
scalar JSON
type Query {
  fail(error: JSON, card: Card, note: String): JSON
  trap(card: Card, note: String): JSON
  wrong(card: Card): Int
  echo(card: Card, note: String, n: Int): JSON
}
input Card { number: String @sensitive, holder: String }
"""


class Recorder(Operator):
    def secret(self):
        path = self.service("Secret", folder=self.services).with_suffix(".graphql")
        path.write_text(SECRET)
        return path

    def recent(self, *arguments, status=0):
        r = self.run_waggle("recent", *arguments, "--data", self.data)
        self.assertEqual(status, r.status, r)
        return r

    def requests(self, *arguments):
        return [json.loads(line) for line in self.recent(*arguments, "--json").out.splitlines()]

    def test_the_last_requests_of_a_service_are_there_newest_first(self):
        self.service("One", folder=self.services)
        self.service("Two", folder=self.services)
        with self.node(threads=2) as node:
            for n in range(5):
                self.assertEqual(200, node.call("e2e.One", "echo", {"n": n}).status)
            self.assertEqual(500, node.call("e2e.One", "trap").status)
            self.assertEqual(400, node.call("e2e.One", "echo", {"n": "x"}).status)
            all_ = self.requests("e2e.One")
            self.assertEqual(["echo", "trap"] + ["echo"] * 5, [r["method"] for r in all_])
            self.assertEqual((8, 8), (all_[6]["inputBytes"], all_[6]["outputBytes"]))  # {"n": 4}
            self.assertIsNone(all_[6]["failure"])
            self.assertRegex(all_[6]["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertGreater(all_[6]["receipt"]["totalUs"], 0)
            self.assertGreater(all_[6]["receipt"]["memoryKb"], 0)
            self.assertEqual(3, len(self.requests("e2e.One", "--first", "3")))
            misfit, trap = self.requests("e2e.One", "--failed")
            self.assertEqual(("invalid_argument", "caller"), (misfit["failure"]["code"], misfit["failure"]["fault"]))
            self.assertEqual(1, misfit["failure"]["details"]["count"])
            self.assertEqual(("internal", "guest"), (trap["failure"]["code"], trap["failure"]["fault"]))
            self.assertIn("unreachable", trap["failure"]["backtrace"])
            self.assertEqual([], self.requests("e2e.Two"))
            out = self.recent("e2e.One", "--failed").out
            self.assertRegex(out, r"trap +internal \(guest\)")
            self.assertRegex(out, r"backtrace +\S")
            self.assertEqual("not_found", self.recent("e2e.None", status=1).error["code"])
        self.assertEqual("unavailable", self.recent("e2e.One", status=1).error["code"])

    def test_what_the_contract_marks_is_nowhere(self):
        self.secret()
        with self.node("--dev") as node:
            card = {"number": "4111-2222", "holder": "Ada"}
            node.call("e2e.Secret", "trap", {"card": card, "note": "seen"})
            node.call("e2e.Secret", "fail", {"card": card, "error": {"code": "not_found", "message": "no 4111-2222",
                                                                     "details": ["4111-2222"]}})
            node.call("e2e.Secret", "wrong", {"card": card})
            node.call("e2e.Secret", "echo", {"card": {"numbr": "4111-2222"}})
            node.call("e2e.Secret", "echo", {"card": "4111-2222"})
            node.call("e2e.Secret", "echo", '{"card":{"number":"4111-2222"')
            all_ = self.requests("e2e.Secret", "--failed")
            self.assertEqual(6, len(all_))
            self.assertEqual({"card": {"number": "[redacted]", "holder": "Ada"}, "note": "seen"},
                             json.loads(all_[5]["failure"]["input"]))
            self.assertIsNone(all_[0]["failure"]["input"])
            self.assertNotIn("4111", json.dumps(all_))
            self.assertNotIn("4111", self.recent("e2e.Secret").out)

    def test_a_large_secret_leaves_nothing_of_what_was_said(self):
        self.secret()
        with self.node() as node:
            number = "4111" * 20000
            node.call("e2e.Secret", "fail", {"card": {"number": number}, "error": {"code": "internal", "message": number}})
            node.call("e2e.Secret", "fail", {"card": {"number": "4111-1\nMIIEvQ"},
                                             "error": {"code": "internal", "message": "line MIIEvQ", "details": "MIIEvQ\n4111-1"}})
            lines, large = self.requests("e2e.Secret", "--failed")
            self.assertTrue(large["failure"]["message"].startswith("[not kept: "), large)
            self.assertEqual("line [redacted]", lines["failure"]["message"])
            self.assertNotIn("4111", json.dumps([lines, large]))

    def test_who_called_is_known_of_a_singleton_too(self):
        one = self.service("One", folder=self.services).with_suffix(".graphql")
        one.write_text(one.read_text().replace('version: "1.0.0"', 'version: "1.0.0", singleton: true', 1))
        shutil.copy(GUESTS / "caller.wasm", self.services)
        (self.services / "caller.graphql").write_text(
            'extend schema @service(name: "e2e.Caller") @uses(services: ["e2e.One"])\n'
            "scalar JSON\ntype Query { call(service: String!, method: String!, input: JSON): JSON }\n")
        with self.node("--dev", threads=2) as node:
            for _ in range(8):
                node.call("e2e.Caller", "call", {"service": "e2e.One", "method": "fail", "input": {}})
            all_ = self.requests("e2e.One", "--failed")
            self.assertTrue(all_)
            self.assertEqual({"e2e.Caller"}, {r["failure"]["callers"] for r in all_})

    def test_a_failures_log_is_its_own_and_harmless_on_a_terminal(self):
        self.service("Log", guest="logger", folder=self.services)
        with self.node(threads=1) as node:
            node.call("e2e.Log", "log", {"text": "of another request"})
            node.call("e2e.Log", "badPointer")
            self.assertEqual(500, node.call("e2e.Log", "badPointer").status)
            (first, second) = self.requests("e2e.Log", "--failed")
            self.assertNotIn("another", json.dumps(second))
            self.assertEqual([], first["failure"]["log"])

    def test_requests_survive_a_reload(self):
        path = self.service("One", folder=self.services).with_suffix(".graphql")
        with self.node() as node:
            node.call("e2e.One", "echo", {"n": 1})
            path.write_text(path.read_text() + "# changed\n")
            self.assertEqual("true", ask(self.data, "reload").body)
            node.call("e2e.One", "count")
            self.assertEqual(["count", "echo"], [r["method"] for r in self.requests("e2e.One")])
            path.unlink()
            path.with_suffix(".wasm").unlink()
            self.service("Two", folder=self.services)
            self.assertEqual("true", ask(self.data, "reload").body)
            self.recent("e2e.One", status=1)

    def test_it_can_be_switched_off(self):
        self.service("One", folder=self.services)
        for flag in ("--recorder-requests", "--recorder-bytes"):
            with self.node(flag, "0") as node:
                node.call("e2e.One", "echo", {"n": 1})
                self.assertEqual("failed_precondition", self.recent("e2e.One", status=1).error["code"])

    def test_it_keeps_no_more_than_it_may(self):
        self.service("One", folder=self.services)
        with self.node("--recorder-requests", "3", threads=1) as node:
            for n in range(9):
                node.call("e2e.One", "echo", {"n": n})
            self.assertEqual(3, len(self.requests("e2e.One")))


class Top(Operator):
    def test_once_prints_one_table(self):
        self.service("One", folder=self.services)
        self.service("Two", folder=self.services)
        with self.node(threads=2) as node:
            top = subprocess.Popen([PROGRAM, "top", "--once", "--seconds", "3", "--json", "--data", self.data],
                                   stdout=subprocess.PIPE, text=True)
            while top.poll() is None:
                node.call("e2e.One", "burn", {"n": 10000})
            out, _ = top.communicate()
            self.assertEqual(0, top.returncode)
            self.assertEqual(1, len(out.splitlines()))
            seen = json.loads(out)
            self.assertEqual((2, ["e2e.One", "e2e.Two"]), (seen["cores"], [s["name"] for s in seen["services"]]))
            one, two = seen["services"]
            self.assertGreater(one["requestsPerSecond"], 0)
            self.assertGreater(one["p99Ms"], 0)
            self.assertGreater(one["cpuPercent"], 0)
            self.assertEqual((0, None), (two["requestsPerSecond"], two["p50Ms"]))
            r = self.run_waggle("top", "--once", "--seconds", "0.2", "--data", self.data)
            self.assertEqual(0, r.status, r)
            self.assertNotIn("\x1b", r.out)
            self.assertRegex(r.out, r"(?m)^SERVICE +REQ/S +ERR/S +P50 +P99 +BUSY +IDLE +MAX +QUEUE +CPU %$")
            self.assertRegex(r.out, r"(?m)^e2e\.Two +0\.0 +0\.0 +- +-")
        r = self.run_waggle("top", "--once", "--data", self.data)
        self.assertEqual((1, "unavailable"), (r.status, r.error["code"]), r)

    def test_on_a_terminal_it_stays_until_q_and_leaves_the_terminal_as_it_was(self):
        self.service("One", folder=self.services)
        with self.node():
            ours, theirs = pty.openpty()
            before = termios.tcgetattr(theirs)
            top = subprocess.Popen([PROGRAM, "top", "--seconds", "0.2", "--data", self.data], stdin=theirs, stdout=theirs)
            seen = b""
            while seen.count(b"e2e.One") < 2:
                seen += os.read(ours, 65536)
            os.write(ours, b"q")
            self.assertEqual(0, top.wait(10))
            while b"\x1b[?1049l" not in seen:
                seen += os.read(ours, 65536)
            self.assertIn(b"\x1b[?1049h", seen)
            self.assertEqual(before, termios.tcgetattr(theirs))
            os.close(ours)
            os.close(theirs)


class State(Operator):
    def state(self, *arguments):
        return self.run_waggle("state", *arguments, "--data", self.data)

    def import_entries(self, entries, *flags):
        return self.state("import", self.write("in.jsonl", "".join(json.dumps(e) + "\n" for e in entries)), *flags)

    def exported(self, *arguments):
        r = self.state("export", *arguments)
        self.assertEqual(0, r.status, r)
        return [json.loads(line) for line in r.out.splitlines()]

    def check_reading(self):
        r = self.state("get", "e2e.One", "a/1")
        self.assertEqual(0, r.status, r)
        entry = json.loads(r.out)
        self.assertEqual(("a/1", ENTRIES[0]["value"]), (entry["key"], entry["value"]))
        self.assertGreater(entry["version"], 0)
        r = self.state("get", "e2e.One", "none")
        self.assertEqual((1, "", "not_found"), (r.status, r.out, r.error["code"]), r)
        keys = lambda *a: [json.loads(line)["key"] for line in self.state("list", *a).out.splitlines()]
        self.assertEqual(["a/1", "a/2", "b"], keys("e2e.One"))
        self.assertEqual(["a/1", "a/2"], keys("e2e.One", "a/"))
        self.assertEqual(["a/1"], keys("e2e.Two"))
        self.assertEqual([], keys("e2e.None"))

    def test_what_is_exported_can_be_imported(self):
        r = self.import_entries(ENTRIES)
        self.assertEqual((0, ""), (r.status, r.out), r)
        self.assertIn("4 entries of 2 services", r.err)
        self.assertEqual(ENTRIES, self.exported())
        self.assertEqual(ENTRIES[3:], self.exported("e2e.Two"))
        out = self.folder / "out.jsonl"
        self.assertEqual([], self.exported("-o", out))
        self.assertEqual(0o600, stat.S_IMODE(out.stat().st_mode))
        self.assertEqual(0, self.state("import", out).status)
        self.assertEqual(ENTRIES, self.exported())

    def test_import_puts_over_what_is_there_and_replace_removes_the_rest(self):
        self.import_entries(ENTRIES)
        new = {"service": "e2e.One", "key": "b", "value": 4}
        self.assertEqual(0, self.import_entries([new]).status)
        self.assertEqual([*ENTRIES[:2], new, ENTRIES[3]], self.exported())
        self.assertEqual(0, self.import_entries([new], "--replace").status)
        self.assertEqual([new, ENTRIES[3]], self.exported())

    def test_a_file_with_a_wrong_line_changes_nothing(self):
        self.import_entries(ENTRIES)
        path = self.write("in.jsonl", '{"service":"e2e.One","key":"z","value":1}\nno\n')
        for flags in ([], ["--replace"]):
            r = self.state("import", path, *flags)
            self.assertEqual((1, "invalid_argument"), (r.status, r.error["code"]), r)
            self.assertIn("line 2", r.error["message"])
        self.assertEqual(ENTRIES, self.exported())
        self.assertEqual(1, self.state("import", self.folder / "none").status)

    def test_what_comes_through_a_pipe_is_imported(self):
        text = "".join(json.dumps(e) + "\n" for e in ENTRIES)
        for flags in ([], ["--replace"]):
            r = self.run_waggle("state", "import", "/dev/stdin", *flags, "--data", self.data, stdin=text)
            self.assertEqual(0, r.status, r)
            self.assertIn("4 entries of 2 services", r.err)
            self.assertEqual(ENTRIES, self.exported())

    def test_what_cannot_be_read_changes_nothing(self):
        self.import_entries(ENTRIES)
        r = self.state("import", self.folder, "--replace")
        self.assertEqual((1, ""), (r.status, r.out), r)
        self.assertEqual(ENTRIES, self.exported())

    def test_a_value_that_is_too_large_changes_nothing(self):
        self.import_entries(ENTRIES)
        r = self.import_entries([ENTRIES[0], {"service": "e2e.One", "key": "z", "value": "x" * (1 << 20)}], "--replace")
        self.assertEqual((1, "resource_exhausted"), (r.status, r.error["code"]), r)
        self.assertIn("line 2", r.error["message"])
        self.assertEqual(ENTRIES, self.exported())

    def test_get_and_list_without_a_node(self):
        self.import_entries(ENTRIES)
        self.check_reading()

    def test_get_and_list_go_through_the_node_that_runs(self):
        self.import_entries(ENTRIES)
        self.service("One", folder=self.services)
        with self.node():
            self.check_reading()
            self.assertEqual(["e2e.One", "e2e.Two"], ask(self.data, "stateServices").json)
            for command in (["export"], ["import", self.folder / "in.jsonl"]):
                r = self.state(*command)
                self.assertEqual((1, "", "failed_precondition"), (r.status, r.out, r.error["code"]), r)
                self.assertIn("another process", r.error["message"])

    def test_a_long_list_comes_whole_either_way(self):
        self.import_entries([{"service": "e2e.One", "key": f"{i:05}", "value": "x" * 500} for i in range(2500)])
        self.service("One", folder=self.services)
        without = self.state("list", "e2e.One").out
        self.assertEqual(2500, len(without.splitlines()))
        with self.node():
            self.assertEqual(without, self.state("list", "e2e.One").out)

    def test_no_state_is_made_by_looking_for_it(self):
        for command in (["get", "e2e.One", "a"], ["list", "e2e.One"], ["export"]):
            r = self.state(*command)
            self.assertEqual((1, "", "not_found"), (r.status, r.out, r.error["code"]), r)
        self.assertFalse((self.data / "state").exists())

    def test_of_a_damaged_store_what_can_be_read_is_saved(self):
        self.import_entries(ENTRIES)
        (log,) = (self.data / "state").glob("*.log")
        bytes_ = bytearray(log.read_bytes())
        bytes_[len(bytes_) // 3] ^= 0x55
        log.write_bytes(bytes_ + log.read_bytes())
        r = self.state("get", "e2e.One", "a/1")
        self.assertEqual((1, "data_loss"), (r.status, r.error["code"]), r)
        r = self.state("export")
        self.assertEqual(1, r.status, r)
        self.assertEqual("data_loss", r.error["code"])
        self.assertIn("of a damaged store", r.err)
        for line in r.out.splitlines():
            self.assertIn(json.loads(line), ENTRIES)

    def test_of_a_damaged_table_the_rest_is_saved_and_no_whole_file_is_replaced(self):
        entries = [{"service": "e2e.One", "key": f"{i:05}", "value": os.urandom(500).hex()} for i in range(500)]
        entries.append({"service": "e2e.Two", "key": "a", "value": 1})
        self.import_entries(entries)
        backup = self.folder / "backup.jsonl"
        self.assertEqual([], self.exported("-o", backup))  # opening has made a table of the log
        whole = backup.read_bytes()
        table = max((self.data / "state").glob("*.sst"), key=lambda p: p.stat().st_size)
        damaged = bytearray(table.read_bytes())
        damaged[len(damaged) // 2] ^= 0x55
        table.write_bytes(damaged)
        r = self.state("export", "-o", backup)
        self.assertEqual((1, ""), (r.status, r.out), r)
        self.assertIn("data_loss", r.err)
        self.assertIn("not read: what is between e2e.One ", r.err)
        self.assertEqual(whole, backup.read_bytes())
        (part,) = self.folder.glob("backup.jsonl.part-*")
        self.assertIn(str(part), r.err)
        self.assertEqual(0o600, stat.S_IMODE(part.stat().st_mode))
        saved = [json.loads(line) for line in part.read_text().splitlines()]
        self.assertGreater(len(saved), len(entries) - 20)
        self.assertLess(len(saved), len(entries))
        self.assertIn(entries[-1], saved)
        for entry in saved:
            self.assertIn(entry, entries)

    def test_wrong_usage(self):
        for arguments in ([], ["get"], ["get", "e2e.One"], ["import"], ["list"], ["drop", "e2e.One"]):
            self.assertEqual(2, self.run_waggle("state", *arguments).status, arguments)


class Grants(Operator):
    USES = '@uses(services: ["waggle.state.v1.State", "e2e.Two"])'

    def test_what_is_not_granted_is_told_with_the_grant_to_write(self):
        self.contract("One", self.USES)
        with self.node() as node:
            for used in ("waggle.state.v1.State", "e2e.Two"):
                self.assertRegex(node.log, rf"e2e\.One asks for {re.escape(used)} and is not granted it")
            toml = node.log[node.log.index("[[grant]]"):]
            grant = tomllib.loads("\n".join(toml.splitlines()[:3]))["grant"][0]
            self.assertEqual({"service": "e2e.One", "uses": ["waggle.state.v1.State", "e2e.Two"]}, grant)
            uses = ask(self.data, "services").json[0]["uses"]
            self.assertEqual([False, False], [u["granted"] for u in uses])
        file = self.config("\n".join(toml.splitlines()[:3]))
        with self.node("--config", file) as node:
            self.assertNotIn("is not granted", node.log)
            uses = ask(self.data, "services").json[0]["uses"]
            self.assertEqual([True, True], [u["granted"] for u in uses])

    def test_under_dev_what_is_granted_is_told(self):
        self.contract("One", self.USES)
        with self.node("--dev") as node:
            self.assertIn("--dev grants e2e.One what it asks for: waggle.state.v1.State, e2e.Two", node.log)
            self.assertNotIn("is not granted", node.log)

    def test_a_used_service_that_is_not_there_is_told_after_all_are_loaded(self):
        self.contract("One", self.USES)
        with self.node("--dev") as node:
            self.assertIn("e2e.One uses e2e.Two, which is not on this node", node.log)
            self.assertNotIn("uses waggle.state.v1.State", node.log)
        self.service("Two", folder=self.services)
        with self.node("--dev") as node:
            self.assertNotIn("is not on this node", node.log)

    def test_inspect_shows_what_is_asked_for_and_granted(self):
        target = self.contract("One", self.USES).with_suffix(".wasm")
        file = self.config('[[grant]]\nservice = "e2e.One"\nuses = ["e2e.Two"]\n')
        r = self.run_waggle("inspect", target, "--config", file)
        self.assertEqual(0, r.status, r)
        self.assertRegex(r.out, r"(?m)^  waggle\.state\.v1\.State +\(not granted\)$")
        self.assertRegex(r.out, r"(?m)^  e2e\.Two +\(granted\)$")
        (about,) = json.loads(self.run_waggle("inspect", target, "--json", "--config", file).out)
        self.assertEqual((["waggle.state.v1.State", "e2e.Two"], ["e2e.Two"]),
                         (about["service"]["uses"], about["service"]["granted"]))


if __name__ == "__main__":
    unittest.main()
