// Generated schemas for payloads. A type is {name, nonnull} or {list: type, nonnull}; a schema is
// {sdl, extra, types: Map, methods: [{name, bare, args}]}, where args and the fields of inputs are [{name, type, fallback}],
// fallback being the default's literal. `extra` is for graphql-js alone: waggle's own directive, and each method's arguments once
// more as an input type, since the payload is coerced as one.

const names = ['id', 'ids', 'name', 'names', 'Name', 'a', 'b', 'aa', 'value', 'valeu', 'x', 'y', 'xy', '_', '_1', 'count', 'counts',
  'constructor', 'toString', 'valueOf', 'hasOwnProperty', 'null', 'true', 'input', 'type', 'first_name', 'firstName', 'firstname',
  'aVeryLongNameThatIsLongerThanAnyRegisterOfThisMachineAndThanTheNextOneToo', 'aVeryLongNameThatIsLongerThanAnyRegisterOfThisMachine',
  'a1234567', 'a12345678', 'a123456789012345', 'a1234567890123456'];
const enum_names = ['RED', 'red', 'Red', 'GREEN', 'BLUE', 'constructor', 'toString', '_', 'A1', 'A2', 'LONG_NAME_OF_A_VALUE_WITH_PARTS'];
const scalars = ['Int', 'Float', 'String', 'Boolean', 'ID', 'Any'];

const printed = (t) => (t.list ? `[${printed(t.list)}]` : t.name) + (t.nonnull ? '!' : '');
const printed_input = (f) => `${f.name}: ${printed(f.type)}${f.fallback === undefined ? '' : ` = ${f.fallback}`}`;

function distinct(random, list, count) {
  const left = [...list];
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(random.below(left.length), 1)[0]);
}

/// Many fields have more than 64, which is where a mask of bits ends.
function field_names(random, many) {
  if (!many) return distinct(random, names, 1 + random.below(8));
  const count = random.pick([63, 64, 65, 128, 129, 200]);
  return Array.from({ length: count }, (_, i) => `${random.pick(['f', 'field', 'f_'])}${i}`);
}

function literal_of_anything(random, depth) {
  switch (random.below(depth > 2 ? 6 : 8)) {
    case 0: return String(random.below(1000));
    case 1: return '-1.5e3';
    case 2: return '"any \\u00e9 \\"thing\\""';
    case 3: return 'true';
    case 4: return 'null';
    case 5: return 'NAME';
    case 6: return `[${Array.from({ length: random.below(3) }, () => literal_of_anything(random, depth + 1)).join(', ')}]`;
    default: return `{k: ${literal_of_anything(random, depth + 1)}, l: ${literal_of_anything(random, depth + 1)}}`;
  }
}

function literal_of_scalar(random, name) {
  switch (name) {
    case 'Int': return random.pick(['0', '1', '-1', '-0', '42', '2147483647', '-2147483648']);
    case 'Float': return random.pick(['0', '-0', '1', '1.5', '-2.25e3', '1e3', '1E-3', '1e308', '123456789012345678']);
    case 'String': return random.pick(['""', '"plain"', '"esc \\" \\\\ \\n \\u00e9 \\u{1F41D}"', '"\\uD83D\\uDC1D"', '"""\n  block\n    "quoted" \\""" é\n"""']);
    case 'Boolean': return random.pick(['true', 'false']);
    case 'ID': return random.pick(['4', '0', '"x"', '"é"', '""', '12345678901234567890123', '-7', '-0']);
    default: return literal_of_anything(random, 0);
  }
}

/// How many parts the literal that is being made may still have; without one, inputs within inputs grow without bound.
let parts_left = 0;

function default_of(random, types, type) {
  parts_left = 40;
  return literal(random, types, type);
}

/// A literal that fits the type.
function literal(random, types, type, depth = 0) {
  parts_left--;
  if (!type.nonnull && random.chance(0.15)) return 'null';
  if (type.list) {
    if (depth < 4 && random.chance(0.15) && !type.list.list) {
      const single = literal(random, types, { ...type.list, nonnull: true }, depth + 1);
      // `a: [Any] = [1]` is the list itself.
      if (!single.startsWith('[')) return single;
    }
    return `[${Array.from({ length: depth > 3 || parts_left < 0 ? 0 : random.below(4) }, () => literal(random, types, type.list, depth + 1)).join(', ')}]`;
  }
  const t = types.get(type.name);
  if (t.kind === 'scalar') {
    const text = literal_of_scalar(random, t.name);
    return type.nonnull && text === 'null' ? '"not null"' : text;
  }
  if (t.kind === 'enum') return random.pick(t.values);
  if (t.one_of) {
    const f = random.pick(t.fields);
    return `{${f.name}: ${literal(random, types, { ...f.type, nonnull: true }, depth + 1)}}`;
  }
  // A nullable field that may lead back to this type is left out: the default would be without end.
  const given = t.fields.filter((f) => (f.type.nonnull && f.fallback === undefined) || (!f.recursive && parts_left > 0 && random.chance(0.4)));
  return `{${given.map((f) => `${f.name}: ${literal(random, types, f.type, depth + 1)}`).join(', ')}}`;
}

function random_type(random, candidates, depth = 0) {
  if (depth < 3 && random.chance(depth === 0 ? 0.35 : 0.3))
    return { list: random_type(random, candidates, depth + 1), nonnull: random.chance(0.4) };
  return { name: random.pick(candidates), nonnull: random.chance(0.4) };
}

/// Fields of the type `self`, which may use the `candidates` freely, and itself only where null may end it.
function random_fields(random, types, candidates, self, many) {
  return field_names(random, many).map((name) => {
    if (self && random.chance(0.12)) {
      const type = { name: self, nonnull: false };
      const listed = random.chance(0.4) ? { list: { ...type, nonnull: random.chance(0.5) }, nonnull: random.chance(0.3) } : type;
      return { name, type: listed, recursive: true, fallback: !listed.nonnull && random.chance(0.2) ? 'null' : undefined };
    }
    const type = random_type(random, candidates);
    const fallback = random.chance(0.35) ? default_of(random, types, type) : undefined;
    return { name, type, fallback };
  });
}

/// A definition, now and then in two parts, the second one an extension.
function definition(random, head, parts) {
  if (parts.length < 2 || random.chance(0.8)) return `${head} {\n  ${parts.join('\n  ')}\n}`;
  const first = 1 + random.below(parts.length - 1);
  const bare_head = head.replace(' @oneOf', '');
  return `${definition(random, head, parts.slice(0, first))}\nextend ${definition(random, bare_head, parts.slice(first))}`.replaceAll('extend extend', 'extend');
}

export function random_schema(random) {
  const types = new Map(scalars.map((name) => [name, { kind: 'scalar', name }]));
  const parts = [random.pick(['scalar Any', 'scalar Any @specifiedBy(url: "https://example.com/any")'])];
  const candidates = [...scalars];
  for (let i = 0; i < 1 + random.below(2); i++) {
    const e = { kind: 'enum', name: `E${i}`, values: distinct(random, enum_names, 1 + random.below(6)) };
    types.set(e.name, e);
    candidates.push(e.name);
    parts.push(definition(random, `enum ${e.name}`, e.values));
  }
  for (let i = 0; i < 1 + random.below(5); i++) {
    const name = `In${i}`;
    const one_of = random.chance(0.3);
    const fields = one_of
      ? field_names(random, false).map((f) => ({ name: f, type: { ...random_type(random, candidates), nonnull: false } }))
      : random_fields(random, types, candidates, name, random.chance(0.04));
    types.set(name, { kind: 'input', name, one_of, fields });
    candidates.push(name, name);
    parts.push(definition(random, `input ${name}${one_of ? ' @oneOf' : ''}`, fields.map(printed_input)));
  }
  const methods = [];
  const mirrors = [];
  for (let i = 0; i < 8; i++) {
    const bare = random.chance(0.5);
    const args = bare
      ? [{ name: 'v', type: random_type(random, candidates) }]
      : random.chance(0.05) ? [] : random_fields(random, types, candidates, null, random.chance(0.02));
    const m = { name: `m${i}`, bare, args };
    methods.push(m);
    if (!bare && args.length > 0) mirrors.push(`input Args_${m.name} {\n  ${args.map(printed_input).join('\n  ')}\n}`);
  }
  const line = (m) => `${m.name}${m.args.length ? `(${m.args.map(printed_input).join(', ')})` : ''}: Int${m.bare ? ' @bare' : ''}`;
  parts.push(definition(random, 'type Query', methods.map(line)));
  return { sdl: parts.join('\n'), extra: `\ndirective @bare on FIELD_DEFINITION\n${mirrors.join('\n')}`, types, methods };
}
