// Generated output types, and answers of methods that return them: right ones, and mutated ones. Values are trees as in values.mjs.
import { random_json } from './values.mjs';

const names = ['id', 'name', 'names', 'value', 'a', 'b', 'toString', 'constructor', 'count', 'node', 'items', 'aVeryLongNameThatIsLongerThanAnyRegisterOfThisMachine'];
const scalars = ['Int', 'Float', 'String', 'Boolean', 'ID', 'Any'];
const printed = (t) => (t.list ? `[${printed(t.list)}]` : t.name) + (t.nonnull ? '!' : '');

function random_type(random, candidates, depth = 0) {
  if (depth < 3 && random.chance(0.3)) return { list: random_type(random, candidates, depth + 1), nonnull: random.chance(0.4) };
  return { name: random.pick(candidates), nonnull: random.chance(0.4) };
}

/// Fields whose types come from `candidates`; `self` may be used where null or an empty list may end it.
function random_fields(random, candidates, self) {
  const left = [...names];
  return Array.from({ length: 1 + random.below(6) }, () => {
    const name = left.splice(random.below(left.length), 1)[0];
    if (random.chance(0.15)) return { name, type: random.chance(0.5) ? { name: self, nonnull: false } : { list: { name: self, nonnull: random.chance(0.5) }, nonnull: random.chance(0.4) } };
    return { name, type: random_type(random, candidates) };
  });
}

export function random_answer_schema(random) {
  const types = new Map(scalars.map((name) => [name, { kind: 'scalar', name }]));
  types.set('E', { kind: 'enum', values: ['RED', 'GREEN', 'toString'].slice(0, 1 + random.below(3)) });
  const parts = ['scalar Any', `enum E { ${types.get('E').values.join(' ')} }`];
  const candidates = [...scalars, 'E'];
  const block = (head, fields) => parts.push(`${head} {\n  ${fields.map((f) => `${f.name}: ${printed(f.type)}`).join('\n  ')}\n}`);
  for (let i = 0; i < 2 + random.below(3); i++) {
    const name = `T${i}`;
    const fields = random_fields(random, candidates, name);
    types.set(name, { kind: 'object', name, fields });
    block(`type ${name}`, fields);
    candidates.push(name);
  }
  if (random.chance(0.8)) {
    // An interface, one more that has it, and objects that have both; their fields may be stricter.
    const shared = random_fields(random, candidates, 'I0');
    block('interface I0', shared);
    block('interface I1 implements I0', shared);
    const implementors = [];
    for (let i = 0; i < 1 + random.below(3); i++) {
      const name = `Impl${i}`;
      const fields = shared.map((f) => ({ name: f.name, type: random.chance(0.4) ? { ...f.type, nonnull: f.type.name !== 'I0' && f.type.list?.name !== 'I0' ? true : f.type.nonnull } : f.type }));
      if (random.chance(0.5)) fields.push({ name: `own${i}`, type: random_type(random, candidates) });
      types.set(name, { kind: 'object', name, fields });
      block(`type ${name} implements I0 & I1`, fields);
      implementors.push(name);
    }
    types.set('I0', { kind: 'abstract', members: implementors });
    types.set('I1', { kind: 'abstract', members: implementors });
    candidates.push('I0', 'I1', ...implementors);
  }
  const objects = [...types.values()].filter((t) => t.kind === 'object').map((t) => t.name);
  const members = objects.filter(() => random.chance(0.6));
  if (members.length) {
    parts.push(`union U = ${members.join(' | ')}`);
    types.set('U', { kind: 'abstract', members });
    candidates.push('U', 'U');
  }
  const methods = Array.from({ length: 6 }, (_, i) => ({ name: `m${i}`, type: random_type(random, candidates) }));
  parts.push(`type Query {\n  ${methods.map((m) => `${m.name}: ${printed(m.type)}`).join('\n  ')}\n}`);
  return { sdl: parts.join('\n'), types, methods };
}

const right = { Int: ['0', '-1', '2147483647', '-2147483648', '1.0', '1e3', '-0'], Float: ['0', '1.5', '-2.25e3', '1e308', '7', '12345678901234567890'], String: ['""', '"x"', '"é\\n"', '"\\ud83d\\udc1d"', '"🐝"'],
  Boolean: ['true', 'false'], ID: ['"x"', '4', '""', '-7', '12345678901234567890123', '4.0'] };
const edges = { Int: ['2147483648', '1.5', '"1"', 'true', '1e400', '1.00000000000000000000001', '-2147483649'], Float: ['"1"', '1e309', 'true', '1e-400'], String: ['1', 'true', '"\\ud800"'],
  Boolean: ['0', '"true"', 'null'], ID: ['4.5', 'true', '[]', '1e-1'] };

let parts_left = 0;

export function answer_of(random, types, m, exact) {
  parts_left = random.pick([10, 30, 80]);
  return value(random, types, m.type, exact);
}

function value(random, types, type, exact) {
  parts_left--;
  if (!type.nonnull && (parts_left < 0 || random.chance(0.12))) return 'null';
  if (type.list) {
    if (!exact && random.chance(0.03)) return value(random, types, type.list, exact);
    return { array: Array.from({ length: parts_left < 0 ? 0 : random.below(4) }, () => value(random, types, type.list, exact)) };
  }
  const t = types.get(type.name);
  if (t.kind === 'enum') return JSON.stringify(!exact && random.chance(0.1) ? random.pick(['red', 'constructor', '']) : random.pick(t.values));
  if (t.kind === 'scalar') {
    if (type.name === 'Any') {
      const any = random_json(random);
      return type.nonnull && any === 'null' ? '{}' : any;
    }
    return random.pick(!exact && random.chance(0.06) ? edges[type.name] : right[type.name]);
  }
  const object = t.kind === 'abstract' ? types.get(random.pick(t.members)) : t;
  const given = object.fields.filter((f) => f.type.nonnull || (parts_left > 0 && random.chance(0.7)));
  const members = given.map((f) => [f.name, value(random, types, f.type, exact)]);
  const said = JSON.stringify(!exact && random.chance(0.05) ? random.pick(['I0', 'T0', 'Impl0', 'nothing', '']) : object.name);
  if (t.kind === 'abstract' ? exact || random.chance(0.97) : random.chance(0.15)) members.splice(random.chance(0.5) ? 0 : random.below(members.length + 1), 0, ['__typename', random.chance(0.02) && !exact ? '1' : said]);
  return { object: members };
}
