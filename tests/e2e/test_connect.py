"""The real Connect client for JavaScript, with messages of google.protobuf.Struct and Value."""

import json
import pathlib
import subprocess
import time

from node import GUESTS, Node, TestCase, wait_until

CLIENT = pathlib.Path(__file__).resolve().parent / "connect/client.mjs"


class ConnectClient(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node([GUESTS / "echo.wasm", GUESTS / "sleepy.wasm"])

    @classmethod
    def tearDownClass(cls):
        cls.node.end()

    def call(self, *calls):
        done = subprocess.run(["node", str(CLIENT), self.node.url], input=json.dumps(calls), capture_output=True, text=True, timeout=30)
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def test_struct_and_value_by_post_and_get(self):
        message = {"text": "a&b ä \"quoted\"", "data": {"list": [1, 2.5, None, True], "deep": {"x": {}}}}
        big = {"text": "x" * 50_000}
        answers = self.call(
            {"service": "test.Echo", "method": "echo", "input": message},
            {"service": "test.Echo", "method": "echo", "input": message, "struct": True},
            {"service": "test.Echo", "method": "echo", "input": message, "get": True},
            {"service": "test.Echo", "method": "bare", "input": [1, "two"], "get": True},
            {"service": "test.Echo", "method": "bare", "input": None},
            {"service": "test.Echo", "method": "echo", "input": big})
        self.assertEqual([message, message, message, [1, "two"], None, big], [a.get("output") for a in answers], str(answers)[:2000])
        self.assertEqual(["POST", "POST", "GET", "GET"], [a["verb"] for a in answers[:4]])
        self.assertIn("guest-us=", answers[0]["receipt"])

    def test_errors_come_with_code_message_and_details(self):
        unknown, nothing, own, wrong = self.call(
            {"service": "test.Nowhere", "method": "echo", "input": {}},
            {"service": "test.Echo", "method": "nothing", "input": {}},
            {"service": "test.Echo", "method": "fail", "input": {}},
            {"service": "test.Echo", "method": "echo", "input": "not an object"})
        self.assertEqual(("NotFound", "caller"), (unknown["code"], unknown["fault"]), unknown)
        self.assertEqual(("Unimplemented", "caller"), (nothing["code"], nothing["fault"]), nothing)
        self.assertEqual(("NotFound", "guest", "there is no such thing"), (own["code"], own["fault"], own["message"]), own)
        self.assertEqual("InvalidArgument", wrong["code"], wrong)
        (detail,) = own["details"]
        self.assertEqual(("waggle.v1.Detail", {"thing": "echo"}), (detail["type"], detail["debug"]))
        self.assertEqual({"thing": "echo"}, json.loads(detail["value"]))
        (detail,) = wrong["details"]
        self.assertEqual("waggle.v1.Violations", detail["type"])
        self.assertEqual(detail["debug"], json.loads(detail["value"]))
        self.assertEqual(1, detail["debug"]["count"])

    def test_deadlines(self):
        over, guests, fine = self.call(
            {"service": "test.Sleepy", "method": "sleep", "input": {"ms": 20_000}, "timeoutMs": 200},
            {"service": "test.Echo", "method": "spinBriefly", "input": {}, "timeoutMs": 10_000},
            {"service": "test.Sleepy", "method": "sleep", "input": {"ms": 1}, "timeoutMs": 10_000})
        self.assertEqual("DeadlineExceeded", over["code"], over)
        self.assertEqual(("DeadlineExceeded", "guest"), (guests["code"], guests["fault"]), guests)
        self.assertEqual(1, fine["output"], fine)


class ServerStreaming(TestCase):
    """Methods of Subscription."""

    @classmethod
    def setUpClass(cls):
        cls.node = Node([GUESTS / "ticker.wasm"])

    @classmethod
    def tearDownClass(cls):
        cls.node.end()

    def streams(self, *calls, version="1.1"):
        done = subprocess.run(["node", str(CLIENT.with_name("stream.mjs")), self.node.url, version],
                              input=json.dumps([{"service": "test.Ticker", **c} for c in calls]), capture_output=True, text=True, timeout=30)
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def polls(self):
        return sum(v for k, v in self.node.metrics().items() if k.startswith('waggle_requests_total{service="test.Ticker",method="count"'))

    def test_items_come_and_then_the_end(self):
        for version in ("1.1", "2"):
            self.check_items(version)

    def check_items(self, version):
        counted, failed, misfit, wrong = self.streams(
            {"method": "count", "input": {"to": 1000, "batch": 100}}, {"method": "failAt", "input": {"n": 3}},
            {"method": "misfit", "input": {}}, {"method": "count", "input": {"to": "many"}}, version=version)
        self.assertEqual({"items": [{"n": n, "square": n * n} for n in range(1, 1001)]}, counted)
        self.assertEqual(([1, 2], "OutOfRange", "so far and no further"), ([i["n"] for i in failed["items"]], failed["code"], failed["message"]))
        self.assertEqual(([], "Internal"), (misfit["items"], misfit["code"]))
        self.assertEqual(([], "InvalidArgument"), (wrong["items"], wrong["code"]))

    def test_a_client_that_cancels_ends_the_polling(self):
        for version in ("1.1", "2"):
            self.check_cancel(version)

    def check_cancel(self, version):
        left, late = self.streams({"method": "count", "input": {"to": 100_000, "everyMs": 10}, "leaveAfter": 3},
                                  {"method": "quiet", "input": {}, "timeoutMs": 150}, version=version)
        self.assertEqual(([1, 2, 3], "Canceled"), ([i["n"] for i in left["items"]], left["code"]))
        self.assertEqual("DeadlineExceeded", late["code"])

        def still():
            before = self.polls()
            time.sleep(0.1)  # ten times the pause between two polls
            return self.polls() == before
        wait_until(still, why="that nobody is asked any more")
