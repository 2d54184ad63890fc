"""The hostile corpus (tests/guests/hostile) through the real program: each entry ends as its manifest says, the
neighbour's requests succeed, memory returns to where it was."""

import json
import re
import shutil
import threading

from node import GUESTS, HOSTILE, Node, TestCase, wait_until

MANIFEST = json.loads((HOSTILE / "manifest.json").read_text())


class Hostile(TestCase):
    def folder_of(self, phases):
        folder = self.folder / "services"
        folder.mkdir()
        for entry in MANIFEST:
            if entry["phase"] in phases:
                for ending in ("wasm", "graphql"):
                    shutil.copy(HOSTILE / f"{entry['name']}.{ending}", folder)
        return folder

    def test_what_cannot_be_a_service_is_refused_at_load_with_every_reason(self):
        folder = self.folder_of({"load"})
        r = self.run_waggle("check", folder, "--json", timeout=60)
        self.assertEqual(1, r.status)
        told = {}
        for finding in json.loads(r.out):
            self.assertEqual("error", finding["severity"], finding)
            told.setdefault(finding["file"].rsplit("/", 1)[-1].removesuffix(".wasm"), []).append(finding["message"])
        for entry in MANIFEST:
            if entry["phase"] != "load":
                continue
            with self.subTest(entry["name"], why=entry["why"]):
                messages = told.pop(entry["name"], None)
                self.assertTrue(messages, "it was not refused")
                self.assertRegex(" ".join(messages), re.compile(entry["message"] or ".", re.I | re.S))
        self.assertEqual({}, told)

    def test_serve_refuses_them_before_it_listens(self):
        folder = self.folder_of({"load"})
        shutil.copy(GUESTS / "echo.wasm", folder)
        shutil.copy(GUESTS / "echo.graphql", folder)
        r = self.run_waggle("serve", folder, "--listen", "127.0.0.1:0", timeout=60)
        self.assertEqual((1, ""), (r.status, r.out))
        self.assertNotIn("listening on", r.err)
        for entry in MANIFEST:
            if entry["phase"] == "load":
                self.assertRegex(r.err, rf"{entry['name']}\.wasm: error: ", entry["why"])

    def test_each_ends_as_it_must_and_its_neighbour_does_not_notice(self):
        entries = [e for e in MANIFEST if e["phase"] != "load"]
        folder = self.folder_of({"start", "request", "ok"})
        shutil.copy(GUESTS / "echo.wasm", folder)
        shutil.copy(GUESTS / "echo.graphql", folder)
        # min 0 as in the contracts: what traps at its start must not keep the node from starting.
        with Node(folder, "--limits-timeout-ms", "500", "--limits-start-timeout-ms", "200") as node:
            neighbour = Neighbour(node)

            def one_round(check, slow=True):
                for entry in entries:
                    takes_its_time = entry["code"] == "deadline_exceeded"
                    if takes_its_time and not slow:
                        continue
                    times = 2 if check and not takes_its_time else 1
                    answers = [node.call(entry["service"], entry["method"], entry["input"]) for _ in range(times)]
                    for a in answers if check else []:
                        with self.subTest(entry["name"], why=entry["why"]):
                            if entry["code"] is None:
                                self.assertEqual((200, entry["output"]), (a.status, a.body.decode()), a)
                                continue
                            self.assertEqual((entry["code"], entry["fault"]), (a.code, a.fault), a)
                            if not entry["code"] == "internal":
                                self.assertRegex(a.json["message"], re.compile(entry["message"], re.I))
                    neighbour.check(self)

            def settled():
                wait_until(lambda: all(v == 0 for k, v in node.metrics().items()
                                       if k.startswith("waggle_workers{") and 'state="busy"' in k), why="no busy worker")
                return node.memory_kb(), node.maps()

            with neighbour:
                one_round(False)
                for _ in range(6):
                    one_round(False, slow=False)
                memory, maps = settled()
                for _ in range(2):
                    one_round(True)
                after_memory, after_maps = settled()
            print(f"\n    {len(entries)} hostile services: RSS {memory >> 10} → {after_memory >> 10} MiB, "
                  f"maps {maps} → {after_maps}; the neighbour answered {neighbour.fine} times", flush=True)
            # What the first rounds grow by is not lost: each core keeps an idle instance of each service, and the allocator
            # what it once had. After six it stays (measured over ten: 99 MiB and 2803 maps, not one more). Over 300 failing
            # requests lie between the two looks; each discards an instance of at least 64 KiB with maps of its own, so that
            # a leak in one of three would be seen.
            self.assertLess(after_memory, memory + 8 * 1024)
            self.assertLess(after_maps, maps + 100)
            self.assertGreater(neighbour.fine, len(entries))

    def test_the_message_of_a_failure_is_shown_under_dev(self):
        folder = self.folder_of({"start", "request"})
        with Node(folder, "--dev") as node:
            for entry in MANIFEST:
                if entry["phase"] not in ("start", "request") or not entry["message"]:
                    continue
                with self.subTest(entry["name"], why=entry["why"]):
                    a = node.call(entry["service"], entry["method"], entry["input"])
                    texts = [a.json["message"]] + [d["debug"].get("text", "") for d in a.json.get("details", [])]
                    self.assertRegex("\n".join(texts), re.compile(entry["message"], re.I), a)


class Neighbour:
    """Calls echo all the time, from a thread of its own."""

    def __init__(self, node):
        self.node = node
        self.fine = 0
        self.bad = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        n = 0
        while not self.stop.is_set():
            n += 1
            try:
                a = self.node.call("test.Echo", "echo", {"n": n}, timeout=5)
            except OSError as e:
                self.bad.append(repr(e))
                continue
            if (a.status, a.body) == (200, b'{"n": %d}' % n):
                self.fine += 1
            else:
                self.bad.append(repr(a))
            self.stop.wait(0.002)  # leave the machine to the others

    def check(self, test):
        test.assertEqual([], self.bad[:3])

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(10)
