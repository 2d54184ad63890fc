"""graphql-transport-ws: graphql-ws's client, and a client that keeps to no rule."""

import shutil
import signal
import time

from node import GUESTS, Node, TestCase, wait_until
from test_front_door_attacks import Caller
from test_graphql import asked, client, codes
from web_socket import WebSocket

COUNT = "subscription ($to: Int!, $ms: Int) { count(to: $to, everyMs: $ms) { n } }"
ACK = {"type": "connection_ack"}


class Sockets(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node([GUESTS / f"{name}.wasm" for name in ("ticker", "echo", "sleepy")], "--http-header-timeout-ms", "400")

    @classmethod
    def tearDownClass(cls):
        cls.node.end()

    def open(self, **how):
        s = WebSocket(self.node, **how)
        self.addCleanup(s.close)
        return s

    def opened(self, **how):
        s = self.open(**how)
        self.assertEqual(101, s.status)
        self.assertEqual(ACK, s.begin())
        return s


class Client(Sockets):
    def sockets(self, *connections):
        return client("ws.mjs", self.node.url.replace("http:", "ws:") + "/graphql", connections)

    def test_operations_of_every_kind(self):
        one, = self.sockets({"calls": [
            {"query": "subscription { count(to: 100, batch: 7) { n square } }"}, {"query": "subscription { f: failAt(n: 3) { n } }"},
            {"query": "{ ping bad: fail }"}, {"query": "mutation ($d: JSON) { store(data: $d) }", "variables": {"d": [1]}},
            {"query": "{ nope }"}, {"query": "subscription { whoami { n by } }"}, {"query": COUNT, "variables": {"to": 1000, "ms": 10}, "leaveAfter": 2}]})
        counted, failed, query, mutation, wrong, who, left = one["calls"]
        self.assertEqual([(n, n * n) for n in range(1, 101)], [(r["data"]["count"]["n"], r["data"]["count"]["square"]) for r in counted["results"]])
        self.assertEqual([1, 2], [r["data"]["f"]["n"] for r in failed["results"][:-1]])
        self.assertEqual([("out_of_range", ["f"])], codes(failed["results"][-1]))
        self.assertEqual(({"ping": "pong", "bad": None}, [("not_found", ["bad"])]), (query["results"][0]["data"], codes(query["results"][0])))
        self.assertEqual([{"data": {"store": {"data": [1]}}}], mutation["results"])
        self.assertEqual([("invalid_argument", None)], codes(wrong))
        self.assertEqual([{"n": 1, "by": None}], [r["data"]["whoami"] for r in who["results"]])
        self.assertEqual([1, 2], [r["data"]["count"]["n"] for r in left["results"]])
        self.assertEqual((1, 1000), (one["connections"], one["close"]["code"]))
        self.assertEqual([], [c.get("errors") for c in one["calls"] if c is not wrong and "errors" in c])

    def test_a_client_that_completes_or_goes_ends_the_polling(self):
        self.sockets({"calls": [{"query": COUNT, "variables": {"to": 100_000, "ms": 10}, "leaveAfter": 2}] * 5})
        goes = self.opened()
        goes.subscribe("a", COUNT, variables={"to": 100_000, "ms": 10})
        self.assertEqual("next", goes.receive()["type"])
        stays = self.opened()
        stays.subscribe("a", COUNT, variables={"to": 100_000, "ms": 10})
        stays.receive()
        stays.send({"type": "complete", "id": "a"})
        goes.close()

        def still():
            before = asked(self.node, "test.Ticker", "count")
            time.sleep(0.1)  # ten times the pause between two polls
            return asked(self.node, "test.Ticker", "count") == before
        wait_until(still, why="that nobody is asked any more")
        stays.subscribe("a", "{ ping }")  # the id is free again
        while (m := stays.receive())["payload"]["data"].keys() != {"ping"}:
            self.assertEqual("next", m["type"])

    def test_pings_are_answered(self):
        one, = self.sockets({"pingMs": 30, "calls": [{"query": COUNT, "variables": {"to": 30, "ms": 10}}]})
        self.assertEqual(30, len(one["calls"][0]["results"]))
        self.assertGreater(one["pongs"], 1)
        s = self.opened()
        s.send({"type": "ping", "payload": {"a": 1}})
        self.assertEqual("pong", s.receive()["type"])
        s.send(b"hello", opcode=9)
        self.assertEqual(("pong", b"hello"), s.receive())
        s.send({"type": "pong"})
        s.subscribe("a", "{ ping }")
        self.assertEqual("next", s.receive()["type"])

    def test_a_subscription_goes_on_behind_a_cursor(self):
        s = self.opened()
        s.subscribe("a", COUNT, variables={"to": 3})
        cursors = [s.receive()["payload"]["extensions"]["cursor"] for _ in range(3)]
        self.assertEqual((["1", "2", "3"], {"id": "a", "type": "complete"}), (cursors, s.receive()))
        s.subscribe("b", COUNT, variables={"to": 3}, extensions={"cursor": "2"})
        self.assertEqual(({"count": {"n": 3}}, "complete"), (s.receive()["payload"]["data"], s.receive()["type"]))

    def test_several_at_once_take_turns(self):
        s = self.opened()
        for i in range(10):
            s.subscribe(f"s{i}", COUNT, variables={"to": 20})
        got = []
        while len([m for m in got if m["type"] == "complete"]) < 10:
            got.append(s.receive())
        for i in range(10):
            self.assertEqual(list(range(1, 21)), [m["payload"]["data"]["count"]["n"] for m in got if m["id"] == f"s{i}" and m["type"] == "next"])

    def test_streams_go_on_over_a_reload_and_end_with_the_node(self):
        for name in ("ticker.wasm", "ticker.graphql"):
            shutil.copy(GUESTS / name, self.folder / name)
        contract = (self.folder / "ticker.graphql").read_text()
        with Node(self.folder) as node, WebSocket(node) as s:
            self.assertEqual(ACK, s.begin())
            s.subscribe("a", COUNT, variables={"to": 100_000, "ms": 10})
            s.receive()
            (self.folder / "ticker.graphql").write_text(contract.replace("ping: String!", "ping: String!\n  more: Int"))
            node.signal(signal.SIGHUP)
            node.wait_for_line("replaced test.Ticker")
            numbers = [s.receive()["payload"]["data"]["count"]["n"] for _ in range(40)]
            self.assertEqual(list(range(2, 42)), numbers)
            node.signal(signal.SIGTERM)
            while isinstance(m := s.receive(), dict):
                self.assertEqual("next", m["type"])
            self.assertEqual(("close", 1012), m[:2])
            self.assertEqual(0, node.wait(), node.log[-2000:])


class Rules(Sockets):
    """Each is broken, and the connection closed with the protocol's code."""

    def closes(self, s, code):
        while isinstance(m := s.receive(), dict) or m[0] != "close":
            pass
        self.assertEqual(code, m[1], m)

    def test_what_is_no_message(self):
        for message in ("rubbish", "[]", "5", "{}", '{"type": 5}', '{"type": "nonsense"}', '{"type": "subscribe"}', '{"type": "complete"}',
                        '{"type": "subscribe", "id": 5, "payload": {}}', '{"type": "subscribe", "id": "", "payload": {}}',
                        '{"type": "subscribe", "id": "%s", "payload": {}}' % ("x" * 200), '{"type": "subscribe", "id": "a", "payload": []}',
                        '{"type": "next", "id": "a"}', '{"type": "connection_ack"}', "[" * 100_000, ""):
            with self.subTest(message[:60]):
                s = self.opened()
                s.send(message)
                self.closes(s, 4400)
        s = self.open()
        s.send({"type": "connection_init", "payload": 5})
        self.closes(s, 4400)

    def test_a_request_that_is_wrong_ends_itself_only(self):
        s = self.opened()
        for payload in ({}, {"query": 5}, {"query": "{"}, {"query": "{ nope }"}, {"query": "{ ping }", "variables": []},
                        {"query": "query ($a: Int!) { burn(n: $a) }"}):
            s.send({"type": "subscribe", "id": "a", "payload": payload})
            m = s.receive()
            self.assertEqual(("error", "a", "invalid_argument"), (m["type"], m["id"], m["payload"][0]["extensions"]["code"]), m)
        s.subscribe("a", "{ ping }")
        self.assertEqual({"ping": "pong"}, s.receive()["payload"]["data"])

    def test_who_does_not_begin(self):
        s = self.open()
        s.subscribe("a", "{ ping }")
        self.closes(s, 4401)
        began = time.monotonic()
        s = self.open()
        self.closes(s, 4408)
        self.assertGreater(time.monotonic() - began, 0.3)
        s = self.opened()
        s.send({"type": "connection_init"})
        self.closes(s, 4429)

    def test_an_id_that_is_in_use(self):
        s = self.opened()
        s.subscribe("a", "subscription { quiet { n } }")
        s.subscribe("a", "{ ping }")
        self.closes(s, 4409)

    def test_more_operations_than_a_connection_has(self):
        s = self.opened()
        for i in range(101):
            s.subscribe(f"q{i}", "subscription { quiet { n } }")
        m = s.receive()
        self.assertEqual(("error", "q100", "resource_exhausted"), (m["type"], m["id"], m["payload"][0]["extensions"]["code"]))

    def test_frames_that_break_rfc_6455(self):
        def broken(code, *frames):
            s = self.opened()
            for f in frames:
                s.send(f[0], **f[1])
            self.closes(s, code)
        broken(1002, (b"x", {"masked": False}))
        broken(1002, (b"x", {"opcode": 3}))
        broken(1002, (b"x", {"opcode": 0}))
        broken(1005, (b"x" * 126, {"opcode": 9}))  # wslay gives no code here
        broken(1007, (b"\xff\xfe", {}))
        broken(1003, (b"x", {"opcode": 2}))
        broken(1009, (b"x" * 1_200_000, {}))
        broken(1009, *[(b"x" * 100_000, {"opcode": 0 if i else 1, "last": False}) for i in range(12)])
        s = self.opened()
        s.send(b"\x03\xe8bye", opcode=8)
        self.closes(s, 1000)

    def test_what_opens_no_socket(self):
        for headers, status in (({"Sec-WebSocket-Protocol": None}, 400), ({"Sec-WebSocket-Protocol": "graphql-ws"}, 400),
                                ({"Sec-WebSocket-Version": "8"}, 400), ({"Sec-WebSocket-Key": "short"}, 400),
                                ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Host": "evil.example"}, 403)):
            with self.subTest(headers):
                self.assertEqual(status, self.open(headers=headers).status)
        self.assertEqual(404, self.open(path="/graphql/test.Nowhere").status)
        self.assertEqual(101, self.open(path="/graphql/test.Ticker", headers={"Origin": "http://localhost:3000"}).status)


class Floods(Sockets):
    def setUp(self):
        super().setUp()
        self.caller = Caller(self.node)
        self.caller.__enter__()
        self.addCleanup(self.check_caller)

    def check_caller(self):
        self.caller.__exit__()
        self.assertEqual([], self.caller.bad[:3])

    def check_flood(self, frame):
        """Sends without reading until the node takes no more."""
        before = self.node.memory_kb()
        s = self.opened(receive_buffer=4096)
        s.socket.settimeout(0.3)
        frames = frame(s) * 2000
        with self.assertRaises(OSError):
            until = time.monotonic() + 10
            while time.monotonic() < until:
                s.socket.sendall(frames)
        self.assertLess(self.node.memory_kb(), before + 16 * 1024)
        s.close()

    def test_pings_that_nobody_reads_the_answers_of(self):
        self.check_flood(lambda s: s.frame(b'{"type":"ping"}'))

    def test_control_frames_that_nobody_reads_the_answers_of(self):
        self.check_flood(lambda s: s.frame(b"x" * 125, opcode=9))

    def test_requests_that_nobody_reads_the_answers_of(self):
        self.check_flood(lambda s: s.frame(b'{"type":"subscribe","id":"a","payload":{"query":"{ nope nope }"}}'))

    def test_streams_that_nobody_reads(self):
        before = self.node.memory_kb()
        sockets = [self.opened(receive_buffer=4096) for _ in range(10)]
        for s in sockets:
            for i in range(20):
                s.subscribe(f"s{i}", "subscription { count(to: 1000000000, batch: 100) { n square } }")

        def stuck():
            now = asked(self.node, "test.Ticker", "count")
            time.sleep(0.1)
            return now > 0 and asked(self.node, "test.Ticker", "count") == now
        wait_until(stuck, why="that the guest is not asked for more")
        self.assertLess(self.node.memory_kb(), before + 24 * 1024)
        self.assertEqual(200, self.node.call("test.Echo", "echo").status)

    def test_sockets_that_come_and_go(self):
        for _ in range(300):
            with WebSocket(self.node) as s:
                s.send({"type": "connection_init"})
                s.subscribe("a", "subscription { quiet { n } }")
        wait_until(lambda: self.node.metrics()["waggle_http_connections"] <= 3, why="that they are gone")
