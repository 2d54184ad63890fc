// Schemas for requests: every kind of type, names that come again with other types, so that selections meet and conflict.
const scalars = ['Int', 'Float', 'String', 'Boolean', 'ID', 'Any'];

/// The model that documents are made from: `types` by name, `sdl`, `roots`.
export function random_schema(r) {
  const types = {};
  const add = (name, type) => (types[name] = { name, ...type });
  for (const s of scalars) add(s, { kind: 'scalar' });
  const enums = ['E0', 'E1'];
  add('E0', { kind: 'enum', values: ['RED', 'GREEN'] });
  add('E1', { kind: 'enum', values: ['GREEN', 'BLUE', 'on'] });
  const leaves = [...scalars, ...enums];
  const wrapped = (name, depth = 2) => {
    let text = name;
    for (let i = r.below(depth + 1); i > 0 && r.chance(0.4); --i) text = `[${text}${r.chance(0.3) ? '!' : ''}]`;
    return text + (r.chance(0.3) ? '!' : '');
  };

  const inputs = Array.from({ length: 2 + r.below(3) }, (_, i) => `I${i}`);
  inputs.forEach((name, i) => {
    const one_of = r.chance(0.3);
    const fields = {};
    for (const f of ['a', 'b', 'c', 'd'].slice(0, 1 + r.below(4))) {
      const inner = inputs.slice(i + 1);
      let type = wrapped(inner.length > 0 && r.chance(0.4) ? r.pick(inner) : r.pick(leaves), 1);
      if (!one_of && r.chance(0.1)) type = name; // itself, nullable
      if (one_of) type = type.replace(/!$/, '');
      const given = !one_of && r.chance(0.25) ? constant(type) : undefined;
      fields[f] = { name: f, type, ...(given && { default: given }) };
    }
    add(name, { kind: 'input', one_of, fields });
  });

  const args = () => {
    const out = {};
    if (r.chance(0.55)) return out;
    for (const a of ['x', 'y', 'z'].slice(0, 1 + r.below(3))) {
      const type = wrapped(r.chance(0.4) ? r.pick(inputs) : r.pick(leaves));
      const given = r.chance(0.2) ? constant(type) : undefined;
      out[a] = { name: a, type, ...(given && { default: given }) };
    }
    return out;
  };
  const interfaces = ['N0', 'N1', 'N2'].slice(0, 1 + r.below(3));
  const objects = ['O0', 'O1', 'O2', 'O3'].slice(0, 2 + r.below(3));
  const unions = ['U0', 'U1'].slice(0, 1 + r.below(2));
  const composites = [...interfaces, ...objects, ...unions];
  const fields = (names, least) => {
    const out = {};
    for (const f of names.filter((_, i) => i < least || r.chance(0.6)))
      out[f] = { name: f, type: wrapped(r.chance(0.45) ? r.pick(composites) : r.pick(leaves)), args: args() };
    return out;
  };
  interfaces.forEach((name, i) => add(name, { kind: 'interface', fields: { ...fields([`n${i}`, `m${i}`], 1) }, possible: [] }));
  for (const name of objects) {
    const of = interfaces.filter(() => r.chance(0.5));
    const inherited = Object.assign({}, ...of.map((n) => types[n].fields));
    add(name, { kind: 'object', of, fields: { ...fields(['a', 'b', 'c', 'd', 'e'], 2), ...inherited }, possible: [name] });
    for (const n of of) types[n].possible.push(name);
  }
  for (const name of unions) {
    const possible = objects.filter(() => r.chance(0.6));
    add(name, { kind: 'union', fields: {}, possible: possible.length ? possible : [objects[0]] });
  }
  const roots = { query: 'Query' };
  add('Query', { kind: 'object', of: [], fields: fields(['a', 'b', 'c', 'd', 'q'], 3), possible: ['Query'] });
  for (const [kind, name] of [['mutation', 'Mutation'], ['subscription', 'Subscription']]) {
    if (r.chance(0.3)) continue;
    add(name, { kind: 'object', of: [], fields: fields(['a', 'b', 'c'], 2), possible: [name] });
    roots[kind] = name;
  }
  const directives = {
    skip: { args: { if: { name: 'if', type: 'Boolean!' } }, on: ['FIELD', 'FRAGMENT_SPREAD', 'INLINE_FRAGMENT'] },
    include: { args: { if: { name: 'if', type: 'Boolean!' } }, on: ['FIELD', 'FRAGMENT_SPREAD', 'INLINE_FRAGMENT'] },
    many: { args: args(), on: ['FIELD', 'QUERY', 'VARIABLE_DEFINITION', 'FRAGMENT_DEFINITION'], repeatable: true },
    once: { args: args(), on: ['FIELD', 'MUTATION', 'SUBSCRIPTION', 'INLINE_FRAGMENT', 'FRAGMENT_SPREAD'] },
  };
  return { types, roots, directives, composites, inputs, leaves, sdl: print({ types, roots, directives }) };

  function constant(type) {
    const bare = type.replace(/!$/, '');
    if (bare.startsWith('[')) return r.chance(0.5) ? '[]' : undefined;
    return { Int: '1', Float: '1.5', String: '"s"', Boolean: 'true', ID: '"i"', Any: '{k: 1}', E0: 'RED', E1: 'BLUE' }[bare];
  }
}

function print({ types, roots, directives }) {
  const input = (v) => `${v.name}: ${v.type}${v.default ? ` = ${v.default}` : ''}`;
  const args = (all) => (Object.keys(all).length ? `(${Object.values(all).map(input).join(', ')})` : '');
  // graphql-js knows those scalars only that a schema mentions (§3.5); waggle has all five in every contract.
  const out = ['type Scalars { i: Int f: Float s: String b: Boolean d: ID }', `schema { ${Object.entries(roots).map(([k, v]) => `${k}: ${v}`).join(' ')} }`];
  for (const [name, d] of Object.entries(directives))
    if (name !== 'skip' && name !== 'include') out.push(`directive @${name}${args(d.args)}${d.repeatable ? ' repeatable' : ''} on ${d.on.join(' | ')}`);
  for (const t of Object.values(types)) {
    if (t.kind === 'scalar' && t.name === 'Any') out.push('scalar Any');
    if (t.kind === 'enum') out.push(`enum ${t.name} { ${t.values.join(' ')} }`);
    if (t.kind === 'input') out.push(`input ${t.name}${t.one_of ? ' @oneOf' : ''} { ${Object.values(t.fields).map(input).join(', ')} }`);
    if (t.kind === 'union') out.push(`union ${t.name} = ${t.possible.join(' | ')}`);
    if (t.kind === 'object' || t.kind === 'interface') {
      const of = t.of?.length ? ` implements ${t.of.join(' & ')}` : '';
      const fields = Object.values(t.fields).map((f) => `${f.name}${args(f.args)}: ${f.type}`);
      out.push(`${t.kind === 'object' ? 'type' : 'interface'} ${t.name}${of} { ${fields.join(' ')} }`);
    }
  }
  return out.join('\n');
}

export const named = (type) => type.replace(/[[\]!]/g, '');
