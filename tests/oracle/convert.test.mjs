// What `waggle convert` prints, as graphql-js reads it: with the prelude it is a schema without errors; a standard schema is the
// same syntax tree as before, also large ones that are no contract; converting again changes nothing.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildASTSchema, parse, validateSchema } from "graphql";

const root = join(import.meta.dirname, "../..");
const probe = join(process.argv[2] ?? join(root, "build/asan"), "tests/oracle/convert_probe");
const prelude = readFileSync(join(root, "src/schema/prelude.graphql"), "utf8");
const octokit = readFileSync(join(import.meta.dirname, "node_modules/@octokit/graphql-schema/schema.graphql"), "utf8");

const okra = [
  ["service S { m: void! }"],
  ["service S { getA(id: ID!): A listA: [A!]! put(a: A): A } type A { id: ID! a: A }", "get*,list?", ["getA", "listA"]],
  ["service S { a: Int b: Int }", "*", ["a", "b"]],
  [`@okra(namespace: "a.b", version: "v1") "d" service S { @timeout(ms: 5) "of m" m(x: [Int!]): Int }`],
  [`extend schema @service(name: "a.S", pool: {max: 2, isolation: FRESH}) @okra(namespace: "x") service S { m: Int }`],
  [`service S @service(name: "a.S", memoryMb: 5) { m: Int @internal }`],
  [`extend schema @okra(version: "v2") service S { m: Int }`],
  ["type Query { a: Int } type Mutation { x: Int } service S { find(q: Query): Mutation }"],
  ["type Query { a: Int } service S { find(q: Int): Query }", "find", ["find"]],
  ["service S { a(x: Date): Time b(x: DateTime): Duration c(x: UUID): URL d(x: BigInt): Decimal e(x: Bytes): Currency f(x: Long): void }"],
  [`service S { a(x: DateTime): Int } extend scalar DateTime @specifiedBy(url: "https://a.b")`],
  ["scalar Date service S { a(x: Date): Int }"],
  ["type Duration { s: Int } service S { a: Duration }"],
  ["directive @okra(x: Int) on OBJECT service S { a: T } type T @okra(x: 1) { b: Bytes }"],
  ["directive @d(x: Long = 1) on ARGUMENT_DEFINITION service S { a(i: I @d): Int } type I { u: Date }"],
  ["union U = A | B type A { a: Int } type B { b: Int } service S { a(e: E): U } enum E { X Y } interface N { a: Int }"],
];
const standard = [
  [`"d" schema @service(name: "a.B") { query: Q mutation: M } type Q { a(b: Int = 1, "of c" c: I = {x: [A]}): Int @deprecated(reason: "é\\u{1F41D}\\n\\"") }
    type M { b: Int c: Int } input I @oneOf { x: [E!] y: Int } enum E { "of A" A B @deprecated }`, "b", ["a", "b"]],
  [`""" a\n  b\n""" type Query { "\\n x" a: Int "x\\\\" b: Int "\\"\\"\\"" c: Int """ \\""" """ d: Int "  e" e: Int "\\u0000" f: Int "" g: Int }`],
  [`interface A { a: ID! } interface B implements A { a: ID! } type Query implements & B & A { a: ID! } extend type Query { b: S }
    scalar S extend scalar S @specifiedBy(url: "https://a.b") union U = | Query extend union U = T type T { a: Int }
    extend schema @service(name: "x.Y") directive @x(a: [Int!]! = [1, 2], b: String = """b\n  c""") repeatable on | FIELD | QUERY`],
];
// Printed only: octokit's schema defines fields twice, some files use what this build refuses.
const texts = [[octokit, null], [prelude, null]];
for (const folder of ["tests/guests", "examples", "kits"])
  for (const file of readdirSync(join(root, folder), { recursive: true }).sort())
    if (!file.includes("node_modules")) {
      if (file.endsWith(".okra.gql")) okra.push([readFileSync(join(root, folder, file), "utf8")]);
      else if (file.endsWith(".graphql")) texts.push([readFileSync(join(root, folder, file), "utf8"), null]);
    }

function convert(cases) {
  const input = cases.map(([text, reads = ""]) => JSON.stringify({ text, reads })).join("\n") + "\n";
  const out = execFileSync(probe, { input, encoding: "utf8", maxBuffer: 2 ** 28 });
  return out.trimEnd().split("\n").map((line) => JSON.parse(line));
}

/// The tree without how strings were quoted; an empty description is none.
const tree = (text) =>
  JSON.parse(JSON.stringify(parse(text, { noLocation: true })), (key, node) => {
    if (key === "description" && node?.value === "") return undefined;
    if (node?.kind === "StringValue") delete node.block;
    return node;
  });

function check([text, reads, queries], { text: printed, findings }, isOkra) {
  if (!isOkra && !reads) assert.deepEqual(tree(printed), tree(text));
  if (reads === null) return;
  assert.deepEqual(findings.filter((f) => f.includes(" error: ")), []);
  const schema = buildASTSchema(parse(prelude + printed));
  // A service of mutations alone is a service; graphql-js wants a query type (notes: explained).
  const problems = validateSchema(schema).map((e) => e.message);
  assert.deepEqual(problems.filter((m) => m !== "Query root type must be provided."), []);
  if (queries) assert.deepEqual(Object.keys(schema.getQueryType().getFields()), queries);
}

let passed = 0;
let failed = 0;
for (const cases of [okra, standard, texts]) {
  const once = convert(cases);
  const again = convert(once.map(({ text }, i) => [text, cases[i][1] === null ? null : ""]));
  for (const [i, one] of cases.entries()) {
    try {
      check(one, once[i], cases === okra);
      assert.equal(again[i].text, once[i].text, "converting again");
      ++passed;
    } catch (error) {
      ++failed;
      console.log(`${one[0].slice(0, 300)}\n  ${String(error.message).slice(0, 1500)}\n  ${once[i].text.slice(0, 600)}`);
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
