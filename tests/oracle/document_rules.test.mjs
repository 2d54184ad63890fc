// gqlparser's cases for the validation of requests, which came from graphql-js's own tests (Debian's golang-github-vektah-gqlparser-dev):
// for each, does the rule that it is about find something or not? Where gqlparser's edition of the specification is older, graphql-js 17
// is asked too, and the difference is explained here.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as graphql from 'graphql';
import { parse } from 'yaml';
import { make_ask } from './document/ask.mjs';
import { rule_of_finding } from './document/rules.mjs';

const folder = '/usr/share/gocode/src/github.com/vektah/gqlparser/validator/imported/spec';
const count = 403;

// `js`: what graphql-js 17 says of the same document by the same rule.
const explained = [
  {
    name: /^KnownTypeNamesRule: references to standard scalars that are missing in schema$/,
    js: 'refused',
    why: '§3.5: the five scalars are defined in every contract. gqlparser leaves the case out itself',
  },
  {
    name: /^NoDeprecatedCustomRule: /,
    js: 'refused',
    why: 'no rule of the specification: what is deprecated still works. gqlparser leaves it out too',
  },
  {
    name: /^NoSchemaIntrospectionCustomRule: /,
    js: 'any',
    why: 'no rule of the specification; its schema has a field of the type __EnumValue, which waggle keeps for introspection (§3.3)',
  },
  {
    name: /^OverlappingFieldsCanBeMergedRule: finds invalid cases even with field named after fragment$/,
    js: 'accepted',
    why: '§5.3.2: the two fields are on two object types, so no object has both',
  },
  {
    name: /^SingleFieldSubscriptionsRule: does not infinite loop on recursive fragments$/,
    js: 'refused',
    why: '§5.2.4.1: groupedFieldSet must have exactly one entry; it has none',
  },
  {
    name: /^UniqueDirectivesPerLocationRule: unknown directives must be ignored$/,
    js: 'accepted',
    why: '§5.1.1: a definition of a schema in a request, which waggle\'s parser refuses before any rule',
  },
  {
    name: /^ValuesOfCorrectTypeRule: Invalid input object value\/reports error for custom scalar that returns undefined$/,
    js: 'accepted',
    why: 'the scalar of the case is refused by code, which is not in its schema. gqlparser leaves it out too',
  },
];

if (!existsSync(folder)) {
  console.log(`missing: ${folder} (apt install golang-github-vektah-gqlparser-dev)\n0 passed, 1 failed`);
  process.exit(1);
}
const ask = make_ask(process.argv[2] ?? '../../build/asan');
const schemas = parse(readFileSync(join(folder, 'schemas.yml'), 'utf8'));
const cases = readdirSync(folder)
  .filter((file) => file.endsWith('.spec.yml'))
  .flatMap((file) => (parse(readFileSync(join(folder, file), 'utf8')) ?? []).map((c) => ({ ...c, file: file.replace('.spec.yml', '') })))
  .map((c) => ({ ...c, sdl: schemas[c.schema] ?? String(c.schema) }));

let passed = 0;
let failed = 0;
const fail = (text) => {
  ++failed;
  console.log(text);
};
if (cases.length !== count) fail(`${cases.length} cases, not ${count}: another version of the package?`);

const by_schema = new Map();
for (const c of cases) by_schema.set(c.sdl, [...(by_schema.get(c.sdl) ?? []), c]);
const answers = ask([...by_schema].map(([schema, all]) => ({ schema, documents: all.map((c) => c.query) })));
[...by_schema].forEach(([sdl, all], i) => {
  all.forEach((c, k) => (c.findings = answers[i].documents[k]));
});

function by_graphql_js(c) {
  const rule = graphql[`${c.rule}Rule`];
  if (rule === undefined) return '-';
  try {
    const schema = graphql.buildSchema(c.sdl, { assumeValid: true });
    return graphql.validate(schema, graphql.parse(c.query), [rule]).length > 0 ? 'refused' : 'accepted';
  } catch {
    return 'refused';
  }
}

const used = new Set();
for (const c of cases) {
  const name = `${c.file}: ${c.name}`;
  const expected = c.errors?.length > 0 ? 'refused' : 'accepted';
  const said = (c.findings ?? []).filter((f) => [c.rule, 'syntax or limit'].includes(rule_of_finding(f)));
  const got = c.findings === undefined ? 'no schema' : said.length > 0 ? 'refused' : 'accepted';
  const js = by_graphql_js(c);
  const reason = got === expected ? undefined : explained.find((e) => e.name.test(name) && [js, 'any'].includes(e.js));
  if (reason) used.add(reason);
  if (got === expected || reason) ++passed;
  else fail(`${name} (${c.rule}): gqlparser ${expected}, graphql-js ${js}, waggle ${got}\n${c.query}\n  ${c.findings?.join('\n  ')}`);
}
for (const e of explained) if (!used.has(e)) fail(`explains nothing: ${e.name}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
