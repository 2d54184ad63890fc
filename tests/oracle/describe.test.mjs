// node describe.test.mjs BUILD: `waggle describe` of every schema in the repository. Its JSON Schema compiles in ajv and accepts
// and refuses what it should; its OpenAPI has no error in redocly's linter and agrees with docs/errors.md.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { createConfig, lintFromString } from "@redocly/openapi-core";

const root = path.resolve(import.meta.dirname, "../..");
const waggle = path.join(path.resolve(process.argv[2] ?? path.join(root, "build/asan")), "waggle");
let passed = 0;
let failed = 0;
function check(what, fine, more = "") {
  if (fine) return void passed++;
  failed++;
  console.log(`FAIL ${what}`, more);
}

function schemas(folder) {
  return readdirSync(path.join(root, folder), { recursive: true })
    .filter((f) => /\.(graphql|gql)$/.test(f) && !f.includes("node_modules") && !f.startsWith("hostile/")) // those are templates
    .map((f) => path.join(folder, f))
    .sort();
}
const describe = (file, format) =>
  execFileSync(waggle, ["describe", path.join(root, file), "--format", format], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

// Strict, but for rules of taste: types that are more than one, and keywords beside what has the type or the properties.
const compiler = () =>
  addFormats(new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true }))
    .addVocabulary(["x-sensitive", "x-pattern"]);

const config = await createConfig({
  extends: ["recommended"],
  // A contract has no licence, and need not have descriptions. That `__typename` is required stands beside `oneOf`.
  rules: { "info-license": "off", "tag-description": "off", "no-illogical-composition-keywords": "off" },
});

const sensible = {};
for (const file of [...schemas("examples"), ...schemas("tests/guests"), ...schemas("tests/oracle/describe")]) {
  let document;
  let api;
  try {
    document = JSON.parse(describe(file, "json-schema"));
    api = JSON.parse(describe(file, "openapi"));
  } catch (e) {
    const why = String(e.stderr ?? e);
    // What this build refuses is refused by `check` too.
    if (why.includes("is not available in this build yet")) console.log(`skipped ${file}: ${why.split("\n")[0]}`);
    else check(`${file} can be described`, false, why);
    continue;
  }
  sensible[file] = document;
  const validators = {};
  try {
    const ajv = compiler();
    ajv.addSchema(document);
    for (const name of Object.keys(document.$defs)) validators[name] = ajv.getSchema(`${document.$id}#/$defs/${name}`);
    check(`${file} compiles in ajv`, Object.values(validators).every(Boolean));
  } catch (e) {
    check(`${file} compiles in ajv`, false, e.message);
    continue;
  }
  for (const [name, schema] of Object.entries(document.$defs))
    for (const example of schema.examples ?? [])
      check(`${file}: the example of ${name} fits`, validators[name](example), JSON.stringify([example, validators[name].errors]));
  const problems = await lintFromString({ source: JSON.stringify(api), absoluteRef: `${file}.json`, config });
  for (const p of problems.filter((p) => p.severity !== "error"))
    console.log(`  ${p.severity} ${file}: ${p.ruleId} ${p.message} ${p.location[0]?.pointer ?? ""}`);
  check(`${file}: OpenAPI lints`, problems.every((p) => p.severity !== "error"),
    JSON.stringify(problems.slice(0, 5).map((p) => [p.ruleId, p.message, p.location[0]?.pointer])));
  const named = Object.keys(api.components.schemas).filter((n) => n !== "connect.error");
  check(`${file}: OpenAPI has the same schemas by the same names`,
    named.every((n) => {
      const plain = (json) => JSON.stringify(json, (k, v) => (k === "discriminator" || k === "examples" ? undefined : v));
      return plain(api.components.schemas[n]).replaceAll("#/components/schemas/", "#/$defs/") === plain(document.$defs[n]);
    }));
}

// The rich one: what its schemas accept and refuse.
const rich = sensible["tests/oracle/describe/rich.graphql"];
const ajv = compiler();
if (rich) ajv.addSchema(rich);
function judge(name, accepted, refused) {
  const valid = rich && ajv.getSchema(`${rich.$id}#/$defs/${name}`);
  for (const v of accepted) check(`${name} accepts ${JSON.stringify(v)}`, valid?.(v), JSON.stringify(valid?.errors));
  for (const v of refused) check(`${name} refuses ${JSON.stringify(v)}`, valid && !valid(v));
}
const mostInt = 2147483647;
judge("plain.payload",
  [{}, { i: null, f: null, s: null, b: null, id: null }, { i: 1.0 }, { i: mostInt }, { i: -mostInt - 1 }, { f: 1 }, { id: 4 }, { id: "x" }],
  [null, [], 1, { i: 1.5 }, { i: mostInt + 1 }, { i: "1" }, { i: true }, { f: "1" }, { s: 1 }, { b: 0 }, { id: 4.5 }, { id: true }, { j: 1 }]);
judge("needed.payload", [{ i: 1, f: 1.5, s: "", b: false, id: "" }],
  [{}, { i: null, f: 1, s: "", b: true, id: 1 }, { f: 1, s: "", b: true, id: 1 }]);
judge("defaults.payload", [{}, { f: null, n: null, z: 1 }, { m: "SAD", l: 7, n: { name: "x" } }],
  [{ i: null }, { m: null }, { m: "GLAD" }, { m: 1 }, { l: null }, { l: [null] }, { n: {} }]);
check("defaults are annotated", JSON.stringify(Object.values(rich.$defs["defaults.payload"].properties).map((p) => p.default)) ===
  JSON.stringify([3, 1000, 'a"b', "HAPPY", [1, 2], { name: "n" }, null]));
const lists = { b: [], d: [], g: [] };
judge("lists.payload",
  [lists, { ...lists, a: null }, { ...lists, a: [null, 1] }, { ...lists, a: 1 }, { ...lists, b: 1 }, { ...lists, c: 1 }, { ...lists, c: [1, null, [2, null], null] },
    { ...lists, d: 1 }, { ...lists, d: [1, [2]] }, { ...lists, e: "SAD" }, { ...lists, e: [["SAD"], "HAPPY", [[null, "SAD"]]] }, { ...lists, f: [null, [], {}] },
    { ...lists, f: {} }, { ...lists, g: [[null], 1] }, { ...lists, g: "x" }, { ...lists, h: { name: "x", children: { name: "y" } } }],
  [{}, { ...lists, b: null }, { ...lists, b: [null] }, { ...lists, c: ["1"] }, { ...lists, c: [[[1]]] }, { ...lists, d: [null] }, { ...lists, d: [[null]] },
    { ...lists, g: [null] }, { ...lists, g: [1, null] }, { ...lists, h: [null] }, { ...lists, h: [{ name: "x", children: [1] }] }, { ...lists, e: [[[["SAD"]]]] }]);
const scalars = { anything: 1 };
judge("scalars.payload",
  [scalars, { anything: [null] }, { anything: {} }, { ...scalars, json: null }, { ...scalars, json: [1] }, { ...scalars, long: 9007199254740991 }, { ...scalars, big: "-0012" }, { ...scalars, big: 12 },
    { ...scalars, decimal: "-1.50" }, { ...scalars, bytes: "" }, { ...scalars, bytes: "dGV4dA==" }, { ...scalars, date: "2024-02-29" }, { ...scalars, time: "12:00:00.5z" },
    { ...scalars, time: "23:59:60Z" }, { ...scalars, dateTime: "2026-01-31t12:00:00+01:00" }, { ...scalars, duration: "P1Y2M3DT4H5M6,5S" }, { ...scalars, duration: "P4W" }, { ...scalars, duration: "PT0.5H" },
    { ...scalars, uuid: "123E4567-e89b-42d3-a456-426614174000" }, { ...scalars, url: "https://example.com/a?b#c" }, { ...scalars, email: "a@b" }],
  [{}, { anything: null }, { ...scalars, long: 1.5 }, { ...scalars, long: "1" }, { ...scalars, big: "1.0" }, { ...scalars, big: "" }, { ...scalars, big: 1.5 }, { ...scalars, decimal: 1 }, { ...scalars, decimal: ".5" },
    { ...scalars, decimal: "1." }, { ...scalars, bytes: "dGV4dA" }, { ...scalars, bytes: "dGV4dB==" }, { ...scalars, date: "2023-02-29" }, { ...scalars, date: "2023-1-1" }, { ...scalars, time: "12:00:00" },
    { ...scalars, time: "12:00:60Z" }, { ...scalars, dateTime: "2026-01-31 12:00:00Z" }, { ...scalars, duration: "P" }, { ...scalars, duration: "PT" }, { ...scalars, duration: "P1.5DT1H" }, { ...scalars, duration: "-P1D" },
    { ...scalars, uuid: "urn:uuid:123e4567-e89b-42d3-a456-426614174000" }, { ...scalars, url: "/relative" }, { ...scalars, email: "a b@c" }, { ...scalars, email: "@" }]);
judge("pick.payload", [{ one: { byId: 1 } }, { one: { byList: [null] } }, { one: { byList: 1 } }, { one: { byName: "a" }, many: { byId: 1 } }],
  [{ one: {} }, { one: { byId: null } }, { one: { byId: 1, byName: null } }, { one: { byId: 1, byName: "a" } }, { one: { byName: "" } }, { one: { other: 1 } }, { one: null }]);
const bounded = { f: 0.5, s: "ab", l: [1] };
judge("bounded.payload",
  [bounded, { ...bounded, i: 10 }, { ...bounded, i: null }, { ...bounded, wide: -mostInt - 1 }, { ...bounded, l: 3 }, { ...bounded, l: [1, 2, 3] }, { ...bounded, two: [1, 2] }, { ...bounded, nested: "x" },
    { ...bounded, nested: [["x", "y", "z"], "y"] }, { ...bounded, s: "𝒳𝒳".replaceAll("𝒳", "x") }, { ...bounded, long: 10 }, { ...bounded, email: "a@b" }],
  [{ ...bounded, i: 0 }, { ...bounded, i: 11 }, { ...bounded, wide: 5 }, { ...bounded, wide: -mostInt - 2 }, { ...bounded, f: 0 }, { ...bounded, f: 0.3 }, { ...bounded, s: "a" }, { ...bounded, s: "abcde" }, { ...bounded, s: "a b" },
    { ...bounded, l: [] }, { ...bounded, l: [1, 1] }, { ...bounded, l: [-1] }, { ...bounded, l: -1 }, { ...bounded, l: [1, 2, 3, 4] }, { ...bounded, two: 1 }, { ...bounded, two: [1] }, { ...bounded, nested: ["x", "y", "z"] },
    { ...bounded, nested: "xy" }, { ...bounded, long: 9 }, { ...bounded, email: "abcdef@ghij" }]);
judge("bare.payload", [[], { name: "x" }, [{ name: "x" }]], [null, {}, [null], { value: [] }]);
judge("bareNothing.payload", [null, {}, 1], []);
judge("nothing.payload", [{}], [{ a: 1 }, null]);
judge("plain.answer", [null, { id: 1, m: "SAD" }, { __typename: "Plain", id: "", m: "NEW", i: null }],
  [{}, { id: null, m: "SAD" }, { id: 1, m: "SAD", x: 1 }, { __typename: "Other", id: 1, m: "SAD" }, []]);
judge("lists.answer", [[], [null, [{ id: 1, m: "SAD" }]]], [null, {}, [[null]], { id: 1, m: "SAD" }]);
judge("pick.answer", [null, { __typename: "Dog", name: "a", barks: true }, { __typename: "Stone", weight: 1 }],
  [{ name: "a", barks: true }, { __typename: "Cat", name: "a", barks: true }, { __typename: "Pet" }, { weight: 1 }]);
judge("walk.answer", [[{ __typename: "Cat", name: "a", lives: 9 }, null]], [[{ __typename: "Stone", weight: 1 }], { __typename: "Cat", name: "a", lives: 9 }]);
judge("bare.answer", [{ name: "a", children: [{ name: "b" }], up: null }], [null, { name: "a", children: { name: "b" } }]);

const api = JSON.parse(describe("tests/oracle/describe/rich.graphql", "openapi"));
const paths = Object.keys(api.paths).map((p) => p.replace("/test.describe.v1.Rich/", ""));
check("no internal method and no subscription in OpenAPI", !paths.includes("hidden") && !paths.includes("watch") && paths.includes("signIn"));
check("types of internal methods are not in OpenAPI", !("OnlyInside" in api.components.schemas) && "OnlyInside" in rich.$defs);
check("queries by GET, mutations not", "get" in api.paths["/test.describe.v1.Rich/plain"] && !("get" in api.paths["/test.describe.v1.Rich/signIn"]));
check("deprecated methods, properties and reasons", api.paths["/test.describe.v1.Rich/old"].post.deprecated === true &&
  rich.$defs["old.payload"].properties.a.description === "Deprecated: not looked at" && rich.$defs.Plain.properties.m.deprecated === true);
check("sensitive values are marked", rich.$defs["signIn.payload"].properties.password["x-sensitive"] === true);
check("patterns that only RE2 has are for readers", rich.$defs["bounded.payload"].properties.folded["x-pattern"] === "(?i)^abc$");

// The statuses of docs/errors.md, which tests/docs compares with the program.
const documented = {};
for (const [, code, status] of readFileSync(path.join(root, "docs/errors.md"), "utf8").matchAll(/^\| `(\w+)` \| \d+ \| (\d+) \|/gm)) (documented[status] ??= []).push(code);
for (const [status, codes] of Object.entries(documented))
  check(`status ${status} has its codes`, codes.every((c) => api.components.responses[`error.${status}`]?.description.includes(c)));
check("all codes are in the error's schema",
  JSON.stringify(Object.values(documented).flat().sort()) === JSON.stringify([...api.components.schemas["connect.error"].properties.code.enum].sort()));

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
