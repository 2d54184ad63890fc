"""The Model Context Protocol's own client for JavaScript against /mcp."""

import json
import pathlib
import socket
import subprocess

from node import EXAMPLES, GUESTS, ROOT, Node, TestCase, wait_until

CLIENT = pathlib.Path(__file__).resolve().parent / "mcp/client.mjs"
ORDERS, LIMITER = (EXAMPLES / f"shop-{name}.wasm" for name in ("orders", "limiter"))
INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize",
              "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}
HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}


class Mcp(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node([ORDERS, LIMITER, GUESTS / "echo.wasm", GUESTS / "sleepy.wasm"], "--config", ROOT / "examples/shop/shop.toml",
                        "--mcp-enabled")

    @classmethod
    def tearDownClass(cls):
        cls.node.end()

    def run_client(self, *wanted, path="/mcp"):
        done = subprocess.run(["node", str(CLIENT), self.node.url + path], input=json.dumps(wanted), capture_output=True, text=True,
                              timeout=30)
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def post(self, message, path="/mcp", node=None, **headers):
        return (node or self.node).request("POST", path, body=json.dumps(message).encode(),
                                           headers={**HEADERS, **{k.replace("_", "-"): v for k, v in headers.items()}})

    def test_a_client_lists_the_tools_with_their_schemas(self):
        hello, listed = self.run_client({"list": True})
        self.assertEqual(("waggle", "2025-11-25", None), (hello["server"]["name"], hello["version"], hello["session"]))
        self.assertEqual({"tools": {}}, hello["capabilities"])
        tools = {t["name"]: t for t in listed["tools"]}
        self.assertEqual(len(tools), len(listed["tools"]))
        self.assertIn("test-Echo-echo", tools)
        self.assertNotIn("test-Echo-secret", tools)
        self.assertEqual([], [name for name in tools if name.startswith("waggle") or name.startswith("shop-v1-Limiter")])
        place = tools["shop-v1-Orders-place"]
        self.assertTrue(place["description"].startswith("With an `Idempotency-Key`"), place)
        self.assertEqual(["order"], place["inputSchema"]["required"])
        self.assertEqual("#/$defs/NewOrder", place["inputSchema"]["properties"]["order"]["$ref"])
        self.assertEqual({"NewOrder", "ItemInput"}, set(place["inputSchema"]["$defs"]))
        self.assertEqual({"readOnlyHint": False, "destructiveHint": True, "idempotentHint": True, "openWorldHint": True},
                         place["annotations"])
        self.assertTrue(tools["shop-v1-Orders-get"]["annotations"]["readOnlyHint"])

    def test_calls_answer_as_text_and_as_values_that_fit_their_schemas(self):
        order = {"customer": "ada", "email": "ada@example.com", "items": [{"sku": "tea"}]}
        _, _, placed, bare, plain, typed = self.run_client(
            {"list": True},
            {"call": "shop-v1-Orders-place", "arguments": {"order": order}},
            {"call": "test-Echo-bare", "arguments": {"value": [1, "two", None]}},
            {"call": "test-Echo-count"},
            {"call": "test-Echo-person", "arguments": {"input": {"id": 7, "name": "Ada", "friends": {"id": "8", "name": "Bob"}}}})
        self.assertEqual("tea", placed["structuredContent"]["items"][0]["sku"], placed)
        self.assertEqual(placed["structuredContent"], json.loads(placed["content"][0]["text"]))
        self.assertEqual({"result": [1, "two", None]}, bare["structuredContent"])
        self.assertEqual(int, type(plain["structuredContent"]["result"]))
        self.assertEqual(("7", "HAPPY"), tuple(typed["structuredContent"]["input"][k] for k in ("id", "mood")), typed)

    def test_errors_tell_the_model_what_to_repair(self):
        _, unfit, missing, own, unknown, wrong = self.run_client(
            {"call": "shop-v1-Orders-place", "arguments": {"order": {"customer": "ADA", "email": "x@y", "items": [], "itmes": 1}}},
            {"call": "shop-v1-Orders-get", "arguments": {"id": "nothing"}},
            {"call": "test-Echo-fail", "arguments": {}},
            {"call": "shop-v1-Orders-nothing", "arguments": {}},
            {"call": "test-Echo-bare", "arguments": {}})
        self.assertTrue(unfit["isError"], unfit)
        text = unfit["content"][0]["text"]
        self.assertTrue(text.startswith("invalid_argument: "), text)
        self.assertIn("\n- order.customer: ", text)
        self.assertIn("did you mean items?", text)
        self.assertTrue(missing["isError"] and missing["content"][0]["text"].startswith("not_found: "), missing)
        self.assertIn('details: {"thing":', own["content"][0]["text"])
        self.assertEqual([-32602, -32602], [unknown["failed"]["code"], wrong["failed"]["code"]])

    def test_one_services_own_path(self):
        hello, listed, other = self.run_client({"list": True}, {"call": "test-Echo-count"}, path="/mcp/shop.v1.Orders")
        self.assertEqual(["cancel", "get", "list", "place"], [t["name"].rsplit("-", 1)[1] for t in listed["tools"]])
        self.assertTrue(hello["instructions"].startswith("Takes orders and keeps them."), hello)
        self.assertEqual(-32602, other["failed"]["code"])
        self.assertEqual(404, self.post(INITIALIZE, path="/mcp/shop.v1.Nothing").status)

    def test_a_client_that_goes_stops_its_call(self):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                           "params": {"name": "test-Sleepy-sleep", "arguments": {"ms": 3_600_000}}})
        with socket.create_connection(("127.0.0.1", self.node.port), timeout=10) as s:
            s.sendall(f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            wait_until(lambda: self.node.workers("test.Sleepy", "busy") == 1, why="a worker that sleeps")
        wait_until(lambda: self.node.workers("test.Sleepy", "busy") == 0, why="none that sleeps any more")

    def test_the_transport(self):
        self.assertEqual(200, self.post(INITIALIZE).status)
        done = self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, mcp_protocol_version="2025-11-25")
        self.assertEqual((202, b""), (done.status, done.body))
        for verb in ("GET", "DELETE", "PUT"):
            refused = self.node.request(verb, "/mcp", headers={"accept": "text/event-stream"})
            self.assertEqual((405, "POST"), (refused.status, refused.headers.get("allow")), verb)
        self.assertEqual(400, self.post(INITIALIZE, mcp_protocol_version="2026-07-28").status)
        self.assertEqual(406, self.post(INITIALIZE, accept="text/html").status)
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            self.assertEqual(415, self.post(INITIALIZE, content_type=kind).status)
        batch = self.post([INITIALIZE])
        self.assertEqual((400, -32600), (batch.status, batch.json["error"]["code"]))
        self.assertEqual(403, self.post(INITIALIZE, origin="https://evil.example").status)
        self.assertEqual(403, self.post(INITIALIZE, host="evil.example").status)

    def test_it_is_off_by_default(self):
        with Node(GUESTS / "echo.wasm") as node:
            refused = self.post(INITIALIZE, node=node)
            self.assertEqual(404, refused.status)
            self.assertIn("mcp.enabled", refused.json["message"])
