"""What an operator is told at the front door: certificates that end, lines for curl, settings that can never match."""

import re
import subprocess
import time

from node import GUESTS, Node, TestCase
from test_tls import make_certificate

ECHO = GUESTS / "echo.wasm"
TOKEN = "-H 'Authorization: Bearer TOKEN'"


class Certificate(TestCase):
    def test_its_end_is_told_by_the_log_and_the_metrics_and_the_landing_page_says_https(self):
        make_certificate(self.folder, "it")  # for two days
        node = Node(ECHO, "--tls-certificate", self.folder / "it.pem", "--tls-key", self.folder / "it.key", wait=False)
        self.addCleanup(node.end)
        port = node.wait_for_line(r"listening on https://127\.0\.0\.1:(\d+)", 30).group(1)
        node.wait_for_line(r"tls\.certificate .*it\.pem: it expires on \d{4}-\d\d-\d\d \d\d:\d\d UTC, in 1 day; put a new one")

        def get(path):
            done = subprocess.run(["curl", "-s", "-S", "--compressed", "--max-time", "20", "--cacert", str(self.folder / "ca.pem"),
                                   f"https://127.0.0.1:{port}{path}"], capture_output=True, text=True)
            self.assertEqual(0, done.returncode, done.stderr + node.log[-2000:])
            return done.stdout
        end = float(re.search(r"^waggle_tls_certificate_expires_seconds (\S+)$", get("/metrics"), re.M).group(1))
        self.assertAlmostEqual(time.time() + 2 * 86400, end, delta=600)
        page = get("/")
        self.assertIn("<span data-origin>https://127.0.0.1", page)
        self.assertNotIn("<span data-origin>http://", page)

    def test_without_tls_there_is_no_such_metric(self):
        with Node(ECHO) as node:
            self.assertNotIn("waggle_tls_certificate_expires_seconds", node.metrics())


class CurlLines(TestCase):
    def guarded(self):
        """A service whose methods are all for verified callers."""
        module = self.service("Guarded")
        path = module.with_suffix(".graphql")
        text, changed = re.subn(r'(@service\([^)]*\))', r"\1 @auth", path.read_text(), count=1)
        self.assertEqual(1, changed)
        path.write_text(text)
        return module

    def test_serve_shows_a_method_for_everybody_where_there_is_one(self):
        with Node([self.guarded(), ECHO]) as node:
            line = node.wait_for_line(r"try: (curl .*)").group(1)
            self.assertNotIn("Authorization", line)
            done = subprocess.run(f"{line} -s -o /dev/null -w '%{{http_code}}'", shell=True, capture_output=True, text=True, timeout=20)
            self.assertEqual("200", done.stdout, line)

    def test_serve_and_the_landing_page_show_where_the_token_goes(self):
        with Node(self.guarded()) as node:
            line = node.wait_for_line(r"try: (curl .*)").group(1)
            self.assertRegex(line, rf"/e2e\.Guarded/\w+ {TOKEN} ")
            page = node.get("/").body.decode()
            self.assertIn(f"curl {TOKEN} -H", page)


class Settings(TestCase):
    def refused(self, *flags):
        r = self.run_waggle("serve", ECHO, "--listen", "127.0.0.1:0", "--data", self.folder / "data", *flags)
        self.assertEqual(2, r.status, r)
        return r.err

    def test_origins_and_hosts_that_can_never_match_are_refused(self):
        self.assertRegex(self.refused("--http-allowed-origins", "https://app.example.com/"),
                         r'--http-allowed-origins.*"https://app\.example\.com/" ends with a slash; an origin is')
        self.assertRegex(self.refused("--http-allowed-hosts", "https://api.example.com"),
                         r'--http-allowed-hosts.*"https://api\.example\.com" has a scheme; a host is')
        file = self.write("w.toml", '[http]\nallowed_origins = ["app.example.com"]\nallowed_hosts = ["a.example/v1"]\n')
        told = self.refused("--config", file)
        self.assertRegex(told, r'w\.toml:2:20: .*http\.allowed_origins: "app\.example\.com" has no scheme')
        self.assertRegex(told, r'w\.toml:3:18: .*http\.allowed_hosts: "a\.example/v1" has more than a host and a port')


class Bench(TestCase):
    def test_it_says_that_it_speaks_no_tls(self):
        r = self.run_waggle("bench", "https://localhost:7361/test.Echo", "echo", "{}")
        self.assertEqual(2, r.status, r)
        self.assertIn('"https://localhost:7361/test.Echo" is not http://: it speaks plain HTTP only', r.err)
        self.assertIn("name its .wasm instead", r.err)
