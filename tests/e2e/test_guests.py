"""Real guests from several tool chains, over HTTP."""

import json
import re

from node import EXAMPLES, GUESTS, Node, TestCase, wait_until


class Guests(TestCase):
    def module(self, path):
        if not path.exists():
            self.skipTest(f"{path.name} was not built")
        return path

    def test_greeter_in_cpp(self):
        self.check_greeter(EXAMPLES / "greeter-cpp.wasm", "examples.greeter.v1.Greeter")

    def test_greeter_in_go(self):
        self.check_greeter(EXAMPLES / "greeter-go.wasm", "examples.gogreeter.v1.Greeter")

    def check_greeter(self, module, service):
        with Node(self.module(module), threads=1) as node:
            texts = set()
            for language in ("ENGLISH", "FRENCH", "GERMAN"):
                a = node.call(service, "greet", {"person": {"name": "Zoë \"Z\" 🐝"}, "language": language}, timeout=60)
                self.assertEqual(200, a.status, a)
                self.assertEqual(language, a.json["language"])
                self.assertIn("Zoë \"Z\" 🐝", a.json["text"])
                texts.add(a.json["text"])
            self.assertEqual(3, len(texts))
            a = node.call(service, "greetAll", {"people": [{"name": "a"}, {"name": "b"}], "language": "ENGLISH"})
            self.assertEqual(["a", "b"], [g["text"].rstrip("!.").split()[-1] for g in a.json], a)
            a = node.call(service, "greet", {"person": {"name": "x"}})
            self.assertEqual((200, "ENGLISH"), (a.status, a.json["language"]), "the contract's default")
            a = node.call(service, "greet", {"person": {"name": "x"}, "language": None})
            self.assertEqual(("invalid_argument", "caller"), (a.code, a.fault), a)
            a = node.call(service, "greet", {"person": {"name": ""}, "language": "ENGLISH"})
            self.assertEqual(("invalid_argument", "guest"), (a.code, a.fault), a)
            self.assertIn("instance=warm", node.call(service, "greet", {"person": {"name": "x"}, "language": "GERMAN"}).headers["waggle-receipt"])

    def test_okra_users_from_go(self):
        with Node(self.module(GUESTS / "okra/users.wasm"), threads=1) as node:  # one instance remembers
            service = "test.okra.UserService"
            a = node.call(service, "createUser", {"name": "Ada", "email": "ada@example.com"}, timeout=60)
            self.assertEqual(200, a.status, a)
            user = a.json["user"]
            self.assertEqual(("Ada", "ada@example.com"), (user["name"], user["email"]))
            self.assertEqual(user, node.call(service, "getUser", {"id": user["id"]}).json["user"])
            self.assertEqual({"woken": True}, node.call(service, "nap", {"ms": 20}).json)
            a = node.call(service, "getUser", {"id": "nobody"})
            self.assertNotEqual(200, a.status)
            self.assertEqual("guest", a.fault, a)
            a = node.call(service, "crash", {})
            self.assertEqual(("internal", "guest"), (a.code, a.fault), a)
            self.assertEqual(200, node.call(service, "createUser", {"name": "Eve"}).status)
            self.assertEqual(405, node.get(f"/{service}/getUser?encoding=json&message=%7B%7D").status)

    def test_okra_notes_from_c(self):
        with Node(GUESTS / "okra/notes.wasm", threads=1) as node:
            (service,) = [s["name"] for s in node.get("/services.json").json["services"] if s["name"].endswith("Notes")]
            a = node.call(service, "add", {"text": "buy milk"})
            self.assertEqual("buy milk", a.json["note"]["text"], a)
            self.assertEqual(8, a.json["note"]["length"])
            self.assertEqual("buy milk", node.call(service, "last", {}).json["note"]["text"])
            self.assertEqual(200, node.call(service, "print", {}).status)

    def test_what_wasi_answers(self):
        with Node(GUESTS / "wasi_probe.wasm") as node:
            told = node.call("test.WasiProbe", "probe").json
            badf, nosys = 8, 52
            for call in ("clock_time_get", "clock_time_get_real", "clock_res_get", "sched_yield", "random_get",
                         "args_sizes_get", "environ_sizes_get", "fd_read_0", "fd_fdstat_get_1"):
                self.assertEqual(0, told[call], call)
            for call in ("fd_write_3", "fd_fdstat_get_3", "fd_prestat_get_3", "fd_close_3"):
                self.assertEqual(badf, told[call], call)
            self.assertIn(told["sock_shutdown_3"], (badf, nosys))
            self.assertEqual((True, True, False, 1, 0), (told["monotonic_goes_on"], told["random_differs"], told["fopen"],
                                                         told["initialized"], told["fd_read_0_bytes"]))
            self.assertEqual(200, node.call("test.WasiProbe", "print", {"text": "one\\ntwo\\n", "fd": 1}).status)
            node.wait_for_line(r"test\.WasiProbe/print #\d+\].*one")
            node.wait_for_line(r"test\.WasiProbe/print #\d+\].*two")
            self.assertEqual(b"0", node.call("test.WasiProbe", "sleep", {"ms": 5}).body)
            for method, payload in (("exit", {"code": 0}), ("exit", {"code": 3}), ("abort", {})):
                a = node.call("test.WasiProbe", method, payload)
                self.assertEqual(("internal", "guest"), (a.code, a.fault), a)
            self.assertEqual(200, node.call("test.WasiProbe", "probe").status)

    def test_a_guests_log(self):
        with Node(GUESTS / "logger.wasm", threads=1) as node:  # each core counts its own lines
            for level, name in ((2, "info"), (3, "warning"), (4, "error")):
                self.assertEqual(b"true", node.call("test.Logger", "log", {"text": f"level {level}", "level": level}).body)
                node.wait_for_line(rf"{name}.* \[test\.Logger/log #\d+\] level {level}$")
            node.call("test.Logger", "log", {"text": "not shown", "level": 1})
            self.assertEqual(b"100000", node.call("test.Logger", "flood", {"n": 100_000}).body)
            # The notice comes with the next line that is let through.
            wait_until(lambda: node.call("test.Logger", "log", {"text": "later"}) and
                       re.search(r"\[test\.Logger[^]]*\] \d{4,} lines dropped", node.log), every=0.1, why="the notice")
            self.assertLess(sum("flood" in line for line in node.errors), 4000)
            self.assertNotIn("not shown", node.log)
            a = node.call("test.Logger", "badPointer")
            self.assertEqual(("internal", "guest"), (a.code, a.fault), a)

    def test_a_guest_that_waits_leaves_its_core_to_others(self):
        with Node([GUESTS / "sleepy.wasm", GUESTS / "echo.wasm"], threads=1) as node:
            self.assertEqual(b"1", node.call("test.Sleepy", "sleep", {"ms": 1}).body)
            self.assertEqual(b"1000", node.call("test.Sleepy", "yield", {"n": 1000}).body)
            self.assertEqual("deadline_exceeded", node.call("test.Sleepy", "sleepBriefly").code)

    def test_the_cpp_kit(self):
        with Node(GUESTS / "kit_cpp.wasm") as node:
            value = {"a": [1, 2.5, "ä\n", None, True], "b": {}}
            self.assertEqual(value, node.call("test.KitCpp", "same", {"value": value}).json)
            a = node.call("test.KitCpp", "fail", {"code": "aborted", "message": "no", "details": {"x": 1}})
            self.assertEqual((409, "aborted", "no", {"x": 1}), (a.status, a.code, a.json["message"], a.json["details"][0]["debug"]))
            self.assertEqual("test.KitCpp", node.call("test.KitCpp", "context").json["service"])
            self.assertEqual(6.5, node.call("test.KitCpp", "numbers", {"values": [1, 2.5, 3]}).json["reals"])
            self.assertEqual("unimplemented", node.call("test.KitCpp", "absent").code)
            for method in ("letters", "spelled"):
                a = node.request("POST", "/graphql", json.dumps({"query": f'subscription {{ {method}(word: "abc") }}'}),
                                 {"content-type": "application/json", "accept": "text/event-stream"})
                events = [f'event: next\nid: {i + 1}\ndata: {{"data":{{"{method}":"{c}"}}}}\n\n' for i, c in enumerate("abc")]
                self.assertEqual("".join(events) + "event: complete\ndata:\n\n", a.body.decode())
            a = node.request("POST", "/test.KitCpp/spelled", b'\0\0\0\0\4"ab"', {"content-type": "application/connect+json"})
            self.assertEqual(b'\0\0\0\0\3"a"' + b'\0\0\0\0\3"b"' + b"\2\0\0\0\2{}", a.body)

    def test_assemblyscript(self):
        with Node(self.module(GUESTS / "shout.wasm")) as node:
            self.assertEqual({"text": "HELLO"}, node.call("test.Shout", "shout", {"text": "hello"}).json)
            a = node.call("test.Shout", "whisper", {"text": "x"})
            self.assertEqual("guest", a.fault, a)

    def test_imports_that_this_build_does_not_offer_are_refused(self):
        r = self.run_waggle("check", GUESTS / "caller.wasm")
        if r.status == 0:
            self.skipTest("this build has the import `call`")
        self.assertIn("error: ", r.err)
