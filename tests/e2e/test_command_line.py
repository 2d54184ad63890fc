"""design.md §5 "Command line" and "Configuration"."""

import json
import shutil
import tomllib
import unittest

from node import EXAMPLES, GUESTS, HOSTILE, Node, TestCase

ECHO = GUESTS / "echo.wasm"


class Invoke(TestCase):
    def test_prints_the_answer_of_a_payload_given_as_argument(self):
        r = self.run_waggle("invoke", ECHO, "echo", '{"text":"hi","n":3}')
        self.assertEqual((0, '{"text":"hi","n":3}\n'), (r.status, r.out), r)

    def test_a_dash_reads_the_payload_from_standard_input(self):
        r = self.run_waggle("invoke", ECHO, "echo", "-", stdin='{"text":"from stdin"}')
        self.assertEqual((0, '{"text":"from stdin"}\n'), (r.status, r.out), r)

    def test_an_absent_payload_is_an_empty_object(self):
        r = self.run_waggle("invoke", ECHO, "echo")
        self.assertEqual((0, "{}\n"), (r.status, r.out), r)

    def test_a_bare_method_takes_any_value(self):
        for payload in ("[1,2]", '"text"', "null", "17"):
            r = self.run_waggle("invoke", ECHO, "bare", payload)
            self.assertEqual((0, payload + "\n"), (r.status, r.out), r)

    def check_error(self, arguments, code):
        r = self.run_waggle("invoke", ECHO, *arguments)
        self.assertEqual((1, ""), (r.status, r.out), r)
        self.assertEqual(code, r.error["code"], r)
        self.assertTrue(r.error["message"])
        return r.error

    def test_errors_are_json_on_stderr_with_nothing_on_stdout_and_status_1(self):
        self.check_error(["echoo"], "unimplemented")
        self.check_error(["trap"], "internal")
        self.check_error(["failPlain"], "unknown")
        self.check_error(["spinBriefly"], "deadline_exceeded")
        self.check_error(["echo", "[1]"], "invalid_argument")
        error = self.check_error(["fail"], "not_found")
        self.assertEqual({"thing": "echo"}, error["details"])
        error = self.check_error(["echo", '{"text":'], "invalid_argument")
        self.assertEqual(1, error["details"]["count"])
        self.assertEqual(8, error["details"]["violations"][0]["offset"])

    def test_an_unknown_method_names_the_one_that_was_meant(self):
        self.assertIn("echo", self.check_error(["ecoh"], "unimplemented")["message"].split("has no method")[1])

    def test_the_trap_is_told_under_dev_only(self):
        self.assertNotIn("debug", self.check_error(["trap"], "internal"))
        self.assertIn("unreachable", self.check_error(["trap", "--dev"], "internal")["debug"])

    def test_what_it_writes_lasts_where_a_data_folder_was_named_be_it_the_default_one(self):
        module = self.service("One", guest="caller")
        contract = module.with_suffix(".graphql")
        contract.write_text(contract.read_text().replace('"waggle.log.v1.Log"', '"waggle.state.v1.State"'))
        named = str(self.folder / "home/waggle")

        def count(*flags, env=None):
            r = self.run_waggle("invoke", module, "change", json.dumps(
                {"service": "waggle.state.v1.State", "method": "increment", "input": {"key": "n"}}), "--dev", *flags, env=env)
            self.assertEqual(0, r.status, r)
            return int(r.out)

        self.assertEqual([1, 1], [count(), count()])
        self.assertEqual([1, 2], [count("--data", named), count("--data", named)])
        self.assertEqual([3, 1], [count(env={"WAGGLE_DATA": named}), count()])
        config = self.write("waggle.toml", f"data = {json.dumps(named)}\n")
        self.assertEqual(4, count("--config", config))

    def test_a_folder_of_several_services_is_wrong_usage(self):
        self.service("One")
        self.service("Two")
        self.assertEqual(2, self.run_waggle("invoke", self.folder, "echo").status)

    def test_a_target_that_is_not_there_fails(self):
        r = self.run_waggle("invoke", self.folder / "none.wasm", "echo")
        self.assertEqual((1, ""), (r.status, r.out), r)
        self.assertIn("none.wasm", r.err)


class Describe(TestCase):
    def test_prints_the_contract_as_it_is_by_default(self):
        for arguments in ([], ["--format", "graphql"]):
            r = self.run_waggle("describe", ECHO, *arguments)
            self.assertEqual((0, (GUESTS / "echo.graphql").read_text(), ""), (r.status, r.out, r.err), r)

    def test_describes_a_target_and_a_schema_for_other_programs(self):
        for target in (ECHO, GUESTS / "echo.graphql"):
            r = self.run_waggle("describe", target, "--format", "json-schema")
            self.assertEqual((0, ""), (r.status, r.err), r)
            self.assertEqual("test.Echo", json.loads(r.out)["title"])
            r = self.run_waggle("describe", target, "--format", "openapi")
            self.assertEqual((0, ""), (r.status, r.err), r)
            self.assertIn("/test.Echo/echo", json.loads(r.out)["paths"])
        one = self.run_waggle("describe", self.service("One").parent, "--format", "openapi")
        self.assertEqual("e2e.One", json.loads(one.out)["info"]["title"])

    def test_an_unknown_format_is_wrong_usage_and_names_the_known_ones(self):
        r = self.run_waggle("describe", ECHO, "--format", "yaml")
        self.assertEqual((2, ""), (r.status, r.out), r)
        for name in ("yaml", "graphql", "json-schema", "openapi"):
            self.assertIn(name, r.err)

    def test_a_folder_of_several_services_is_wrong_usage(self):
        self.service("One")
        self.service("Two")
        r = self.run_waggle("describe", self.folder)
        self.assertEqual((2, ""), (r.status, r.out), r)
        self.assertIn("name one", r.err)

    def test_a_schema_with_errors_or_that_is_not_there_fails(self):
        r = self.run_waggle("describe", self.write("bad.graphql", "type Query { a: Nope }"))
        self.assertEqual((1, ""), (r.status, r.out), r)
        self.assertIn("bad.graphql:1:17: error:", r.err)
        self.assertEqual(1, self.run_waggle("describe", self.folder / "none.graphql").status)

    def test_without_service_there_is_a_json_schema_but_no_openapi(self):
        schema = self.write("plain.graphql", "type Query { a: Int }")
        r = self.run_waggle("describe", schema, "--format", "json-schema")
        self.assertEqual(0, r.status, r)
        self.assertNotIn("$id", json.loads(r.out))
        r = self.run_waggle("describe", schema, "--format", "openapi")
        self.assertEqual((1, ""), (r.status, r.out), r)
        self.assertIn("@service", r.err)


class Usage(TestCase):
    def test_wrong_usage_ends_with_status_2_and_says_what_is_wrong(self):
        for arguments, named in ((["frobnicate"], "frobnicate"), ([], "command"), (["invoke"], "TARGET"),
                                 (["invoke", ECHO], "METHOD"), (["serve"], "target"), (["check"], "TARGET"),
                                 (["inspect"], "TARGET"), (["describe"], "TARGET"), (["convert"], "FILE"),
                                 (["pack", ECHO], "SCHEMA"), (["bench", ECHO], "METHOD"),
                                 (["invoke", "--frob", ECHO, "echo"], "--frob"), (["serve", "--treads", "2"], "--treads"),
                                 (["invoke", ECHO, "echo", "{}", "more"], "more")):
            r = self.run_waggle(*arguments)
            self.assertEqual((2, ""), (r.status, r.out), (arguments, r))
            self.assertIn(named, r.err, arguments)

    def test_wrong_usage_names_what_was_perhaps_meant(self):
        for arguments, meant in ((["serv"], "; did you mean serve?"), (["serve", "--treads", "2"], "; did you mean --threads?"),
                                 (["serve", "--lisen=:1"], "; did you mean --listen?")):
            r = self.run_waggle(*arguments)
            self.assertEqual((2, ""), (r.status, r.out), (arguments, r))
            self.assertIn(meant, r.err, arguments)
            self.assertRegex(r.err, r"\nwaggle (serve )?--help shows what there is\n$", arguments)

    def test_help_and_version_end_with_status_0(self):
        for arguments in (["--help"], ["serve", "--help"], ["invoke", "--help"], ["--version"]):
            r = self.run_waggle(*arguments)
            self.assertEqual(0, r.status, r)
            self.assertIn("waggle", r.out)


class Check(TestCase):
    def test_tells_several_errors_of_a_schema_with_file_line_and_column(self):
        schema = self.write("shop.graphql", 'schema @service(name: "shop.Orders", version: "1", singelton: true) {'
                                            ' query: Query }\n\ntype Query {\n  order(id: Idd!): Order\n  @ }\n')
        r = self.run_waggle("check", schema)
        self.assertEqual(1, r.status, r)
        self.assertRegex(r.err, r"(?m)^.*shop\.graphql:5:\d+: error: ")
        schema = self.write("shop.graphql", 'schema @service(name: "shop.orders", version: "1.0.0", pool: {max: 0}) {'
                                            ' query: Query }\ntype Query {\n  order: Int @timeout(ms: 0)\n}\n')
        r = self.run_waggle("check", schema)
        self.assertEqual(1, r.status, r)
        for line in (1, 3):
            self.assertRegex(r.err, rf"(?m)^{schema}:{line}:\d+: error: ")
        self.assertGreaterEqual(r.err.count(": error: "), 3, r)

    def test_json_tells_the_same(self):
        schema = self.write("shop.graphql", 'schema @service(name: "shop.orders") { query: Query }\n'
                                            'type Query {\n  order: Int @timeout(ms: 0)\n}\n')
        r = self.run_waggle("check", schema, "--json")
        self.assertEqual(1, r.status, r)
        found = json.loads(r.out)
        self.assertEqual({1, 3}, {f["line"] for f in found if f["severity"] == "error"}, found)
        for f in found:
            self.assertEqual(str(schema), f["file"])
            self.assertGreater(f["column"], 0)
            self.assertTrue(f["message"])

    def test_a_target_that_can_be_served_is_fine(self):
        r = self.run_waggle("check", ECHO)
        self.assertEqual((0, ""), (r.status, r.out), r)
        self.assertNotIn("error", r.err)
        r = self.run_waggle("check", ECHO, "--json")
        self.assertEqual((0, []), (r.status, json.loads(r.out)), r)

    def test_a_schema_without_service_passes_with_a_note_and_is_refused_by_serve(self):
        self.service("plain")
        schema = self.write("plain.graphql", "type Query { echo: Int }\n")
        r = self.run_waggle("check", schema)
        self.assertEqual(0, r.status, r)
        self.assertIn("note: ", r.err)
        r = self.run_waggle("serve", self.folder / "plain.wasm", "--listen", "127.0.0.1:0")
        self.assertEqual(1, r.status, r)
        self.assertIn("@service", r.err)

    def test_two_services_of_one_name_in_a_folder_fail_as_they_do_in_serve(self):
        for name in ("one", "two"):
            shutil.copy(ECHO, self.folder / f"{name}.wasm")
            shutil.copy(ECHO.with_suffix(".graphql"), self.folder / f"{name}.graphql")
        r = self.run_waggle("check", self.folder)
        self.assertEqual((1, ""), (r.status, r.out), r)
        self.assertIn(f"two.wasm: error: test.Echo is the name of the service in {self.folder}/one.wasm too", r.err)

    def test_a_module_tells_everything_that_it_lacks_at_once(self):
        r = self.run_waggle("check", HOSTILE / "no_exports.wasm")
        self.assertEqual(1, r.status, r)
        for name in ("memory", "allocate", "deallocate", "handle_request"):
            self.assertIn(f"no export `{name}`", r.err)


class CheckAgainst(TestCase):
    OLD = 'schema @service(name: "shop.Orders") { query: Query }\ntype Query { order(id: ID!): String count: Int }\n'
    BREAKING = ('schema @service(name: "shop.Orders") { query: Query }\n'
                'type Query {\n  order(id: ID!, most: Int): String!\n}\n')
    SAFE = OLD + 'type Unused { a: Int }\n'

    def against(self, *arguments):
        return self.run_waggle("check", "--against", *arguments)

    def test_a_breaking_change_fails_and_is_told_where_it_is(self):
        old = self.write("old.graphql", self.OLD)
        new = self.write("new.gql", self.BREAKING)
        r = self.against(old, new)
        self.assertEqual((1, ""), (r.status, r.err), r)
        first, *others, last = r.out.splitlines()
        self.assertRegex(first, rf"^{old}:2:37: breaking: Query\.count: method was removed; .* \[method-removed\]$")
        self.assertEqual(2, len(others), r)
        for line in others:
            self.assertRegex(line, rf"^{new}:3:\d+: safe: Query\.order")
        self.assertEqual("1 breaking, 0 dangerous, 2 safe", last)

    def test_json_tells_the_same(self):
        old = self.write("old.graphql", self.OLD)
        new = self.write("new.graphql", self.BREAKING)
        r = self.against(old, new, "--json")
        self.assertEqual((1, ""), (r.status, r.err), r)
        told = json.loads(r.out)
        self.assertEqual({"breaking": 1, "dangerous": 0, "safe": 2}, {k: v for k, v in told.items() if k != "changes"})
        removed, *others = told["changes"]
        message = removed.pop("message")
        self.assertTrue(message)
        self.assertEqual({"severity": "breaking", "kind": "method-removed", "path": "Query.count",
                          "old": {"line": 2, "column": 37}, "new": None}, removed)
        self.assertEqual({"argument-optional-added", "method-answer-narrowed"}, {c["kind"] for c in others})

    def test_nothing_breaking_is_fine(self):
        old = self.write("old.graphql", self.OLD)
        r = self.against(old, old)
        self.assertEqual((0, "0 breaking, 0 dangerous, 0 safe\n", ""), (r.status, r.out, r.err), r)
        r = self.against(old, self.write("new.graphql", self.SAFE), "--json")
        self.assertEqual((0, 1), (r.status, json.loads(r.out)["safe"]), r)

    def test_errors_on_either_side_fail_and_nothing_is_compared(self):
        good = self.write("good.graphql", self.OLD)
        bad = self.write("bad.graphql", "type Query {\n  a: Strin\n}\n")
        for sides in ((bad, good), (good, bad)):
            r = self.against(*sides)
            self.assertEqual((1, ""), (r.status, r.out), r)
            self.assertRegex(r.err, rf"(?m)^{bad}:2:\d+: error: .*String")

    def test_a_file_that_is_not_there_fails_and_is_named(self):
        good = self.write("good.graphql", self.OLD)
        for sides in (("none.graphql", good), (good, "none.wasm")):
            r = self.against(*sides)
            self.assertEqual((1, ""), (r.status, r.out), r)
            self.assertIn("none.", r.err)
        self.assertEqual(2, self.against(good).status)

    def test_a_target_is_compared_by_its_schema(self):
        schema = self.write("old.graphql", (GUESTS / "echo.graphql").read_text().replace('"test.Echo"', '"test.Other"'))
        r = self.against(schema, ECHO, "--json")
        self.assertEqual(1, r.status, r)
        self.assertEqual(["service-name-changed"], [c["kind"] for c in json.loads(r.out)["changes"]])

    def test_several_services_are_compared_by_their_names(self):
        old, new = self.folder / "old", self.folder / "new"
        for folder, services in ((old, "AB"), (new, "BC")):
            for name in services:
                self.service(name, folder=folder)
        r = self.against(old, new, "--json")
        self.assertEqual(1, r.status, r)
        self.assertEqual([("service-removed", "e2e.A"), ("service-added", "e2e.C")],
                         [(c["kind"], c["path"]) for c in json.loads(r.out)["changes"]])
        shutil.copy(new / "C.wasm", new / "D.wasm")
        shutil.copy(new / "C.graphql", new / "D.graphql")
        r = self.against(old, new)
        self.assertEqual((1, ""), (r.status, r.out), r)
        self.assertRegex(r.err, r"D\.graphql: error: is a second service e2e\.C")


class Inspect(TestCase):
    def test_tells_abi_methods_imports_and_memory(self):
        r = self.run_waggle("inspect", GUESTS / "sleepy.wasm")
        self.assertEqual(0, r.status, r)
        for text in ("test.Sleepy", "WASI preview 1", "sleep(ms: Int!): Int!", "KiB", "wasi_snapshot_preview1.poll_oneoff"):
            self.assertIn(text, r.out)

    def test_json_has_the_same_for_programs(self):
        r = self.run_waggle("inspect", ECHO, "--json")
        self.assertEqual(0, r.status, r)
        (about,) = json.loads(r.out)
        self.assertEqual("test.Echo", about["service"]["name"])
        self.assertEqual([], about["imports"])
        methods = {m["name"]: m for m in about["service"]["methods"]}
        self.assertEqual("mutation", methods["store"]["kind"])
        self.assertTrue(methods["secret"]["internal"])
        self.assertTrue(methods["bare"]["bare"])
        self.assertLess({"memory", "allocate", "deallocate", "handle_request"}, {e["name"] for e in about["exports"]} | {"x"})


class Pack(TestCase):
    def test_what_is_packed_needs_no_schema_beside_it(self):
        out = self.folder / "packed" / "alone.wasm"
        out.parent.mkdir()
        r = self.run_waggle("pack", ECHO, GUESTS / "echo.graphql", "-o", out)
        self.assertEqual((0, ""), (r.status, r.out), r)
        self.assertEqual([out], list(out.parent.iterdir()))
        r = self.run_waggle("inspect", out, "--json")
        self.assertEqual("test.Echo", json.loads(r.out)[0]["service"]["name"])
        with Node(out.parent) as node:
            self.assertEqual({"text": "packed"}, node.call("test.Echo", "echo", {"text": "packed"}).json)
            self.assertEqual((GUESTS / "echo.graphql").read_text(), node.get("/test.Echo").body.decode())

    def test_a_different_schema_beside_it_is_a_warning_and_the_one_inside_counts(self):
        out = self.folder / "echo.wasm"
        self.run_waggle("pack", ECHO, GUESTS / "echo.graphql", "-o", out)
        shutil.copy(GUESTS / "echo.graphql", self.folder)
        self.assertNotIn("warning", self.run_waggle("check", out).err)
        text = (GUESTS / "echo.graphql").read_text().replace("test.Echo", "test.Other")
        self.write("echo.graphql", text)
        r = self.run_waggle("check", out)
        self.assertEqual(0, r.status, r)
        self.assertRegex(r.err, r"echo\.graphql: warning: .*differs")
        self.assertEqual("test.Echo", json.loads(self.run_waggle("inspect", out, "--json").out)[0]["service"]["name"])

    def test_packing_again_replaces_the_schema(self):
        out = self.folder / "echo.wasm"
        other = self.write("other.graphql", (GUESTS / "echo.graphql").read_text().replace("test.Echo", "test.Other"))
        self.run_waggle("pack", ECHO, GUESTS / "echo.graphql", "-o", out)
        self.assertEqual(0, self.run_waggle("pack", out, other, "-o", out).status)
        self.assertEqual("test.Other", json.loads(self.run_waggle("inspect", out, "--json").out)[0]["service"]["name"])

    def test_a_schema_with_errors_is_not_packed(self):
        schema = self.write("bad.graphql", "type Query { x: }\n")
        r = self.run_waggle("pack", ECHO, schema, "-o", self.folder / "out.wasm")
        self.assertEqual(1, r.status, r)
        self.assertRegex(r.err, r"bad\.graphql:1:\d+: error: ")
        self.assertFalse((self.folder / "out.wasm").exists())


class Convert(TestCase):
    OKRA = GUESTS / "okra" / "users.okra.gql"

    def test_what_is_printed_is_a_schema_of_its_own_with_the_same_methods(self):
        r = self.run_waggle("convert", self.OKRA)
        self.assertEqual((0, ""), (r.status, r.err), r)
        self.assertIn('schema @service(name: "test.okra.UserService", version: "v1") {\n  mutation: Mutation\n}\n', r.out)
        self.assertIn("  createUser(input: CreateUser): CreateUserResponse @bare\n", r.out)
        self.assertIn('scalar DateTime @specifiedBy(url: "https://scalars.graphql.org/', r.out)
        standard = self.write("users.graphql", r.out)
        checked = self.run_waggle("check", standard)
        self.assertEqual((0, ""), (checked.status, checked.err), checked)
        self.assertEqual(r.out, self.run_waggle("convert", standard).out)

    def test_reads_become_queries(self):
        r = self.run_waggle("convert", self.OKRA, "--reads", "get*,na?")
        self.assertEqual((0, ""), (r.status, r.err), r)
        queries = r.out.split("type Query {")[1].split("}")[0]
        self.assertEqual(["getUser", "nap"], [line.strip().split("(")[0] for line in queries.strip().splitlines()])

    def test_a_pattern_that_matches_nothing_is_an_error(self):
        r = self.run_waggle("convert", self.OKRA, "--reads", "get*,list*")
        self.assertEqual((1, ""), (r.status, r.out), r)
        self.assertIn("users.okra.gql: error: --reads: list* matches no query or mutation", r.err)

    def test_a_file_with_errors_is_not_printed(self):
        r = self.run_waggle("convert", self.write("bad.okra.gql", "service S {\n  m(a: X): Int\n}\n"))
        self.assertEqual((1, ""), (r.status, r.out), r)
        self.assertRegex(r.err, r"bad\.okra\.gql:2:8: error: type X is not defined")
        r = self.run_waggle("convert", self.folder / "none.graphql")
        self.assertEqual((1, ""), (r.status, r.out), r)
        self.assertIn("none.graphql: error: ", r.err)


class Bench(TestCase):
    def test_json_counts_requests_and_failures(self):
        r = self.run_waggle("bench", ECHO, "echo", '{"text":"x"}', "--seconds", "1", "--json")
        self.assertEqual(0, r.status, r)
        told = json.loads(r.out)
        self.assertGreater(told["requests"], 100)
        self.assertEqual(0, told["failed"])
        self.assertGreaterEqual(told["us"]["p99"], told["us"]["p50"])

    def test_a_table_by_url(self):
        with Node(ECHO) as node:
            r = self.run_waggle("bench", f"{node.url}/test.Echo", "echo", '{"text":"x"}', "--seconds", "1")
        self.assertEqual(0, r.status, r)
        self.assertRegex(r.out, r"p50 [\d.]+ .*p99")

    def test_a_failing_method_ends_with_status_1(self):
        r = self.run_waggle("bench", GUESTS / "ticker.wasm", "count", '{"to":9}', "--seconds", "1", "--json")
        self.assertEqual((0, 0), (r.status, json.loads(r.out)["failed"]), r)
        r = self.run_waggle("bench", ECHO, "fail", "--seconds", "1", "--json")
        self.assertEqual(1, r.status, r)
        told = json.loads(r.out)
        self.assertEqual(told["requests"], told["failed"])
        self.assertRegex(r.err, r'(?m)^the first failure: \{"code":')

    def test_what_is_wrong_with_the_url_is_told(self):
        for url, lacks in (("http://127.0.0.1:1", "lacks the service"), ("http://[::1]:1/", "lacks the service"),
                           ("http://localhost/test.Echo", "lacks the port"), ("http://[::1]/test.Echo", "lacks the port"),
                           ("http://192.0.2.1:1/test.Echo", "is not on this machine")):
            r = self.run_waggle("bench", url, "echo")
            self.assertEqual((2, ""), (r.status, r.out), (url, r))
            self.assertIn(f'"{url}" {lacks}', r.err)

    def test_why_nothing_is_answered_or_fails_is_told(self):
        with Node(ECHO) as node:
            r = self.run_waggle("bench", f"{node.url}/test.Eco", "echo", "--seconds", "1")
            gone = node.url
        self.assertIn("HTTP 404", r.out)
        self.assertRegex(r.err, r'(?m)^the first failure: \{"code":"not_found","message":".*test\.Eco')
        r = self.run_waggle("bench", f"{gone}/test.Echo", "echo", "--seconds", "1")
        self.assertEqual((1, "", "no request was answered: Connection refused\n"), (r.status, r.out, r.err))


class Configuration(TestCase):
    def printed(self, *flags, env=None, status=0):
        r = self.run_waggle("serve", "--print-config", *flags, env=env)
        self.assertEqual(status, r.status, r)
        return tomllib.loads(r.out) if status == 0 else r.err

    def test_what_is_printed_can_be_read_back_and_prints_the_same(self):
        first = self.run_waggle("serve", "--print-config", "--drain-grace-ms", "7", "--http-allowed-hosts", "a.example",
                                "--http-allowed-hosts", "b.example", "--listen", "[::1]:81").out
        file = self.write("all.toml", first + '\n[[pool]]\nservice = "a.B"\nmax = 3\n')
        again = self.run_waggle("serve", "--print-config", "--config", file)
        self.assertEqual(0, again.status, again)
        told = tomllib.loads(again.out)
        self.assertEqual([{"service": "a.B", "max": 3}], told.pop("pool"))
        self.assertEqual(tomllib.loads(first), told)
        self.assertEqual(["a.example", "b.example"], told["http"]["allowed_hosts"])

    def test_flag_over_variable_over_file_over_default(self):
        self.assertEqual(0, self.printed()["drain"]["grace_ms"])
        file = ["--config", self.write("c.toml", "drain.grace_ms = 1\n")]
        self.assertEqual(1, self.printed(*file)["drain"]["grace_ms"])
        variable = {"WAGGLE_DRAIN_GRACE_MS": "2"}
        self.assertEqual(2, self.printed(*file, env=variable)["drain"]["grace_ms"])
        self.assertEqual(3, self.printed(*file, "--drain-grace-ms", "3", env=variable)["drain"]["grace_ms"])

    def test_an_unknown_key_is_an_error_at_its_place_that_names_the_nearest(self):
        file = self.write("c.toml", "threads = 1\n[drain]\ngrace_sm = 1\n")
        self.assertRegex(self.printed("--config", file, status=2), r"c\.toml:3:\d+: error: .*drain\.grace_ms")

    def test_several_errors_at_once_and_from_everywhere(self):
        file = self.write("c.toml", 'threads = "two"\nlisten = 8080\n')
        told = self.printed("--config", file, "--drain-grace-ms", "x", env={"WAGGLE_LOG_LEVEL": "loud"}, status=2)
        for text in ("c.toml:1:", "c.toml:2:", "--drain-grace-ms", "WAGGLE_LOG_LEVEL"):
            self.assertIn(text, told)

    def test_a_file_that_is_not_there_or_no_toml_is_wrong_configuration(self):
        self.assertIn("none.toml", self.printed("--config", self.folder / "none.toml", status=2))
        self.assertRegex(self.printed("--config", self.write("c.toml", "a = = b\n"), status=2), r"c\.toml:1:\d+: error: ")

    def test_the_operator_narrows_a_pool_and_never_widens_it(self):
        self.service("Narrow", "{max: 4}")
        file = self.write("c.toml", '[[pool]]\nservice = "e2e.Narrow"\nmax = 2\n')
        with Node(self.folder, "--config", file) as node:
            self.assertEqual(2, node.metrics()['waggle_workers_max{service="e2e.Narrow"}'])
        file = self.write("c.toml", '[[pool]]\nservice = "e2e.Narrow"\nmax = 9\n')
        with Node(self.folder, "--config", file) as node:
            self.assertEqual(4, node.metrics()['waggle_workers_max{service="e2e.Narrow"}'])
            self.assertIn("warning", node.log)

    def test_what_is_for_nobody_is_told_by_the_log(self):
        file = self.write("c.toml", "".join(f'[[{entry}]]\nservice = "test.Eco"\n' for entry in ("pool", "limit", "grant"))
                          + '[config."test.Eco"]\na = 1\n[config."test.Echo"]\na = 1\n')
        with Node(ECHO, "--config", file, env={"WAGGLE_LISTN": "1", "WAGGLE_SECRET_test_Echo__a": "b"}) as node:
            for entry in ("[[pool]]", "[[limit]]", "[[grant]]", '[config."test.Eco"]'):
                self.assertIn(f"{entry} is for test.Eco, which is not on this node", node.log)
            self.assertEqual(4, node.log.count("not on this node"))
            self.assertIn("WAGGLE_LISTN is of no key and is ignored; did you mean WAGGLE_LISTEN?", node.log)
            self.assertNotIn("WAGGLE_SECRET", node.log)

    def test_a_port_that_is_taken_is_an_error_that_names_it(self):
        with Node(ECHO) as node:
            r = self.run_waggle("serve", ECHO, "--listen", f"127.0.0.1:{node.port}", "--data", self.folder / "other", timeout=10)
            self.assertEqual(1, r.status, r)
            self.assertIn(str(node.port), r.err)


class Examples(TestCase):
    def test_the_greeters_answer(self):
        for name in ("greeter-cpp", "greeter-go"):
            with self.subTest(name):
                module = EXAMPLES / f"{name}.wasm"
                if not module.exists():
                    self.skipTest(f"{module} was not built (Go was missing)")
                r = self.run_waggle("invoke", module, "greet", '{"person":{"name":"Ada"},"language":"FRENCH"}', timeout=60)
                self.assertEqual(0, r.status, r)
                self.assertEqual("FRENCH", json.loads(r.out)["language"])
                self.assertIn("Ada", json.loads(r.out)["text"])
                r = self.run_waggle("invoke", module, "greet", '{"person":{"name":""}}')
                self.assertEqual((1, ""), (r.status, r.out), r)
                self.assertEqual("invalid_argument", r.error["code"])


if __name__ == "__main__":
    unittest.main()
