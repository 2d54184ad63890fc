// Changes between two schemas: waggle's `compare` against graphql-js's findSchemaChanges, change by change.
// Every change of either side has its counterpart of the same severity on the other, or a reason in `explained`.
import { spawnSync } from 'node:child_process';
import {
  BreakingChangeType, DangerousChangeType, Kind, buildSchema, findSchemaChanges, parse, print, resolveSchemaCoordinate, validateSchema,
} from 'graphql';

const build = process.argv[2];
const wanted = 1200;

// ---- graphql-js's changes in our words ----------------------------------------------------------------------------------

// type → [regex on its description, path of the match, our kinds]. graphql-js has no fields for what changed where.
const arg = (o, a) => `${o}(${a}:)`;
const reading = {
  TYPE_REMOVED: [[/^(\w+) was removed\.$/, (t) => t, ['type-removed']], [/^Standard scalar (\w+) /, (t) => t, []]],
  TYPE_ADDED: [[/^(\w+) was added\.$/, (t) => t, ['type-added']]],
  TYPE_CHANGED_KIND: [[/^(\w+) changed from /, (t) => t, ['type-kind-changed']]],
  TYPE_REMOVED_FROM_UNION: [[/^\w+ was removed from union type (\w+)\.$/, (u) => u, ['union-member-removed']]],
  TYPE_ADDED_TO_UNION: [[/^\w+ was added to union type (\w+)\.$/, (u) => u, ['union-member-added']]],
  VALUE_REMOVED_FROM_ENUM: [[/^Enum value (\S+) was/, (v) => v, ['enum-value-removed']]],
  VALUE_ADDED_TO_ENUM: [[/^Enum value (\S+) was/, (v) => v, ['enum-value-added', 'input-enum-value-added']]],
  REQUIRED_INPUT_FIELD_ADDED: [[/^A required field (\S+) was/, (f) => f, ['input-field-required-added']]],
  OPTIONAL_INPUT_FIELD_ADDED: [[/^An optional field (\S+) was/, (f) => f, ['input-field-optional-added']]],
  IMPLEMENTED_INTERFACE_REMOVED: [[/^(\w+) no longer implements/, (t) => t, ['interface-removed']]],
  IMPLEMENTED_INTERFACE_ADDED: [[/^\w+ added to interfaces implemented by (\w+)\.$/, (t) => t, ['interface-added']]],
  FIELD_REMOVED: [[/^Field (\S+) was removed/, (f) => f, ['field-removed', 'method-removed', 'input-field-removed']]],
  FIELD_ADDED: [[/^Field (\S+) was added/, (f) => f, ['field-added', 'method-added']]],
  FIELD_CHANGED_KIND: [[/^Field (\S+) changed type/, (f) => f,
    ['field-type-changed', 'method-answer-changed', 'input-field-type-changed']]],
  FIELD_CHANGED_KIND_SAFE: [[/^Field (\S+) changed type/, (f) => f,
    ['field-type-narrowed', 'method-answer-narrowed', 'input-field-type-widened']]],
  ARG_REMOVED: [[/^Argument (\S+) was/, (a) => a, ['argument-removed']]],
  DIRECTIVE_ARG_REMOVED: [[/^Argument (\S+) was/, (a) => a, ['directive-argument-removed']]],
  REQUIRED_ARG_ADDED: [[/^A required argument (\S+) was/, (a) => a, ['argument-required-added']]],
  OPTIONAL_ARG_ADDED: [[/^An optional argument (\S+) was/, (a) => a, ['argument-optional-added']]],
  REQUIRED_DIRECTIVE_ARG_ADDED: [[/^A required argument (\S+) was/, (a) => a, ['directive-argument-required-added']]],
  OPTIONAL_DIRECTIVE_ARG_ADDED: [[/^An optional argument (\S+) was/, (a) => a, ['directive-argument-optional-added']]],
  ARG_CHANGED_KIND: [[/^Argument (\S+) has/, (a) => a, ['argument-type-changed', 'directive-argument-type-changed']]],
  ARG_CHANGED_KIND_SAFE: [[/^Argument (\S+) has/, (a) => a, ['argument-type-widened', 'directive-argument-type-widened']]],
  ARG_DEFAULT_VALUE_CHANGE: [
    [/^(\S+) has changed defaultValue/, (a) => a, ['default-changed']],
    [/^(\S+) defaultValue was removed/, (a) => a,
      ['default-removed', 'argument-became-required', 'directive-argument-became-required']]],
  INPUT_FIELD_DEFAULT_VALUE_CHANGE: [
    [/^(\S+) has changed defaultValue/, (a) => a, ['default-changed']],
    [/^(\S+) defaultValue was removed/, (a) => a, ['default-removed', 'input-field-became-required']]],
  ARG_DEFAULT_VALUE_ADDED: [[/^(\S+) added a defaultValue/, (a) => a,
    ['default-added', 'argument-became-optional', 'directive-argument-became-optional']]],
  INPUT_FIELD_DEFAULT_VALUE_ADDED: [[/^(\S+) added a defaultValue/, (a) => a,
    ['default-added', 'input-field-became-optional']]],
  DIRECTIVE_REMOVED: [[/^Directive (@\w+) was/, (d) => d, ['directive-removed']]],
  DIRECTIVE_ADDED: [[/^Directive (@\w+) was/, (d) => d, ['directive-added']]],
  DIRECTIVE_REPEATABLE_REMOVED: [[/^Repeatable flag was removed from (@\w+)\./, (d) => d, ['directive-repeatable-removed']]],
  DIRECTIVE_REPEATABLE_ADDED: [[/^Repeatable flag was added to (@\w+)\./, (d) => d, ['directive-repeatable-added']]],
  DIRECTIVE_LOCATION_REMOVED: [[/^\w+ was removed from (@\w+)\./, (d) => d, ['directive-location-removed']]],
  DIRECTIVE_LOCATION_ADDED: [[/^\w+ was added to (@\w+)\./, (d) => d, ['directive-location-added']]],
  DESCRIPTION_CHANGED: [[/^Description of (?:field |argument |input-field |enum value )?(\S+) has changed/,
    (p) => p, ['description-changed']]],
};

function severityOf(change) {
  return change.type in BreakingChangeType ? 'breaking' : change.type in DangerousChangeType ? 'dangerous' : 'safe';
}

/// A change of graphql-js: { severity, type, path, kinds, text }.
function read(change) {
  for (const [pattern, pathOf, kinds] of reading[change.type] ?? []) {
    const found = change.description.match(pattern);
    if (found) return { severity: severityOf(change), type: change.type, path: pathOf(found[1]), kinds, text: change.description };
  }
  throw new Error(`graphql-js says something new: ${change.type} ${change.description}`);
}

/// graphql-js says `@tag(tag)` where it means the description of some argument of @tag.
function samePath(theirs, ours) {
  const mistaken = theirs.match(/^@(\w+)\(\1\)$/);
  return mistaken ? ours.startsWith(`@${mistaken[1]}(`) : theirs === ours;
}

// ---- why the two may differ ---------------------------------------------------------------------------------------------

const isRoot = (name, schema) => [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].some((t) => t?.name === name);
const ofRoot = (path, schemas) => schemas.some((s) => isRoot(path.split(/[.(]/)[0], s));
const specified = new Set(['Int', 'Float', 'String', 'Boolean', 'ID']);

function hasDefault(schema, path) {
  const found = resolveSchemaCoordinate(schema, path);
  const input = found?.fieldArgument ?? found?.inputField ?? found?.directiveArgument;
  return input?.default !== undefined || input?.defaultValue !== undefined;
}

// [reason, what it is true of]: (js change or null, our change or null, both schemas, all of ours, all of theirs, or what
// waggle said where it refused a schema).
// Where both are given, they are the same change with different severities.
const explained = [
  ['a payload could not have it before: unknown fields are refused', (js, us) =>
    js && us && ['OPTIONAL_ARG_ADDED', 'OPTIONAL_INPUT_FIELD_ADDED'].includes(js.type) && us.severity === 'safe'],
  ['a value that is only ever given surprises no caller', (js, us) => js && us?.kind === 'input-enum-value-added'],
  ['without its default a non-null argument must be given, which graphql-js calls dangerous', (js, us) =>
    js && us && us.kind.endsWith('became-required') && js.severity === 'dangerous'],
  ['who left it out had no value, now has the default, which graphql-js calls safe', (js, us) =>
    js && us?.kind === 'default-added' && js.severity === 'safe'],
  ['standard scalars are always there', (js) => js && !js.kinds.length && specified.has(js.path)],
  ['standard scalars are always there (added)', (js, us) => js?.type === 'TYPE_ADDED' && specified.has(js.path) && !us],
  ['methods of a root type that comes or goes are told instead of it', (js, us, schemas, ours) =>
    js && !us && ['TYPE_ADDED', 'TYPE_REMOVED'].includes(js.type) && isRoot(js.path, schemas[js.type === 'TYPE_ADDED' ? 1 : 0])
    && ours.some((o) => ['method-added', 'method-removed', 'root-type-renamed'].includes(o.kind) || moves.has(o.kind))],
  ['methods of a root type that comes or goes are told instead of it (ours)', (js, us, schemas) =>
    !js && us && ['method-added', 'method-removed'].includes(us.kind)
    && !(us.kind === 'method-added' ? schemas[0] : schemas[1]).getType(us.path.split('.')[0])],
  ['a method is one wherever it is: its move is one change, not a removal and an addition', (js, us, schemas, ours) =>
    js && !us && ['FIELD_REMOVED', 'FIELD_ADDED'].includes(js.type) && ours.some((o) => moves.has(o.kind)
    && o.path.split('.')[1] === js.path.split('.')[1])],
  ['a method is one wherever it is (ours)', (js, us) => !js && us && moves.has(us.kind)],
  ['the name of a root type is in no payload and no answer', (js, us) => !js && us?.kind === 'root-type-renamed'],
  ['methods are compared by name where the root type was renamed', (js, us, schemas, ours) => !js && us
    && ours.some((o) => o.kind === 'root-type-renamed' || moves.has(o.kind)) && ofRoot(us.path, schemas)],
  ['graphql-js tells no wider type of what has or had a default', (js, us, schemas) => !js && /type-widened$/.test(us?.kind)
    && schemas.some((s) => hasDefault(s, us.path))],
  ['an answer of a known interface may be of the new type, which graphql-js calls safe', (js, us) =>
    !js && us?.kind === 'implementation-added'],
  ['graphql-js does not look at @deprecated', (js, us) => !js && us?.kind === 'deprecation-changed'],
  ['graphql-js does not look at @oneOf', (js, us) => !js && us && ['one-of-added', 'one-of-removed'].includes(us.kind)],
  ['graphql-js does not look at @specifiedBy', (js, us) =>
    !js && us && ['scalar-format-changed', 'scalar-specification-changed'].includes(us.kind)],
  ['graphql-js does not look at directives that are used', (js, us) => !js && us?.kind === 'directive-usage-changed'],
  ["graphql-js does not look at the schema's description", (js, us) =>
    !js && us?.kind === 'description-changed' && us.path === 'schema'],
  ['a description beside a change of kind is not compared here', (js, us, schemas, ours) =>
    js?.type === 'DESCRIPTION_CHANGED' && !us && ours.some((o) => o.kind === 'type-kind-changed' && o.path === js.path)],
  ['graphql-js does not look at the arguments of directives that are used', (js, us, schemas, ours, theirs, refused) =>
    /error: .*@tag/.test(refused)],
  ['a block string is the string that it means', (js, us) => js && !us && /defaultValue from .*""/.test(js.text)],
];
const moves = new Set(['query-became-mutation', 'mutation-became-query', 'subscription-changed']);
const used = new Map(explained.map(([reason]) => [reason, 0]));
function explain(...of) {
  const row = explained.find(([, holds]) => holds(...of));
  if (row) used.set(row[0], used.get(row[0]) + 1);
  return row !== undefined;
}

// ---- pairs --------------------------------------------------------------------------------------------------------------

const base = `
"the service" schema { query: Query mutation: Mutation }
directive @tag(name: String!, level: Int! = 1, note: String) repeatable on FIELD_DEFINITION | OBJECT | FIELD
directive @plain on FIELD | QUERY
"reads" type Query {
  user(id: ID!, deep: Boolean = false): User @tag(name: "a")
  search(text: String!, filter: Filter = {limit: 3, color: RED}, kinds: [Kind!] = [A]): [Result!]!
  node(id: ID!): Node
  count: Int!
  odd: Odd
}
type Mutation { write(note: NoteInput!, at: Time): Note! drop(ids: [ID!]!, hard: Boolean! = false): Int }
interface Node { id: ID! }
interface Named implements Node { id: ID! name: String }
"a user" type User implements Named & Node @tag(name: "u") { id: ID! name: String "years" age: Int notes(first: Int = 10, kind: Kind): [Note!] score: Float }
type Note implements Node { id: ID! text: String! color: Color author: User! at: Time old: String @deprecated(reason: "gone") }
type Place { lat: Float! lon: Float! tags: [[String!]] }
union Result = User | Note
union Odd = Place | User
enum Color { RED GREEN "like the sky" BLUE }
enum Kind { A B C @deprecated }
input Filter { limit: Int! = 10 color: Color after: ID range: Range }
input Range { from: Float = 0.5 to: Float! }
input NoteInput { text: String! kind: Kind = B tags: [String!] nested: [NoteInput!] }
input Pick @oneOf { id: ID name: String }
scalar Time @specifiedBy(url: "https://example.com/time")
scalar Free
input Lonely { a: Int }
enum Unused { X Y }
`;

const known = new Map();
let state = 20260923;
function random(n) {
  state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
  let t = Math.imul(state ^ (state >>> 13), 0x297a2d39);
  t ^= t >>> 16;
  return (t >>> 0) % n;
}
const pick = (list) => list[random(list.length)];
const name = (value) => ({ kind: Kind.NAME, value });
const fresh = () => `new${random(1000)}`;
const inputTypes = ['Int', 'Float', 'String', 'Boolean', 'ID', 'Color', 'Kind', 'Filter', 'Range', 'NoteInput', 'Time', 'Pick', 'Free'];
const outputTypes = ['Int', 'Float', 'String', 'ID', 'Color', 'User', 'Note', 'Place', 'Node', 'Result', 'Time', 'Free', 'Kind'];
const values = ['1', '0', '"x"', 'true', 'RED', 'A', '[]', '{}', 'null', '[1]', '{to: 1}', '{to: 1.5, from: 2}', '{text: "a"}',
  '["a"]', '["b"]', '"""x"""', 'B', '2.5', '{limit: 1}', '[A, B]', '{id: 1}'];
const typeNode = (text) => parse(`type T { f: ${text} }`).definitions[0].fields[0].type;
const wrap = (t) => pick([t, t, `${t}!`, `[${t}]`, `[${t}!]!`, `[${t}]!`]);
const valueNode = (text) => parse(`input T { f: Int = ${text} }`).definitions[0].fields[0].defaultValue;
const kinds = (doc, ...of) => doc.definitions.filter((d) => of.includes(d.kind));
const fielded = (doc) => kinds(doc, Kind.OBJECT_TYPE_DEFINITION, Kind.INTERFACE_TYPE_DEFINITION);
const allInputs = (doc) => [
  ...fielded(doc).flatMap((d) => d.fields.flatMap((f) => f.arguments)),
  ...kinds(doc, Kind.INPUT_OBJECT_TYPE_DEFINITION).flatMap((d) => d.fields),
  ...kinds(doc, Kind.DIRECTIVE_DEFINITION).flatMap((d) => d.arguments)];
const described = (doc) => [...doc.definitions, ...allInputs(doc), ...fielded(doc).flatMap((d) => d.fields),
  ...kinds(doc, Kind.ENUM_TYPE_DEFINITION).flatMap((d) => d.values)];
const typeDefinitions = (doc) => doc.definitions.filter((d) => d.kind !== Kind.SCHEMA_DEFINITION && d.kind !== Kind.DIRECTIVE_DEFINITION);
const newInput = () => ({ kind: Kind.INPUT_VALUE_DEFINITION, name: name(fresh()), type: typeNode(wrap(pick(inputTypes))),
  defaultValue: random(3) ? undefined : valueNode(pick(values)), directives: [] });
const tweak = (t) => {  // adds or drops one modifier somewhere
  const text = print(t);
  return typeNode(pick([`${text}!`, text.replace(/!$/, ''), text.replace('!', ''), `[${text}]`, text.replace(/(\w)(\]|$)/, '$1!$2'),
    text.replace(/^\[(.*)\]$/, '$1')]).replace(/!+/g, '!'));
};
const drop = (list) => list.splice(random(list.length), 1);
const listsOf = (doc) => ({
  fields: pick(fielded(doc)).fields,
  inputs: pick(kinds(doc, Kind.INPUT_OBJECT_TYPE_DEFINITION)).fields,
  arguments: pick([...fielded(doc).flatMap((d) => d.fields), ...kinds(doc, Kind.DIRECTIVE_DEFINITION)]).arguments,
  values: pick(kinds(doc, Kind.ENUM_TYPE_DEFINITION)).values,
  members: pick(kinds(doc, Kind.UNION_TYPE_DEFINITION)).types,
  interfaces: pick(fielded(doc)).interfaces,
  locations: pick(kinds(doc, Kind.DIRECTIVE_DEFINITION)).locations,
});
const namedType = (value) => ({ kind: Kind.NAMED_TYPE, name: name(value) });

function renameAll(node, from, to) {
  for (const [key, part] of Object.entries(node)) {
    if (key === 'value' && part === from && node.kind === Kind.NAME) node.value = to;
    else if (part && typeof part === 'object') renameAll(part, from, to);
  }
}

// Each changes a syntax tree in place.
const mutations = {
  removePart: (doc) => drop(pick(Object.values(listsOf(doc)).filter((l) => l.length > 1))),
  removeType: (doc) => doc.definitions.splice(doc.definitions.indexOf(pick(doc.definitions)), 1),
  removeUnused: (doc) => doc.definitions.splice(doc.definitions.indexOf(pick(doc.definitions.filter((d) =>
    ['Lonely', 'Unused', 'Pick', 'Free', 'plain'].includes(d.name?.value)))), 1),
  rename: (doc) => { pick([...described(doc)].filter((d) => d.name && d.kind !== Kind.DIRECTIVE_DEFINITION)).name = name(fresh()); },
  renameType: (doc) => { renameAll(doc, pick(typeDefinitions(doc)).name.value, `New${random(1000)}`); },
  renameArgument: (doc) => { pick(allInputs(doc)).name = name(fresh()); },
  addField: (doc) => listsOf(doc).fields.push({ kind: Kind.FIELD_DEFINITION, name: name(fresh()), arguments: random(2) ? [] : [newInput()],
    type: typeNode(wrap(pick(outputTypes))), directives: [] }),
  addArgument: (doc) => listsOf(doc).arguments.push(newInput()),
  addInputField: (doc) => listsOf(doc).inputs.push(newInput()),
  addValue: (doc) => listsOf(doc).values.push({ kind: Kind.ENUM_VALUE_DEFINITION, name: name(fresh().toUpperCase()), directives: [] }),
  addMember: (doc) => listsOf(doc).members.push(namedType(pick(['User', 'Note', 'Place', 'Query']))),
  addInterface: (doc) => {
    const d = pick(fielded(doc));
    const i = pick(kinds(doc, Kind.INTERFACE_TYPE_DEFINITION));
    d.interfaces.push(namedType(i.name.value));
    for (const f of i.fields) if (!d.fields.some((g) => g.name.value === f.name.value)) d.fields.push(f);
  },
  addType: (doc) => doc.definitions.push(parse(pick([
    `type New${random(9)} { a: Int }`, `type New${random(9)} implements Node { id: ID! }`, `enum New${random(9)} { A }`,
    `input New${random(9)} { a: Int }`, `scalar New${random(9)}`, `directive @new${random(9)} on FIELD`, `union New${random(9)} = User`,
    `interface New${random(9)} { a: Int }`, 'type Subscription { seen: Note }'])).definitions[0]),
  changeOutput: (doc) => { const f = pick(fielded(doc).flatMap((d) => d.fields)); f.type = random(3) ? tweak(f.type) : typeNode(wrap(pick(outputTypes))); },
  changeInput: (doc) => { const v = pick(allInputs(doc)); v.type = random(3) ? tweak(v.type) : typeNode(wrap(pick(inputTypes))); },
  changeDefault: (doc) => { pick(allInputs(doc)).defaultValue = random(3) ? valueNode(pick(values)) : undefined; },
  dropDefault: (doc) => { pick(allInputs(doc).filter((v) => v.defaultValue)).defaultValue = undefined; },
  changeKind: (doc) => {
    const d = pick(typeDefinitions(doc));
    doc.definitions[doc.definitions.indexOf(d)] = parse(pick(['scalar T', 'enum T { A RED }', 'type T { id: ID! }', 'input T { a: Int }',
      'union T = User', 'interface T { id: ID! }']).replace('T', d.name.value)).definitions[0];
  },
  describe: (doc) => { const d = pick(described(doc)); d.description = d.description && random(2) ? undefined : { kind: Kind.STRING, value: fresh() }; },
  repeatable: (doc) => { const d = pick(kinds(doc, Kind.DIRECTIVE_DEFINITION)); d.repeatable = !d.repeatable; },
  addLocation: (doc) => listsOf(doc).locations.push(name(pick(['MUTATION', 'FIELD', 'ENUM', 'UNION']))),
  deprecate: (doc) => { pick([...fielded(doc).flatMap((d) => d.fields), ...kinds(doc, Kind.ENUM_TYPE_DEFINITION).flatMap((d) => d.values)])
    .directives = parse('type T { a: Int @deprecated(reason: "x") }').definitions[0].fields[0].directives; },
  moveMethod: (doc) => {
    const roots = ['Query', 'Mutation'].map((n) => doc.definitions.find((d) => d.name?.value === n)).filter(Boolean);
    if (roots.length < 2 || roots.some((r) => r.fields?.length < 2)) return;
    if (random(2)) roots.reverse();
    roots[1].fields.push(...drop(roots[0].fields));
  },
  reorder: (doc) => { for (const list of Object.values(listsOf(doc))) list.reverse(); doc.definitions.reverse(); },
};

/// graphql-js's schema of a text, or nothing where it is none.
function schemaOf(text) {
  if (!known.has(text)) known.set(text, built(text));
  return known.get(text);
}
function built(text) {
  try {
    const schema = buildSchema(text);
    return validateSchema(schema).length ? undefined : schema;
  } catch {
    return undefined;
  }
}

// One thing after the other, so that every kind is met whatever the dice say: rest → [before, after].
const q = 'type Query { a: Int }';
const byHand = [
  [q, q],
  [`${q} type T { a: Int }`, q], [q, `${q} type T { a: Int }`], [`${q} type T { a: Int }`, `${q} input T { a: Int }`],
  [`${q} enum E { A B }`, `${q} enum E { A }`], [`${q} enum E { A }`, `${q} enum E { A B }`],
  ['type Query { a(e: E): Int } enum E { A }', 'type Query { a(e: E): Int } enum E { A B }'],
  [`${q} input I { a: Int }`, `${q} input I { a: Int b: Int! }`], [`${q} input I { a: Int }`, `${q} input I { a: Int b: Int }`],
  [`${q} input I { a: Int }`, `${q} input I @oneOf { a: Int }`], [`${q} input I @oneOf { a: Int }`, `${q} input I { a: Int }`],
  [`${q} input I { a: Int! = 1 }`, `${q} input I { a: Int! }`], [`${q} input I { a: Int! }`, `${q} input I { a: Int! = 1 }`],
  [`${q} input I { a: Int! }`, `${q} input I { a: Int = 1 }`],
  [`${q} input I { a: Int = 1 }`, `${q} input I { a: Int = 2 }`], [`${q} input I { a: Int }`, `${q} input I { a: Int = 2 }`],
  ['type Query { a(x: Int! = 1): Int }', 'type Query { a(x: Int!): Int }'], ['type Query { a(x: Int!): Int }', 'type Query { a(x: Int! = 1): Int }'],
  ['type Query { a(x: String = "x"): Int }', 'type Query { a(x: String = """x"""): Int }'],
  ['type Query { a(x: [Int!]!): Int }', 'type Query { a(x: [Int]): Int }'], ['type Query { a: [Int] }', 'type Query { a: [Int!]! }'],
  ['type Query { a: [Int!] }', 'type Query { a: [Int]! }'], ['type Query { a(x: [Int]!): Int }', 'type Query { a(x: [Int!]): Int }'],
  ['type Query { a: Float }', q], [q, 'type Query { a: Float }'],
  [`${q} type Mutation { b: Int }`, q], [q, `${q} type Mutation { b: Int }`],
  [`${q} type Mutation { b: Int c: Int }`, 'type Query { a: Int b: Int } type Mutation { c: Int }'],
  ['type Query { a: Int b: Int } type Mutation { c: Int }', `${q} type Mutation { b: Int c: Int }`],
  [`${q} type Subscription { b: Int c: Int }`, 'type Query { a: Int b: Int } type Subscription { c: Int }'],
  [q, 'schema { query: Q } type Q { a: Int }'], [`schema { query: Q } type Q { a: Int } type R { a: Int b: Int }`, 'schema { query: R } type Q { a: Int } type R { a: Int b: Int }'],
  [`schema { query: Query } ${q}`, `"new" schema { query: Query } ${q}`],
  [`${q} scalar S`, `${q} scalar S @specifiedBy(url: "https://x.example")`],
  [`${q} scalar S`, `${q} scalar S @specifiedBy(url: "https://scalars.graphql.org/andimarek/date-time")`],
  ['type Query { i: I } interface I { a: Int } type T implements I { a: Int }', 'type Query { i: I } interface I { a: Int } type T implements I { a: Int } type V implements I { a: Int }'],
  ['directive @d on OBJECT type Query { a: Int }', 'directive @d on OBJECT type Query @d { a: Int }'],
  [`${q} "x" scalar S`, `${q} "y" enum S { A }`],
  ['directive @d(x: Int! = 1) on FIELD type Query { a: Int }', 'directive @d(x: Int!) on FIELD type Query { a: Int }'],
  ['directive @d(x: Int!) on FIELD type Query { a: Int }', 'directive @d(x: Int! = 1) on FIELD type Query { a: Int }'],
  ['directive @d on FIELD type Query { a: Int }', 'directive @d(x: Int!) on FIELD type Query { a: Int }'],
  ['directive @d(x: Int) on FIELD type Query { a: Int }', 'directive @d(x: String) on FIELD type Query { a: Int }'],
  ['directive @d(x: Int!) on FIELD type Query { a: Int }', 'directive @d(x: Int) on FIELD type Query { a: Int }'],
];

const pairs = [...byHand];
for (const [name_, mutate] of [...Object.entries(mutations)])
  for (let tries = 0, made = 0; made < 30 && tries < 300; ++tries) made += generate([mutate]);
while (pairs.length < wanted) generate(Array.from({ length: 1 + random(4) }, () => pick(Object.values(mutations))));

function generate(changes) {
  const doc = parse(base, { noLocation: true });
  const mutable = JSON.parse(JSON.stringify(doc));
  let text;
  try {
    for (const change of changes) change(mutable);
    text = print(mutable);
  } catch {
    return 0;  // nothing there to change
  }
  if (!schemaOf(text)) return 0;
  pairs.push(random(2) ? [base, text] : [text, base]);
  return 1;
}

// ---- comparison ---------------------------------------------------------------------------------------------------------

// The pairs, and then each one's second schema with itself.
const asked = [...pairs, ...pairs.map(([, after]) => [after, after])];
const probe = spawnSync(`${build}/tests/oracle/compare_probe`, {
  input: asked.map((p) => JSON.stringify(p)).join('\n') + '\n', encoding: 'utf8', maxBuffer: 1 << 30,
});
if (probe.error) throw probe.error;
const lines = probe.stdout.trim().split('\n').map((l) => JSON.parse(l));
let passed = 0;
let failed = 0;
let compared = 0;
let equal = 0;
let told = 0;
const kindsMet = new Set();
const typesMet = new Set();
function fail(pair, what) {
  if (++failed > 20) return;
  console.log(`FAIL ${what}\n${pair[0] === base ? '(base)' : pair[0]}\n----\n${pair[1] === base ? '(base)' : pair[1]}\n`);
}

pairs.forEach((pair, i) => {
  const answer = lines[i];
  const schemas = pair.map(schemaOf);
  if (!schemas[0] || !schemas[1]) return fail(pair, 'graphql-js refuses a pair made by hand');
  if (answer === undefined) return fail(pair, 'waggle says nothing');
  if (answer.refused) return explain(null, null, schemas, [], [], answer.refused) || fail(pair, `waggle refuses it: ${answer.refused}`);
  ++compared;
  const theirs = findSchemaChanges(schemas[0], schemas[1]).map(read);
  const ours = answer.map(([severity, kind, path]) => ({ severity, kind, path }));
  const open = [...ours];
  const differences = [];
  for (const js of theirs) {
    typesMet.add(js.type);
    const at = open.findIndex((us) => samePath(js.path, us.path) && js.kinds.includes(us.kind));
    const us = at < 0 ? null : open.splice(at, 1)[0];
    if (us && us.severity === js.severity) ++equal;
    else if (!explain(js, us, schemas, ours, theirs)) differences.push(`graphql-js: ${js.severity} ${js.text}; waggle: ${us ? `${us.severity} ${us.kind}` : 'nothing'}`);
  }
  for (const us of open)
    if (!explain(null, us, schemas, ours, theirs)) differences.push(`waggle alone: ${us.severity} ${us.kind} ${us.path}`);
  for (const us of ours) kindsMet.add(us.kind);
  told += ours.length;
  if (lines[pairs.length + i]?.length !== 0) differences.push('waggle tells a change from the second to itself');
  if (differences.length) fail(pair, differences.join('\n     '));
  else ++passed;
});

for (const [reason, times] of used)
  if (times) ++passed;
  else fail(['', ''], `this explanation matches nothing: ${reason}`);
for (const type of Object.keys(reading))
  if (!typesMet.has(type)) fail(['', ''], `graphql-js never said ${type}`);

if (compared < 1000) fail(['', ''], `only ${compared} pairs were compared`);
console.log(`${compared} pairs, ${told} changes of ${kindsMet.size} kinds; ${equal} the same on both sides, explained:`);
for (const [reason, times] of used) console.log(`  ${times} ${reason}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
