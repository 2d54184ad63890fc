"""TLS and HTTP/2 of the listener, with curl, a Connect client and a client that misbehaves (docs/tls.md)."""

import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import threading

from node import GUESTS, Node, TestCase, wait_until

CLIENT = pathlib.Path(__file__).resolve().parent / "connect/client.mjs"
ECHO = "/test.Echo/echo"


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_certificate(folder, name, common_name="localhost"):
    """NAME.pem and NAME.key, signed by ca.pem, which is made the first time."""
    if not (folder / "ca.pem").exists():
        openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=waggle test CA", "-keyout", "ca.key", "-out", "ca.pem")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={common_name}",
            "-keyout", f"{name}.key", "-out", f"{name}.csr")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", f"{name}.pem")
    os.chmod(folder / f"{name}.key", 0o600)


class Tls(TestCase):
    def setUp(self):
        super().setUp()
        make_certificate(self.folder, "first", "first")
        self.take("first")

    def take(self, name):
        shutil.copy(self.folder / f"{name}.pem", self.folder / "it.pem")
        shutil.copy(self.folder / f"{name}.key", self.folder / "it.key")

    def start(self, *flags, tls=True):
        more = ["--tls-certificate", self.folder / "it.pem", "--tls-key", self.folder / "it.key"] if tls else []
        node = Node([GUESTS / "echo.wasm", GUESTS / "sleepy.wasm"], *more, *flags, wait=False)
        self.addCleanup(node.end)
        line = node.wait_for_line(r"listening on (https?)://127\.0\.0\.1:(\d+)", 30)
        self.assertEqual("https" if tls else "http", line.group(1))
        node.port = int(line.group(2))
        node.url = f"{line.group(1)}://127.0.0.1:{node.port}"
        return node

    def curl(self, node, path, *arguments, body=None):
        """Version, status, body."""
        more = ["-H", "content-type: application/json", "--data-binary", "@-"] if body is not None else []
        done = subprocess.run(["curl", "-s", "-S", "--cacert", str(self.folder / "ca.pem"), "--max-time", "20", "-w",
                               "\n%{http_version} %{http_code}", *more, *arguments, node.url + path],
                              input=body, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stderr + "\n" + node.log[-2000:])
        text, _, last = done.stdout.rpartition("\n")
        return (*last.split(), text)

    def connect(self, node):
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        raw = socket.create_connection(("127.0.0.1", node.port), timeout=20)
        wrapped = context.wrap_socket(raw, server_hostname="localhost")
        self.addCleanup(wrapped.close)
        return wrapped

    @staticmethod
    def subject(connection):
        return dict(pair[0] for pair in connection.getpeercert()["subject"])["commonName"]

    @staticmethod
    def ask(connection, text):
        body = json.dumps({"text": text}).encode()
        connection.sendall(b"POST " + ECHO.encode() + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(body) + body)
        got = b""
        while not got.endswith(body):
            more = connection.recv(65536)
            if not more:
                raise AssertionError(f"closed after {got!r}")
            got += more
        return got


class Speaks(Tls):
    def test_http_2_and_http_1_1_over_tls(self):
        node = self.start()
        self.assertEqual(("2", "200", '{"text":"a"}'), self.curl(node, ECHO, "--http2", body='{"text":"a"}'))
        self.assertEqual(("1.1", "200", '{"text":"b"}'), self.curl(node, ECHO, "--http1.1", body='{"text":"b"}'))
        self.assertEqual(("2", "200"), self.curl(node, "/healthz")[:2])
        self.assertEqual("404", self.curl(node, "/test.Nobody/echo", body="{}")[1])
        big = json.dumps({"text": "x" * 500_000}, separators=(",", ":"))
        self.assertEqual(("2", "200", big), self.curl(node, ECHO, "--http2", body=big))
        self.assertEqual(("2", "429"), self.curl(node, ECHO, "--http2", body=json.dumps({"text": "x" * 2_000_000}))[:2])
        self.assertEqual(("2", "403"), self.curl(node, "/", "-H", "Host: evil.example")[:2])
        self.assertIn("speaks TLS only", subprocess.run(["curl", "-s", node.url.replace("https", "http") + "/"],
                                                        capture_output=True, text=True).stdout)
        metrics = self.curl(node, "/metrics")[2]
        self.assertIn("waggle_tls_failures_total 1", metrics)
        self.assertNotIn("waggle_http2_connections_total 0", metrics)

    def test_http_2_without_tls_where_the_client_begins_with_it(self):
        node = self.start(tls=False)
        self.assertEqual(("2", "200", '{"text":"a"}'),
                         self.curl(node, ECHO, "--http2-prior-knowledge", body='{"text":"a"}'))
        self.assertEqual(("1.1", "200"), self.curl(node, "/healthz")[:2])

    def test_many_at_the_same_time(self):
        node = self.start()
        urls = [f"{node.url}/test.Echo?{n}" for n in range(50)]
        done = subprocess.run(["curl", "-s", "-Z", "--http2", "--cacert", str(self.folder / "ca.pem"), "-w", "%{http_version}\n",
                               *[a for u in urls for a in ("-o", "/dev/null", u)]], capture_output=True, text=True, timeout=30)
        self.assertEqual(["2"] * 50, done.stdout.split())

    def test_the_connect_client_over_http_2(self):
        node = self.start()
        message = {"text": "a&b ä", "data": {"list": [1, 2.5, None, True]}}
        calls = [{"service": "test.Echo", "method": "echo", "input": message},
                 {"service": "test.Echo", "method": "echo", "input": message, "get": True},
                 {"service": "test.Echo", "method": "fail", "input": {}},
                 {"service": "test.Echo", "method": "echo", "input": {"text": "x" * 300_000}}]
        done = subprocess.run(["node", str(CLIENT), node.url.replace("127.0.0.1", "localhost"), "2"], input=json.dumps(calls),
                              capture_output=True, text=True, timeout=60,
                              env={**os.environ, "NODE_EXTRA_CA_CERTS": str(self.folder / "ca.pem")})
        self.assertEqual(0, done.returncode, done.stderr)
        post, get, failed, big = json.loads(done.stdout)
        self.assertEqual([message, message], [post.get("output"), get.get("output")], done.stdout[:2000])
        self.assertIn("guest-us=", post["receipt"])
        self.assertEqual(("NotFound", "guest"), (failed["code"], failed["fault"]))
        self.assertEqual(300_000, len(big["output"]["text"]))

    def test_a_drain_ends_connections_of_both_kinds(self):
        node = self.start()
        idle = self.connect(node)
        self.ask(idle, "1")
        node.signal(signal.SIGTERM)
        self.assertEqual(b"", idle.recv(100), "close_notify, then the end")
        self.assertEqual(0, node.wait())


class Certificates(Tls):
    def test_sighup_takes_the_new_certificate_and_drops_nobody(self):
        node = self.start()
        old = self.connect(node)
        self.assertEqual("first", self.subject(old))
        self.ask(old, "1")
        make_certificate(self.folder, "second", "second")
        self.take("second")
        node.signal(signal.SIGHUP)
        node.wait_for_line("new TLS handshakes use the certificate")
        self.assertEqual("second", self.subject(self.connect(node)))
        self.assertIn(b"200 OK", self.ask(old, "2"))
        # A bad one is not taken.
        (self.folder / "it.pem").write_text("nonsense")
        node.signal(signal.SIGHUP)
        node.wait_for_line("the certificate before stays in force: tls.certificate .*it.pem")
        self.assertEqual("second", self.subject(self.connect(node)))
        self.assertIn(b"200 OK", self.ask(old, "3"))

    def test_wrong_files_are_told_at_the_start(self):
        def refused(why, *flags):
            done = self.run_waggle("serve", GUESTS / "echo.wasm", "--listen", "127.0.0.1:0", "--data", self.folder / "data", *flags)
            self.assertEqual(2, done.status, done)
            self.assertRegex(done.err, why)
        certificate, key = ("--tls-certificate", self.folder / "it.pem"), ("--tls-key", self.folder / "it.key")
        refused("tls.certificate is set and tls.key is not", *certificate)
        refused("tls.key is set and tls.certificate is not", *key)
        refused("tls.certificate .*/none: No such file", "--tls-certificate", self.folder / "none", *key)
        refused("tls.key .*ca.key: it is not the key of the certificate", *certificate, "--tls-key", self.folder / "ca.key")
        os.chmod(self.folder / "it.key", 0o644)
        self.start().wait_for_line("tls.key .*: every user of this machine can read or change it")


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


class Attacks(Tls):
    def test_resets_at_full_speed_while_another_client_is_served(self):
        node = self.start()

        def field(name, value):
            return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
        block = b"".join([field(b":method", b"GET"), field(b":scheme", b"https"), field(b":authority", b"localhost"),
                          field(b":path", ECHO.encode() + b"?connect=v1&encoding=json&message=%7B%7D")])
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        context.set_alpn_protocols(["h2"])
        stop = threading.Event()
        ends = []

        def attack():
            while not stop.is_set():
                try:
                    with context.wrap_socket(socket.create_connection(("127.0.0.1", node.port), timeout=10), server_hostname="localhost") as c:
                        c.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0))
                        for first in range(1, 20_000, 200):
                            c.sendall(b"".join(frame(1, 5, n, block) + frame(3, 0, n, b"\0\0\0\x08")
                                               for n in range(first, first + 200, 2)))
                        while c.recv(65536):
                            pass
                        ends.append("ended")
                except TimeoutError:
                    ends.append("not ended")
                except OSError:
                    ends.append("ended")
        threads = [threading.Thread(target=attack) for _ in range(2)]
        for t in threads:
            t.start()
        try:
            for n in range(30):
                self.assertEqual(("2", "200"), self.curl(node, ECHO, "--http2", body=json.dumps({"text": str(n)}))[:2])
        finally:
            stop.set()
            for t in threads:
                t.join()
        self.assertEqual({"ended"}, set(ends))
        wait_until(lambda: "waggle_http_connections 1\n" in self.curl(node, "/metrics")[2], why="nothing is left of them")

    def test_a_handshake_that_does_not_go_on_is_ended(self):
        node = self.start("--http-header-timeout-ms", "300")
        with socket.create_connection(("127.0.0.1", node.port), timeout=10) as c:
            c.sendall(b"\x16\x03\x01\x02\x00\x01")
            self.assertEqual(b"", c.recv(100))
        with socket.create_connection(("127.0.0.1", node.port), timeout=10) as c:
            self.assertEqual(b"", c.recv(100))
