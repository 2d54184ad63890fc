// Generated JSON texts: values that fit a type, values on the edges, and mutations of both. A value is a tree while it is made:
// {object: [[key, value], …]}, {array: […]} or a string with JSON text, printed at the end in one of many spellings.

const ints = ['0', '1', '-1', '42', '2147483647', '-2147483648', '2147483648', '-2147483649', '1.0', '1e3', '1E+2', '10e-1', '1e-3', '1.5', '-0', '-0.0', '0e5',
  '0.000', '2147483647.0', '21474836470e-1', '2147483648.0', '1e400', '-1e400', '1e-400', '99999999999999999999', '1.00000000000000000000001',
  '2147483647.00000000001', '123456789012345678901234567890', '9007199254740993', '18446744073709551616', '1e0', '1e10', '12e1', '0.1e1',
  '1000000000000000000000000000000e-30', '0e999999999', '4294967296', '-9223372036854775809', '5e-324'];
const floats = ['0', '1', '-1', '1.5', '-2.5e3', '1e308', '1e309', '-1e309', '1.7976931348623157e308', '1.7976931348623159e308', '5e-324', '1e-400', '1e400', '-0.0', '0.1',
  '123456789012345678901234567890', '2147483648', '1E2', '9007199254740993', '0e999', '3.141592653589793238462643383279'];
const ids = ['"x"', '4', '4.0', '4.5', '-7', '0', '-0', '-0.0', '9007199254740993', '123456789012345678901234567890', '1e3', '1e21', '1e22', '10e-1', '4.0000000000000000000001',
  '""', '"4"', '"é"', '"\\u0034"', '18446744073709551615', '-18446744073709551616', '1e-1', '12345678901234567890.0', '1e400', '1E3'];
const strings = ['""', '"a"', '"plain text"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\u00e9"', '"é"', '"🐝"', '"\\ud83d\\udc1d"', '"\\u0000"', '"\\u2028\u2028"', '"null"', '"1"', '"true"',
  '"\u007f"', '"a long string that is longer than any register of the machine, and than two of them as well, so that blocks are crossed \\n here"', '"{\\"a\\":1}"', '"\\uD800\\uDC00"', '"\\uffff"'];
const lone = ['"\\ud800"', '"\\udc00"', '"a\\ud83d b"', '"\\udc1d\\ud83d"', '"\\ud800\\ud800"', '"\\uD83D\\u0041"'];
const anything = [...ints, ...floats, ...strings, 'true', 'false', 'null', 'null'];

const pieces = ['a', 'bc', ' ', 'é', '🐝', '漢', '\\n', '\\"', '\\\\', '\\u0041', '\\ud83d\\udc1d', '{', '}', ',', ':', 'plain text here', '0123456789'];

/// The text of a string of any length, its escapes and wide characters anywhere.
function random_string(random) {
  const only = random.chance(0.5) ? random.pick(pieces) : null;
  return `"${Array.from({ length: random.below(random.pick([4, 20, 80])) }, () => (only && random.chance(0.9) ? only : random.pick(pieces))).join('')}"`;
}

export function random_json(random, depth = 0) {
  if (depth < 3 && random.chance(0.15)) return { array: Array.from({ length: random.below(4) }, () => random_json(random, depth + 1)) };
  if (depth < 3 && random.chance(0.15)) {
    const members = new Map(Array.from({ length: random.below(4) }, () => [random.pick(['a', 'b', 'x', 'id', 'k e y', '', 'é', '__proto__', '__typename']), random_json(random, depth + 1)]));
    return { object: [...members] };
  }
  return random.pick(anything);
}

const near = (random, name) => random.pick([name + 's', name.slice(0, -1), name.toUpperCase(), name.toLowerCase(), `${name[0]}${name}`, ` ${name}`, name.replace('a', 'e')]);

function scalar_value(random, name, right) {
  const simple = right || random.chance(0.5);
  switch (name) {
    case 'Int': return simple ? random.pick(['0', '1', '-1', '42', '2147483647', '-2147483648', '7', '100']) : random.pick(ints);
    case 'Float': return simple ? random.pick(['0', '1.5', '-2.5e3', '1e308', '7', '0.1']) : random.pick(floats);
    case 'ID': return simple ? random.pick(['"x"', '4', '"é"', '"4"']) : random.pick(ids);
    case 'String': return simple ? (random.chance(0.5) ? random_string(random) : random.pick(strings)) : random.chance(0.03) ? random.pick(lone) : random.pick(strings);
    case 'Boolean': return random.pick(['true', 'false']);
    default: return random_json(random);
  }
}

/// How many parts the value that is being made may still have; without one, inputs within inputs grow without bound.
let parts_left = 0;

/// A payload of a method; `right` keeps away from edges, so that most of these are accepted.
export function payload_of(random, types, m, right) {
  parts_left = random.pick([10, 30, 100]);
  return m.bare ? value_of(random, types, m.args[0].type, right) : object_of(random, types, m.args, right);
}

function value_of(random, types, type, right, depth = 0) {
  parts_left--;
  if (!type.nonnull && (parts_left < 0 || random.chance(0.12))) return 'null';
  if (type.list) {
    // Also a list too few: a single value is a list of one.
    if (depth < 6 && random.chance(0.15)) return value_of(random, types, type.list, right, depth + 1);
    const count = parts_left < 0 ? 0 : random.below(4);
    return { array: Array.from({ length: count }, () => value_of(random, types, type.list, right, depth + 1)) };
  }
  const t = types.get(type.name);
  if (t.kind === 'scalar') {
    const v = scalar_value(random, t.name, right);
    return type.nonnull && v === 'null' ? '1' : v;
  }
  if (t.kind === 'enum') return right || random.chance(0.8) ? JSON.stringify(random.pick(t.values)) : JSON.stringify(near(random, random.pick(t.values)));
  if (t.one_of) {
    const f = random.pick(t.fields);
    return { object: [[f.name, value_of(random, types, { ...f.type, nonnull: random.chance(0.97) }, right, depth + 1)]] };
  }
  return object_of(random, types, t.fields, right, depth);
}

/// An object with these fields: the required ones, and some of the others.
function object_of(random, types, fields, right, depth = 0) {
  const share = fields.length > 20 ? random.pick([0.05, 0.9]) : 0.6;
  const given = fields.filter((f) => (f.type.nonnull && f.fallback === undefined) || (parts_left > 0 && random.chance(share)));
  const members = given.map((f) => [f.name, value_of(random, types, f.type, right, depth + 1)]);
  if (random.chance(0.3)) members.reverse();
  return { object: members };
}

function nodes_of(value, put, out = []) {
  out.push({ value, put });
  if (value.array) value.array.forEach((v, i) => nodes_of(v, (n) => { value.array[i] = n; }, out));
  if (value.object) value.object.forEach((m) => nodes_of(m[1], (n) => { m[1] = n; }, out));
  return out;
}

/// The value with one thing changed. The tree is changed in place.
export function mutated(random, value) {
  const box = [value];
  const all = nodes_of(value, (n) => { box[0] = n; });
  const node = random.pick(all);
  const objects = all.filter((n) => n.value.object);
  const holder = objects.length ? random.pick(objects).value.object : null;
  switch (random.below(9)) {
    case 0: node.put(random_json(random)); break;
    case 1: node.put('null'); break;
    case 2: node.put({ array: [node.value] }); break;
    case 3: if (node.value.array?.length) node.put(node.value.array[0]); else node.put(random.pick(anything)); break;
    case 4: if (holder?.length) holder.splice(random.below(holder.length), 1); break;
    case 5: if (holder) holder.push([random.pick(['unknown', 'a', 'id', '', '__typename', '__proto__', 'a.b', 'é']), random_json(random)]); break;
    case 6: if (holder?.length) { const m = random.pick(holder); m[0] = near(random, m[0]); } break;
    case 7: if (holder?.length && random.chance(0.3)) { const m = random.pick(holder); holder.push([m[0], random.chance(0.5) ? m[1] : random_json(random)]); } else node.put(random.pick(anything)); break;
    default: if (node.value.array) node.value.array.push(random.pick(['null', random_json(random)])); else node.put({ array: [node.value, random_json(random)] });
  }
  return box[0];
}

const escaped = (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;

/// A string's text spelled with escapes here and there.
function respelled(random, text) {
  const inner = JSON.parse(text);
  if (/[\ud800-\udfff]/.test(inner)) return text;
  return `"${[...inner].map((c) => (random.chance(0.3) ? escaped(c) : JSON.stringify(c).slice(1, -1))).join('')}"`;
}

/// The text of a value: compact, with spaces, or with escapes where they are not needed.
export function print_value(random, value) {
  const spaced = random.chance(0.2);
  const escapes = random.chance(0.08);
  const gap = () => (spaced && random.chance(0.5) ? random.pick([' ', '\n', '\t', '\r\n', '   ']) : '');
  const string = (text) => (escapes && random.chance(0.5) ? respelled(random, text) : text);
  const print = (v) => {
    if (v.array) return `[${gap()}${v.array.map((i) => print(i) + gap()).join(`,${gap()}`)}]`;
    if (v.object) return `{${gap()}${v.object.map(([k, i]) => `${string(JSON.stringify(k))}${gap()}:${gap()}${print(i)}${gap()}`).join(`,${gap()}`)}}`;
    return v[0] === '"' ? string(v) : v;
  };
  return gap() + print(value) + gap();
}

const characters = [...'{}[],:"\\ \n\t019.eE+-truefalsn\0/x\x1fé🐝'];

/// The text with a character or two taken out, put in or put in another's place, or cut off. It need not be JSON any more.
export function damaged(random, text) {
  const all = [...text];
  for (let i = 0; i <= random.below(2); i++) {
    const at = random.below(all.length + 1);
    switch (random.below(4)) {
      case 0: all.splice(at, 1); break;
      case 1: all.splice(at, 0, random.pick(characters)); break;
      case 2: all.splice(at, 1, random.pick(characters)); break;
      default: if (random.chance(0.4)) all.length = at; else all.splice(at, 0, ...all.slice(at, at + random.below(6)));
    }
  }
  return all.join('');
}
