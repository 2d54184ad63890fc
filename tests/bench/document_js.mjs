// node document_js.mjs FOLDER SECONDS: what graphql-js takes to parse and to validate the documents in FOLDER (tests/bench/documents),
// in microseconds. Prints one JSON object, by the document's name.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(import.meta.dirname, "../oracle/package.json"));
const { buildSchema, parse, validate } = require("graphql");

const [folder, seconds] = process.argv.slice(2);
const content = (name) => readFileSync(join(folder, `${name}.graphql`), "utf8");
const schema = buildSchema(content("schema"));

function median(work) {
  const rounds = [];
  const until = performance.now() + Number(seconds) * 1000;
  while (performance.now() < until || rounds.length < 3) {
    const from = performance.now();
    for (let i = 0; i < 50; ++i) work();
    rounds.push(((performance.now() - from) * 1e3) / 50);
  }
  return rounds.sort((a, b) => a - b)[rounds.length >> 1];
}

const out = {};
for (const file of readdirSync(folder)) {
  const name = file.slice(0, -".graphql".length);
  if (name === "schema") continue;
  const text = content(name);
  const document = parse(text);
  const errors = validate(schema, document);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  out[name] = { parse: median(() => parse(text)), validate: median(() => validate(schema, document)) };
}
console.log(JSON.stringify(out));
