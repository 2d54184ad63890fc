"""examples/shop: orders, a rate limiter and a mailer that call one another, keep state, and poll."""

import http.client
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

from node import EXAMPLES, PROGRAM, ROOT, Node, TestCase, clean_env, wait_until

ORDERS, LIMITER, MAILER = (EXAMPLES / f"shop-{name}.wasm" for name in ("orders", "limiter", "mailer"))
GRANTS = ROOT / "examples/shop/shop.toml"


class Webhook:
    """Takes mail: `answers` are the statuses (with a body: a pair) of the first ones, 200 is that of the rest. Use it in `with`."""

    def __init__(self, *answers):
        self.mail = []  # (idempotency key, body), those refused too
        self.hold = threading.Event()  # until it is set, nobody is answered
        self.hold.set()
        left = list(answers)
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                hook.mail.append((self.headers["idempotency-key"], body))
                hook.hold.wait(30)
                answer = left.pop(0) if left else 200
                status, body = answer if isinstance(answer, tuple) else (answer, b"")
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass  # the node was killed

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"

    @property
    def keys(self):
        return [key for key, _ in self.mail]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()


class Watching:
    """A stream of server-sent events, of an order. Use it in `with`."""

    QUERY = "subscription ($id: ID!) { watch(id: $id) { id status } }"

    def __init__(self, node, order, last=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=20)
        self.connection.request("POST", "/graphql", json.dumps({"query": self.QUERY, "variables": {"id": order}}),
                                {"content-type": "application/json", "accept": "text/event-stream"} |
                                ({"last-event-id": last} if last else {}))
        self.answer = self.connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def next(self):
        """The next event's fields; waits for it. None at the stream's end."""
        fields = {}
        while line := self.answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name:
                fields[name] = value
            elif fields:
                return fields
        return None


class Shop(TestCase):
    @classmethod
    def setUpClass(cls):
        for module in (ORDERS, LIMITER, MAILER):
            if not module.exists():
                raise unittest.SkipTest(f"{module.name} was not built")
        # A module in Go takes seconds to compile: once for all tests.
        cls.compiled = pathlib.Path(tempfile.mkdtemp(prefix="waggle-e2e-shop-"))
        cls.addClassCleanup(shutil.rmtree, cls.compiled, ignore_errors=True)
        for module in (ORDERS, LIMITER, MAILER):
            subprocess.run([PROGRAM, "check", module, "--data", cls.compiled], env=clean_env(), check=True, timeout=120)

    def setUp(self):
        super().setUp()
        self.data = self.folder / "data"
        shutil.copytree(self.compiled, self.data)

    def serve(self, changes=None, webhook=None, modules=(ORDERS, LIMITER, MAILER), flags=()):
        """Under the example's configuration, with some of its text changed."""
        changes = {"burst = 5": "burst = 1000"} | (changes or {})
        if webhook:
            changes = {'hosts = ["mail.example.com"]': f'hosts = ["{webhook.host}"], private_addresses = true',
                       '# webhook = "https://mail.example.com/send"': f'webhook = "http://{webhook.host}/send"'} | changes
        text = GRANTS.read_text()
        for old, new in changes.items():
            self.assertEqual(1, text.count(old), old)
            text = text.replace(old, new)
        return Node(modules, "--config", self.write("shop.toml", text), *flags, data=self.data)

    def order(self, customer="ada"):
        return {"order": {"customer": customer, "email": f"{customer}@example.com", "items": [{"sku": "tea", "count": 2}]}}

    def place(self, node, customer="ada", key=None):
        return node.call("shop.v1.Orders", "place", self.order(customer), headers={"idempotency-key": key} if key else None)

    def placed(self, node, customer="ada", key=None):
        a = self.place(node, customer, key)
        self.assertEqual(200, a.status, a)
        return a.json

    def ids(self, node, customer="ada"):
        return [o["id"] for o in node.call("shop.v1.Orders", "list", {"customer": customer, "first": 100}).json["orders"]]

    def status(self, node):
        return node.call("shop.v1.Mailer", "status").json

    def test_an_order_is_placed_once_with_an_idempotency_key(self):
        with self.serve() as node:
            first = self.placed(node, key="k1")
            self.assertEqual(("ada", "PLACED", [{"sku": "tea", "count": 2}]), (first["customer"], first["status"], first["items"]))
            self.assertEqual(first, self.placed(node, key="k1"))
            self.assertEqual([first["id"]], self.ids(node))
            self.assertEqual(first, node.call("shop.v1.Orders", "get", {"id": first["id"]}).json)
            self.assertEqual("invalid_argument", self.place(node, "bob", key="k1").code)
            self.assertNotEqual(first["id"], self.placed(node, key="k2")["id"])
            self.assertNotEqual(first["id"], self.placed(node)["id"])
            self.assertEqual(3, len(self.ids(node)))

    def test_what_was_answered_is_there_after_kill_9(self):
        with self.serve() as node:
            orders = [self.placed(node, key=f"k{i}") for i in range(5)]
            cancelled = node.call("shop.v1.Orders", "cancel", {"id": orders[0]["id"]}).json
            node.process.kill()
            node.wait()
        with self.serve() as node:
            self.assertEqual([o["id"] for o in orders], self.ids(node))
            self.assertEqual(cancelled, node.call("shop.v1.Orders", "get", {"id": orders[0]["id"]}).json)
            self.assertEqual(orders[1], node.call("shop.v1.Orders", "get", {"id": orders[1]["id"]}).json)
            self.assertEqual(orders, [self.placed(node, key=f"k{i}") for i in range(5)], "the kept answers")
            self.assertEqual(5, len(self.ids(node)))
            wait_until(lambda: self.status(node)["sent"] == 6, why="all mail sent")

    def test_who_orders_too_often_waits(self):
        with self.serve({"burst = 5": "burst = 2", "perMinute = 30": "perMinute = 0.1"}) as node:
            first = self.placed(node, key="k")
            self.placed(node)
            a = self.place(node)
            self.assertEqual((429, "resource_exhausted", "guest"), (a.status, a.code, a.fault), a)
            self.assertIn("ada", a.json["message"])
            self.assertGreater(a.json["details"][0]["debug"]["retryAfterMs"], 60_000)
            self.assertEqual(first, self.placed(node, key="k"), "a repeat costs nothing")
            self.placed(node, "bob")
            self.assertEqual(2, len(self.ids(node)))

    def test_a_bucket_fills_again(self):
        with self.serve({"burst = 5": "burst = 1", "perMinute = 30": "perMinute = 120"}) as node:
            wait_until(lambda: self.place(node).status == 429, why="an empty bucket")
            wait_until(lambda: self.place(node).status == 200, why="a token")

    def test_of_many_who_cancel_an_order_one_does(self):
        with self.serve() as node:
            order = self.placed(node)["id"]
            answers = []
            callers = [threading.Thread(target=lambda: answers.append(node.call("shop.v1.Orders", "cancel", {"id": order})))
                       for _ in range(8)]
            for t in callers:
                t.start()
            for t in callers:
                t.join(20)
            self.assertEqual([None] + ["failed_precondition"] * 7, sorted((a.code for a in answers), key=lambda c: c or ""))
            self.assertEqual("CANCELLED", node.call("shop.v1.Orders", "get", {"id": order}).json["status"])
            wait_until(lambda: self.status(node)["sent"] == 2, why="one mail of the order, one that it is cancelled")
            self.assertEqual("not_found", node.call("shop.v1.Orders", "cancel", {"id": "nobody"}).code)

    def test_who_watches_an_order_is_told_of_each_change(self):
        with self.serve() as node:
            order = self.placed(node)["id"]
            with Watching(node, order) as first, Watching(node, order) as second:
                self.assertEqual("text/event-stream; charset=utf-8", first.answer.headers["content-type"])
                seen = first.next()
                self.assertEqual(seen, second.next())
                self.assertEqual({"data": {"watch": {"id": order, "status": "PLACED"}}}, json.loads(seen["data"]))
                node.call("shop.v1.Orders", "cancel", {"id": order})
                last = first.next()
                self.assertEqual(last, second.next())
                self.assertEqual({"data": {"watch": {"id": order, "status": "CANCELLED"}}}, json.loads(last["data"]))
                self.assertGreater(int(last["id"]), int(seen["id"]))
                self.assertEqual(("complete", None), (first.next()["event"], first.next()))
            with Watching(node, order, last["id"]) as again:
                self.assertEqual("complete", again.next()["event"], "nothing new, and nothing to come")
            with Watching(node, "nobody") as none:
                self.assertEqual("not_found", json.loads(none.next()["data"])["errors"][0]["extensions"]["code"])
                self.assertEqual("complete", none.next()["event"])
            with Watching(node, order, "no number") as odd:
                self.assertEqual(last, odd.next())

    def test_who_watches_goes_on_after_kill_9_where_it_was(self):
        with self.serve() as node:
            order = self.placed(node)["id"]
            with Watching(node, order) as stream:
                seen = stream.next()["id"]
                node.process.kill()
                node.wait()
        with self.serve() as node, Watching(node, order, seen) as stream:
            node.call("shop.v1.Orders", "cancel", {"id": order})
            self.assertIn("CANCELLED", stream.next()["data"], "not what was seen before")
            self.assertEqual("complete", stream.next()["event"])

    def test_orders_by_graphql(self):
        place = "mutation ($o: NewOrder!) { a: place(order: $o) { id } b: place(order: $o) { id } }"
        both = '{ list(customer: "ada", first: 1) { orders { id items { sku count } } next } other: list(customer: "bob") { next } }'
        with self.serve() as node:
            def ask(query, path="/graphql", **variables):
                a = node.request("POST", path, json.dumps({"query": query, "variables": variables}), {"content-type": "application/json"})
                self.assertEqual(200, a.status, a)
                return a.json
            placed = ask(place, o=self.order()["order"])["data"]
            self.assertEqual({"list": {"orders": [{"id": placed["a"]["id"], "items": [{"sku": "tea", "count": 2}]}], "next": placed["a"]["id"]},
                              "other": {"next": None}}, ask(both, "/graphql/shop.v1.Orders")["data"])
            failed = ask('{ get(id: "nobody") { id } }')
            self.assertEqual((None, ["get"], "not_found"), (failed["data"], failed["errors"][0]["path"], failed["errors"][0]["extensions"]["code"]))
            self.assertIn("outbox", ask("{ outbox { id } }")["errors"][0]["message"], "is internal: it is not there")

    def test_a_customers_orders_come_in_pages(self):
        with self.serve() as node:
            mine = [self.placed(node, "ab")["id"] for _ in range(5)]
            self.placed(node, "a")
            self.placed(node, "abc")
            after, pages = None, []
            while True:
                a = node.call("shop.v1.Orders", "list", {"customer": "ab", "first": 2, "after": after}).json
                pages.append([o["id"] for o in a["orders"]])
                after = a["next"]
                if after is None:
                    break
            self.assertEqual([mine[:2], mine[2:4], mine[4:]], pages)
            self.assertEqual([], self.ids(node, "nobody"))
            self.assertEqual("invalid_argument", node.call("shop.v1.Orders", "list", {"customer": "a/b"}).code)

    def test_a_wrong_order_does_not_reach_the_service_and_its_address_is_not_told(self):
        with self.serve() as node:
            wrong = self.order()
            wrong["order"] |= {"email": "secret at example.com", "items": []}
            a = node.call("shop.v1.Orders", "place", wrong)
            self.assertEqual(("invalid_argument", "caller"), (a.code, a.fault), a)
            self.assertNotIn("secret", a.body.decode())
            self.assertEqual(["order.email", "order.items"], sorted(v["path"] for v in a.json["details"][0]["debug"]["violations"]))

    def test_what_is_internal_is_not_reached_from_outside(self):
        with self.serve() as node:
            for service, method in (("Orders", "outbox"), ("Orders", "sent"), ("Limiter", "take"), ("Mailer", "poll")):
                payload = {"ids": []} if method == "sent" else {"key": "x"} if method == "take" else {}
                self.assertEqual("permission_denied", node.call(f"shop.v1.{service}", method, payload).code)

    def test_without_a_webhook_mail_is_a_line_in_the_log(self):
        with self.serve() as node:
            order = self.placed(node)["id"]
            node.wait_for_line(rf"\[shop\.v1\.Mailer/\w+ #\d+\] mail to ada@example\.com: Your order\. Order {order}: placed")
            wait_until(lambda: self.status(node) == {"sent": 1, "refused": 0}, why="the count")

    def test_mail_is_sent_once_in_order(self):
        with Webhook() as hook, self.serve(webhook=hook) as node:
            orders = [self.placed(node)["id"] for _ in range(12)]
            node.call("shop.v1.Orders", "cancel", {"id": orders[0]})
            wait_until(lambda: self.status(node)["sent"] == 13, why="all mail sent")
            last = self.placed(node, "bob")["id"]
            wait_until(lambda: len(hook.mail) == 14, why="one more poll's mail")
            self.assertEqual(14, len(set(hook.keys)), "nothing twice")
            self.assertEqual([*orders, orders[0], last], [re.search(r"Order (\S+):", body["text"])[1] for _, body in hook.mail])
            self.assertEqual({"to": "bob@example.com", "subject": "Your order", "text": f"Order {last}: placed."}, hook.mail[-1][1])

    def test_a_webhook_that_fails_gets_it_later_and_one_that_refuses_does_not(self):
        with Webhook(503, 503, 400) as hook, self.serve(webhook=hook) as node:
            self.placed(node)
            self.placed(node)
            wait_until(lambda: self.status(node) == {"sent": 1, "refused": 1}, why="one sent, one refused")
            first, second = sorted(set(hook.keys))
            self.assertEqual([first, first, first, second], hook.keys)
            node.wait_for_line(rf"{first} is to be sent later: 503")
            node.wait_for_line(rf"{first} was refused: 400")

    def test_mail_that_a_crash_cut_off_is_sent_again_with_its_key(self):
        with Webhook() as hook:
            hook.hold.clear()
            with self.serve(webhook=hook) as node:
                self.placed(node)
                wait_until(lambda: len(hook.mail) == 1, why="the sending")
                node.process.kill()
                node.wait()
            hook.hold.set()
            with self.serve(webhook=hook) as node:
                wait_until(lambda: self.status(node)["sent"] == 1, why="the note of it")
                self.assertEqual(2, len(hook.mail))
                self.assertEqual(hook.mail[0], hook.mail[1])

    def test_mail_that_was_sent_and_noted_is_not_sent_again_by_an_instance_without_memory(self):
        with Webhook() as hook:
            # Its calls are used up when it would take the mail out of the outbox.
            with self.serve({"calls = 100": "calls = 7"}, webhook=hook) as node:
                self.placed(node, "ada")
                node.wait_for_line(r"\[shop\.v1\.Mailer/poll #\d+\] schedule: resource_exhausted")
                node.process.kill()
                node.wait()
            with self.serve(webhook=hook) as node:
                self.assertEqual({"sent": 1, "refused": 0}, self.status(node))
                self.placed(node, "bob")
                wait_until(lambda: self.status(node)["sent"] == 2, why="bob's")
                self.assertEqual(["ada@example.com", "bob@example.com"], [body["to"] for _, body in hook.mail])

    def test_after_a_trap_the_mailer_knows_again_what_it_sent(self):
        with self.serve(modules=[ORDERS, LIMITER]) as node:  # so that both are in one poll
            self.placed(node, "ada")
            self.placed(node, "bob")
        # Its memory has no room for the second answer.
        large = {"bytes = 65536 } # the webhook's": "bytes = 8388608 } # the webhook's"}
        with Webhook(200, (200, b"x" * 6_000_000)) as hook, self.serve(large, webhook=hook, flags=["--limits-answer-bytes", 16 << 20]) as node:
            node.wait_for_line(r"shop\.v1\.Mailer.*trap")
            wait_until(lambda: self.status(node)["sent"] == 2, why="the next poll")
            self.assertEqual(["ada@example.com", "bob@example.com", "bob@example.com"], [body["to"] for _, body in hook.mail])

    def test_a_webhook_that_is_not_granted_is_not_asked(self):
        with Webhook() as hook, self.serve({'hosts = ["mail.example.com"]': 'hosts = ["mail.example.com"]'}, webhook=hook) as node:
            self.placed(node)
            node.wait_for_line(r"\[shop\.v1\.Mailer/\w+ #\d+\] mail \S+ is to be sent later: permission_denied")
            self.assertEqual([], hook.mail)

    def test_without_grants_a_call_is_refused_and_the_grant_is_named(self):
        with Node([ORDERS, LIMITER], data=self.data) as node:
            a = self.place(node)
            self.assertEqual(("permission_denied", "guest"), (a.code, a.fault), a)
            for part in ("shop.v1.Orders", "shop.v1.Limiter", "[[grant]]"):
                self.assertIn(part, a.json["message"])
        limiter = self.write("half.toml", '[[grant]]\nservice = "shop.v1.Orders"\nuses = ["waggle.state.v1.State", "shop.v1.Limiter"]\n')
        with Node([ORDERS, LIMITER], "--config", limiter, data=self.data) as node:
            a = self.place(node)
            self.assertEqual("permission_denied", a.code, a)
            self.assertIn("waggle.config.v1.Config", a.json["message"])

    def test_under_dev_all_is_granted(self):
        with Node([ORDERS, LIMITER, MAILER], "--dev", data=self.data) as node:
            order = self.placed(node)["id"]
            node.wait_for_line(rf"\[shop\.v1\.Mailer/\w+ #\d+\] mail to .*{order}")
            self.assertEqual("resource_exhausted", [self.place(node) for _ in range(6)][-1].code, "5 are the limiter's own default")


    def test_the_commands_of_the_readme(self):
        self.check_transcripts(ROOT / "README.md", "--dev")

    def test_the_commands_of_the_shops_readme(self):
        self.check_transcripts(ROOT / "examples/shop/README.md", "--config", GRANTS)

    def check_transcripts(self, page, *flags):
        """Runs the page's commands in order. IDs, times, versions and ports are other ones than there."""
        ids = {}  # the page's → ours
        node = None
        try:
            node = Node([ORDERS, LIMITER, MAILER], *flags, data=self.data)
            blocks = re.findall(r"^```console\n(.*?)^```", page.read_text(), re.M | re.S)
            steps = [step.partition("\n") for block in blocks for step in re.split(r"^\$ ", block, flags=re.M)[1:]]
            self.assertGreater(len(steps), 3)
            for command, _, shown in steps:
                if command == "pkill -9 -x waggle":
                    node.process.kill()
                    node.end()
                    node = Node([ORDERS, LIMITER, MAILER], *flags, data=self.data)
                    continue
                self.assertTrue(command.startswith("curl -s "), command)
                for theirs, ours in ids.items():
                    command = command.replace(theirs, ours)
                done = subprocess.run(["sh", "-c", command.replace("localhost:8080", f"localhost:{node.port}")],
                                      capture_output=True, text=True, timeout=20)
                token = r"[0-9a-f]{14}-[0-9a-f]{16}"
                ids.update(zip(re.findall(token, shown), re.findall(token, done.stdout)))
                shown = re.sub(token, lambda found: ids.get(found[0], found[0]), shown)
                if "text/event-stream" in command:
                    version = r"(?m)^id: \d+$"
                    self.assertEqual(re.sub(version, "id:", shown), re.sub(version, "id:", done.stdout), command)
                    continue
                time = r'"placedAt":"[^"]*"'
                self.assertEqual(json.loads(re.sub(time, '"placedAt":""', shown)),
                                 json.loads(re.sub(time, '"placedAt":""', done.stdout)), command)
        finally:
            if node:
                node.end()


class WithoutGo(TestCase):
    def test_what_is_in_cpp_serves_alone(self):
        with Node([LIMITER, MAILER], "--config", GRANTS) as node:
            self.assertEqual({"sent": 0, "refused": 0}, node.call("shop.v1.Mailer", "status").json)
            node.wait_for_line(r"shop\.v1\.Mailer/poll #\d+\] schedule: not_found .*no service shop\.v1\.Orders")
