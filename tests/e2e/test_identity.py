"""docs/identity.md, with keys made by the openssl program: another implementation than the node's."""

import base64
import hashlib
import http.server
import json
import pathlib
import shutil
import signal
import subprocess
import threading
import time
import urllib.parse

from event_stream import EventStream
from node import GUESTS, Node, TestCase, wait_until
from web_socket import WebSocket

MCP_CLIENT = pathlib.Path(__file__).resolve().parent / "mcp/client.mjs"
ISSUER, AUDIENCE = "https://login.example.com/shop", "https://api.example.com"
CONTRACT = """
schema @service(name: "e2e.Id", version: "1.0.0") { query: Query }
scalar JSON
type Query {
  context: JSON @auth
  flood(n: Int!): Int! @auth(scopes: ["read", "admin"])
  log(text: String! = "hi", level: Int! = 2): Boolean!
}
"""


def b64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


def openssl(*arguments, stdin=None):
    done = subprocess.run(["openssl", *map(str, arguments)], input=stdin, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Issuer:
    """Makes tokens with a key in a file of `folder`."""

    def __init__(self, folder, name, kind="ed25519"):
        self.kid, self.kind = name, kind
        self.key, self.text = folder / f"{name}.pem", folder / f"{name}.txt"
        options = {"ed25519": [], "RSA": ["-pkeyopt", "rsa_keygen_bits:2048"], "EC": ["-pkeyopt", "ec_paramgen_curve:P-256"]}
        openssl("genpkey", "-algorithm", kind, *options[kind], "-out", self.key)

    def pem(self):
        return openssl("pkey", "-in", self.key, "-pubout").decode()

    def jwk(self):
        der = openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")
        if self.kind == "ed25519":
            return {"kty": "OKP", "crv": "Ed25519", "kid": self.kid, "x": b64(der[-32:])}
        if self.kind == "EC":
            return {"kty": "EC", "crv": "P-256", "kid": self.kid, "x": b64(der[-64:-32]), "y": b64(der[-32:]), "use": "sig"}
        modulus = openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip().split("=")[1]
        return {"kty": "RSA", "kid": self.kid, "n": b64(bytes.fromhex(modulus)), "e": "AQAB", "alg": "RS256"}

    def sign(self, text):
        self.text.write_bytes(text.encode())
        if self.kind == "ed25519":
            return openssl("pkeyutl", "-sign", "-inkey", self.key, "-rawin", "-in", self.text)
        signature = openssl("dgst", "-sha256", "-sign", self.key, self.text)
        if self.kind == "RSA":
            return signature
        out, at = b"", 2  # SEQUENCE of two INTEGERs
        for _ in range(2):
            size = signature[at + 1]
            out += signature[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0")
            at += 2 + size
        return out

    def token(self, header=None, **claims):
        all_claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": int(time.time()) + 60, **claims}
        all_claims = {k: v for k, v in all_claims.items() if v is not None}
        alg = {"ed25519": "EdDSA", "RSA": "RS256", "EC": "ES256"}[self.kind]
        text = b64(json.dumps({"alg": alg, "kid": self.kid, **(header or {})})) + "." + b64(json.dumps(all_claims))
        return text + "." + b64(self.sign(text))


def jwks(*issuers):
    return json.dumps({"keys": [i.jwk() for i in issuers]})


class LoginServer(http.server.ThreadingHTTPServer):
    """An OAuth provider on loopback: its metadata (RFC 8414), its keys, and tokens for one client's secret."""

    def __init__(self, test, issuer):
        super().__init__(("127.0.0.1", 0), LoginServer.Handler)
        self.url, self.issuer, self.asked = f"http://127.0.0.1:{self.server_port}", issuer, []
        threading.Thread(target=self.serve_forever, daemon=True).start()
        test.addCleanup(self.server_close)
        test.addCleanup(self.shutdown)

    class Handler(http.server.BaseHTTPRequestHandler):
        def tell(self, value, status=200):
            body = value.encode() if isinstance(value, str) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            of = self.server
            if self.path == "/jwks":
                return self.tell(jwks(of.issuer))
            if self.path != "/.well-known/oauth-authorization-server":
                return self.tell({}, 404)
            self.tell({"issuer": of.url, "authorization_endpoint": of.url + "/authorize", "token_endpoint": of.url + "/token",
                       "jwks_uri": of.url + "/jwks", "response_types_supported": ["code"],
                       "grant_types_supported": ["client_credentials"],
                       "token_endpoint_auth_methods_supported": ["client_secret_basic"]})

        def do_POST(self):
            form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
            self.server.asked.append(form)
            if self.headers.get("authorization") != "Basic " + base64.b64encode(b"agent-7:hush").decode():
                return self.tell({"error": "invalid_client"}, 401)
            token = self.server.issuer.token(iss=self.server.url, sub="agent-7", scope="read")
            self.tell({"access_token": token, "token_type": "Bearer", "expires_in": 60})

        def log_message(self, *_):
            pass


class Identity(TestCase):
    def setUp(self):
        super().setUp()
        self.targets = self.folder / "services"
        self.targets.mkdir()
        shutil.copy(GUESTS / "logger.wasm", self.targets / "id.wasm")
        (self.targets / "id.graphql").write_text(CONTRACT)
        self.ed = Issuer(self.folder, "ed")

    def flags(self, keys, api_keys=None, issuer=ISSUER):
        flags = ["--auth-issuer", issuer, "--auth-audience", AUDIENCE, "--auth-keys", keys] if keys else []
        return flags + (["--auth-api-keys", api_keys] if api_keys else [])

    def ask(self, node, token=None, method="context", **headers):
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return node.call("e2e.Id", method, '{"n":1}' if method == "flood" else None, headers=headers)

    def refused(self, answer, status, code, text=""):
        self.assertEqual((status, code, "caller"), (answer.status, answer.code, answer.fault), answer)
        self.assertIn(text, answer.message)
        if status == 401:
            self.assertTrue(answer.headers["www-authenticate"].startswith("Bearer"), answer.headers)


class Tokens(Identity):
    def test_a_guest_reads_who_calls(self):
        issuers = [self.ed, Issuer(self.folder, "rsa", "RSA"), Issuer(self.folder, "ec", "EC")]
        with Node(self.targets, *self.flags(self.write("keys.json", jwks(*issuers)))) as node:
            for issuer in issuers:
                a = self.ask(node, issuer.token(scope="read write", tenant={"id": 7}))
                self.assertEqual(200, a.status, a)
                caller = a.json["caller"]
                self.assertEqual(("ada", ISSUER, ["read", "write"], {"id": 7}),
                                 (caller["subject"], caller["issuer"], caller["scopes"], caller["claims"]["tenant"]))
                self.assertNotIn("authorization", a.json["metadata"])
            self.assertEqual(200, self.ask(node, method="log").status)

    def test_scopes_are_asked_for(self):
        with Node(self.targets, *self.flags(self.write("keys.pem", self.ed.pem()))) as node:
            self.assertEqual(200, self.ask(node, self.ed.token(scp=["admin"]), "flood").status)
            self.refused(self.ask(node, self.ed.token(scope="reader"), "flood"), 403, "permission_denied", "admin, read")
            self.refused(self.ask(node, None, "flood"), 401, "unauthenticated", "say who they are")

    def test_what_is_not_genuine_is_refused_with_its_reason(self):
        rsa = Issuer(self.folder, "rsa", "RSA")
        mallory = Issuer(self.folder, "mallory")
        with Node(self.targets, *self.flags(self.write("keys.json", jwks(self.ed, rsa)))) as node:
            good = self.ed.token()
            head, claims, seal = good.split(".")
            wrong = {
                "expired at": self.ed.token(exp=int(time.time()) - 60),
                "for later": self.ed.token(nbf=int(time.time()) + 600),
                "no exp": self.ed.token(exp=None),
                "iss is": self.ed.token(iss="https://evil.example"),
                "not for here": self.ed.token(aud="https://other.example"),
                "no sub": self.ed.token(sub=None),
                "algorithm is": b64('{"alg":"none"}') + f".{claims}.",
                "HS256": b64('{"alg":"HS256"}') + f".{claims}." + b64(b"x" * 32),
                "crit": self.ed.token({"crit": ["b64"], "b64": False}),
                "signature": f"{head}.{claims}." + b64(mallory.sign(f"{head}.{claims}")),
                "bytes": "x" * 9000,
                "three parts": "rubbish",
            }
            for reason, token in wrong.items():
                for method in ("context", "log"):  # also where nobody is asked who it is
                    self.refused(self.ask(node, token, method), 401, "unauthenticated", reason)
            self.refused(self.ask(node, mallory.token({"kid": "ed", "jwk": mallory.jwk()})), 401, "unauthenticated", "signature")
            self.refused(self.ask(node, self.ed.token({"alg": "RS256", "kid": "ed"})), 401, "unauthenticated")
            self.assertEqual(200, self.ask(node, good).status)

    def test_keys_come_from_a_url_and_are_rotated(self):
        published = {"text": None}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                text = published["text"]
                self.send_response(200 if text else 503)
                self.end_headers()
                self.wfile.write((text or "later").encode())

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        with Node(self.targets, *self.flags(f"http://127.0.0.1:{server.server_port}/jwks")) as node:
            node.wait_for_line("keys were not fetched.*answers 503")
            a = self.ask(node, self.ed.token())
            self.assertEqual((503, "unavailable", "1"), (a.status, a.code, a.headers["retry-after"]), a)
            published["text"] = jwks(self.ed)
            node.signal(signal.SIGHUP)
            wait_until(lambda: self.ask(node, self.ed.token()).status == 200, why="the keys")
            fresh = Issuer(self.folder, "fresh")
            published["text"] = jwks(fresh)
            node.signal(signal.SIGHUP)
            wait_until(lambda: self.ask(node, fresh.token()).status == 200, why="the new keys")
            self.refused(self.ask(node, self.ed.token()), 401, "unauthenticated", "had not published")
            published["text"] = "<html>"
            seen = len(node.errors)
            node.signal(signal.SIGHUP)
            node.wait_for_line("keys were not fetched.*stay in force", after=seen)
            self.assertEqual(200, self.ask(node, fresh.token()).status)


class GraphQL(Identity):
    """The same by GraphQL: over HTTP, as a stream, over a WebSocket."""

    def setUp(self):
        super().setUp()
        self.service("Who", guest="ticker", folder=self.targets)
        contract = self.targets / "Who.graphql"
        contract.write_text(contract.read_text().replace("whoami: Tick!", "whoami: Tick! @auth"))

    def query(self, node, query, token=None, **headers):
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return node.request("POST", "/graphql", json.dumps({"query": query}).encode(),
                            {"content-type": "application/json", "accept": "application/graphql-response+json", **headers})

    def test_each_field_is_for_whom_its_contract_says(self):
        with Node(self.targets, *self.flags(self.write("keys.pem", self.ed.pem()))) as node:
            reader = self.ed.token(scope="read", tenant=7)
            a = self.query(node, "{ context flood(n: 1) ping }", reader).json
            self.assertEqual(("ada", ["read"], 7), (a["data"]["context"]["caller"]["subject"], a["data"]["context"]["caller"]["scopes"],
                                                    a["data"]["context"]["caller"]["claims"]["tenant"]))
            self.assertEqual("pong", a["data"]["ping"])
            stranger = self.query(node, "{ context ping }").json
            self.assertEqual((None, "pong"), (stranger["data"]["context"], stranger["data"]["ping"]))
            (e,) = stranger["errors"]
            self.assertEqual((["context"], "unauthenticated", "caller"), (e["path"], e["extensions"]["code"], e["extensions"]["fault"]))
            other = self.query(node, "{ flood(n: 1) }", self.ed.token(scope="write")).json
            self.assertEqual((["flood"], "permission_denied"), (other["errors"][0]["path"], other["errors"][0]["extensions"]["code"]))
            self.assertIn("admin, read", other["errors"][0]["message"])

    def test_a_token_that_is_not_genuine_is_refused_before_the_document(self):
        with Node(self.targets, *self.flags(self.write("keys.pem", self.ed.pem()))) as node:
            for token in (self.ed.token(exp=int(time.time()) - 60), "rubbish", self.ed.token(aud="https://other.example")):
                for query in ("{ ping }", "{ nope }", "{"):
                    self.refused(self.query(node, query, token), 401, "unauthenticated")

    def test_streams_know_who_listens(self):
        with Node(self.targets, *self.flags(self.write("keys.pem", self.ed.pem()))) as node:
            token = self.ed.token()
            whoami = "subscription { whoami { n by } }"
            with EventStream(node, whoami, headers={"authorization": f"Bearer {token}"}) as stream:
                self.assertEqual({"data": {"whoami": {"n": 1, "by": "ada"}}}, next(stream)[2])
            with EventStream(node, whoami) as stream:
                self.assertEqual("unauthenticated", next(stream)[2]["errors"][0]["extensions"]["code"])
                self.assertEqual("complete", next(stream)[0])

    def test_a_web_socket_says_who_it_is_as_it_opens_or_begins(self):
        with Node(self.targets, *self.flags(self.write("keys.pem", self.ed.pem()))) as node:
            token = "Bearer " + self.ed.token()

            def asks(headers, payload):
                with WebSocket(node, headers=headers) as s:
                    self.assertEqual({"type": "connection_ack"}, s.begin(payload))
                    s.subscribe("a", "subscription { whoami { n by } }")
                    m = s.receive()
                    by = m["payload"]["data"]["whoami"]["by"] if m["type"] == "next" else None
                    s.subscribe("b", "{ context }")
                    while (other := s.receive())["id"] != "b":
                        pass
                    return by, (other["payload"]["data"]["context"] or {}).get("caller", {}).get("subject")
            self.assertEqual(("ada", "ada"), asks({"Authorization": token}, None))
            self.assertEqual(("ada", "ada"), asks({}, {"authorization": token}))
            self.assertEqual(("ada", "ada"), asks({}, {"Authorization": token}))
            self.assertEqual((None, None), asks({}, None))
            self.assertEqual((None, None), asks({}, {"other": 5}))
            with WebSocket(node) as s:
                self.assertEqual(("close", 4403), s.begin({"authorization": "Bearer " + self.ed.token(exp=1)})[:2])
            with WebSocket(node, headers={"Authorization": "Bearer rubbish"}) as s:
                self.assertEqual(401, s.status)


class Agents(Identity):
    """MCP 2025-11-25, "Authorization"."""

    def flags(self, keys, api_keys=None, issuer=ISSUER):
        return ["--mcp-enabled", *super().flags(keys, api_keys, issuer)]

    def run_client(self, node, issuer, *wanted):
        done = subprocess.run(["node", str(MCP_CLIENT), node.url + "/mcp", issuer], input=json.dumps(wanted), capture_output=True,
                              text=True, timeout=30)
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def test_one_finds_the_login_by_itself_and_comes_back_with_a_token(self):
        login = LoginServer(self, self.ed)
        with Node(self.targets, *self.flags(login.url + "/jwks", issuer=login.url)) as node:
            _, log, context, flood = self.run_client(node, login.url, {"call": "e2e-Id-log"}, {"call": "e2e-Id-context"},
                                                     {"call": "e2e-Id-flood", "arguments": {"n": 1}})
            self.assertEqual({"result": True}, log["structuredContent"], "nobody need log in for it")
            self.assertEqual("agent-7", context["structuredContent"]["result"]["caller"]["subject"], context)
            self.assertNotIn("isError", flood)
            self.assertEqual([("client_credentials", node.url + "/mcp")], [(f["grant_type"], f["resource"]) for f in login.asked])

    def test_the_address_is_the_one_that_is_used_or_the_operators(self):
        keys = self.write("keys.json", jwks(self.ed))
        well_known = "/.well-known/oauth-protected-resource/mcp"
        with Node(self.targets, *self.flags(keys)) as node:
            found = node.request("GET", well_known + "/e2e.Id")
            self.assertEqual({"resource": node.url + "/mcp/e2e.Id", "authorization_servers": [ISSUER],
                              "scopes_supported": ["admin", "read"], "bearer_methods_supported": ["header"]}, found.json)
            self.assertEqual("no-store", found.headers["cache-control"])
            flood = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "e2e-Id-flood", "arguments": {"n": 1}}}
            def asks(**headers):
                a = node.request("POST", "/mcp", body=json.dumps(flood).encode(), headers={"content-type": "application/json", **headers})
                return a.status, a.headers.get("www-authenticate")
            rest = f'resource_metadata="{node.url}{well_known}", scope="admin read"'
            self.assertEqual((401, f'Bearer realm="waggle", {rest}'), asks())
            self.assertEqual((403, f'Bearer realm="waggle", error="insufficient_scope", {rest}'),
                             asks(authorization="Bearer " + self.ed.token(scope="other")))
            self.assertEqual((200, None), asks(authorization="Bearer " + self.ed.token(scope="read")))
            forged = node.request("POST", "/mcp", body=b"{}", headers={"content-type": "application/json", "authorization": "Bearer x"})
            self.assertEqual((401, f'Bearer realm="waggle", error="invalid_token", resource_metadata="{node.url}{well_known}"'),
                             (forged.status, forged.headers["www-authenticate"]))
            self.assertEqual(404, node.request("GET", well_known + "/e2e.Other").status)
            self.assertEqual(405, node.request("POST", well_known, body=b"").status)
            self.assertEqual(404, node.request("GET", "/.well-known/oauth-protected-resource/graphql").status)
        with Node(self.targets, *self.flags(keys), "--mcp-origin", "https://api.example.com") as node:
            self.assertEqual("https://api.example.com/mcp", node.request("GET", well_known).json["resource"])
        with Node(self.targets, *self.flags(keys, issuer="shop")) as node:
            a = node.request("GET", well_known)
            self.assertEqual((404, "not_found"), (a.status, a.code), "an issuer that is no address leads nowhere")
        done = self.run_waggle("serve", self.targets, *self.flags(keys), "--mcp-origin", "https://api.example.com/mcp")
        self.assertEqual(2, done.status)
        self.assertIn("mcp.origin https://api.example.com/mcp must be a scheme, a name and perhaps a port", done.err)


class ApiKeys(Identity):
    def test_a_key_shows_who_calls_until_it_is_taken_away(self):
        def line(name, key, scopes=""):
            return f"{name} {hashlib.sha256(key.encode()).hexdigest()} {scopes}\n"
        keys = self.write("api_keys", "# ours\n" + line("till-7", "wk_a", "read"))
        with Node(self.targets, *self.flags(None, keys)) as node:
            a = self.ask(node, **{"x-api-key": "wk_a"})
            self.assertEqual({"subject": "till-7", "issuer": None, "scopes": ["read"], "claims": {"sub": "till-7", "scopes": ["read"]}},
                             a.json["caller"])
            self.assertNotIn("x-api-key", a.json["metadata"])
            self.assertEqual(200, self.ask(node, "wk_a", "flood").status)
            self.refused(self.ask(node, "wk_b"), 401, "unauthenticated", "not known")
            self.refused(self.ask(node, "wk_a", **{"x-api-key": "wk_a"}), 401, "unauthenticated", "one of them")
            self.refused(self.ask(node, self.ed.token()), 401, "unauthenticated", "no tokens")
            keys.write_text(line("till-7", "wk_b"))
            node.signal(signal.SIGHUP)
            wait_until(lambda: self.ask(node, "wk_b").status == 200, why="the new key")
            self.refused(self.ask(node, "wk_a"), 401, "unauthenticated", "not known")


class Without(Identity):
    def test_a_node_that_verifies_nobody_says_so_and_refuses(self):
        with Node(self.targets) as node:
            node.wait_for_line(r"e2e\.Id\.context is for verified callers")
            a = self.ask(node)
            self.assertEqual((401, "unauthenticated", "caller"), (a.status, a.code, a.fault), a)
            self.assertEqual(200, self.ask(node, method="log").status)
            self.assertEqual(1, node.metrics()['waggle_refused_total{service="e2e.Id",reason="anonymous"}'])

    def test_who_has_the_module_needs_no_token(self):
        done = self.run_waggle("invoke", self.targets / "id.wasm", "context")
        self.assertEqual((0, None), (done.status, json.loads(done.out)["caller"]), done)

    def test_a_configuration_that_is_wrong_ends_the_start(self):
        private = self.ed.key
        for flags, why in (
            (["--auth-keys", "x.json"], "auth.keys needs auth.issuer"),
            (self.flags("http://example.com/jwks"), "over https"),
            (self.flags(self.folder / "none.json"), "none.json: cannot be read"),
            (self.flags(self.write("empty.json", "{}")), "empty.json: it has no list keys"),
            (self.flags(private), "ed.pem: it holds a private key"),
            (self.flags(None, self.write("api", "till wk_oops\n")), "api:1: the second word is no SHA-256"),
        ):
            done = self.run_waggle("serve", self.targets, "--listen", "127.0.0.1:0", "--data", self.folder / "d", *flags)
            self.assertEqual(2, done.status, done)
            self.assertIn(why, done.err)
            self.assertNotIn("wk_oops", done.err)
