"""GraphQL over HTTP and server-sent events, with clients that others wrote: graphql-http's audits, Apollo Client, graphql-sse."""

import json
import pathlib
import shutil
import signal
import subprocess
import time
import urllib.parse

from event_stream import EventStream
from node import GUESTS, Node, TestCase, terminate, wait_until

CLIENTS = pathlib.Path(__file__).resolve().parent / "graphql"
GRAPHQL_JSON = "application/graphql-response+json"


def client(script, url, calls=None):
    done = subprocess.run(["node", str(CLIENTS / script), url], input=json.dumps(calls), capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ask(node, query=None, path="/graphql", headers=None, timeout=20, **members):
    body = {"query": query, **members} if query is not None else members
    return node.request("POST", path, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})}, timeout)


def codes(answer):
    """The codes and paths of an answer's errors."""
    return [(e["extensions"]["code"], e.get("path")) for e in answer["errors"]]


def asked(node, service, method):
    """How often a method was asked, by the node's figures."""
    return sum(v for k, v in node.metrics().items()
               if k.startswith(f'waggle_requests_total{{service="{service}",method="{method}"'))


class Clients(TestCase):
    @classmethod
    def setUpClass(cls):
        # One core: what a hash stands for is known on the core that learned it.
        cls.node = Node([GUESTS / f"{name}.wasm" for name in ("ticker", "echo", "sleepy")], threads=1)

    @classmethod
    def tearDownClass(cls):
        cls.node.end()

    def apollo(self, *calls):
        return client("apollo.mjs", self.node.url + "/graphql", calls)

    def test_all_audits_of_graphql_http_pass(self):
        for path in ("/graphql", "/graphql/test.Ticker"):
            found = client("audit.mjs", self.node.url + path)
            self.assertEqual((61, 61, []), (found["total"], found["ok"], found["others"]))

    def test_apollo_asks_with_variables_and_fragments_and_mutates(self):
        query = """query Q($t: String, $p: PersonInput!) { a: echo(text: $t) person(input: $p) { ...P } }
                   fragment P on PersonAnswer { input { name mood friends { ...on Person { name } } } }"""
        both, got, stored = self.apollo(
            {"query": query, "variables": {"t": "hä", "p": {"id": 1, "name": "Ada", "friends": [{"id": "2", "name": "B"}]}}},
            {"query": "query ($t: String) { echo(text: $t) }", "variables": {"t": "a&b=c"}, "get": True},
            {"query": "mutation ($d: JSON) { store(data: $d) }", "variables": {"d": {"x": [1, None]}}, "get": True})
        self.assertEqual({"a": {"text": "hä"}, "person": {"__typename": "PersonAnswer", "input": {
            "__typename": "Person", "name": "Ada", "mood": "HAPPY", "friends": [{"__typename": "Person", "name": "B"}]}}}, both["data"])
        self.assertEqual(("GET", {"echo": {"text": "a&b=c"}}), (got["sent"][0]["verb"], got["data"]))
        self.assertEqual(("POST", {"store": {"data": {"x": [1, None]}}}), (stored["sent"][0]["verb"], stored["data"]))

    def test_apollo_sends_the_hash_first_and_the_text_when_it_is_asked_for(self):
        one = "query One($t: String) { echo(text: $t) }"
        answers = self.apollo(
            {"query": one, "variables": {"t": "a"}, "persisted": True}, {"query": one, "variables": {"t": "b"}, "persisted": True},
            {"query": "query Two { ping }", "persisted": "get"}, {"query": "query Two { ping }", "persisted": "get"})
        self.assertEqual([{"echo": {"text": "a"}}, {"echo": {"text": "b"}}, {"ping": "pong"}, {"ping": "pong"}],
                         [a["data"] for a in answers])
        sent = [[(s["verb"], s["query"], s["hash"]) for s in a["sent"]] for a in answers]
        self.assertEqual([[("POST", False, True), ("POST", True, True)], [("POST", False, True)],
                          [("GET", False, True), ("POST", True, True)], [("GET", False, True)]], sent)

    def test_a_hash_that_is_not_the_texts_is_refused(self):
        def by(hash_, query=None):
            members = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_}}}
            return ask(self.node, query, headers={"accept": GRAPHQL_JSON}, **members)
        lie = by("0" * 64, "{ ping }")
        self.assertEqual((400, [("invalid_argument", None)]), (lie.status, codes(lie.json)), lie)
        self.assertEqual([("PERSISTED_QUERY_NOT_FOUND", None)], codes(by("0" * 64).json))
        for wrong in ("0" * 63, "Z" * 64, 5, None, {}):
            self.assertEqual(400, by(wrong, "{ ping }").status, wrong)

    def test_errors_come_with_their_paths_beside_the_data(self):
        partly, unknown = self.apollo({"query": "{ ping bad: fail }"}, {"query": "{ ping nope }"})
        self.assertEqual({"ping": "pong", "bad": None}, partly["data"])
        (e,) = partly["errors"]
        self.assertEqual((["bad"], "not_found", "guest", {"thing": "echo"}, "there is no such thing"),
                         (e["path"], e["extensions"]["code"], e["extensions"]["fault"], e["extensions"]["details"], e["message"]))
        self.assertNotIn("data", unknown)
        self.assertEqual([("invalid_argument", None)], codes(unknown))
        trap = ask(self.node, "{ trap }").json
        self.assertEqual((None, [("internal", ["trap"])]), (trap["data"]["trap"], codes(trap)))

    def test_statuses_follow_the_media_type(self):
        for accept, status in ((GRAPHQL_JSON, 400), ("application/json", 200)):
            a = ask(self.node, "{ nope }", headers={"accept": accept})
            self.assertEqual((status, accept + "; charset=utf-8"), (a.status, a.headers["content-type"]))
            self.assertEqual(400, ask(self.node, headers={"accept": accept}, variables={}).status)
        self.assertEqual(200, ask(self.node, "{ fail }", headers={"accept": GRAPHQL_JSON}).status)

    def test_head_is_answered_as_get_without_the_body(self):
        path = "/graphql?query=" + urllib.parse.quote("{ ping }")
        got, head = self.node.get(path), self.node.request("HEAD", path)
        self.assertEqual((200, {"data": {"ping": "pong"}}), (got.status, got.json))
        self.assertEqual((200, b"", got.headers["content-length"]), (head.status, head.body, head.headers["content-length"]))

    def test_one_request_spans_services_in_parallel(self):
        began = time.monotonic()
        a = ask(self.node, "{ a: sleep(ms: 300) b: sleep(ms: 300) c: sleep(ms: 300) echo(text: \"x\") ping }")
        took = time.monotonic() - began
        self.assertEqual({"a": 1, "b": 1, "c": 1, "echo": {"text": "x"}, "ping": "pong"}, a.json["data"])
        self.assertLess(took, 0.75, "three sleeps of 300 ms")
        self.assertRegex(a.headers.get("waggle-receipt", ""), "calls=")

    def test_service_endpoints_have_their_service_only(self):
        self.assertEqual({"data": {"count": 1}}, ask(self.node, "{ count }", "/graphql/test.Echo").json | {})
        self.assertEqual([("invalid_argument", None)], codes(ask(self.node, "{ ping }", "/graphql/test.Echo").json))
        nowhere = ask(self.node, "{ ping }", "/graphql/test.Nowhere")
        self.assertEqual((404, "not_found"), (nowhere.status, nowhere.code))
        both = ask(self.node, "{ test_Echo_count test_Sleepy_count }")
        self.assertEqual({"test_Echo_count", "test_Sleepy_count"}, set(both.json["data"]))


class Order(TestCase):
    CONTRACT = """
schema @service(name: "e2e.Both", version: "1.0.0", pool: {min: 1, max: 1}) { query: Query mutation: Mutation }
type Query { ping: Int }
type Mutation { count: Int! sleep(ms: Int!): Int! nothing: Int! }
"""

    def test_mutations_come_one_after_the_other(self):
        shutil.copy(GUESTS / "sleepy.wasm", self.folder / "both.wasm")
        (self.folder / "both.graphql").write_text(self.CONTRACT.replace("max: 1", "max: 4"))
        with Node(self.folder, threads=1) as node:
            began = time.monotonic()
            a = ask(node, "mutation { x: sleep(ms: 150) y: sleep(ms: 150) }")
            self.assertEqual({"x": 1, "y": 1}, a.json["data"])
            self.assertGreater(time.monotonic() - began, 0.3)

    def test_mutations_see_what_those_before_them_did(self):
        shutil.copy(GUESTS / "sleepy.wasm", self.folder / "both.wasm")
        (self.folder / "both.graphql").write_text(self.CONTRACT)
        with Node(self.folder, threads=1) as node:
            a = ask(node, "mutation { " + " ".join(f"m{i}: count" for i in range(20)) + " }")
            self.assertEqual([(f"m{i}", i + 1) for i in range(20)], list(a.json["data"].items()))

    def test_a_deadline_holds_for_the_whole(self):
        shutil.copy(GUESTS / "sleepy.wasm", self.folder / "both.wasm")
        (self.folder / "both.graphql").write_text(self.CONTRACT)
        with Node([self.folder, GUESTS / "echo.wasm"], "--graphql-timeout-ms", "400", threads=1) as node:
            for headers in ({}, {"connect-timeout-ms": "300"}):
                began = time.monotonic()
                a = ask(node, "mutation { a: sleep(ms: 250) b: sleep(ms: 250) c: sleep(ms: 250) store(text: \"no\") }", headers=headers)
                took = time.monotonic() - began
                # b! is null, so all of it; c and store were never asked.
                self.assertEqual((None, ["b"], "deadline_exceeded"),
                                 (a.json["data"], a.json["errors"][0]["path"], codes(a.json)[0][0]), a)
                self.assertLess(took, 0.48)
            self.assertEqual(0, asked(node, "test.Echo", "store"))


class Documents(TestCase):
    APOLLO = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
        {"id": "ada", "name": "P", "type": "query", "body": "query P { ping }"}]}

    def test_introspection_can_be_switched_off(self):
        with Node([GUESTS / "echo.wasm"], "--graphql-introspection=false") as node:
            for query in ("{ __schema { queryType { name } } }", "{ __type(name: \"Query\") { name } }", "{ ...F } fragment F on Query { x: __schema { __typename } }"):
                a = ask(node, query)
                self.assertEqual([("permission_denied", None)], codes(a.json), a)
                self.assertIn("graphql.introspection", a.json["errors"][0]["message"])
            self.assertEqual({"data": {"__typename": "Query"}}, ask(node, "{ __typename }").json)

    def test_stored_documents_are_asked_by_their_ids(self):
        relay = self.write("relay.json", json.dumps({"7f": "query ($t: String) { echo(text: $t) }", "no": "{ nope }"}))
        apollo = self.write("apollo.json", json.dumps(self.APOLLO))
        with Node([GUESTS / "echo.wasm"], "--graphql-documents", relay) as node:
            self.assertEqual({"data": {"echo": {"text": "x"}}}, ask(node, documentId="7f", variables={"t": "x"}).json)
            self.assertEqual({"data": {"echo": {"text": "y"}}}, node.get("/graphql?documentId=7f&variables=%7B%22t%22:%22y%22%7D").json)
            self.assertEqual([("not_found", None)], codes(ask(node, documentId="8f").json))
            self.assertEqual([("invalid_argument", None)], codes(ask(node, documentId="no").json))
            self.assertEqual({"data": {"same": {"text": "z"}}}, ask(node, "{ same(text: \"z\") }").json)
        with Node([GUESTS / "ticker.wasm"], "--graphql-documents", apollo) as node:
            self.assertEqual({"data": {"ping": "pong"}}, ask(node, documentId="ada").json)

    def test_only_stored_documents_where_the_operator_says_so(self):
        file = self.write("documents.json", json.dumps(self.APOLLO))
        with Node([GUESTS / "ticker.wasm"], "--graphql-documents", file, "--graphql-only-stored") as node:
            self.assertEqual({"data": {"ping": "pong"}}, ask(node, documentId="ada").json)
            hashed = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash":
                      "c2f29bcb0d8bbc0ff2f3d29cde5c0ff1ee0bcf1f8b1b2bd5e0ee7ef9ddbf5aa6"}}}
            self.assertEqual([("not_found", None)], codes(ask(node, documentId="other").json))
            for a in (ask(node, "{ ping }"), ask(node, "query P { ping }"), ask(node, **hashed),
                      ask(node, "{ __schema { __typename } }"), node.get("/graphql?query=%7Bping%7D")):
                self.assertEqual([("permission_denied", None)], codes(a.json), a)

    def test_a_file_that_is_wrong_ends_the_start(self):
        for name, text, why in (("none.json", None, "none.json"), ("text.json", "nonsense", "is no JSON object"),
                                ("list.json", "[]", "is no JSON object"), ("number.json", '{"a": 5}', '"a" is no text'),
                                ("syntax.json", '{"a": "{ x"}', '"a" is no GraphQL'),
                                ("noid.json", '{"format": "x", "operations": [{"body": "{a}"}]}', "has no id")):
            file = self.write(name, text) if text is not None else self.folder / name
            done = self.run_waggle("serve", GUESTS / "ticker.wasm", "--listen", "127.0.0.1:0", "--data", self.folder / "d",
                                   "--graphql-documents", file)
            self.assertEqual(2, done.status, done)
            self.assertIn(name, done.err)
            self.assertIn(why, done.err)


class Streams(TestCase):
    COUNT = "subscription ($to: Int!, $ms: Int) { count(to: $to, everyMs: $ms) { n } }"

    @staticmethod
    def numbers(events):
        return [e[2]["data"]["count"]["n"] for e in events if e[0] == "next"]

    def test_graphql_sse_receives_what_the_guest_says(self):
        with Node([GUESTS / "ticker.wasm", GUESTS / "echo.wasm"]) as node:
            counted, failed, misfit, wrong, query, left, resumed, who, mutation = client("sse.mjs", node.url + "/graphql", [
                {"query": "subscription { count(to: 100, batch: 7) { n square t: __typename } }"},
                {"query": "subscription { f: failAt(n: 3) { n } }"},
                {"query": "subscription { misfit { n } }"},
                {"query": "subscription { nope }"},
                {"query": "{ ping }"},
                {"query": self.COUNT, "variables": {"to": 1000, "ms": 10}, "leaveAfter": 2},
                {"query": self.COUNT, "variables": {"to": 4}, "headers": {"last-event-id": "2"}},
                {"query": "subscription { whoami { n by } }"},
                {"query": "mutation { store(text: \"x\") }"}])
            self.assertEqual([{"data": {"count": {"n": n, "square": n * n, "t": "Tick"}}} for n in range(1, 101)], counted["results"])
            self.assertEqual([1, 2], [r["data"]["f"]["n"] for r in failed["results"][:-1]])
            self.assertEqual((None, [("out_of_range", ["f"])]), (failed["results"][-1]["data"], codes(failed["results"][-1])))
            self.assertEqual([("internal", ["misfit"])], codes(misfit["results"][0]))
            self.assertEqual((1, 400), (len(misfit["results"]), wrong["status"]))
            self.assertEqual([{"data": {"ping": "pong"}}], query["results"])
            self.assertEqual(([1, 2], [3, 4]), tuple([r["data"]["count"]["n"] for r in of["results"]] for of in (left, resumed)))
            self.assertEqual([{"data": {"whoami": {"n": 1, "by": None}}}], who["results"])
            self.assertEqual([{"data": {"store": {"text": "x"}}}], mutation["results"])
            self.assertEqual([], [a["error"] for a in (counted, failed, misfit, query, left, resumed, who, mutation) if "error" in a])

    def test_a_client_that_goes_away_ends_the_polling_and_can_resume(self):
        with Node(GUESTS / "ticker.wasm") as node:
            with EventStream(node, self.COUNT, {"to": 1000, "ms": 10}) as stream:
                events = stream.take(3)
                self.assertEqual([("next", "1"), ("next", "2"), ("next", "3")], [e[:2] for e in events])
            def still():
                before = asked(node, "test.Ticker", "count")
                time.sleep(0.1)  # ten times the pause between two polls
                return asked(node, "test.Ticker", "count") == before
            wait_until(still, why="that nobody is asked any more")
            self.assertLess(asked(node, "test.Ticker", "count"), 50)
            with EventStream(node, self.COUNT, {"to": 5}, {"last-event-id": events[-1][1]}) as stream:
                self.assertEqual([4, 5], self.numbers(rest := list(stream)))
                self.assertEqual("complete", rest[-1][0])

    def test_a_quiet_stream_asks_no_more_often_than_the_guest_says(self):
        with Node(GUESTS / "ticker.wasm") as node, EventStream(node, "subscription { quiet { n } }") as stream:
            self.assertEqual(200, stream.status)
            began = time.monotonic()
            wait_until(lambda: asked(node, "test.Ticker", "quiet") >= 5, why="five polls")
            self.assertGreater(time.monotonic() - began, 0.15)
            self.assertEqual({"data": {"ping": "pong"}}, ask(node, "{ ping }").json)

    def test_a_stream_goes_on_over_a_reload_of_its_service(self):
        shutil.copy(GUESTS / "ticker.wasm", self.folder / "ticker.wasm")
        contract = (GUESTS / "ticker.graphql").read_text()
        (self.folder / "ticker.graphql").write_text(contract)
        with Node(self.folder) as node:
            with EventStream(node, self.COUNT, {"to": 1000, "ms": 10}) as stream:
                stream.take(2)
                (self.folder / "ticker.graphql").write_text(contract.replace("ping: String!", "ping: String!\n  more: Int"))
                node.signal(signal.SIGHUP)
                node.wait_for_line("replaced test.Ticker")
                self.assertEqual(list(range(3, 43)), self.numbers(stream.take(40)))
                self.assertIn("more", {f["name"] for f in ask(node, "{ __type(name: \"Query\") { fields { name } } }").json["data"]["__type"]["fields"]})
                for name in ("ticker.graphql", "ticker.wasm"):
                    (self.folder / name).unlink()
                self.service("Other")
                node.signal(signal.SIGHUP)
                node.wait_for_line("removed test.Ticker")
                *_, last, end = stream
                self.assertEqual([("unavailable", ["count"])], codes(last[2]), last)
                self.assertEqual("complete", end[0])

    def test_a_drain_ends_the_streams_for_clients_to_come_again(self):
        with Node(GUESTS / "ticker.wasm") as node:
            streams = [EventStream(node, self.COUNT, {"to": 100000, "ms": 10}) for _ in range(10)]
            for s in streams:
                s.take(1)
            began = time.monotonic()
            node.signal(signal.SIGTERM)
            for s in streams:
                self.assertEqual({"next"}, {e[0] for e in s} | {"next"})  # no `complete`: it is not over
                s.close()
            self.assertEqual(0, node.wait(), node.log[-2000:])
            self.assertLess(time.monotonic() - began, 3)

    def test_subscriptions_want_a_stream(self):
        with Node(GUESTS / "ticker.wasm") as node:
            a = ask(node, "subscription { whoami { n } }")
            self.assertEqual((406, [("invalid_argument", None)]), (a.status, codes(a.json)))
            self.assertIn("text/event-stream", a.json["errors"][0]["message"])
            two = ask(node, "subscription { a: whoami { n } b: whoami { n } }", headers={"accept": "text/event-stream"})
            self.assertEqual(400, two.status, two)
            path = "/graphql?query=" + urllib.parse.quote("subscription { whoami { n by } }")
            got = node.get(path, accept="text/event-stream")  # as EventSource does it
            self.assertEqual((200, 1), (got.status, got.body.count(b"event: next")), got)
