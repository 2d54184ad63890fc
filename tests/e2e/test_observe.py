"""What a node tells of itself: metrics by service and method, lines of the log, traces."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from node import GUESTS, PROGRAM, Node, TestCase, wait_until

COLLECTOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "collector")
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
STATE = "waggle.state.v1.State"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class UnreadLog(TestCase):
    def test_a_log_that_nobody_reads_holds_up_nobody(self):
        port = free_port()
        process = subprocess.Popen([PROGRAM, "serve", GUESTS / "logger.wasm", "--listen", f"127.0.0.1:{port}", "--data", self.folder],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            def connects():
                with socket.socket() as s:
                    return s.connect_ex(("127.0.0.1", port)) == 0
            wait_until(connects, why="that it listens")
            node = Node.__new__(Node)
            node.port = port
            for _ in range(60):  # 120 kB; the pipe holds 64
                self.assertEqual(200, node.call("test.Logger", "log", {"text": "x" * 2000}, timeout=5).status)
            os.set_blocking(process.stderr.fileno(), False)
            self.assertLess(len(process.stderr.read()), 70_000)
            node.call("test.Logger", "log", {"text": "heard again"})
            self.assertRegex(process.stderr.read().decode(), r"(?s)for nobody read them: \d+\n.*heard again")
        finally:
            process.kill()
            process.wait()
            process.stderr.close()


class Metrics(TestCase):
    def test_times_are_told_by_service_and_method(self):
        self.service("One")
        with Node(self.folder) as node:
            for _ in range(3):
                self.assertEqual(200, node.call("e2e.One", "echo", {"text": "x"}).status)
            node.call("e2e.One", "trap", {})
            metrics = node.metrics()
            labels = '{service="e2e.One",method="echo"'
            self.assertEqual(3, metrics[f'waggle_requests_total{labels},code="ok"}}'])
            self.assertEqual(1, metrics['waggle_requests_total{service="e2e.One",method="trap",code="internal"}'])
            for family in ("request", "guest"):
                self.assertEqual(3, metrics[f"waggle_{family}_seconds_count{labels}}}"])
                self.assertEqual(3, metrics[f'waggle_{family}_seconds_bucket{labels},le="+Inf"}}'])
                self.assertGreater(metrics[f"waggle_{family}_seconds_sum{labels}}}"], 0)
            self.assertEqual(1, metrics['waggle_guest_failures_total{service="e2e.One",kind="unreachable"}'])
            self.assertEqual(1, metrics['waggle_modules_loaded_total{from="compiler"}'])
            self.assertGreater(metrics["waggle_compile_seconds_total"], 0)

    def test_refusals_have_their_reason(self):
        self.service("One")
        with Node(self.folder) as node:
            node.call("e2e.One", "echo", {"text": 1, "nonsense": 2})
            metrics = node.metrics()
            self.assertEqual(1, metrics['waggle_refused_total{service="e2e.One",reason="payload"}'])
            self.assertEqual(0, metrics['waggle_refused_total{service="e2e.One",reason="queue"}'])

    def test_what_is_beyond_the_bound_is_told_as_other(self):
        for name in ("One", "Two", "Three"):
            self.service(name)
        with Node(self.folder, "--metrics-methods", "2") as node:
            for name in ("One", "Two", "Three"):
                node.call(f"e2e.{name}", "echo", {})
                node.call(f"e2e.{name}", "count", {})
                node.metrics()
            requests = {k: v for k, v in node.metrics().items() if k.startswith("waggle_requests_total") and 'code="ok"' in k}
            self.assertEqual(3, len(requests), requests)
            self.assertEqual(4, requests['waggle_requests_total{service="other",method="other",code="ok"}'])

    def test_counters_go_on_when_a_service_is_replaced_and_end_when_it_is_removed(self):
        for name in ("One", "Two"):
            self.service(name)
        key = 'waggle_requests_total{service="%s",method="%s",code="ok"}'
        with Node(self.folder, "--metrics-methods", "1") as node:
            def told(service, method):
                return node.metrics().get(key % (service, method))
            for _ in range(2):
                node.call("e2e.One", "echo", {})
            self.assertEqual(2, told("e2e.One", "echo"))
            node.call("e2e.Two", "echo", {})
            self.assertEqual(1, told("other", "other"))
            for name in ("One", "Two"):
                path = self.folder / f"{name}.graphql"
                path.write_text(path.read_text() + "\n")
            node.signal(signal.SIGHUP)
            for name in ("One", "Two"):
                node.wait_for_line(f"replaced e2e.{name}")
            wait_until(lambda: node.metrics()['waggle_workers{service="e2e.One",state="idle"}'] == 0, why="the old version's end")
            node.call("e2e.One", "echo", {})
            self.assertEqual((3, 1), (told("e2e.One", "echo"), told("other", "other")))
            (self.folder / "One.wasm").unlink()
            node.signal(signal.SIGHUP)
            node.wait_for_line("removed e2e.One")
            wait_until(lambda: told("e2e.One", "echo") is None, why="its end")
            self.assertEqual(1, told("other", "other"), "that keeps its place")
            self.service("Three")
            node.signal(signal.SIGHUP)
            node.wait_for_line("serving e2e.Three")
            node.call("e2e.Three", "echo", {})
            self.assertEqual(1, told("e2e.Three", "echo"), "there is a place again")

    def test_a_histograms_buckets_never_go_down(self):
        self.service("One")
        with Node(self.folder) as node:
            done = threading.Event()
            def ask():
                while not done.is_set():
                    node.call("e2e.One", "echo", {})
            asking = threading.Thread(target=ask)
            asking.start()
            try:
                before = {}
                for _ in range(60):
                    now = {k: v for k, v in node.metrics().items() if "_bucket{" in k}
                    self.assertEqual({}, {k: (v, now.get(k)) for k, v in before.items() if now.get(k, 0) < v})
                    before = now
            finally:
                done.set()
                asking.join()

    def test_without_histograms_there_are_none(self):
        self.service("One")
        with Node(self.folder, "--metrics-histograms=false") as node:
            node.call("e2e.One", "echo", {})
            metrics = node.metrics()
            self.assertEqual(1, metrics['waggle_requests_total{service="e2e.One",method="echo",code="ok"}'])
            self.assertFalse([k for k in metrics if k.startswith("waggle_request_seconds")])


class Logs(TestCase):
    def lines(self, *flags):
        shutil.copy(GUESTS / "logger.wasm", self.folder)
        shutil.copy(GUESTS / "logger.graphql", self.folder)
        with Node(self.folder, *flags) as node:
            node.call("test.Logger", "log", {"text": "hello you", "level": 3},
                      headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
            node.call("test.Logger", "badPointer", {})
            wait_until(lambda: "badPointer" in node.log and "hello" in node.log, why="both lines")
            return list(node.errors)

    def test_a_line_about_a_request_names_it(self):
        lines = self.lines()
        self.assertTrue([l for l in lines if f'warning [test.Logger/log #' in l and f'{TRACE}] hello you' in l], lines)
        self.assertTrue([l for l in lines if "error [test.Logger/badPointer #" in l], lines)

    def test_in_json_each_line_is_an_object(self):
        lines = [json.loads(l) for l in self.lines("--log-format", "json")]
        hello = next(l for l in lines if l["message"] == 'hello you')
        self.assertEqual(("warning", "test.Logger", "log", TRACE), (hello["level"], hello["service"], hello["method"], hello["trace"]))
        failed = next(l for l in lines if l.get("method") == "badPointer")
        self.assertTrue(int(failed["request"]) > 0 and failed["request"] != hello["request"])
        self.assertNotIn("service", next(l for l in lines if "listening" in l["message"]))

    def test_in_json_what_is_wrong_with_a_file_is_an_object_too(self):
        self.service("One")
        with Node(self.folder, "--log-format", "json") as node:
            (self.folder / "One.graphql").write_text("type Query { f: Nothing }")
            node.signal(signal.SIGHUP)
            line = json.loads(node.wait_for_line(".*Nothing.*")[0])
            self.assertEqual("error", line["level"])
            self.assertIn("One.graphql:1:", line["message"])

    def test_a_limit_for_a_service_that_is_not_here_is_told_of(self):
        self.service("One")
        config = self.folder / "c.toml"
        config.write_text('[[limit]]\nservice = "e2e.Won"\nrate = 1\n')
        with Node(self.folder, "--config", config) as node:
            self.assertIn("[[limit]] is for e2e.Won, which is not on this node", node.log)


class Collector:
    """A real one: OpenTelemetry's own receiver, which is strict about what it takes."""

    @classmethod
    def build(cls):
        if not shutil.which("go"):
            raise unittest.SkipTest("Go is not there: it builds the collector")
        program = os.path.join(tempfile.gettempdir(), f"waggle-e2e-collector-{os.getuid()}", "collector")
        done = subprocess.run(["go", "build", "-o", program, "."], cwd=COLLECTOR, capture_output=True, text=True, timeout=900)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return program

    def __init__(self, program):
        self.port = free_port()
        self.spans = []
        self.process = subprocess.Popen([program, f"127.0.0.1:{self.port}"], stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            for resource in json.loads(line)["resourceSpans"]:
                of = {a["key"]: a["value"].get("stringValue") for a in resource["resource"]["attributes"]}
                for scope in resource["scopeSpans"]:
                    for span in scope["spans"]:
                        span["service"] = of["service.name"]
                        span["is"] = {a["key"]: next(iter(a["value"].values())) for a in span["attributes"]}
                        self.spans.append(span)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()  # its own way to end waits for connections that the node keeps
        self.process.wait()
        self.process.stdout.close()


class Traces(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.collector = Collector.build()

    def node(self, collector, *flags):
        shutil.copy(GUESTS / "caller.wasm", self.folder)
        (self.folder / "caller.graphql").write_text(
            f'extend schema @service(name: "e2e.Caller") @uses(services: ["e2e.One", "{STATE}"])\n'
            "scalar JSON\ntype Query { call(service: String!, method: String!, input: JSON): JSON }\n"
            "type Mutation { change(service: String!, method: String!, input: JSON): JSON }\n")
        self.service("One")
        return Node(self.folder, "--dev", "--trace-endpoint", f"http://127.0.0.1:{collector.port}", *flags)

    def test_a_sampled_request_is_traced_through_its_calls(self):
        with Collector(self.collector) as collector, self.node(collector, "--trace-sample", "0") as node:
            self.assertEqual(200, node.call("e2e.Caller", "call", {"service": "e2e.One", "method": "echo", "input": {"text": "x"}},
                                            headers={"traceparent": f"00-{TRACE}-{PARENT}-01"}).status)
            node.call("e2e.Caller", "call", {"service": "e2e.One", "method": "echo", "input": {}})
            spans = wait_until(lambda: len(collector.spans) >= 2 and collector.spans, seconds=20, why="spans")
            by_name = {s["name"]: s for s in spans}
            outer, inner = by_name["e2e.Caller/call"], by_name["e2e.One/echo"]
            self.assertEqual({TRACE}, {s["traceId"] for s in spans})
            self.assertEqual(PARENT, outer["parentSpanId"])
            self.assertEqual(outer["spanId"], inner["parentSpanId"])
            self.assertEqual((2, 1), (outer["kind"], inner["kind"]))
            self.assertEqual(("e2e.Caller", "e2e.One"), (outer["service"], inner["service"]))
            self.assertEqual(("connectrpc", "e2e.One/echo"), (inner["is"]["rpc.system.name"], inner["is"]["rpc.method"]))
            self.assertLessEqual(int(outer["startTimeUnixNano"]), int(inner["startTimeUnixNano"]))
            self.assertLessEqual(int(inner["endTimeUnixNano"]), int(outer["endTimeUnixNano"]))
            self.assertGreaterEqual(node.metrics()['waggle_trace_spans_total{outcome="sent"}'], 2)

    def test_the_ratio_chooses_and_errors_are_told(self):
        with Collector(self.collector) as collector, self.node(collector, "--trace-sample", "1") as node:
            node.call("e2e.Caller", "change", {"service": STATE, "method": "increment", "input": {"key": "a"}})
            node.call("e2e.One", "trap", {})
            node.call("e2e.One", "fail", {})
            wait_until(lambda: len(collector.spans) >= 4, seconds=20, why="spans")
            metrics = node.metrics()
            self.assertEqual(1, metrics['waggle_state_commits_total{outcome="written"}'])
            self.assertEqual(1, metrics["waggle_state_write_seconds_count"])
            self.assertEqual(1, metrics['waggle_commit_seconds_count{service="e2e.Caller",method="change"}'])
            by_name = {s["name"]: s for s in collector.spans}
            self.assertEqual(by_name["e2e.Caller/change"]["spanId"], by_name[f"{STATE}/increment"]["parentSpanId"])
            trap, fail = by_name["e2e.One/trap"], by_name["e2e.One/fail"]
            self.assertEqual(2, trap["status"]["code"])
            self.assertEqual(("internal", "guest"), (trap["is"]["rpc.response.status_code"], trap["is"]["waggle.fault"]))
            self.assertEqual("not_found", fail["is"]["rpc.response.status_code"])
            self.assertNotIn("code", fail.get("status", {}))

    def test_a_collector_that_is_not_there_harms_nobody(self):
        with Collector(self.collector) as collector:
            pass  # its port is free again
        with self.node(collector, "--trace-sample", "1") as node:
            for _ in range(50):
                self.assertEqual(200, node.call("e2e.One", "echo", {}).status)
            node.wait_for_line("traces cannot be sent to")

    def test_an_endpoint_that_is_none_is_refused_at_start(self):
        self.service("One")
        done = self.run_waggle("serve", self.folder, "--listen", "127.0.0.1:0", "--trace-endpoint", "localhost:4318")
        self.assertEqual(2, done.status)
        self.assertIn("trace.endpoint", done.err)
