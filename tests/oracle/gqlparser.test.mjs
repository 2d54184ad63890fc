// gqlparser's own cases for its lexer, its query and its schema parser (Debian's golang-github-vektah-gqlparser-dev), read from
// where the package put them: the same tokens at the same places, the same trees, the same texts refused at the same place.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const cases = "/usr/share/gocode/src/github.com/vektah/gqlparser";
const files = [
  { kind: "lex", path: "lexer/lexer_test.yml", count: 83 },
  { kind: "query", path: "parser/query_test.yml", count: 28 },
  { kind: "schema", path: "parser/schema_test.yml", count: 44 },
];

// Where the two differ and why: `difference` is how it begins.
const explained = [
  {
    kind: "lex",
    name: /^lex reports useful (block )?string errors: ((unescaped )?control characters|null byte)$/,
    difference: "accepted",
    why: "§2.1: since the September 2025 edition every Unicode scalar value is a SourceCharacter, control characters too",
  },
  {
    kind: "lex",
    name: /^lex reports useful (number|string|block string) errors: |: lex reports useful information for dashes/,
    difference: "place",
    why: "waggle points at the beginning of the number, string or escape, gqlparser at the character where it stopped",
  },
  {
    kind: "query",
    name: /^ast: fragment defined variables$/,
    difference: "refused",
    why: "§2.8: no edition gives fragments variables",
  },
  {
    kind: "schema",
    name: /^type extensions: can have descriptions$/,
    difference: "place",
    why: "waggle points at extend, gqlparser at the description",
  },
  {
    kind: "schema",
    name: /^type extensions: can not have descriptions on types$/,
    difference: "place",
    why: "gqlparser's strings begin behind their first quote",
  },
  {
    kind: "schema",
    name: /^fuzzer: 2$/,
    difference: "place",
    why: "waggle points at the beginning of a string without an end, gqlparser at the end of the text",
  },
];

const probe = join(process.argv[2] ?? "../../build/asan", "tests/oracle/gqlparser_probe");
if (!existsSync(cases) || !existsSync(probe)) {
  console.log(`missing: ${existsSync(cases) ? probe : `${cases} (apt install golang-github-vektah-gqlparser-dev)`}`);
  console.log("0 passed, 1 failed");
  process.exit(1);
}

const codePoints = (text, bytes) => [...Buffer.from(text).subarray(0, bytes).toString()].length;

function* tokenDifferences(text, expected, got, complete) {
  if (complete && expected.length !== got.length) yield `tokens: expected ${expected.length}, got ${got.length}`;
  for (const [i, want] of expected.entries()) {
    const [kind, value, start, end, line, column] = got[i] ?? [];
    if (want.kind.replaceAll("_", "").toLowerCase() !== kind?.toLowerCase()) yield `token ${i}: expected ${want.kind}, got ${kind}`;
    // As gqlparser's own runner has it: "undefined" and 0 are not compared.
    if (want.value !== "undefined" && want.value !== value) yield `token ${i}: expected ${JSON.stringify(want.value)}, got ${JSON.stringify(value)}`;
    const places = { start: codePoints(text, start), end: codePoints(text, end), line, column };
    for (const [key, at] of Object.entries(places))
      if (want[key] && want[key] !== at) yield `token ${i}: expected ${key} ${want[key]}, got ${at}`;
  }
}

function* differences(kind, spec, got) {
  const refused = got.errors.length > 0;
  if (refused !== (spec.error !== undefined)) {
    yield refused ? `refused: ${got.errors[0]}` : `accepted; gqlparser says ${spec.error.message}`;
    return;
  }
  if (refused) {
    const { line, column } = spec.error.locations[0];
    if (!got.errors[0].startsWith(`spec:${line}:${column}: `)) yield `place: expected ${line}:${column}, got ${got.errors[0]}`;
  }
  if (kind === "lex") yield* tokenDifferences(spec.input, spec.tokens ?? [], got.tokens, !refused);
  if (spec.ast !== undefined && !refused && spec.ast.trim() !== got.tree) yield `tree: got\n${got.tree}`;
}

let passed = 0;
let failed = 0;
const used = new Set();
for (const { kind, path, count } of files) {
  // One case has a key twice.
  const features = parse(readFileSync(join(cases, path), "utf8"), { uniqueKeys: false });
  const specs = Object.entries(features).flatMap(([feature, list]) => list.map((spec) => ({ ...spec, name: `${feature}: ${spec.name}` })));
  if (specs.length !== count) {
    ++failed;
    console.log(`${path}: ${specs.length} cases, not ${count}: another version of the package?`);
  }
  const lines = specs.map((spec) => JSON.stringify({ kind, text: spec.input })).join("\n");
  const answers = execFileSync(probe, { input: lines + "\n", encoding: "utf8" }).trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const [i, spec] of specs.entries()) {
    const found = [...differences(kind, spec, answers[i])].filter((difference) => {
      const reason = explained.find((e) => e.kind === kind && e.name.test(spec.name) && difference.startsWith(e.difference));
      if (reason) used.add(reason);
      return !reason;
    });
    if (found.length === 0) ++passed;
    else {
      ++failed;
      console.log(`${kind} ${spec.name}\n  input ${JSON.stringify(spec.input)}\n  ${found.join("\n  ")}`);
    }
  }
}
for (const e of explained) {
  if (used.has(e)) continue;
  ++failed;
  console.log(`explains nothing: ${e.kind} ${e.name}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
