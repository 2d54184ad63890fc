"""The node's pages: what they say by HTTP, and in a real browser that reaches this machine only."""

import gzip
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

from node import EXAMPLES, GUESTS, ROOT, Node, TestCase

BROWSER = pathlib.Path(__file__).resolve().parent / "browser"
WEB = ROOT / "web"
HOSTILE = '</p><script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">&lt;b&gt; \' "'


def look(script, *arguments):
    done = subprocess.run(["node", str(BROWSER / script), *arguments], capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


class Pages(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node([GUESTS / "echo.wasm", GUESTS / "sleepy.wasm"], "--dev")

    @classmethod
    def tearDownClass(cls):
        cls.node.end()

    def test_the_landing_page_is_whole_without_javascript(self):
        page = self.node.get("/")
        html = page.body.decode()
        self.assertEqual((200, "text/html; charset=utf-8"), (page.status, page.headers["content-type"]))
        for part in ('<h2 id="s-test.Echo">test.Echo</h2>', "answers the payload as it came", "person(input: PersonInput!): PersonAnswer!",
                     "query Person($input: PersonInput!)", 'href="/test.Echo?format=openapi"', 'href="/graphiql"', "/test.Echo/echo</code>"):
            self.assertTrue(part in html, part)
        for part in ("<!--", "secret(", "waggle.", "<script>"):
            self.assertFalse(part in html, part)
        policy = page.headers["content-security-policy"]
        self.assertTrue(policy.startswith("default-src 'none'; "), policy)
        self.assertNotIn("unsafe", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertEqual(("nosniff", "no-referrer"), (page.headers["x-content-type-options"], page.headers["referrer-policy"]))

    def test_each_link_of_the_pages_leads_somewhere(self):
        for path in ("/", "/graphiql"):
            html = self.node.get(path, **{"accept-encoding": "identity"}).body.decode()
            links = set(re.findall(r'(?:href|src)="(/[^"]*)"', html))
            self.assertTrue(links)
            for link in links:
                self.assertEqual(200, self.node.get(link.replace("&amp;", "&")).status, link)

    def test_files_come_packed_and_may_be_kept_for_ever(self):
        html = self.node.get("/graphiql").body.decode()
        script = re.search(r'src="(/graphiql-[^"]+\.js)"', html)[1]
        plain, packed = self.node.get(script), self.node.get(script, **{"accept-encoding": "gzip"})
        self.assertEqual(("gzip", None), (packed.headers["content-encoding"], plain.headers.get("content-encoding")))
        self.assertEqual(plain.body, gzip.decompress(packed.body))
        for answer in (plain, packed):
            self.assertIn("immutable", answer.headers["cache-control"])
            self.assertEqual("Accept-Encoding", answer.headers["vary"])
            self.assertEqual("text/javascript; charset=utf-8", answer.headers["content-type"])
        self.assertLess(len(packed.body), 2_000_000)
        self.assertEqual("no-cache", self.node.get("/graphiql").headers["cache-control"])

    def test_services_json_has_methods_and_figures_and_nothing_internal(self):
        self.node.call("test.Sleepy", "sleep", {"ms": 1})
        answer = self.node.get("/services.json")
        self.assertEqual(2, answer.json["count"])
        echo, sleepy = answer.json["services"]
        self.assertEqual(("test.Echo", "1.0.0", False), (echo["name"], echo["version"], echo["singleton"]))
        self.assertIn("person", [m["name"] for m in echo["methods"]])
        self.assertNotIn("secret", answer.body.decode())
        self.assertEqual({"busy", "idle", "max"}, sleepy["workers"].keys())
        self.assertEqual({"name", "kind", "requests", "errors", "p50Ms", "p99Ms"}, sleepy["methods"][0].keys())

    def test_graphiql_needs_dev_or_a_key_and_the_landing_page_can_be_switched_off(self):
        with Node([GUESTS / "echo.wasm"], "--http-landing-page=false") as node:
            for path in ("/", "/services.json", "/graphiql"):
                self.assertEqual((404, "not_found"), (node.get(path).status, node.get(path).code), path)
        with Node([GUESTS / "echo.wasm"], "--graphql-graphiql") as node:
            self.assertEqual(200, node.get("/graphiql").status)
            self.assertIn('href="/graphiql"', node.get("/").body.decode())
        with Node([GUESTS / "echo.wasm"]) as node:
            off = node.get("/graphiql")
            self.assertEqual((404, "not_found", "caller"), (off.status, off.code, off.fault))
            self.assertIn("GraphiQL is off on this node", off.message)
            self.assertNotIn("graphiql", node.get("/").body.decode())

    def test_a_hostile_description_is_only_text(self):
        module = self.service("hostile", service="e2e.Hostile")
        contract = module.with_suffix(".graphql")
        text = contract.read_text().replace('"answers the payload as it came (after the host\'s coercion)"', json.dumps(HOSTILE))
        contract.write_text(text.replace("fail(error: JSON): JSON", f"fail(error: JSON): JSON @deprecated(reason: {json.dumps(HOSTILE)})"))
        with Node([module], "--dev") as node:
            html = node.get("/").body.decode()
            self.assertEqual(2, html.count("&lt;script&gt;window.hacked = 1&lt;/script&gt;&lt;img src=x onerror=&quot;"))
            self.assertIn("&amp;lt;b&amp;gt; &#39; &quot;", html)
            self.assertNotIn("<img", html)

    def test_every_operation_is_valid_by_graphql_js(self):
        contract = """extend schema @service(name: "e2e.Types", version: "1")
            type Query { node(id: ID!, at: Point = {x: 1}): Node search(in: [Kind!]!, one: One!): [[Thing!]] tree: Tree! void(i: Int): Boolean }
            interface Node { id: ID! self: Node owner: Tree }
            type A implements Node { id: ID! self: A owner: Tree! size: Int! tags(n: Int!): [String] old: Int @deprecated }
            type B implements Node { id: ID! self: B owner: Tree size: String kind: Kind }
            union Thing = A | B | Tree | Empty
            type Tree { left: Tree right: Tree things: [Thing] }
            type Empty { only: Tree }
            enum Kind { X Y }  input Point { x: Int! y: Int = 2 }  input One @oneOf { a: Int b: String }"""
        module = self.service("types")
        module.with_suffix(".graphql").write_text(contract)
        examples = [p for p in sorted(EXAMPLES.glob("*.wasm"))]
        with Node([GUESTS / "echo.wasm", GUESTS / "kit_cpp.wasm", *examples, module], "--dev") as node:
            found = look("operations.mjs", node.url)
        self.assertEqual([], found["wrong"])
        self.assertGreater(found["operations"], 20)

    def test_without_npm_the_pages_are_built_all_the_same(self):
        (self.folder / "bin").mkdir()
        (self.folder / "bin/python3").symlink_to(sys.executable)
        done = subprocess.run([WEB / "build", self.folder / "out", self.folder / "cache"], capture_output=True, text=True, timeout=60,
                              env={"PATH": f"{self.folder}/bin"})
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("note: without GraphiQL: Node.js or npm is not here", done.stderr)
        table = (self.folder / "out/web_files.cc").read_text()
        self.assertIn("/landing-", table)
        self.assertNotIn("graphiql", table)
        self.assertFalse((self.folder / "out/complete").exists(), "the next build must try again")

    @unittest.skipUnless((WEB / "node_modules/graphql").exists(), "web/node_modules is not there: GraphiQL was not bundled in this tree")
    def test_graphiqls_fetcher_reads_streams_of_events_however_they_are_cut(self):
        done = subprocess.run(["node", "--test", str(BROWSER / "fetcher.test.mjs")], capture_output=True, text=True, timeout=60)
        self.assertEqual(0, done.returncode, done.stdout[-3000:])


@unittest.skipUnless(shutil.which("chromium") or shutil.which("google-chrome"), "no Chromium: tools/setup test installs it")
class InABrowser(TestCase):
    def test_the_landing_page(self):
        module = self.service("hostile", guest="sleepy", service="e2e.Hostile")
        contract = module.with_suffix(".graphql")
        contract.write_text(json.dumps(HOSTILE) + "\n" + contract.read_text())
        with Node([GUESTS / "echo.wasm", GUESTS / "sleepy.wasm", module], "--dev") as node:
            saw = look("landing.mjs", node.url)
            origin = node.url
        self.assertEqual([], saw["wrong"])
        self.assertEqual([], saw["axe"])
        self.assertEqual(["e2e.Hostile", "test.Echo", "test.Sleepy"], saw["services"])
        self.assertIn("person", saw["methods"])
        self.assertNotIn("secret", saw["methods"])
        self.assertEqual([origin], saw["origins"])
        self.assertEqual(("0", "3"), (saw["before"], saw["after"]))
        self.assertRegex(saw["p50"], r"^[0-9.]+ (µs|ms|s)$")
        self.assertFalse(saw["moved"], "figures must not move the page")
        self.assertEqual(f"curl -H 'Content-Type: application/json' -d '{{\"text\":\"text\"}}' \\\n  {origin}/test.Echo/echo", saw["curl"])
        self.assertTrue(saw["operation"].startswith("query Person($input: PersonInput!) {"), saw["operation"])
        self.assertEqual({"input": {"id": "1", "name": "World"}}, json.loads(saw["variables"]))
        self.assertEqual(["A Skip", "A GraphiQL", "A Metrics", "A JSON", "A Ready?", "INPUT find", "A GraphQL", "A JSON", "A OpenAPI", "A Open",
                          "SUMMARY count"], saw["keyboard"])
        self.assertTrue(saw["opened"])
        self.assertEqual(["test.Sleepy"], [n for n in saw["found"] if n != "e2e.Hostile"])
        self.assertEqual(0, saw["tooWide"], "at 360 px nothing may be wider than the page")
        self.assertEqual((None, 0), (saw["hacked"], saw["images"]))

    def test_graphiql(self):
        with Node([GUESTS / "echo.wasm", GUESTS / "sleepy.wasm"], "--dev") as node:
            own = node.request("POST", "/graphql/test.Echo", b'{"query": "{ __typename }"}', {"content-type": "application/json"}).status
            saw = look("graphiql.mjs", node.url, *([] if own == 200 else ["stub"]))
        self.assertEqual([], saw["wrong"])
        self.assertEqual(["all services", "test.Echo", "test.Sleepy"], saw["services"])
        self.assertIn('"name": "Ada", "mood": "HAPPY"', saw["answer"])
        self.assertIn("PersonAnswer!", saw["docs"])
        self.assertEqual(1, saw["headers"])
        self.assertNotEqual(*saw["dark"])
        self.assertIn("/graphiql-graphql.js", saw["workers"])
