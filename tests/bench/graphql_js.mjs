// node graphql_js.mjs FOLDER SECONDS: what graphql-js takes for the payloads that `validate_bench --write FOLDER` wrote: JSON.parse and
// coerceInputValue, nanoseconds a payload. Prints one JSON object, by the payload's name.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(import.meta.dirname, "../oracle/package.json"));
const { buildSchema, coerceInputValue } = require("graphql");

const [folder, seconds] = process.argv.slice(2);
const schema = buildSchema(readFileSync(join(folder, "schema.graphql"), "utf8"));
const methods = schema.getQueryType().getFields();
const out = {};
for (const file of readdirSync(folder).filter((f) => f.endsWith(".json"))) {
  const [method, ...rest] = file.slice(0, -".json".length).split(".");
  const text = readFileSync(join(folder, file), "utf8");
  const args = methods[method].args;
  const once = () => {
    const payload = JSON.parse(text);
    for (const a of args) if (coerceInputValue(payload[a.name], a.type) === undefined) throw new Error(`${file} does not fit`);
  };
  const rounds = [];
  const until = performance.now() + Number(seconds) * 1000;
  while (performance.now() < until || rounds.length < 3) {
    const times = Math.max(1, Math.floor(200_000 / text.length));
    const from = performance.now();
    for (let i = 0; i < times; ++i) once();
    rounds.push(((performance.now() - from) * 1e6) / times);
  }
  rounds.sort((a, b) => a - b);
  out[rest.join(".")] = rounds[rounds.length >> 1];
}
console.log(JSON.stringify(out));
