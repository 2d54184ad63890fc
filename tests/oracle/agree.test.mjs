// node agree.test.mjs BUILD [SEED]: what the JSON Schema of `waggle describe` accepts (by ajv) and what waggle's validator accepts
// (coerce_probe) is the same set, on generated types and values, payloads and answers. Differences that JSON Schema or ajv
// cannot help are in `explained`, with the reason; their number is printed.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { make_random } from "./coerce/random.mjs";

const build = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, "../../build/asan"));
const seed = Number(process.argv[3] ?? 1);
const contracts = 300;
const values = 120;
const random = make_random(seed);
const { below, chance, pick } = random;

// What a key or a value is called where JSON Schema cannot say what its constraint means: a difference there is explained.
const unsayable = "q";
const explained = [
  ["a name is there twice: no JSON value for ajv", (text) => twice(text)],
  ["a lone surrogate", (text) => /\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])/i.test(text) || /(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}/i.test(text)],
  ["a number that a double does not hold: ajv sees another one", (text) => /\d{16}|\d{3,}e\d|e[+-]?\d{2}|\d\.\d{15}/i.test(text)],
  ["bounds of digits in strings, texts of ID numbers, unique items after coercion", (text) => text.includes(`"${unsayable}`)],
];

function twice(text) {
  let found = false;
  const open = [];
  for (const [token] of text.matchAll(/[{}[\]]|"(?:[^"\\]|\\.)*"\s*:?/g)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (token.endsWith(":")) {
      const key = JSON.parse(token.slice(0, -1).trim());
      found ||= open.at(-1).has(key);
      open.at(-1).add(key);
    }
  }
  return found;
}

const known = {
  Long: "apollographql/long-v0.1", BigInt: "waggle/big-int", Decimal: "waggle/decimal", Bytes: "chillicream/base64-string",
  Date: "chillicream/date", Time: "waggle/time", DateTime: "chillicream/date-time", Duration: "waggle/duration",
  UUID: "chillicream/uuid", URL: "chillicream/url",
};
const numbers = ["0", "1", "-1", "7", "1.0", "1e3", "-0", "2.5", "0.25", "1.5e1", "10", "-2147483648", "2147483647", "2147483648", "-2147483649",
  "4503599627370496", "9223372036854775807", "9223372036854775808", "1e999", "1e-2", "0.1", "100", "3", "-7.75"];
const strings = ["", "a", "ab", "abc", "ABC", "a b", "x1_", "ä", "日本", "😀", "1", "-12", "1.50", "007", "1.", ".5", "A", "true", "a\\nb", "\\u0041", "a@b.c", "Grüße",
  "\\ud800", "a-b", "\\u00a0", "\\u2028", "\\u000b", "]", "-"].map((s) => `"${s}"`);
const forms = {
  Long: ["0", "-5", "9007199254740991"], BigInt: ["12", '"12"', '"-0012"', '"1e3"', "1.5"], Decimal: ['"1.50"', '"-0"', '"1e3"', '"+1"'],
  Bytes: ['""', '"dGV4dA=="', '"dGV4dA"', '"dGV4dB=="', '"dGU="', '"dGV="', '"d-_="', '"dGV4\\n"'],
  Date: ['"2024-02-29"', '"2023-02-29"', '"1900-02-29"', '"0000-01-01"', '"2024-13-01"', '"2024-00-10"', '"2024-04-31"', '"24-01-01"'],
  Time: ['"12:00:00Z"', '"12:00:00.123456789z"', '"23:59:60Z"', '"22:59:60-01:00"', '"12:00:60Z"', '"24:00:00Z"', '"12:00:00"', '"12:00:00+23:59"', '"12:00:00+24:00"', '"12:00:00+0100"', '"00:59:60+01:00"'],
  DateTime: ['"2024-02-29T12:00:00Z"', '"2024-02-29t12:00:00.5+05:30"', '"2024-02-29 12:00:00Z"', '"2023-02-29T12:00:00Z"', '"2024-12-31T23:59:60Z"', '"2024-02-29T12:00Z"', '"2024-02-29T12:00:00"'],
  Duration: ['"P1D"', '"PT0.5S"', '"P1Y2M3DT4H5M6,7S"', '"P4W"', '"P"', '"PT"', '"P1DT"', '"P1W2D"', '"-P1D"', '"P0.5Y"', '"P0.5YT1H"', '"P1M2Y"', '"PT1M1H"', '"P1H"', '"p1d"'],
  UUID: ['"123e4567-e89b-42d3-a456-426614174000"', '"123E4567-E89B-42D3-A456-426614174000"', '"123e4567e89b42d3a456426614174000"', '"urn:uuid:123e4567-e89b-42d3-a456-426614174000"', '"00000000-0000-0000-0000-000000000000"'],
  URL: ['"https://example.com/"', '"http://[::1]:80/a?b=c#d"', '"mailto:a@b.c"', '"/a"', '"a b"', '"https://exämple.com/"', '"urn:isbn:123"', '"http://a/%zz"', '"//a/b"', '"file:///a"'],
  Int: ["1", "0", "-3", "12"], Float: ["1.5", "0.25", "4", "-2"], String: ['"abc"', '"a"', '"ab1"'], Boolean: ["true", "false"], ID: ['"x"', "4", "4.0", '"12"'],
  JSON: ["{}", "[1,null]", '"x"', "5", "true", "[]"], Free: ['{"a":[]}', "[null]", '"abc"', "5", "false"], Strict: ['"abc"', '"abcdef"', '"a"', "5", "100", "[]"],
};
// RE2's dialect: each must find the same texts in ECMA's form.
const patterns = ["^[a-z]+$", "\\\\Aa", "b\\\\z", "^\\\\w{2,3}$", "\\\\s", "^\\\\S+$", "[[:upper:]]", "[^[:alpha:]]", "[]a-]", "^.$", "^.{2}$", "\\\\p{Lu}", "\\\\pL+", "\\\\p{Han}",
  "(?P<n>a)b?", "\\\\x41|\\\\x{1F600}", "a{,2}", "^a?[\\\\d_-]*$", "\\\\-|\\\\@", "(|a)b", "[^\\\\s\\\\d]$", "^[^\\\\n]*$", "\\\\bb\\\\b"];

const scalars = ["Int", "Float", "String", "Boolean", "ID", ...Object.keys(known), "JSON", "Free", "Strict"];
const texts = new Set(["String", "Free", "JSON", "Bytes", "Date", "UUID", "URL", "Duration", "ID", "Strict"]);
const numeric = new Set(["Int", "Float", "Long", "BigInt", "Decimal", "Free", "JSON"]);

function constraint(name, lists) {
  const parts = [];
  let sayable = true;
  if (numeric.has(name) && chance(0.5)) {
    parts.push(pick(["min: -2", "min: 1", "exclusiveMin: 0", "max: 100", "exclusiveMax: 12", "multipleOf: 0.25", "multipleOf: 2", "min: -3, max: 12"]));
    sayable = !["BigInt", "Decimal"].includes(name);
  } else if (texts.has(name) && chance(0.5)) {
    parts.push(pick(["minLength: 2", "maxLength: 2", "minLength: 1, maxLength: 4", `pattern: "${pick(patterns)}"`, `pattern: "${pick(patterns)}"`]));
    sayable = name !== "ID";
  }
  if (lists > 0 && chance(0.5)) parts.push(pick(["minItems: 1", "minItems: 2", "maxItems: 0", "maxItems: 2", "minItems: 1, maxItems: 3", "uniqueItems: true"]));
  if (parts.at(-1) === "uniqueItems: true") sayable &&= lists === 1 && ["Int", "String", "Boolean"].includes(name);
  return { text: parts.length > 0 ? ` @constraint(${parts.join(", ")})` : "", sayable };
}

function type(names, depth = 0) {
  const lists = chance(0.65) ? 0 : chance(0.7) ? 1 : 1 + below(3);
  let text = pick(names);
  const name = text;
  const needed = [chance(0.4)];
  if (needed[0]) text += "!";
  for (let i = 1; i <= lists; i++) {
    needed.push(chance(0.4));
    text = `[${text}]${needed[i] ? "!" : ""}`;
  }
  return { name, lists, needed, text };
}

function inputs(names, count, one_of) {
  const out = [];
  for (let i = 0; i < count; i++) {
    const t = type(names);
    if (one_of && t.needed.at(-1)) {
      t.needed[t.lists] = false;
      t.text = t.text.slice(0, -1);
    }
    const c = chance(0.4) ? constraint(t.name, t.lists) : { text: "", sayable: true };
    let fallback = "";
    if (!one_of && c.text === "" && chance(0.2)) {
      if (t.lists > 0) fallback = " = []";
      else if (t.name === "Int") fallback = " = 3";
      else if (t.name === "Float") fallback = " = 1.50";
      else if (t.name === "String") fallback = ' = "d"';
      else if (t.name === "Mood") fallback = " = SAD";
    }
    out.push({ ...t, key: `${c.sayable ? "a" : unsayable}${i}`, text: `${t.text}${fallback}${c.text}`, optional: !t.needed.at(-1) || fallback !== "" });
  }
  return out;
}

function make_contract() {
  const names = [...scalars, "Mood", "I0", "I1", "I2", "P"];
  // Types that need each other endlessly are no contract: later ones only where a value is needed.
  const world = { fields: { P: inputs([...scalars, "Mood"], 1 + below(3), true) }, one_of: new Set(["P"]) };
  for (const [at, name] of ["I0", "I1", "I2"].entries()) {
    const all = inputs(names, 1 + below(5), false);
    for (const f of all)
      if (/^I\d$/.test(f.name) && Number(f.name[1]) <= at && f.lists === 0 && f.needed[0]) {
        f.text = f.text.replace("!", "");
        f.needed[0] = false;
        f.optional = true;
      }
    world.fields[name] = all;
  }
  world.arguments = inputs(names, 1 + below(4), false);
  const answers = [...scalars, "Mood", "O0", "O1", "U", "N"];
  for (const name of ["O0", "O1"]) {
    world.fields[name] = Array.from({ length: 1 + below(4) }, (_, i) => ({ ...type(answers), key: `a${i}` }));
    for (const f of world.fields[name]) f.optional = !f.needed.at(-1);
    world.fields[name].push({ name: "ID", lists: 0, needed: [true], text: "ID!", key: "n", optional: false });
  }
  world.answer = type(answers);
  world.bare = chance(0.2);
  if (world.bare) world.arguments.length = 1;
  const block = (fields) => `{ ${fields.map((f) => `${f.key}: ${f.text}`).join(" ")} }`;
  world.sdl = [
    'extend schema @service(name: "agree.v1.S")',
    ...Object.entries(known).map(([n, url]) => `scalar ${n} @specifiedBy(url: "https://scalars.graphql.org/${url}.html")`),
    "scalar JSON scalar Free",
    'scalar Strict @constraint(minLength: 2, maxLength: 5, max: 50)',
    "enum Mood { HAPPY SAD }",
    `input P @oneOf ${block(world.fields.P)}`,
    ...["I0", "I1", "I2"].map((n) => `input ${n} ${block(world.fields[n])}`),
    "interface N { n: ID! }",
    ...["O0", "O1"].map((n) => `type ${n} implements N ${block(world.fields[n])}`),
    "union U = O0 | O1",
    `type Query { m(${world.arguments.map((f) => `${f.key}: ${f.text}`).join(", ")}): ${world.answer.text}${world.bare ? " @bare" : ""} }`,
  ].join("\n");
  return world;
}

const junk = (depth) => chance(0.3) ? pick(numbers) : chance(0.4) ? pick(strings) : chance(0.4) ? pick(["null", "true", "[]", "{}", '"HAPPY"', '{"a0":1}', "[null]"])
  : depth > 2 ? "0" : chance(0.5) ? `[${junk(depth + 1)},${junk(depth + 1)}]` : `{"a0":${junk(depth + 1)}}`;

function object(world, fields, input, depth, wrong, name) {
  const members = [];
  const one = world.one_of.has(name) && !chance(wrong) ? pick(fields) : undefined;
  for (const f of fields) {
    if (one !== undefined ? f !== one : f.optional ? depth > 3 || chance(0.4) : chance(wrong)) continue;
    members.push(`"${f.key}":${value(world, one ? { ...f, needed: [...f.needed.slice(0, -1), true] } : f, f.lists, input, depth + 1, wrong)}`);
  }
  if (!input && name && (name.startsWith("!") ? !chance(wrong) : chance(0.2))) members.push(`"__typename":"${chance(wrong) ? "Other" : name.replace("!", "")}"`);
  if (chance(wrong / 2)) members.push(`"z":1`);
  if (chance(wrong / 4) && members.length > 0) members.push(pick(members));
  return `{${members.join(chance(0.1) ? " , " : ",")}}`;
}

function value(world, t, level, input, depth, wrong) {
  if (depth > 8) return t.needed[level] ? "{}" : "null";
  if (chance(wrong)) return junk(0);
  if (!t.needed[level] && chance(0.15)) return "null";
  if (level > 0) {
    if (input && chance(0.3)) return value(world, { ...t, needed: t.needed.map(() => true) }, level - 1, input, depth, wrong);
    return `[${Array.from({ length: depth > 4 ? 0 : below(4) }, () => value(world, t, level - 1, input, depth + 1, wrong)).join(",")}]`;
  }
  if (t.name === "Mood") return pick(['"HAPPY"', '"SAD"']);
  if (t.name === "U" || t.name === "N") {
    const is = pick(["O0", "O1"]);
    return object(world, world.fields[is], input, depth, wrong, `!${is}`);
  }
  const fields = world.fields[t.name];
  if (fields) return object(world, fields, input, depth, wrong, t.name);
  if (chance(0.1) && numeric.has(t.name)) return pick(numbers);
  if (chance(0.3) && texts.has(t.name)) return pick(strings);
  return pick(forms[t.name]);
}

const folder = mkdtempSync(path.join(tmpdir(), "waggle-agree-"));
const cases = [];
let unreadable = 0;
try {
  for (let i = 0; i < contracts; i++) {
    const world = make_contract();
    const file = path.join(folder, "s.graphql");
    writeFileSync(file, world.sdl);
    try {
      world.document = JSON.parse(execFileSync(path.join(build, "waggle"), ["describe", file, "--format", "json-schema"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }));
    } catch (e) {
      if (unreadable++ < 3) console.log(`no contract: ${e.stderr ?? e}\n${world.sdl}`);
      continue;
    }
    for (const kind of ["payload", "answer"]) {
      const payloads = [];
      for (let n = 0; n < values; n++) {
        const wrong = pick([0, 0, 0.02, 0.1]);
        if (kind === "answer") payloads.push(value(world, world.answer, world.answer.lists, false, 0, wrong));
        else if (world.bare) payloads.push(value(world, world.arguments[0], world.arguments[0].lists, true, 0, wrong));
        else payloads.push(object(world, world.arguments, true, 0, wrong));
      }
      cases.push({ world, kind, payloads });
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

const asked = cases.map((c) => JSON.stringify({ sdl: c.world.sdl, method: "m", kind: c.kind, payloads: c.payloads })).join("\n");
if (process.env.AGREE_DUMP) writeFileSync(process.env.AGREE_DUMP, asked + "\n");
const told = spawnSync(path.join(build, "tests/oracle/coerce_probe"), { input: asked + "\n", encoding: "utf8", maxBuffer: 2 ** 30 });
if (told.status !== 0) console.log(told.stderr, told.error ?? "");
const lines = told.stdout.trimEnd().split("\n");

let passed = 0;
let failed = unreadable;
let accepted = 0;
const reasons = new Map();
for (const [i, c] of cases.entries()) {
  const verdicts = JSON.parse(lines[i] ?? "{}");
  if (!Array.isArray(verdicts)) {
    failed++;
    console.log("FAIL the probe:", lines[i]?.slice(0, 500));
    continue;
  }
  const ajv = addFormats(new Ajv2020({ strict: true, strictTypes: false, strictRequired: false })).addVocabulary(["x-sensitive", "x-pattern"]);
  let fits;
  try {
    fits = ajv.addSchema(c.world.document).getSchema(`${c.world.document.$id}#/$defs/m.${c.kind}`);
  } catch (e) {
    failed++;
    console.log("FAIL ajv:", e.message);
    continue;
  }
  for (const [n, text] of c.payloads.entries()) {
    const ours = verdicts[n].ok;
    const theirs = fits(JSON.parse(text));
    accepted += ours ? 1 : 0;
    if (ours === theirs) {
      passed++;
      continue;
    }
    // A bare payload has no key to tell by.
    const known_text = c.world.bare && c.kind === "payload" ? `{"${c.world.arguments[0].key}":${text}}` : text;
    const why = explained.find(([, holds]) => holds(known_text))?.[0];
    if (why !== undefined) {
      reasons.set(why, (reasons.get(why) ?? 0) + 1);
      continue;
    }
    if (failed++ < 12)
      console.log(`FAIL ${c.kind} ${text}\n  waggle ${ours ? "accepts" : `refuses: ${JSON.stringify(verdicts[n].violations?.[0] ?? verdicts[n])}`}\n  ajv ${theirs ? "accepts" : `refuses: ${JSON.stringify(fits.errors)}`}\n  ${c.world.sdl.split("\n").filter((l) => /^(type Query|input)/.test(l)).join("\n  ")}`);
  }
}
for (const [why, times] of reasons) console.log(`explained, ${times} times: ${why}`);
console.log(`${contracts} contracts, ${accepted} of ${passed + failed} values accepted`);
// A test that accepts nothing, or everything, says nothing.
if (accepted < passed / 5 || accepted > (passed * 4) / 5) failed++;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
