"""A node's life: the module cache, reload, drain, pools (design.md §5, §6)."""

import concurrent.futures
import os
import shutil
import signal
import subprocess
import threading
import time

from node import GUESTS, PROGRAM, Node, TestCase, terminate, wait_until


class Cache(TestCase):
    def entries(self):
        return sorted((self.folder / "data/modules").glob("*.cwasm"))

    def serve_once(self):
        with Node(self.folder / "s", data=self.folder / "data") as node:
            self.assertEqual({"n": 1}, node.call("e2e.One", "echo", {"n": 1}).json)
            return node.log

    def setUp(self):
        super().setUp()
        self.service("One", folder=self.folder / "s")

    def test_a_second_start_compiles_nothing(self):
        self.assertRegex(self.serve_once(), r"compiling .*One\.wasm")
        again = self.serve_once()
        self.assertNotIn("compiling", again)
        self.assertIn("compiled before", again)

    def test_the_folder_is_its_owners_alone(self):
        self.serve_once()
        self.assertEqual(0o700, (self.folder / "data/modules").stat().st_mode & 0o777)
        (self.folder / "data/modules").chmod(0o755)
        log = self.serve_once()
        self.assertIn("no module cache", log)
        self.assertRegex(log, "compiling")

    def check_recompiled(self, spoil):
        self.serve_once()
        (entry,) = self.entries()
        good = entry.read_bytes()
        spoil(entry, good)
        log = self.serve_once()
        self.assertRegex(log, r"warning.* is compiled anew: ")
        self.assertRegex(log, r"compiling .*One\.wasm")
        self.assertNotIn("compiling", self.serve_once())

    def test_a_truncated_entry_is_recompiled_and_reported(self):
        for size in (0, 10, 88, 5000):
            with self.subTest(size):
                shutil.rmtree(self.folder / "data", ignore_errors=True)
                self.check_recompiled(lambda entry, good: entry.write_bytes(good[:size]))

    def test_an_altered_entry_is_recompiled_and_reported(self):
        def alter(entry, good):
            entry.write_bytes(good[:-100] + bytes([good[-100] ^ 1]) + good[-99:])
        self.check_recompiled(alter)

    def test_a_foreign_entry_is_recompiled_and_reported(self):
        def exchange(entry, good):
            self.run_waggle("invoke", GUESTS / "sleepy.wasm", "count", "--data", self.folder / "data")
            (other,) = [e for e in self.entries() if e != entry]
            shutil.copy(other, entry)
        self.check_recompiled(exchange)

    def test_processes_share_the_folder(self):
        data = self.folder / "home/waggle"  # where `invoke` looks too
        module = next((self.folder / "s").glob("*.wasm"))
        with Node(self.folder / "s", data=data, wait=False) as node:
            with concurrent.futures.ThreadPoolExecutor() as several:
                for answer in several.map(lambda n: self.run_waggle("invoke", module, "echo", f'{{"n":{n}}}'), range(3)):
                    self.assertEqual(0, answer.status, answer)
            node.wait_for_port()
            self.assertEqual({"n": 1}, node.call("e2e.One", "echo", {"n": 1}).json)
        self.assertEqual(1, len([e for e in (data / "modules").iterdir() if e.name.endswith(".cwasm") or e.is_file()]))
        self.assertEqual([], list((data / "modules").glob("tmp-*")))
        with Node(self.folder / "s", data=data) as node:
            self.assertNotIn("compiling", node.log)

    def test_two_nodes_do_not_share_state(self):
        with Node(self.folder / "s", data=self.folder / "data"):
            r = self.run_waggle("serve", self.folder / "s", "--listen", "127.0.0.1:0", "--data", self.folder / "data")
            self.assertEqual(1, r.status, r)
            self.assertIn("another process has the state", r.err)

    def test_ten_services_restart_within_their_budget(self):
        for i in range(9):
            guest = ["echo", "sleepy", "logger"][i % 3]
            module = self.service(f"More{i}", guest=guest, folder=self.folder / "s")
            # A custom section more makes it another module, with an entry of its own.
            module.write_bytes(module.read_bytes() + bytes([0, 3, 1, ord("n"), i]))
        with Node(self.folder / "s", data=self.folder / "data"):
            pass
        self.assertEqual(10, len(self.entries()))
        times = []
        for _ in range(3):
            with Node(self.folder / "s", data=self.folder / "data") as node:
                self.assertEqual(200, node.get("/readyz").status)
                self.assertNotIn("compiling", node.log)
                times.append(node.time_to_ready)
        best = min(times) * 1000
        print(f"\n    restart with 10 services and a warm cache: ready in {best:.0f} ms at best, process start and this "
              f"test's polling included (budget 50 ms{'' if best <= 50 else ': MISSED'})", flush=True)


class Callers:
    """Calls a service all the time from a few threads, and keeps what was not as it should be."""

    def __init__(self, node, service, method="echo", threads=4):
        self.node, self.path = node, (service, method)
        self.done, self.bad = 0, []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]

    def run(self):
        while not self.stop.is_set():
            try:
                a = self.node.call(*self.path, {}, timeout=10)
                if a.status == 200:
                    self.done += 1
                else:
                    self.bad.append(repr(a))
            except OSError as e:
                self.bad.append(repr(e))
            self.stop.wait(0.001)

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for t in self.threads:
            t.join(15)


class Reload(TestCase):
    def replace(self, name, guest):
        """As a build does: the file is replaced by a rename. The contract stays."""
        shutil.copy(GUESTS / f"{guest}.wasm", self.folder / f".{name}.part")
        os.replace(self.folder / f".{name}.part", self.folder / f"{name}.wasm")

    def new_contract(self, name, old, new):
        text = (self.folder / f"{name}.graphql").read_text()
        self.assertIn(old, text)
        self.write(f".{name}.part", text.replace(old, new))
        os.replace(self.folder / f".{name}.part", self.folder / f"{name}.graphql")

    def check_swap(self, dev, tell):
        self.service("Swap", "{max: 2}")
        with Node(self.folder, *(["--dev"] if dev else [])) as node:
            with Callers(node, "e2e.Swap") as callers:
                wait_until(lambda: callers.done > 50, why="some calls")
                self.assertEqual("unimplemented", node.call("e2e.Swap", "whoAmI").code)

                # a new module: echo with one custom section more, and a new method name in the contract
                module = (self.folder / "Swap.wasm").read_bytes() + bytes([0, 2, 1, ord("n")])
                self.write(".part", module)
                lines = len(node.errors)
                os.replace(self.folder / ".part", self.folder / "Swap.wasm")
                self.new_contract("Swap", "  failPlain: JSON\n", "  failPlain: JSON\n  whoAmI: JSON\n")
                tell(node)
                node.wait_for_line("replaced e2e.Swap", after=lines)
                wait_until(lambda: "whoAmI" in node.get("/e2e.Swap").body.decode(), why="the new contract")
                # The guest does not know the method: it is asked now, where the contract did not let it through before.
                self.assertEqual("unknown", node.call("e2e.Swap", "whoAmI").code)
                before = callers.done
                wait_until(lambda: callers.done > before + 50, why="calls after it")

                # one that does not load leaves the old one
                lines = len(node.errors)
                self.write(".part", b"\0asm broken")
                os.replace(self.folder / ".part", self.folder / "Swap.wasm")
                tell(node)
                node.wait_for_line(r"Swap\.wasm: error: ", after=lines)
                before = callers.done
                wait_until(lambda: callers.done > before + 50, why="calls after it")
                self.assertIn("whoAmI", node.get("/e2e.Swap").body.decode())
            self.assertEqual([], callers.bad[:3])
            self.assertEqual(0, terminate(node), node.log[-2000:])

    def test_dev_swaps_a_changed_service_without_dropping_a_request(self):
        self.check_swap(True, lambda node: None)

    def test_hangup_does_the_same(self):
        self.check_swap(False, lambda node: node.signal(signal.SIGHUP))

    def test_a_running_request_finishes_on_the_old_version(self):
        self.service("Swap", "{max: 2}", guest="sleepy")
        with Node(self.folder) as node:
            answers = []
            t = threading.Thread(target=lambda: answers.append(node.call("e2e.Swap", "sleep", {"ms": 1500})))
            t.start()
            wait_until(lambda: node.workers("e2e.Swap", "busy") == 1, why="a busy worker")
            self.new_contract("Swap", "  count: Int!\n", "  count: Int!\n  more: Int\n")
            node.signal(signal.SIGHUP)
            node.wait_for_line("replaced e2e.Swap")
            self.assertEqual(b"1", node.call("e2e.Swap", "count").body)
            self.assertEqual([], answers)
            t.join(10)
            self.assertEqual((200, b"1"), (answers[0].status, answers[0].body), answers)

    def test_hangup_adds_what_is_new_and_removes_what_is_gone(self):
        self.service("Stays")
        self.service("Goes")
        with Node(self.folder) as node:
            self.assertEqual(200, node.call("e2e.Goes", "echo").status)
            (self.folder / "Goes.wasm").unlink()
            self.service("Comes")
            node.signal(signal.SIGHUP)
            node.wait_for_line("removed e2e.Goes")
            wait_until(lambda: node.call("e2e.Goes", "echo").status == 404, why="that it is gone")
            self.assertEqual(200, node.call("e2e.Comes", "echo").status)
            self.assertEqual(200, node.call("e2e.Stays", "echo").status)
            self.assertEqual(0, terminate(node))

    def test_a_folder_that_is_not_there_does_not_remove_its_services_at_hangup(self):
        self.service("Stays")
        with Node(self.folder) as node:
            away = self.folder.with_name(self.folder.name + "-away")
            self.folder.rename(away)
            try:
                for looks in (1, 2):  # when the second has begun, the first one is over
                    node.signal(signal.SIGHUP)
                    wait_until(lambda: node.log.count("is not there") == looks, why="another look")
            finally:
                away.rename(self.folder)
            self.assertEqual(200, node.call("e2e.Stays", "echo").status)

    def test_a_hangup_before_it_serves_does_not_end_it(self):
        self.service("Stays", guest="kit_cpp")
        with Node(self.folder, wait=False) as node:
            node.wait_for_line("compiling")
            node.signal(signal.SIGHUP)
            node.wait_for_port()
            self.assertEqual(200, node.get("/readyz").status)

    def test_a_broken_file_does_not_remove_its_service_at_hangup(self):
        self.service("Stays")
        with Node(self.folder) as node:
            (self.folder / "Stays.graphql").write_text("type Query { : }")
            node.signal(signal.SIGHUP)
            node.wait_for_line(r"Stays\.graphql:1:\d+: error: ")
            (self.folder / "Stays.wasm").write_bytes(b"")
            lines = len(node.errors)
            node.signal(signal.SIGHUP)
            node.wait_for_line(r": error: ", after=lines)
            self.assertEqual(200, node.call("e2e.Stays", "echo").status)


class Drain(TestCase):
    def started(self, node, method, payload):
        """A request under way, as a thread and the list that its answer goes to."""
        answers = []

        def run():
            try:
                answers.append(node.call("test.Sleepy" if method == "sleep" else "test.Echo", method, payload))
            except Exception as e:  # noqa: BLE001 — told by the test
                answers.append(e)
        t = threading.Thread(target=run, daemon=True)
        t.start()
        service = "test.Sleepy" if method == "sleep" else "test.Echo"
        wait_until(lambda: node.workers(service, "busy") == 1, why="a busy worker")
        return t, answers

    def node(self, *flags):
        return Node([GUESTS / "echo.wasm", GUESTS / "sleepy.wasm"], *flags)

    def test_an_idle_node_ends_at_once_with_status_0(self):
        with self.node() as node:
            self.assertEqual(200, node.call("test.Echo", "echo").status)
            began = time.monotonic()
            self.assertEqual(0, terminate(node))
            self.assertLess(time.monotonic() - began, 5)
        with self.node() as node:
            node.signal(signal.SIGINT)
            self.assertEqual(0, node.wait())

    def test_a_running_request_is_finished(self):
        with self.node() as node:
            t, answers = self.started(node, "sleep", {"ms": 1000})
            node.signal(signal.SIGTERM)
            node.wait_for_line("draining")
            t.join(10)
            self.assertEqual(200, answers[0].status)
            self.assertEqual(0, node.wait())

    def test_under_load_every_request_that_was_taken_is_answered(self):
        for _ in range(3):
            with self.node() as node, Callers(node, "test.Echo", threads=6) as callers:
                wait_until(lambda: callers.done > 200, why="some calls")
                self.assertEqual(0, terminate(node), node.log[-2000:])
            # Refused: the listener was closed. Reset: it was closed in the moment between the kernel's welcome and ours.
            lost = [b for b in callers.bad if not b.startswith(("ConnectionRefused", "ConnectionReset"))]
            self.assertEqual([], lost[:3])
            self.assertLessEqual(sum(b.startswith("ConnectionReset") for b in callers.bad), 1)

    def test_during_the_grace_time_it_serves_on_but_is_not_ready(self):
        with self.node("--drain-grace-ms", "1500") as node:
            self.assertEqual(200, node.get("/readyz").status)
            node.signal(signal.SIGTERM)
            wait_until(lambda: node.get("/readyz").status == 503, seconds=1.2, why="503")
            node.wait_for_line("draining: new requests are taken for 1500 ms more")
            self.assertEqual(200, node.call("test.Echo", "echo").status)
            self.assertEqual(200, node.get("/healthz").status)
            self.assertEqual(0, node.wait())

    def test_what_does_not_finish_in_time_is_cut_off_with_status_1(self):
        with self.node("--drain-timeout-ms", "300") as node:
            t, answers = self.started(node, "spin", {})
            self.assertEqual(1, terminate(node))
            t.join(10)
            self.assertEqual(1, len(answers))
            self.assertNotEqual(200, getattr(answers[0], "status", None))

    def test_a_second_signal_ends_at_once(self):
        with self.node() as node:
            self.started(node, "sleep", {"ms": 20_000})
            node.signal(signal.SIGTERM)
            node.wait_for_line("draining")
            began = time.monotonic()
            # The first signal's handler may still be putting the second's in place.
            wait_until(lambda: (node.signal(signal.SIGTERM) if node.process.poll() is None else None,
                                node.process.poll() is not None)[1], every=0.05, why="the end")
            self.assertEqual(1, node.wait())
            self.assertLess(time.monotonic() - began, 3)


class Pool(TestCase):
    def serve(self, pool, guest="echo", *flags, threads=2):
        self.service("Pool", pool, guest=guest)
        return Node(self.folder, *flags, threads=threads)

    def test_the_minimum_is_warm_at_start(self):
        with self.serve("{min: 3, max: 6}") as node:
            self.assertEqual(3, node.workers("e2e.Pool", "idle"))
            self.assertIn("instance=warm", node.call("e2e.Pool", "echo").headers["waggle-receipt"])
            self.assertEqual(3, node.metrics()['waggle_workers_started_total{service="e2e.Pool"}'])

    def test_without_a_minimum_there_is_no_instance_until_one_is_needed(self):
        with self.serve("{max: 6}") as node:
            self.assertEqual(0, node.workers("e2e.Pool", "idle"))
            self.assertIn("instance=fresh", node.call("e2e.Pool", "echo").headers["waggle-receipt"])
            self.assertEqual(1, node.workers("e2e.Pool", "idle"))

    def test_idle_workers_go_down_to_the_minimum(self):
        with self.serve("{min: 1, max: 4, idleMs: 300}", "sleepy") as node:
            with Callers(node, "e2e.Pool", "count", threads=4):
                wait_until(lambda: node.workers("e2e.Pool", "idle") + node.workers("e2e.Pool", "busy") > 1, why="more workers")
            wait_until(lambda: node.workers("e2e.Pool", "idle") == 1, why="the minimum")
            self.assertEqual(200, node.call("e2e.Pool", "count").status)

    def test_max_is_never_exceeded_over_all_cores_and_nothing_is_lost(self):
        with self.serve("{max: 3}", "sleepy") as node:
            seen = []
            clients = [subprocess.Popen(["curl", "-s", "--max-time", "20", "-H", "content-type: application/json", "-d",
                                         '{"ms":100}', node.url + "/e2e.Pool/sleep"], stdout=subprocess.PIPE) for _ in range(24)]
            while any(c.poll() is None for c in clients):
                metrics = node.metrics()
                seen.append(metrics['waggle_workers{service="e2e.Pool",state="busy"}'] +
                            metrics['waggle_workers{service="e2e.Pool",state="idle"}'])
                time.sleep(0.005)
            self.assertEqual([b"1"] * 24, [c.communicate()[0] for c in clients])
            self.assertEqual(3, node.metrics()['waggle_workers_started_total{service="e2e.Pool"}'])
            self.assertEqual(24, node.metrics()['waggle_requests_total{service="e2e.Pool",method="sleep",code="ok"}'])
            self.assertLessEqual(max(seen), 3)

    def test_a_fresh_instance_for_each_request(self):
        with self.serve("{max: 4, isolation: FRESH}") as node:
            self.assertEqual([b"1"] * 10, [node.call("e2e.Pool", "count").body for _ in range(10)])
            self.assertEqual(0, node.workers("e2e.Pool", "idle"))

    def test_an_instance_is_replaced_after_its_requests(self):
        with self.serve("{max: 1, maxRequests: 3}") as node:
            self.assertEqual([b"1", b"2", b"3"] * 3, [node.call("e2e.Pool", "count").body for _ in range(9)])

    def test_an_instance_that_trapped_is_never_used_again(self):
        with self.serve("{max: 1}") as node:
            self.assertEqual([b"1", b"2"], [node.call("e2e.Pool", "count").body for _ in range(2)])
            self.assertEqual("internal", node.call("e2e.Pool", "trap").code)
            self.assertEqual(b"1", node.call("e2e.Pool", "count").body)

    def test_a_service_that_keeps_crashing_is_held_off_and_comes_back(self):
        with self.serve("{max: 1}") as node:
            codes = []
            wait_until(lambda: codes.append(node.call("e2e.Pool", "trap").code) or codes[-1] == "unavailable", why="the breaker")
            self.assertEqual(["internal"] * 20 + ["unavailable"], codes)
            a = node.call("e2e.Pool", "count")
            self.assertEqual((503, "guest"), (a.status, a.fault), a)
            self.assertGreaterEqual(int(a.headers["retry-after"]), 1)
            wait_until(lambda: node.call("e2e.Pool", "count").status == 200, why="that it is back")
            self.assertEqual(200, node.call("e2e.Pool", "count").status)
