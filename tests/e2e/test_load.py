"""wrk against echo, beside a service that spins."""

import os
import re
import signal
import subprocess
import threading

from node import GUESTS, Node, TestCase, wait_until

CONNECTIONS = 64


class Load(TestCase):
    def wrk(self, node, seconds, service="test.Echo"):
        script = self.write("post.lua", 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
                                        'wrk.body = \'{"text":"hello","n":1}\'\n')
        done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script,
                               f"{node.url}/{service}/echo"], capture_output=True, text=True, timeout=seconds + 20)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def test_64_connections_lose_nothing_while_another_service_spins(self):
        self.service("Spinner", "{max: 4}")
        with Node([GUESTS / "echo.wasm", self.folder / "Spinner.wasm"], "--log-level", "info") as node:
            stop = threading.Event()
            spun, healthy = [], []

            def spin():
                while not stop.is_set():
                    a = node.call("e2e.Spinner", "spinBriefly", {})
                    spun.append((a.code, a.fault))
                    stop.wait(0.3)  # slower than what would open the breaker: 20 faults within 10 s

            def health():
                while not stop.is_set():
                    healthy.append(node.get("/healthz").status)
                    stop.wait(0.05)

            threads = [threading.Thread(target=t, daemon=True) for t in (spin, health)]
            for t in threads:
                t.start()
            out = self.wrk(node, 3)
            stop.set()
            for t in threads:
                t.join(10)
            sent = int(re.search(r"(\d+) requests in", out).group(1))
            print(f"\n    wrk: {re.search(r'Requests/sec: *(.*)', out).group(1)} requests/s, "
                  f"p99 {re.search(r'99% *(.*)', out).group(1)}", flush=True)
            self.assertNotIn("Non-2xx", out)
            self.assertNotIn("Socket errors", out)
            self.assertGreater(sent, 1000)
            ok = 'waggle_requests_total{service="test.Echo",method="echo",code="ok"}'
            # wrk stops listening at its end: up to one request for each connection is answered but not counted by it.
            wait_until(lambda: node.workers("test.Echo", "busy") == 0, why="no busy worker")
            counted = node.metrics()[ok]
            self.assertTrue(sent <= counted <= sent + CONNECTIONS, (sent, counted))
            self.assertEqual({("deadline_exceeded", "guest")}, set(spun))
            self.assertGreater(len(spun), 3)
            self.assertEqual({200}, set(healthy))
            self.assertGreater(len(healthy), 10)
            metrics = node.metrics()
            self.assertLessEqual(metrics['waggle_workers{service="test.Echo",state="idle"}'], 8)
            self.assertEqual(0, metrics['waggle_queue_length{service="test.Echo"}'])

    def test_a_service_is_replaced_many_times_under_load_without_losing_a_request(self):
        self.service("Swap")
        module = self.folder / "Swap.wasm"
        content = module.read_bytes()
        # Without a bound for waiting: on a machine that is busy otherwise, refusals for it would be right.
        with Node(module, "--limits-queue-ms", "0") as node:
            out = []
            load = threading.Thread(target=lambda: out.append(self.wrk(node, 3, "e2e.Swap")))
            load.start()
            swaps = 0
            while load.is_alive():
                swaps += 1
                custom_section = bytes([0, 3, 1, ord("n"), swaps % 100])
                self.write(".part", content + custom_section)
                os.replace(self.folder / ".part", module)
                lines = len(node.errors)
                node.signal(signal.SIGHUP)
                node.wait_for_line("replaced e2e.Swap", after=lines)
            load.join()
            print(f"\n    {swaps} swaps under load", flush=True)
            self.assertGreater(swaps, 3)
            self.assertNotIn("Non-2xx", out[0])
            self.assertNotIn("Socket errors", out[0])
            self.assertLessEqual(node.workers("e2e.Swap", "idle"), 8)
