"""What guests get from the node: calls, grants, state, repeats, singletons, schedules, values and secrets."""

import concurrent.futures
import shutil
import signal
import time

from node import GUESTS, Node, TestCase, wait_until

STATE = "waggle.state.v1.State"
METHODS = """
scalar JSON
type Query { call(service: String!, method: String!, input: JSON): JSON }
type Mutation {
  change(service: String!, method: String!, input: JSON): JSON
  once(service: String!, method: String!, input: JSON): JSON @idempotent
}
"""


class Services(TestCase):
    def caller(self, name="e2e.Caller", uses=(STATE,), more="", methods=METHODS):
        folder = self.folder / "s"
        folder.mkdir(exist_ok=True)
        stem = name.split(".")[-1].lower()
        shutil.copy(GUESTS / "caller.wasm", folder / f"{stem}.wasm")
        asked = ", ".join(f'"{u}"' for u in uses)
        (folder / f"{stem}.graphql").write_text(f'extend schema @service(name: "{name}"{more}) @uses(services: [{asked}])\n' + methods)
        return folder

    def node(self, *flags, **more):
        return Node(self.folder / "s", *flags, data=self.folder / "data", **more)

    @staticmethod
    def state(node, method, input, outer="change", service="e2e.Caller", headers=None):
        return node.call(service, outer, {"service": STATE, "method": method, "input": input}, headers=headers or {})


class Grants(Services):
    def test_without_a_grant_a_call_is_denied_and_says_what_to_write(self):
        self.caller()
        with self.node() as node:
            answer = self.state(node, "get", {"key": "a"})
            self.assertEqual(("permission_denied", "guest"), (answer.code, answer.fault))
            self.assertIn("[[grant]]", answer.json["message"])

    def test_a_grant_of_the_operator_lets_it_through_within_its_limits(self):
        self.caller()
        file = self.write("c.toml", f'[[grant]]\nservice = "e2e.Caller"\nuses = ["{STATE}"]\nstate = {{ prefixes = ["mine/"] }}\n')
        with self.node("--config", file) as node:
            self.assertEqual(1, self.state(node, "increment", {"key": "mine/a"}).json)
            self.assertEqual("permission_denied", self.state(node, "increment", {"key": "yours"}).code)

    def test_what_is_not_asked_for_cannot_be_granted(self):
        self.caller(uses=("waggle.log.v1.Log",))
        file = self.write("c.toml", f'[[grant]]\nservice = "e2e.Caller"\nuses = ["{STATE}"]\n')
        with self.node("--config", file) as node:
            answer = self.state(node, "get", {"key": "a"})
            self.assertEqual("permission_denied", answer.code)
            self.assertIn("@uses", answer.json["message"])

    def test_the_nodes_own_services_are_not_there_from_outside(self):
        self.caller()
        with self.node("--dev") as node:
            self.assertEqual("not_found", node.call(STATE, "get", {"key": "a"}).code)

    def test_values_and_secrets(self):
        config = "waggle.config.v1.Config"
        self.caller(uses=(config,))
        file = self.write("c.toml", '[config."e2e.Caller"]\nrate = 2.5\nnames = ["a", "b"]\n')
        secrets = self.folder / "secrets"
        (secrets / "e2e.Caller").mkdir(parents=True)
        (secrets / "e2e.Caller/token").write_text("from a file\n")
        env = {"WAGGLE_SECRET_e2e_Caller__key": "from the environment"}
        with self.node("--dev", "--config", file, "--secrets", secrets, env=env) as node:
            def ask(method, key):
                return node.call("e2e.Caller", "call", {"service": config, "method": method, "input": {"key": key}}).json
            self.assertEqual(2.5, ask("get", "rate"))
            self.assertEqual(["a", "b"], ask("get", "names"))
            self.assertIsNone(ask("get", "missing"))
            self.assertEqual("from a file", ask("secret", "token"))
            self.assertEqual("from the environment", ask("secret", "key"))
            self.assertNotIn("from a file", node.log)


class State(Services):
    def test_what_was_acknowledged_is_there_after_kill_9(self):
        self.caller()
        with self.node("--dev") as node:
            for n in range(1, 6):
                self.assertEqual(n, self.state(node, "increment", {"key": "a"}).json)
            node.process.send_signal(signal.SIGKILL)
            node.process.wait()
        with self.node("--dev") as node:
            self.assertEqual(5, self.state(node, "get", {"key": "a"}, outer="call").json["value"])

    def test_a_request_that_fails_leaves_nothing(self):
        self.caller(methods=METHODS.replace("change(service: String!, method: String!, input: JSON): JSON",
                                            "change(service: String!, method: String!, input: JSON): JSON "
                                            "wrong(service: String!, method: String!, input: JSON): [String!]"))
        with self.node("--dev") as node:
            self.assertEqual("internal", self.state(node, "increment", {"key": "a"}, outer="wrong").code)
            self.assertIsNone(self.state(node, "get", {"key": "a"}, outer="call").json)

    def test_a_query_may_not_write(self):
        self.caller()
        with self.node("--dev") as node:
            self.assertEqual("failed_precondition", self.state(node, "increment", {"key": "a"}, outer="call").code)

    def test_a_repeat_gets_the_kept_answer_also_after_kill_9(self):
        self.caller()
        key = {"Idempotency-Key": "first"}
        with self.node("--dev") as node:
            self.assertEqual(1, self.state(node, "increment", {"key": "a"}, "once", headers=key).json)
            self.assertEqual(1, self.state(node, "increment", {"key": "a"}, "once", headers=key).json)
            node.process.send_signal(signal.SIGKILL)
            node.process.wait()
        with self.node("--dev") as node:
            self.assertEqual(1, self.state(node, "increment", {"key": "a"}, "once", headers=key).json)
            self.assertEqual("invalid_argument", self.state(node, "increment", {"key": "b"}, "once", headers=key).code)
            self.assertEqual(2, self.state(node, "increment", {"key": "a"}).json)

    def test_many_at_once_over_two_cores_are_as_one_after_the_other(self):
        self.caller(more=", pool: {max: 4}")
        with self.node("--dev") as node, concurrent.futures.ThreadPoolExecutor(8) as several:
            got = sorted(a.json for a in several.map(lambda _: self.state(node, "increment", {"key": "a"}), range(100)))
            self.assertEqual(list(range(1, 101)), got)


class Singletons(Services):
    def test_one_instance_answers_on_every_core_and_its_memory_lasts(self):
        folder = self.folder / "s"
        folder.mkdir()
        shutil.copy(GUESTS / "echo.wasm", folder / "one.wasm")
        (folder / "one.graphql").write_text('schema @service(name: "e2e.One", singleton: true) { query: Query } type Query { count: Int! }')
        with self.node() as node, concurrent.futures.ThreadPoolExecutor(8) as several:
            got = sorted(a.json for a in several.map(lambda _: node.call("e2e.One", "count", {}), range(60)))
            self.assertEqual(list(range(1, 61)), got)

    def test_a_new_version_goes_on_with_the_state(self):
        folder = self.caller(more=", singleton: true")
        with self.node("--dev") as node:
            self.assertEqual(1, self.state(node, "increment", {"key": "a"}).json)
            seen = len(node.errors)
            text = (folder / "caller.graphql").read_text()
            (folder / "caller.graphql").write_text(text + "\n")
            node.wait_for_line("replaced e2e.Caller", after=seen)
            self.assertEqual(2, self.state(node, "increment", {"key": "a"}).json)

    def sleepy(self, more=", singleton: true", extra=""):
        folder = self.folder / "s"
        folder.mkdir(exist_ok=True)
        shutil.copy(GUESTS / "sleepy.wasm", folder / "sleepy.wasm")
        (folder / "sleepy.graphql").write_text(
            f'schema @service(name: "e2e.Sleepy"{more}) {{ query: Query }} type Query {{ sleep(ms: Int!): Int! count: Int! {extra} }}')
        return folder

    def asleep(self, node, several, ms):
        """A request that the singleton has begun."""
        answer = several.submit(node.call, "e2e.Sleepy", "sleep", {"ms": ms})
        wait_until(lambda: node.workers("e2e.Sleepy", "busy") == 1, why="a busy worker")
        return answer

    def test_one_that_is_removed_and_comes_back_begins_when_the_old_one_has_ended(self):
        folder = self.sleepy()
        self.caller()  # a folder without a service is an error
        with self.node() as node, concurrent.futures.ThreadPoolExecutor(2) as several:
            began = time.monotonic()
            first = self.asleep(node, several, 2000)
            (folder / "sleepy.wasm").rename(self.folder / "away.wasm")
            node.signal(signal.SIGHUP)
            node.wait_for_line("removed e2e.Sleepy")
            (self.folder / "away.wasm").rename(folder / "sleepy.wasm")
            node.signal(signal.SIGHUP)
            wait_until(lambda: node.call("e2e.Sleepy", "count", timeout=30).status == 200, seconds=30)
            # By the clock, not by whose answer is here first: the two travel on two connections.
            self.assertGreater(time.monotonic() - began, 2, "two of them ran at once")
            self.assertEqual(200, first.result().status)

    def test_a_signal_does_not_wait_for_one_that_is_replaced(self):
        self.sleepy()
        with self.node("--drain-timeout-ms", "300") as node, concurrent.futures.ThreadPoolExecutor(2) as several:
            self.asleep(node, several, 20_000)
            self.sleepy(extra="more: Int")
            node.signal(signal.SIGHUP)
            wait_until(lambda: "more" in node.get("/e2e.Sleepy").body.decode(), why="the new contract")
            began = time.monotonic()
            node.signal(signal.SIGTERM)
            self.assertEqual(1, node.wait())
            self.assertLess(time.monotonic() - began, 10)

    def test_a_ring_does_not_wait_for_itself_while_a_part_of_it_is_replaced(self):
        methods = METHODS + "\nextend type Mutation { callTimes(service: String!, method: String!, input: JSON, times: Int!): JSON }"
        self.caller("e2e.Other", uses=("e2e.Caller",), methods=methods)
        folder = self.caller("e2e.Caller", uses=("e2e.Other",), more=", singleton: true", methods=methods)
        back = {"service": "e2e.Caller", "method": "change", "input": {"service": "x", "method": "y"}, "times": 400_000}
        with self.node("--dev", "--limits-calls", "1000000") as node, concurrent.futures.ThreadPoolExecutor(1) as other:
            round_trip = other.submit(node.call, "e2e.Caller", "change", {"service": "e2e.Other", "method": "callTimes", "input": back})
            wait_until(lambda: node.workers("e2e.Other", "busy") == 1, why="the call")
            began = time.monotonic()
            text = (folder / "caller.graphql").read_text()
            (folder / "caller.graphql").write_text(text.replace("e2e.Other", "e2e.Nobody"))
            self.assertEqual("resource_exhausted", round_trip.result().json.get("code"))
            node.wait_for_line("replaced e2e.Caller")
            self.assertLess(time.monotonic() - began, 15)

    def test_a_repeat_waits_for_the_first_also_where_that_runs_in_an_old_version(self):
        self.sleepy(more="")
        folder = self.caller(uses=("e2e.Sleepy",))
        once = {"service": "e2e.Sleepy", "method": "sleep", "input": {"ms": 1500}}
        with self.node("--dev") as node, concurrent.futures.ThreadPoolExecutor(2) as several:
            def ask():
                return node.call("e2e.Caller", "once", once, headers={"Idempotency-Key": "k"})
            first = several.submit(ask)
            wait_until(lambda: node.workers("e2e.Sleepy", "busy") == 1, why="a busy worker")
            seen = len(node.errors)
            text = (folder / "caller.graphql").read_text()
            (folder / "caller.graphql").write_text(text + "\n")
            node.wait_for_line("replaced e2e.Caller", after=seen)
            self.assertFalse(first.done())
            self.assertEqual((200, 200), (ask().status, first.result().status))
            asked = [v for k, v in node.metrics().items() if k.startswith('waggle_requests_total{service="e2e.Sleepy"')]
            self.assertEqual(1, sum(asked))


class Schedules(Services):
    def test_a_method_is_called_by_the_clock(self):
        self.caller(more=", singleton: true", methods="""
scalar JSON
type Query { call(service: String!, method: String!, input: JSON): JSON }
type Mutation { callTimes(service: String = "waggle.state.v1.State", method: String = "increment", input: JSON = {key: "ticks"}, times: Int = 1): JSON
  @internal @schedule(everyMs: 50) }
""")
        with self.node("--dev") as node:
            def ticks():
                entry = self.state(node, "get", {"key": "ticks"}, outer="call").json
                return entry and entry["value"]
            wait_until(lambda: (ticks() or 0) >= 3)

    def test_nothing_runs_by_itself_before_all_services_are_there(self):
        folder = self.caller("e2e.A", uses=("e2e.Z",), methods="""
scalar JSON
type Query { call(service: String = "e2e.Z", method: String = "count", input: JSON = {}): JSON @internal @schedule(everyMs: 1) }
""")
        shutil.copy(GUESTS / "echo.wasm", folder / "z.wasm")  # after a.wasm, and it has to be compiled first
        (folder / "z.graphql").write_text('schema @service(name: "e2e.Z", pool: {max: 1}) { query: Query } type Query { count: Int! }')
        mine = 0
        with self.node("--dev") as node:
            def by_itself():
                nonlocal mine
                mine += 1
                return node.call("e2e.Z", "count").json - mine
            wait_until(lambda: by_itself() > 0, why="a run of the schedule")
            self.assertNotIn("not_found", node.log)

    def test_an_unknown_time_zone_is_an_error_at_load(self):
        folder = self.folder / "s"
        folder.mkdir()
        shutil.copy(GUESTS / "echo.wasm", folder / "one.wasm")
        (folder / "one.graphql").write_text('schema @service(name: "e2e.One") { query: Query } '
                                            'type Query { count: Int! @schedule(cron: "0 3 * * *", tz: "Europe/Atlantis") }')
        r = self.run_waggle("serve", folder, "--listen", "127.0.0.1:0", "--data", self.folder / "data")
        self.assertEqual(1, r.status, r)
        self.assertIn("Europe/Atlantis", r.err)
