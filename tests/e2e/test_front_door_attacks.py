"""What is meant to hurt, at the front door: each is refused with an error that names it, or bounded, while a neighbour who calls by
Connect notices nothing."""

import gzip
import http.client
import json
import socket
import statistics
import threading
import time
import urllib.parse

from event_stream import EventStream
from node import GUESTS, Node, TestCase, wait_until

PERSON = '{ person(input: {id: 1, name: "x"}) { input { %s } } }'
JSON = {"content-type": "application/json"}


class Caller:
    """Calls by Connect all the time, from a thread of its own, and takes the time."""

    def __init__(self, node):
        self.node, self.bad, self.times = node, [], []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.node.port, timeout=5)
        n = 0
        while not self.stop.is_set():
            n += 1
            began = time.monotonic()
            try:
                connection.request("POST", "/test.Echo/echo", b'{"n":%d}' % n, JSON)
                answer = connection.getresponse()
                body = answer.read()
                if (answer.status, body) != (200, b'{"n":%d}' % n):
                    self.bad.append((answer.status, body))
            except OSError as e:
                self.bad.append(repr(e))
                connection.close()
            self.times.append(time.monotonic() - began)
            self.stop.wait(0.002)  # leave the machine to the others
        connection.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(10)


class Attacks(TestCase):
    """With a node, and beside it all a caller who must not notice."""

    @classmethod
    def setUpClass(cls):
        cls.node = Node([GUESTS / f"{name}.wasm" for name in ("ticker", "echo", "sleepy")])

    @classmethod
    def tearDownClass(cls):
        cls.node.end()

    def setUp(self):
        super().setUp()
        self.caller = Caller(self.node)
        self.caller.__enter__()
        self.addCleanup(self.check_caller)

    def check_caller(self):
        wait_until(lambda: len(self.caller.times) >= 10 or self.caller.bad, why="ten calls beside it")
        self.caller.__exit__()
        self.assertEqual([], self.caller.bad[:3])
        self.assertLess(statistics.median(self.caller.times), 0.02)

    def post(self, body, headers=None, path="/graphql"):
        return self.node.request("POST", path, body.encode() if isinstance(body, str) else body, {**JSON, **(headers or {})})

    def ask(self, query, **members):
        return self.post(json.dumps({"query": query, **members}), {"accept": "application/graphql-response+json"})

    def refused(self, answer, message, status=400, code="invalid_argument", at_most=100):
        self.assertEqual(status, answer.status, answer)
        errors = answer.json["errors"]
        self.assertIn(message, errors[0]["message"])
        self.assertEqual((code, "caller"), (errors[0]["extensions"]["code"], errors[0]["extensions"]["fault"]))
        self.assertNotIn("data", answer.json)
        self.assertLessEqual(len(errors), at_most)
        self.assertLess(len(answer.body), 20_000)


class Documents(Attacks):
    def test_documents_that_ask_too_much(self):
        doubling = "".join(f" fragment F{i} on Person {{ ...F{i + 1} ...F{i + 1} }}" for i in range(40)) + " fragment F40 on Person { name }"
        pairs = "".join(f" fragment F{i} on Person {{ {' '.join(f'...F{j}' for j in range(i + 1, 90))} name }}" for i in range(90))
        for name, query, message in (
                ("deep", PERSON % ("friends{" * 30 + "name" + "}" * 30), "too many fields inside each other: 33, the limit depth is 20"),
                ("wide", "{" + " ".join(f"a{i}: ping" for i in range(51)) + "}", "too many fields at its root: 51, the limit root_fields is 50"),
                ("aliased", PERSON % " ".join(f"a{i}: name" for i in range(101)), "too many aliases: 101, the limit aliases is 100"),
                ("directives", PERSON % ("name " + "@include(if: true) " * 101), "too many directives: 101, the limit directives is 100"),
                ("a circle", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "fragment A spreads itself by way of B"),
                ("itself", "{ ...A } fragment A on Query { ...A }", "fragment A spreads itself"),
                ("exponential", PERSON % "...F0" + doubling, "too many fields: 1099511627778, the limit cost is 10000"),
                ("more than 64 bits", PERSON % "...F0" + pairs, "too many fields: too many to count, the limit cost is 10000"),
                ("1 M tokens", "{ bare(value: [" + "[]" * 500_000 + "]) }", "more than 10000 tokens"),
                ("1 M braces", "{a" * 500_000, "more than 10000 tokens"),
                ("deep value", "{ bare(value: " + "[" * 500_000, "more than 10000 tokens"),
                ("deep type", "query ($a: " + "[" * 9_000 + "Int" + "]" * 100 + ") { ping }", ""),
                ("a long name", "{ " + "n" * 900_000 + " }", "a name of more than 255 bytes"),
                ("a long number", "{ burn(n: " + "9" * 900_000 + ") }", "an Int has 32 bits"),
                ("many errors", PERSON % ("x " * 9_900), "Person has no field x"),
                ("many arguments", "{ ping(" + " ".join(f"a{i}: 1" for i in range(2400)) + ") }", "ping has no argument a0"),
                ("operations", " ".join(f"query Q{i} {{ ping }}" for i in range(1900)), "operationName must say which one"),
                ("a control character", "{ \0 }", "unexpected character")):
            with self.subTest(name):
                self.refused(self.ask(query), message)

    def test_documents_that_look_dear_and_are_not(self):
        for name, query in (("fields to merge", PERSON % ("name " * 9_900)), ("subfields to merge", PERSON % ("friends{name} " * 2_400)),
                            ("spreads", PERSON % ("...F " * 4_500) + " fragment F on Person { name }"),
                            ("commas", "," * 1_000_000 + "{ ping }"), ("a comment", "#" * 1_000_000 + "\n{ ping }"),
                            ("introspection of itself", "{__schema{types" + "{name fields{type{ofType{name ofType" * 3 + "{name" + "}" * 15)):
            with self.subTest(name):
                began = time.monotonic()
                a = self.ask(query)
                self.assertEqual((200, ["data"]), (a.status, list(a.json)), a)
                self.assertLess(time.monotonic() - began, 0.5)
                self.assertLess(len(a.body), 200_000)

    def test_a_flood_of_documents_does_not_grow_the_memory(self):
        """Each is new to the cache, and of its largest kind."""
        text = PERSON % ("name " * 9_000)
        memory = []
        for i in range(400):
            self.assertEqual(200, self.ask(f"query Q{i} {text}").status)
            if i % 200 == 199:
                memory.append(self.node.memory_kb())
        self.assertLess(memory[1], memory[0] + 24 * 1024, memory)

    def test_a_flood_of_hashes_does_not_grow_the_memory(self):
        for i in range(1500):
            hashed = {"persistedQuery": {"version": 1, "sha256Hash": f"{i:064x}"}}
            a = self.post(json.dumps({"extensions": hashed}))
            self.assertEqual("PERSISTED_QUERY_NOT_FOUND", a.json["errors"][0]["extensions"]["code"])


class Bodies(Attacks):
    def test_bodies_that_are_no_request(self):
        deep = "[" * 200_000
        for name, body, message in (
                ("a batch", json.dumps([{"query": "{ ping }"}] * 1000), "batches"), ("an empty batch", "[]", "batches"),
                ("twice", '{"query": "{ ping }", "query": "{ fail }"}', "query is there twice"),
                ("twice, spelt in two ways", '{"query": "{ ping }", "\\u0071uery": "{ fail }"}', "query is there twice"),
                ("deep variables", '{"query": "{ ping }", "variables": {"a": ' + deep + "]" * 200_000 + "}}", "not JSON"),
                ("unending", '{"query": "{ ping }", "variables": ' + deep, "not JSON"), ("a text", '"{ ping }"', "must be a JSON object"),
                ("nothing", "", "not JSON"), ("no UTF-8", b'{"query": "{ echo(text: \\"\xff\\") }"}', "not JSON")):
            with self.subTest(name):
                self.refused(self.post(body), message)

    def test_variables_that_are_too_much(self):
        query = "query ($p: PersonInput!) { person(input: $p) { input { name } } }"
        person = {"id": 1, "name": "x"}
        self.refused(self.ask(query, variables={"p": {**person, "tags": [5] * 100_000}}), "variable $p.tags[0]")
        self.refused(self.ask(query, variables={"p": {**person, "friends": [{}] * 100_000}}), "variable $p.friends[0].id")
        unknown = self.ask("{ ping }", variables={f"v{i}": i for i in range(50_000)})
        self.assertEqual({"ping": "pong"}, unknown.json["data"])
        a = self.ask("{ ping }", variables={"a": "x" * 1_100_000})
        self.assertEqual((429, "resource_exhausted"), (a.status, a.code), a)
        bomb = self.node.request("POST", "/graphql", gzip.compress(b" " * 100_000_000), {**JSON, "content-encoding": "gzip"})
        self.assertEqual((429, "resource_exhausted"), (bomb.status, bomb.code), bomb)
        self.assertEqual(431, self.node.get("/graphql?query=" + "%20" * 20_000).status)
        packed = self.node.request("POST", "/graphql", bytes.fromhex("1f8b") + b"rubbish", {**JSON, "content-encoding": "gzip"})
        self.assertEqual(400, packed.status, packed)

    def test_payloads_that_would_be_many_times_their_request(self):
        query = "query ($d: JSON) {" + " ".join(f"a{i}: echo(data: $d)" for i in range(50)) + "}"
        a = self.ask(query, variables={"d": "x" * 900_000})
        self.assertIn("the arguments are too much", a.json["errors"][0]["message"])
        self.assertLess(len(a.body), 10_000)


class Pages(Attacks):
    """Of foreign origins, in somebody's browser."""

    def test_what_a_page_may_send_without_asking_is_not_taken(self):
        body = b'{"query": "mutation { store(text: \\"x\\") }"}'
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain; application/json",
                     "application/graphql", "application/jsonp", ""):
            with self.subTest(kind):
                a = self.node.request("POST", "/graphql", body, {"content-type": kind} if kind else {})
                self.refused(a, "send content-type: application/json", status=415)
        mutation = urllib.parse.quote('mutation { store(text: "x") }')
        for accept in ("application/json", "text/event-stream", "*/*"):
            a = self.node.get(f"/graphql?query={mutation}", accept=accept)
            self.refused(a, "a mutation takes POST", status=405, code="unimplemented")
            self.assertEqual("POST", a.headers["allow"])
        for verb in ("PUT", "DELETE", "PATCH"):
            self.assertEqual(405, self.node.request(verb, "/graphql", body, JSON).status, verb)
        self.assertEqual(0, sum(v for k, v in self.node.metrics().items() if "requests_total" in k and 'method="store"' in k))

    FOREIGN = ("https://evil.example", "null", "http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://evil.example:8080",
               "file://", "http://localhost@evil.example", "", "http://localhost, https://evil.example")

    def test_foreign_pages_may_not_call(self):
        query = urllib.parse.quote("{ ping }")
        for origin in self.FOREIGN:
            for answer in (self.post('{"query": "{ ping }"}', {"origin": origin}),
                           self.node.get(f"/graphql?query={query}", origin=origin),
                           self.post('{"query": "subscription { whoami { n } }"}', {"origin": origin, "accept": "text/event-stream"}),
                           self.node.call("test.Echo", "echo", headers={"origin": origin}),
                           self.node.request("OPTIONS", "/graphql", headers={"origin": origin, "access-control-request-method": "POST",
                                                                             "access-control-request-headers": "content-type"})):
                with self.subTest(origin):
                    self.assertEqual((403, "permission_denied"), (answer.status, answer.code), answer)
                    self.assertNotIn("access-control-allow-origin", answer.headers)
        for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example"):  # DNS rebinding
            self.assertEqual(403, self.post('{"query": "{ ping }"}', {"host": host}).status)

    def test_a_list_of_origins_is_taken_by_the_letter(self):
        with Node([GUESTS / "ticker.wasm"], "--http-allowed-origins", "https://app.example") as node:
            def post(origin):
                return node.request("POST", "/graphql", b'{"query": "{ ping }"}', {**JSON, "origin": origin})
            mine = post("https://app.example")
            self.assertEqual((200, "https://app.example", "Origin"),
                             (mine.status, mine.headers["access-control-allow-origin"], mine.headers["vary"]))
            self.assertNotIn("access-control-allow-credentials", mine.headers)
            asked = node.request("OPTIONS", "/graphql", headers={
                "origin": "https://app.example", "access-control-request-method": "POST",
                "access-control-request-headers": "authorization,content-type"})
            self.assertEqual((204, "https://app.example", "authorization,content-type"),
                             (asked.status, asked.headers["access-control-allow-origin"], asked.headers["access-control-allow-headers"]))
            for origin in (*self.FOREIGN, "https://app.example.evil.example", "https://evilapp.example", "http://app.example",
                           "https://app.example:444", "https://app.example/", "https://app.example https://evil.example", "*"):
                with self.subTest(origin):
                    a = post(origin)
                    self.assertEqual(403, a.status, a)
                    self.assertNotIn("access-control-allow-origin", a.headers)


class Requests(Attacks):
    """That are left alone."""

    def test_who_asks_and_goes_keeps_nobody_busy(self):
        body = json.dumps({"query": "{ a: sleep(ms: 20000) b: sleep(ms: 20000) }"})
        head = f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", self.node.port)) as s:
                s.sendall((head + body).encode())
                wait_until(lambda: self.node.workers("test.Sleepy", "busy") > 0, why="that it is asked")
            wait_until(lambda: self.node.workers("test.Sleepy", "busy") == 0, 5, why="that it is stopped")

    def test_mutations_behind_one_that_nobody_waits_for_are_not_begun(self):
        contract = ('schema @service(name: "test.Sleepy", version: "1.0.0") { query: Query mutation: Mutation }\n'
                    "type Query { count: Int! } type Mutation { sleep(ms: Int!): Int! }")
        self.write("sleepy.wasm", (GUESTS / "sleepy.wasm").read_bytes())
        self.write("sleepy.graphql", contract)
        with Node([self.folder, GUESTS / "echo.wasm"]) as node:
            body = json.dumps({"query": 'mutation { a: sleep(ms: 500) store(text: "no") }'})
            with socket.create_connection(("127.0.0.1", node.port)) as s:
                s.sendall(f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                          f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
                wait_until(lambda: node.workers("test.Sleepy", "busy") == 1, why="that it is asked")
            wait_until(lambda: node.workers("test.Sleepy", "busy") == 0, why="that it is stopped")
            self.assertEqual([], [k for k in node.metrics() if 'method="store"' in k])

    def test_what_is_sent_behind_a_stream_is_bounded(self):
        query = urllib.parse.quote("subscription { quiet { n } }")
        before = self.node.memory_kb()
        with socket.create_connection(("127.0.0.1", self.node.port)) as s:
            s.settimeout(0.3)
            s.sendall(f"GET /graphql?query={query} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode())
            with self.assertRaises((TimeoutError, ConnectionError)):  # it waits outside, until the connection is closed
                for _ in range(1000):
                    s.sendall(b"GET /graphql?query=%7Bping%7D HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000)
            self.assertLess(self.node.memory_kb(), before + 4 * 1024)

    def test_cursors_that_the_guest_never_gave(self):
        for cursor, status in ((b"\xff\"\\", 200), (b'"},{', 200), (b"x" * 4096, 200), (b"x" * 4097, 400), (b"9" * 20, 200)):
            with socket.create_connection(("127.0.0.1", self.node.port), timeout=5) as s:
                query = urllib.parse.quote("subscription { count(to: 2) { n } }")
                s.sendall(f"GET /graphql?query={query} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nConnection: close\r\n"
                          "Last-Event-ID: ".encode() + cursor + b"\r\n\r\n")
                answer = b""
                while more := s.recv(65536):
                    answer += more
                self.assertTrue(answer.startswith(b"HTTP/1.1 %d" % status), answer)
                self.assertIn(b"event: complete" if status == 200 else b"at most 4096", answer)


class Consumers(Attacks):
    """Of streams, who never read."""

    FLOOD = json.dumps({"query": "subscription { count(to: 1000000000, batch: 1000) { n square } }"})

    def test_a_client_that_does_not_read_costs_what_fits_its_buffers(self):
        def polls():
            return sum(v for k, v in self.node.metrics().items() if "requests_total" in k and 'method="count"' in k)
        before = self.node.memory_kb()
        polled = polls()
        sockets = []
        for _ in range(20):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", self.node.port))
            s.sendall(f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"
                      f"Content-Length: {len(self.FLOOD)}\r\n\r\n{self.FLOOD}".encode())
            sockets.append(s)
        try:
            def stuck():
                now = polls()
                time.sleep(0.1)
                return now > polled and polls() == now
            wait_until(stuck, why="that the guest is not asked for more")
            self.assertLess(self.node.memory_kb(), before + 20 * 1024)
            # Somebody who reads is not kept waiting.
            with EventStream(self.node, "subscription { count(to: 500, batch: 10) { n } }") as stream:
                self.assertEqual(501, len(list(stream)))
        finally:
            for s in sockets:
                s.close()
        wait_until(lambda: self.node.metrics()["waggle_http_connections"] <= 3, why="that they are gone")

    def test_answers_that_nobody_takes_have_a_bound_together(self):
        fields = " ".join(f"f{i}: big(n: 1000000)" for i in range(10))
        query = json.dumps({"query": f"{{ {fields} }}"})
        head = f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(query)}\r\n\r\n"
        with Node([GUESTS / "echo.wasm"], "--http-answers-mb", "32", "--limits-queue-ms", "0") as node:
            def held():
                return node.metrics()["waggle_http_answers_held_bytes"]
            def big():
                return node.call("test.Echo", "big", '{"n": 1000000}')
            self.assertEqual(200, big().status)
            before = node.memory_kb()
            sockets = []
            def ask_and_take_nothing():
                s = socket.socket()
                sockets.append(s)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                s.connect(("127.0.0.1", node.port))
                s.sendall((head + query).encode())
            try:
                for _ in range(40):
                    ask_and_take_nothing()
                wait_until(lambda: node.metrics()["waggle_http_answers_refused_total"] > 0, why="that it is full")
                self.assertLessEqual(held(), 32 << 20)
                self.assertLess(node.memory_kb(), before + 200 * 1024, "400 MB were asked for")
                self.assertEqual(200, node.call("test.Echo", "echo", '{"text": "hi"}').status, "others go on")
                def refused():
                    a = node.request("POST", "/graphql", query.encode(), JSON).json
                    if "errors" not in a and len(sockets) < 100:
                        ask_and_take_nothing()
                    return [e for e in a.get("errors", []) if "http.answers_mb" in e["message"]]
                wait_until(refused, why="that there is no room for ten more")
            finally:
                for s in sockets:
                    s.close()
            wait_until(lambda: held() == 0, why="that all is given back")
            self.assertEqual(200, big().status)

    def test_a_client_that_takes_too_long_is_let_go(self):
        with Node([GUESTS / "ticker.wasm"], "--http-write-timeout-ms", "300") as node, socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", node.port))
            s.sendall(f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"
                      f"Content-Length: {len(self.FLOOD)}\r\n\r\n{self.FLOOD}".encode())
            wait_until(lambda: any('method="count"' in k for k in node.metrics()), why="that it is asked")
            wait_until(lambda: node.metrics()["waggle_http_connections"] == 1, 5, why="that it is gone")

    def test_a_thousand_streams_that_come_and_go(self):
        query = json.dumps({"query": "subscription { count(to: 1000000, everyMs: 1000) { n } }"})
        head = (f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"
                f"Content-Length: {len(query)}\r\n\r\n{query}").encode()
        for _ in range(1000):
            with socket.create_connection(("127.0.0.1", self.node.port)) as s:
                s.sendall(head)
        wait_until(lambda: self.node.metrics()["waggle_http_connections"] <= 3, why="that they are gone")
        wait_until(lambda: self.node.workers("test.Ticker", "busy") == 0, why="that nobody is asked")

    def test_streams_of_http_2_whose_windows_fall_shut(self):
        def frame(kind, flags, stream, payload):
            return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

        fields = {":method": "POST", ":scheme": "http", ":path": "/graphql", ":authority": "localhost",
                  "content-type": "application/json", "accept": "text/event-stream"}
        head = b"".join(b"\0" + bytes([len(k)]) + k.encode() + bytes([len(v)]) + v.encode() for k, v in fields.items())

        def polls():
            return sum(v for k, v in self.node.metrics().items() if "requests_total" in k and 'method="count"' in k)
        before, polled = self.node.memory_kb(), polls()
        sockets = []
        for _ in range(5):
            s = socket.create_connection(("127.0.0.1", self.node.port))
            s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b""))  # windows of 65,535 bytes, never widened
            for i in range(20):
                s.sendall(frame(1, 4, 2 * i + 1, head) + frame(0, 1, 2 * i + 1, self.FLOOD.encode()))
            sockets.append(s)
        try:
            def stuck():
                now = polls()
                time.sleep(0.1)
                return now > polled and polls() == now
            wait_until(stuck, why="that the guest is not asked for more")
            self.assertLess(polls(), polled + 500)
            self.assertLess(self.node.memory_kb(), before + 48 * 1024)  # a hundred streams
        finally:
            for s in sockets:
                s.close()
        wait_until(lambda: self.node.metrics()["waggle_http_connections"] <= 3, why="that they are gone")
