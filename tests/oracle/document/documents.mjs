// Requests for a schema of schemas.mjs. `wrong` is how likely each choice is a mistake; 0 makes documents that are mostly valid: only
// fields that come together may still conflict.
import { named } from './schemas.mjs';

export function random_document(r, schema, wrong) {
  const mistake = () => wrong > 0 && r.chance(wrong);
  const variables = new Map(); // name → { type, default }
  const fragments = []; // { name, on, text, uses, spreads }
  let aliases = 0;
  let used; // the variables and fragments of what is being written

  function variable(type, one_of) {
    const fitting = [...variables].filter(([, v]) => v.for === type && (!one_of || v.type.endsWith('!')));
    let name;
    if (fitting.length > 0 && r.chance(0.7)) [name] = r.pick(fitting);
    else {
      name = `v${variables.size}`;
      let is = type.endsWith('!') || !(one_of || r.chance(0.3)) ? type : `${type}!`;
      let given;
      if (is.endsWith('!') && !one_of && r.chance(0.2)) {
        is = is.slice(0, -1);
        given = value(type, { constant: true });
        if (given === 'null') given = undefined;
        if (given === undefined) is += '!';
      } else if (one_of && r.chance(0.2)) {
        is = is.slice(0, -1);
        given = value(`${is}!`, { constant: true });
      } else if (r.chance(0.2)) given = value(is, { constant: true });
      if (mistake()) is = r.pick([is.replace(/!$/, ''), `[${is}]`, 'Int', 'Nope', r.pick(schema.composites), is.replace(/^\[(.*)\]!?$/, '$1')]);
      if (mistake()) given = r.pick(['null', '1', '"s"', '[1]', '{a: 1}']);
      variables.set(name, { type: is, for: type, default: given });
    }
    used.variables.add(name);
    return `$${name}`;
  }

  function value(type, { constant = false, depth = 0, one_of = false } = {}) {
    if (mistake()) return r.pick(['null', '1', '1.5', '"s"', 'true', 'RED', '[1]', '[]', '{a: 1}', '{}', '{a: 1, a: 2}', '$nope', '5000000000', '{a: null}'].filter((v) => !constant || !v.includes('$')));
    if (!constant && r.chance(0.3)) return variable(type, one_of);
    const non_null = type.endsWith('!');
    if (!non_null && !one_of && r.chance(0.1)) return 'null';
    const bare = non_null ? type.slice(0, -1) : type;
    if (bare.startsWith('[')) {
      const item = bare.slice(1, -1);
      if (r.chance(0.2)) return value(item.endsWith('!') ? item : `${item}!`, { constant: true, depth: depth + 1 });
      return `[${Array.from({ length: r.below(3) }, () => value(item, { constant, depth: depth + 1 })).join(', ')}]`;
    }
    const t = schema.types[bare];
    if (t.kind === 'enum') return r.pick(t.values);
    if (t.kind === 'input') {
      let fields = Object.values(t.fields);
      if (t.one_of) fields = [r.pick(fields)];
      else fields = fields.filter((f) => (f.type.endsWith('!') && !f.default) || (depth < 4 && r.chance(0.5)));
      if (mistake()) fields = fields.slice(1);
      const parts = fields.map((f) => `${f.name}: ${value(f.type, { constant, depth: depth + 1, one_of: t.one_of })}`);
      if (mistake()) parts.push(r.pick(['nope: 1', ...parts]));
      return `{${parts.join(', ')}}`;
    }
    if (bare === 'Any' && !constant && r.chance(0.3)) return r.chance(0.5) ? `{k: ${variable('Int')}}` : `[${variable('String')}]`;
    if (bare === 'Any') return r.pick(['1', '"s"', 'GREEN', '{k: [1, {l: true}]}', '[null]']);
    return { Int: ['0', '-7', '2147483647'], Float: ['1', '2.5e3'], String: ['"s"', '"""b"""'], Boolean: ['true', 'false'], ID: ['"i"', '4'] }[bare][r.below(2)];
  }

  function args(defined) {
    const parts = [];
    for (const a of Object.values(defined)) {
      const needed = a.type.endsWith('!') && !a.default;
      if ((needed && !mistake()) || r.chance(0.4)) parts.push(`${a.name}: ${value(a.type)}`);
    }
    if (mistake()) parts.push(r.pick(['nope: 1', 'x: $v0', ...parts]));
    return parts.length ? `(${parts.join(', ')})` : '';
  }

  function directives(location) {
    if (!r.chance(mistake() ? 1 : 0.12)) return '';
    const known = Object.entries(schema.directives).filter(([, d]) => d.on.includes(location));
    let [name, d] = known.length ? r.pick(known) : [];
    if (mistake()) [name, d] = r.pick([...Object.entries(schema.directives), ['nope', { args: {} }]]);
    if (!name) return '';
    const one = () => ` @${name}${location === 'VARIABLE_DEFINITION' ? args_constant(d.args) : args(d.args)}`;
    return one() + (d.repeatable && r.chance(0.3) ? one() : '') + (mistake() ? one() : '');
  }
  function args_constant(defined) {
    const parts = Object.values(defined).map((a) => `${a.name}: ${value(a.type, { constant: true })}`);
    return parts.length ? `(${parts.join(', ')})` : '';
  }

  const overlapping = (type) => schema.composites.filter((c) => schema.types[c].possible.some((p) => type.possible.includes(p)));

  function selections(type, depth, few = false) {
    const out = [];
    for (let n = few ? 1 : 1 + r.below(4); n > 0; --n) out.push(selection(type, depth));
    if (!few && out.length > 1 && r.chance(0.1)) out.push(r.pick(out));
    return `{ ${out.join(' ')} }`;
  }

  function selection(type, depth) {
    const kind = r.below(10);
    if (kind === 0 && depth > 0) {
      const candidates = [type.name, ...overlapping(type)].filter((c) => !schema.roots[c]);
      const on = mistake() ? r.pick([...schema.composites, 'Nope', 'E0', 'I0']) : r.pick(candidates);
      const inner = schema.types[on] ?? type;
      const typed = r.chance(0.8);
      return `...${typed ? ` on ${on}` : ''}${directives('INLINE_FRAGMENT')} ${selections(typed && inner.fields && inner.possible ? inner : type, depth - 1)}`;
    }
    if (kind <= 2) {
      const fitting = fragments.filter((f) => mistake() || schema.types[f.on]?.possible?.some((p) => type.possible.includes(p)));
      if (fitting.length > 0 || mistake()) {
        const f = fitting.length > 0 && !mistake() ? r.pick(fitting) : { name: r.pick(['F0', 'F1', 'Nope']) };
        used.spreads.add(f.name);
        return `...${f.name}${directives('FRAGMENT_SPREAD')}`;
      }
    }
    const names = Object.keys(type.fields);
    if (names.length === 0 || r.chance(0.08)) return `${r.chance(0.5) ? 't: ' : ''}__typename${directives('FIELD')}`;
    let f = type.fields[r.pick(names)];
    if (mistake()) f = { name: r.pick(['nope', 'a', 'b', '__schema', '__type']), type: r.pick(['Int', 'O0']), args: {} };
    let inner = schema.types[named(f.type)];
    if (depth <= 0 && inner.possible && !r.chance(0.2)) return '__typename';
    const alias = mistake() ? `${r.pick(['p', 'a', 'b'])}: ` : r.chance(0.75) ? `${r.chance(0.04) ? 'p' : `p${aliases++}`}: ` : '';
    let below = inner.possible ? ` ${depth <= 0 ? '{ __typename }' : selections(inner, depth - 1)}` : '';
    if (mistake()) below = below ? '' : ' { a }';
    return `${alias}${f.name}${args(f.args)}${directives('FIELD')}${below}`;
  }

  const fresh = () => (used = { variables: new Set(), spreads: new Set() });
  for (let i = r.below(4); i > 0; --i) {
    const on = mistake() ? r.pick(['Nope', 'E1', 'I0']) : r.pick([...schema.composites, 'Query']);
    const name = `F${mistake() ? 0 : fragments.length}`;
    fresh();
    const text = `fragment ${name} on ${on}${directives('FRAGMENT_DEFINITION')} ${selections(schema.types[on]?.possible ? schema.types[on] : schema.types.Query, 2)}`;
    fragments.push({ name, on, text, ...used });
  }

  const operations = [];
  const reached = new Set();
  for (let i = r.chance(0.8) ? 1 : 2 + r.below(2), all = i; i > 0; --i) {
    const kinds = Object.keys(schema.roots);
    const kind = mistake() ? r.pick(['mutation', 'subscription']) : r.pick(kinds);
    const root = schema.types[schema.roots[kind] ?? 'Query'];
    fresh();
    let text = `${directives(kind.toUpperCase())} ${selections(root, 3, kind === 'subscription' && !mistake())}`;
    // In what is mostly valid, the fragments that nothing used yet are used at the end, where they can be.
    const spread = (name) => {
      if (reached.has(name)) return;
      reached.add(name);
      fragments.find((f) => f.name === name)?.spreads.forEach(spread);
    };
    used.spreads.forEach(spread);
    if (i === 1 && kind === 'query' && !mistake())
      for (const f of fragments.filter((f) => !reached.has(f.name) && f.on === 'Query').reverse()) {
        if (reached.has(f.name)) continue;
        used.spreads.add(f.name);
        text = text.replace(/ \}$/, ` ...${f.name} }`);
        spread(f.name);
      }
    const needed = new Set(used.variables);
    const seen = new Set();
    const collect = (name) => {
      const f = fragments.find((g) => g.name === name);
      if (!f || seen.has(name)) return;
      seen.add(name);
      f.variables.forEach((v) => needed.add(v));
      f.spreads.forEach(collect);
    };
    used.spreads.forEach(collect);
    if (mistake()) needed.delete([...needed][0]);
    if (mistake() && variables.size) needed.add(r.pick([...variables.keys()]));
    let defined = [...needed].map((v) => `$${v}: ${variables.get(v).type}${variables.get(v).default ? ` = ${variables.get(v).default}` : ''}${directives('VARIABLE_DEFINITION')}`);
    if (mistake() && defined.length) defined.push(defined[0]);
    const name = all > 1 ? (r.chance(5 * wrong) ? r.pick(['', 'A1']) : `A${i}`) : r.pick(['', 'Q']);
    operations.push(`${kind}${name ? ` ${name}` : ''}${defined.length ? `(${defined.join(', ')})` : ''}${text}`);
  }
  const kept = fragments.filter((f) => reached.has(f.name) || mistake());
  return [...operations, ...kept.map((f) => f.text)].join('\n');
}

/// The same text with some tokens dropped, doubled or exchanged.
export function damaged(r, text) {
  const tokens = text.match(/\.\.\.|"""[^]*?"""|"[^"]*"|[\w.]+|[^\s\w]/g);
  for (let n = 1 + r.below(3); n > 0; --n) {
    const i = r.below(tokens.length);
    const kind = r.below(4);
    if (kind === 0) tokens.splice(i, 1);
    else if (kind === 1) tokens.splice(i, 0, tokens[i]);
    else {
      // Of the same sort, so that it mostly stays a document.
      const word = /^\w/.test(tokens[i]);
      const others = tokens.filter((t) => /^\w/.test(t) === word);
      tokens[i] = r.pick(others);
    }
  }
  return tokens.join(' ');
}
