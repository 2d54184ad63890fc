// What waggle should say, once more, written to be read and not to be fast: input coercion (§3.5–§3.12) over exact JSON, and the rules
// for answers (design.md §5). Types are graphql-js's. Where it agrees with graphql-js it is no news; where graphql-js cannot be
// asked (numbers beyond a double, doubled keys, answers) this says what is right, and the text that must come out.
import * as g from 'graphql';
import { has_lone_surrogate, integer_digits, shown_name } from './json.mjs';

const most_exponent_digits = 1000;
const join = (path, name) => (path ? `${path}.${name}` : name);

/// The digits of an ID that is a number: written out they may be many, by an exponent not too many.
const id_digits = (raw) => integer_digits(raw, /[.eE]/.test(raw) ? most_exponent_digits : raw.length);

function is_int(raw) {
  const digits = integer_digits(raw, 10);
  return digits !== undefined && Number(digits) >= -2147483648 && Number(digits) <= 2147483647 ? digits : undefined;
}

/// A judge of one text: `problems` [{path, offset (UTF-16), what}], `notes` the names of what graphql-js cannot know.
export function judge() {
  const problems = [];
  const notes = new Set();
  const wrong = (path, offset, what) => void problems.push({ path, offset, what });

  /// Every string and key, wherever it is.
  function look_for_surrogates(node) {
    if (node.kind === 'string' && has_lone_surrogate(node.text)) notes.add('lone surrogate');
    for (const i of node.items ?? []) look_for_surrogates(i);
    for (const m of node.members ?? []) {
      if (has_lone_surrogate(m.key)) notes.add('lone surrogate');
      look_for_surrogates(m.node);
    }
  }

  /// Calls `look(name, member)` for each member; a second one of a known name is a problem. Returns the names that were given.
  function for_members(node, known, path, look) {
    const given = new Set();
    for (const m of node.members) {
      if (given.has(m.key)) notes.add('duplicate key');
      if (!known.has(m.key)) {
        wrong(join(path, shown_name(m.key)), m.key_start, 'unknown');
      } else {
        if (given.has(m.key)) wrong(join(path, m.key), m.key_start, 'twice');
        look(known.get(m.key), m);
      }
      given.add(m.key);
    }
    return given;
  }

  // What becomes of a part: {same: node}, {text}, {items} or {members: [[member, part]], fill: Map}; undefined where it does not fit.
  function coerce(node, type, path) {
    if (g.isNonNullType(type)) return node.kind === 'null' ? wrong(path, node.start, 'null') : coerce(node, type.ofType, path);
    if (node.kind === 'null') return { same: node };
    if (g.isListType(type)) {
      if (node.kind !== 'array') {
        const item = coerce(node, type.ofType, path);
        return item && { items: [item] };
      }
      const items = node.items.map((item, i) => coerce(item, type.ofType, `${path}[${i}]`));
      if (items.includes(undefined)) return undefined;
      return items.every((i) => i.same) ? { same: node } : { items };
    }
    if (g.isInputObjectType(type)) return coerce_object(node, Object.values(type.getFields()), type.isOneOf, path);
    if (g.isEnumType(type)) return node.kind === 'string' && type.getValue(node.text) ? { same: node } : wrong(path, node.start, 'enum');
    return coerce_scalar(node, type.name, path);
  }

  function coerce_scalar(node, name, path) {
    const number = node.kind === 'number';
    const js = number ? Number(node.raw) : 0;
    if (name === 'Int' && number) {
      const digits = is_int(node.raw);
      if ((digits !== undefined) !== (Number.isInteger(js) && Math.abs(js + 0.5) <= 2147483647.5)) notes.add('Int beyond a double');
      if (digits !== undefined) return digits === node.raw ? { same: node } : { text: digits };
    } else if (name === 'ID' && number) {
      const digits = id_digits(node.raw);
      if (digits !== (Number.isInteger(js) ? String(js) : undefined)) notes.add('ID beyond a double');
      if (digits !== undefined) return { text: `"${digits}"` };
    } else if ((name === 'ID' || name === 'String') && node.kind === 'string') return { same: node };
    else if (name === 'Boolean' && node.kind === 'boolean') return { same: node };
    else if (name === 'Float' && number && Number.isFinite(js)) return { same: node };
    else if (!g.isSpecifiedScalarType({ name })) return { same: node };
    return wrong(path, node.start, name);
  }

  /// `fields` are those of an input type or a method's arguments.
  function coerce_object(node, fields, one_of, path) {
    if (node.kind !== 'object') return wrong(path, node.start, 'object');
    const before = problems.length;
    const members = [];
    const known = new Map(fields.map((f) => [f.name, f]));
    const given = for_members(node, known, path, (f, m) => members.push([m, coerce(m.node, f.type, join(path, f.name))]));
    if (one_of && (node.members.length !== 1 || node.members[0].node.kind === 'null')) wrong(path, node.start, 'oneOf');
    const fill = new Map();
    for (const f of fields) {
      if (given.has(f.name)) continue;
      if (f.type instanceof g.GraphQLNonNull && f.default === undefined) wrong(join(path, f.name), node.start, 'missing');
      else if (f.default !== undefined) fill.set(f.name, default_value(f));
    }
    if (problems.length > before) return undefined;
    return fill.size === 0 && members.every(([, part]) => part.same) ? { same: node } : { members, fill };
  }

  /// Is an answer's part a value of the type?
  function answer(node, type, path) {
    if (g.isNonNullType(type)) return node.kind === 'null' ? wrong(path, node.start, 'null') : answer(node, type.ofType, path);
    if (node.kind === 'null') return undefined;
    if (g.isListType(type)) {
      if (node.kind !== 'array') return wrong(path, node.start, 'list');
      return node.items.forEach((item, i) => answer(item, type.ofType, `${path}[${i}]`));
    }
    if (g.isEnumType(type)) return node.kind === 'string' && type.getValue(node.text) ? undefined : wrong(path, node.start, 'enum');
    if (g.isScalarType(type)) return answer_scalar(node, type.name, path);
    if (node.kind !== 'object') return wrong(path, node.start, 'object');
    return answer_object(node, type, path);
  }

  function answer_scalar(node, name, path) {
    const number = node.kind === 'number';
    const fits = {
      Int: () => number && is_int(node.raw) !== undefined,
      Float: () => number && Number.isFinite(Number(node.raw)),
      String: () => node.kind === 'string',
      Boolean: () => node.kind === 'boolean',
      ID: () => node.kind === 'string' || (number && id_digits(node.raw) !== undefined),
    }[name];
    if (fits && !fits()) wrong(path, node.start, name);
  }

  function answer_object(node, type, path) {
    let object = type;
    if (g.isAbstractType(type)) {
      // The first one counts; a second is a doubled key.
      const said = node.members.find((m) => m.key === '__typename')?.node;
      object = said?.kind === 'string' ? schema.getPossibleTypes(type).find((t) => t.name === said.text) : undefined;
      if (!object) return wrong(join(path, '__typename'), said?.kind === 'string' ? said.start : node.start, '__typename');
    }
    const fields = Object.values(object.getFields());
    const known = new Map([...fields.map((f) => [f.name, f]), ['__typename', { name: '__typename' }]]);
    const given = for_members(node, known, path, (f, m) => {
      if (f.type) answer(m.node, f.type, join(path, f.name));
      else if (m.node.kind !== 'string' || m.node.text !== object.name) wrong(join(path, f.name), m.node.start, '__typename');
    });
    for (const f of fields) {
      if (g.isNonNullType(f.type) && !given.has(f.name)) wrong(join(path, f.name), node.start, 'missing');
    }
    return undefined;
  }

  let schema;
  return {
    problems,
    notes,
    /// `type` of a bare method's payload.
    value(node, type) {
      look_for_surrogates(node);
      return coerce(node, type, '');
    },
    /// The object of a method's arguments.
    arguments(node, args) {
      look_for_surrogates(node);
      return coerce_object(node, args, false, '');
    },
    answer(node, type, of_schema) {
      schema = of_schema;
      look_for_surrogates(node);
      answer(node, type, '');
    },
  };
}

const defaults = new WeakMap();

/// A default as JSON would have it, with what it fills in itself.
export function default_value(field) {
  if (!defaults.has(field)) defaults.set(field, g.coerceInputLiteral(field.default.literal, field.type));
  return defaults.get(field);
}

/// A part's text, as one who rewrites could write it.
export function text_of(part, source) {
  if (part.same) return source.slice(part.same.start, part.same.end);
  if (part.text !== undefined) return part.text;
  if (part.items) return `[${part.items.map((i) => text_of(i, source)).join(',')}]`;
  const members = part.members.map(([m, p]) => `${source.slice(m.key_start, m.node.start)}${text_of(p, source)}`);
  for (const [name, value] of part.fill) members.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${members.join(',')}}`;
}
