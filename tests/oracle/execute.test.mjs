// Execution against graphql-js: generated schemas, documents, variables and answers; the same data to the last byte of its order,
// the same errors at the same paths and places. And introspection: the same for the endpoint's own SDL.
import {spawnSync} from 'node:child_process';
import {
  GraphQLBoolean, GraphQLError, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString, buildClientSchema, buildSchema, execute,
  isAbstractType, isObjectType,
  lexicographicSortSchema, parse, parseValue, print, printSchema, validate,
} from 'graphql';
import {make_random} from './coerce/random.mjs';
import {make_answer} from './execute/answers.mjs';
import {make_document} from './execute/documents.mjs';
import {introspection_cases} from './execute/introspection.mjs';
import {make_schema} from './execute/schemas.mjs';

const build = process.argv[2];
const seed = Number(process.env.SEED ?? 20260923);
const wanted = Number(process.env.CASES ?? 20400);
const a_schema = 120;  // cases of each
console.log(`SEED=${seed}`);

// ---- graphql-js as strict as waggle ------------------------------------------------------------------------------------

// What a guest answers has the type that its contract says: graphql-js would make a String of a number and an Int of a string.
// An answer of another kind is an error in both then.
const strict = (scalar, coerce) => {
  scalar.coerceOutputValue = scalar.serialize = (v) => {
    const made = coerce(v);
    if (made === undefined) throw new GraphQLError(`no ${scalar.name}`);
    return made;
  };
};
strict(GraphQLInt, (v) => (Number.isInteger(v) && Math.abs(v) < 2 ** 31 ? v : undefined));
strict(GraphQLFloat, (v) => (typeof v === 'number' ? v : undefined));
strict(GraphQLString, (v) => (typeof v === 'string' ? v : undefined));
strict(GraphQLBoolean, (v) => (typeof v === 'boolean' ? v : undefined));
strict(GraphQLID, (v) => (typeof v === 'string' || Number.isInteger(v) ? String(v) : undefined));
const is_object = (v) => typeof v === 'object' && v !== null && !Array.isArray(v);

function their_schema(sdl) {
  const schema = buildSchema(sdl);
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    if (isObjectType(type) && !['Query', 'Mutation', 'Subscription'].includes(type.name)) type.isTypeOf = is_object;
    // By `__typename` alone, as a contract has it.
    if (isAbstractType(type)) type.resolveType = (v) => (is_object(v) && typeof v.__typename === 'string' ? v.__typename : undefined);
  }
  return schema;
}

function their_response(schema, document, variables, answers) {
  let called = false;
  const rootValue = new Proxy({}, {
    get: (_, name) => (args, _context, info) => {
      called = true;
      const answer = answers[info.path.key];
      if (answer === null) throw new GraphQLError('failed');
      return answer === '$payload' ? JSON.stringify(args) : JSON.parse(answer);
    },
  });
  const response = JSON.parse(JSON.stringify(execute({schema, document, rootValue, variableValues: variables})));
  // CreateSourceEventStream: arguments that do not fit are a request error, as graphql-js's `subscribe` has it.
  if (!called && document.definitions.some((d) => d.operation === 'subscription')) delete response.data;
  return response;
}

// ---- comparison --------------------------------------------------------------------------------------------------------

// A default is text: each side has its own spaces.
const normal_defaults = (v) => (Array.isArray(v) ? v.map(normal_defaults) : is_object(v) ? Object.fromEntries(Object.entries(v).map(([k, x]) =>
  [k, k === 'defaultValue' && x !== null ? print(parseValue(x)) : normal_defaults(x)])) : v);
const sorted = (v) => (Array.isArray(v) ? v.map(sorted) : is_object(v) ? Object.fromEntries(Object.keys(v).sort().map((k) => [k, sorted(v[k])])) : v);
const errors_of = (response, request) => (response.errors ?? []).map((e) =>
  JSON.stringify([e.path ?? null, e.locations?.[0] ?? null])).filter((e, i, all) => !request || all.indexOf(e) === i).sort();

/** What differs, or undefined. Echoes hold payloads, whose members may come in any order. */
function difference(ours, theirs, calls) {
  for (const call of calls)
    if (call.echo)
      for (const r of [ours, theirs])
        if (r.data?.[call.key] != null) r.data[call.key] = JSON.stringify(sorted(JSON.parse(r.data[call.key])));
  const request = !('data' in theirs);
  if (('data' in ours) === request) return 'one of them refused the request';
  if (!request && JSON.stringify(ours.data) !== JSON.stringify(theirs.data)) return 'data';
  const mine = errors_of(ours, request);
  const other = errors_of(theirs, request);
  if (mine.join() !== other.join()) return `errors: ${mine.join()} against ${other.join()}`;
  return undefined;
}

// ---- run ---------------------------------------------------------------------------------------------------------------

const r = make_random(seed);
const lines = [];
let invalid = 0;
for (let made = 0; made < wanted;) {
  const s = make_schema(r);
  const sdl = s.sdl;
  const schema = their_schema(sdl.replace(/^extend schema.*$/m, ''));
  const cases = [];
  for (let tries = 0; cases.length < a_schema && tries < 4 * a_schema; ++tries) {
    const d = make_document(r, s);
    const document = parse(d.text);
    if (validate(schema, document).length) {
      ++invalid;
      continue;
    }
    const noise = r.pick([0, 0, 0.02, 0.1]);
    const answers = {};
    for (const call of d.calls)
      answers[call.key] = call.echo ? '$payload' : r.chance(noise) ? null : JSON.stringify(make_answer(r, s, call.type, noise));
    cases.push({...d, document, answers});
  }
  made += cases.length;
  lines.push({s, sdl, schema, cases});
}

const probe = spawnSync(`${build}/tests/oracle/execute_probe`, {
  input: lines.map((l) => JSON.stringify([l.sdl, [
    ...l.cases.map((c) => [c.text, JSON.stringify(c.variables), c.answers]),
    ...introspection_cases.map((c) => [c.text, JSON.stringify(c.variables ?? {}), {}])]])).join('\n') + '\n',
  encoding: 'utf8', maxBuffer: 1 << 30,
});
if (probe.error) throw probe.error;
const said = probe.stdout.trim().split('\n');
let passed = 0;
let failed = 0;
let with_errors = 0;
let refused = 0;
let nulls = 0;
function fail(what, ...more) {
  if (++failed <= 10) console.log(`FAILED ${what}\n${more.map((m) => (typeof m === 'string' ? m : JSON.stringify(m))).join('\n')}\n`);
}

// Explained: descriptions of what the specification defines are each one's own words; directives on definitions of directives
// and variables of fragments came after the edition of September 2025, and graphql-js has them.
const later = ['DIRECTIVE_DEFINITION', 'FRAGMENT_VARIABLE_DEFINITION'];
let later_met = 0;
function normal_introspection(data) {
  const copy = structuredClone(data);
  const sort = (list, key = 'name') => list?.sort((a, b) => (a[key] < b[key] ? -1 : 1));
  sort(copy.__schema.types);
  sort(copy.__schema.directives);
  for (const t of [...copy.__schema.types, ...copy.__schema.directives]) {
    sort(t.possibleTypes);
    sort(t.interfaces);
    for (const list of [t.locations, t.enumValues].filter(Boolean)) {
      if (!/^(__DirectiveLocation|deprecated)$/.test(t.name)) continue;
      for (let at; (at = list.findIndex((v) => later.includes(v.name ?? v))) >= 0; ++later_met) list.splice(at, 1);
    }
    if (t.name === '__Directive') t.fields = t.fields.filter((f) => !['isDeprecated', 'deprecationReason'].includes(f.name));
    if (t.name === '__Schema') t.fields.find((f) => f.name === 'directives').args = [];
    if (t.locations) t.locations.sort();
    const own = t.name.startsWith('__') || t.locations || ['Int', 'Float', 'String', 'Boolean', 'ID'].includes(t.name);
    if (!own) continue;
    delete t.description;
    for (const part of [...(t.fields ?? []), ...(t.args ?? []), ...(t.enumValues ?? [])]) {
      delete part.description;
      for (const a of part.args ?? []) delete a.description;
    }
    sort(t.enumValues);
  }
  return copy;
}

lines.forEach((l, i) => {
  const answer = said[i] === undefined ? {refused: 'nothing'} : JSON.parse(said[i]);
  if (answer.refused) return fail(`refused: ${answer.refused}`, l.sdl);
  l.cases.forEach((c, n) => {
    const ours = answer.responses[n];
    const theirs = their_response(l.schema, c.document, c.variables, c.answers);
    if (theirs.errors) ++with_errors;
    if (!('data' in theirs)) ++refused;
    if (theirs.data === null) ++nulls;
    const differs = difference(structuredClone(ours), structuredClone(theirs), c.calls);
    if (differs) fail(differs, l.sdl, c.text, c.variables, c.answers, 'ours', ours, 'theirs', theirs);
    else ++passed;
  });
  const schema = buildSchema(answer.sdl);
  introspection_cases.forEach((c, n) => {
    const ours = answer.responses[l.cases.length + n];
    const theirs = JSON.parse(JSON.stringify(execute({schema, document: parse(c.text), variableValues: c.variables})));
    const normal = (x) => JSON.stringify(sorted(normal_defaults(c.whole ? normal_introspection(x.data) : x.data)));
    if (ours.errors || theirs.errors) return fail('introspection', c.text, ours.errors, theirs.errors);
    const [mine, other] = [normal(ours), normal(theirs)];
    const at = [...mine].findIndex((x, place) => x !== other[place]);
    if (mine !== other) return fail('introspection', c.text, mine.slice(Math.max(0, at - 300), at + 300), other.slice(Math.max(0, at - 300), at + 300));
    ++passed;
    if (!c.whole) return;
    const printed = [ours.data, theirs.data].map((d) => printSchema(lexicographicSortSchema(buildClientSchema(d))));
    if (printed[0] === printed[1]) ++passed;
    else fail('introspection, printed', ...printed);
  });
});

if (passed < wanted * 0.9 && failed === 0) fail(`only ${passed} compared`);
for (const [what, n] of Object.entries({with_errors, refused, nulls})) if (n < wanted / 200) fail(`only ${n} ${what}`);
if (!later_met) fail('the explanation of DIRECTIVE_DEFINITION is needed by nothing');
console.log(`${lines.length} schemas, ${passed} compared (${invalid} documents were not valid), ${with_errors} with errors, ${refused} refused, ${nulls} without data`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
