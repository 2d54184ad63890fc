// Compares a verdict with what graphql-js and the reference say. Each function returns a list of differences, in words.
import * as g from 'graphql';
import { byte_offset, plain_value, read_json, same_value, shown_name } from './json.mjs';

export const most_violations = 50;
const shown = (value) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? 'undefined';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
};

function printed_path(parts) {
  return parts.reduce((path, p) => (typeof p === 'number' ? `${path}[${p}]` : path ? `${path}.${p}` : p), '');
}

/// What graphql-js says of a value: {value} or {paths: [[its path, others that will do]]}.
export function by_graphql_js(node, type) {
  const plain = plain_value(node);
  if (type === undefined) return Object.keys(plain ?? {}).length === 0 && node.kind === 'object' ? { value: {} } : { paths: [] };
  const value = g.coerceInputValue(plain, type);
  if (value !== undefined) return { value };
  const paths = [];
  const unknown = new Map();
  g.validateInputValue(plain, type, (error, path) => {
    const at = printed_path(path);
    const parent = printed_path(path.slice(0, -1));
    // Where a field is missing or unknown, it speaks of the object, we of the field; where the one of @oneOf is null, the other way.
    // It also misses the one field where there is an unknown one; that one is enough for us.
    const named = /(required|unknown) field "([^]*?)"[,.]/.exec(error.message);
    if (named) {
      const field = printed_path([...path, named[1] === 'unknown' ? shown_name(named[2]) : named[2]]);
      if (named[1] === 'unknown') unknown.set(at, field);
      paths.push([at, field]);
    } else if (error.message.startsWith('Within OneOf')) paths.push([at, parent, unknown.get(at)]);
    else paths.push([at]);
  });
  return { paths };
}

/// Differences to graphql-js: verdict, value, paths.
export function against_graphql_js(verdict, theirs) {
  if (verdict.ok !== 'value' in theirs)
    return [`graphql-js ${theirs.paths ? `refuses it at ${theirs.paths.map((p) => p[0] || 'the root').join(', ')}` : `makes ${shown(theirs.value)} of it`}`];
  if (verdict.ok) {
    const value = JSON.parse(verdict.json);
    return same_value(value, theirs.value) ? [] : [`graphql-js makes ${shown(theirs.value)} of it`];
  }
  if (verdict.count > most_violations) return [];
  const ours = new Set(verdict.violations.map((v) => v.path));
  return theirs.paths.filter((may) => !may.some((p) => ours.has(p))).map(([p]) => `graphql-js also has a violation at ${p || 'the root'}`);
}

/// Differences of a violation list to the reference's problems. `text` is what was sent.
export function against_problems(verdict, problems, text) {
  const found = [];
  if (verdict.count !== problems.length) found.push(`${verdict.count} violations; expected ${problems.length}`);
  const key = (path, offset) => `${path || 'the root'} (byte ${offset})`;
  const expected = new Set(problems.map((p) => key(p.path, byte_offset(text, p.offset))));
  const ours = new Set(verdict.violations.map((v) => key(v.path, v.offset)));
  for (const k of ours) if (!expected.has(k)) found.push(`a violation at ${k}, where nothing is wrong`);
  if (verdict.count <= most_violations) for (const k of expected) if (!ours.has(k)) found.push(`no violation at ${k}`);
  if (verdict.violations.some((v) => !v.message)) found.push('a violation without a message');
  return found;
}

/// Differences of the rewritten text to the part that it should be, byte for byte where nothing was coerced.
export function against_part(part, given, text) {
  if (part.same) return text === given ? [] : [`not the bytes that were given: ${shown(text)}`];
  const found = [];
  walk(part, read_json(text), '');
  return found;

  function walk(p, out, path) {
    const slice = text.slice(out.start, out.end);
    const where = path || 'the root';
    if (p.same) {
      const was = given.slice(p.same.start, p.same.end);
      if (slice !== was) found.push(`${where} was ${shown(was)} and needed no change`);
    } else if (p.text !== undefined) {
      if (slice !== p.text) found.push(`${where} is ${shown(slice)}, not ${shown(p.text)}`);
    } else if (p.items) {
      if (out.kind !== 'array' || out.items.length !== p.items.length) found.push(`${where} is not a list of ${p.items.length}`);
      else p.items.forEach((item, i) => walk(item, out.items[i], `${path}[${i}]`));
    } else if (out.kind !== 'object' || out.members.length !== p.members.length + p.fill.size) {
      found.push(`${where} has not the ${p.members.length} fields that were given and ${p.fill.size} defaults`);
    } else {
      p.members.forEach(([m, inner], i) => {
        const o = out.members[i];
        const key = (source, member) => source.slice(member.key_start, member.node.start);
        if (key(text, o) !== key(given, m)) found.push(`${where} has ${shown(o.key)} in the place of ${shown(m.key)}`);
        else walk(inner, o.node, `${path}.${m.key}`);
      });
      for (const o of out.members.slice(p.members.length))
        if (!p.fill.has(o.key) || !same_value(plain_value(o.node), p.fill.get(o.key))) found.push(`${where} has a wrong default for ${o.key}: ${shown(text.slice(o.node.start, o.node.end))}`);
    }
  }
}
