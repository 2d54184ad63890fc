// Schemas with everything that execution looks at. A field's name says what its type is, so that fragments on any types can be
// merged.
const wrap = (r, t) => {
  let text = t + (r.chance(0.35) ? '!' : '');
  for (let i = 0; i < 3 && r.chance(0.25); i++) text = `[${text}]${r.chance(0.35) ? '!' : ''}`;
  return text;
};

/** {sdl, roots: {query: [{name, args, type}], …}, objects, interfaces, unions, enums, inputs, fields} */
export function make_schema(r) {
  const s = {enums: {}, objects: {}, interfaces: {}, unions: {}, inputs: {}, fields: {}, roots: {}};
  for (let i = 0; i < 2; i++) s.enums[`E${i}`] = ['RED', 'GREEN', 'BLUE', 'true1'].slice(0, 1 + r.below(4));
  const objects = Array.from({length: 2 + r.below(4)}, (_, i) => `T${i}`);
  const interfaces = Array.from({length: 1 + r.below(2)}, (_, i) => `I${i}`);
  const unions = Array.from({length: 1 + r.below(2)}, (_, i) => `U${i}`);
  const leaves = ['Int', 'Float', 'String', 'Boolean', 'ID', 'E0', 'E1', 'Any'];
  const composites = [...objects, ...interfaces, ...unions];
  for (let i = 0; i < 9; i++) s.fields[`l${i}`] = {type: wrap(r, r.pick(leaves)), args: []};
  for (let i = 0; i < 5; i++) s.fields[`c${i}`] = {type: wrap(r, r.pick(composites)), args: []};
  s.fields.given = {type: 'String', args: [{name: 'x', type: 'Int', fallback: '1'}]};
  const some = (p) => Object.keys(s.fields).filter(() => r.chance(p));
  for (const i of interfaces) s.interfaces[i] = {fields: [...new Set(['l0', ...some(0.25)])], of: []};
  for (const o of objects) {
    const implemented = interfaces.filter(() => r.chance(0.6));
    implemented.forEach((i) => s.interfaces[i].of.push(o));
    s.objects[o] = {fields: [...new Set([...implemented.flatMap((i) => s.interfaces[i].fields), 'l1', ...some(0.5)])], implemented};
  }
  for (const u of unions) s.unions[u] = objects.filter((_, i) => i === 0 || r.chance(0.5));
  const inputTypes = ['Int', 'Float', 'String', 'Boolean', 'ID', 'E0', 'E1', 'Any', 'In0', 'In1', 'One'];
  const fallbacks = {Int: '7', Float: '2.5', String: '"x\\"y"', Boolean: 'true', ID: '4', E0: 'RED', E1: 'RED', Any: '{a: [1, RED]}', In0: '{}', One: '{a: 1}'};
  const input = (name, self) => {
    // Defaults and non-null fields only where no cycle can come of them.
    const t = r.pick(self === 'In1' ? inputTypes.slice(0, 8) : inputTypes);
    const open = self === undefined || inputTypes.indexOf(t) < 8;
    const type = open ? wrap(r, t) : t;
    return {name, type, fallback: open && fallbacks[t] && r.chance(0.3) && !(self && t === 'In0') ? fallbacks[t] : undefined};
  };
  s.inputs.In0 = Array.from({length: 1 + r.below(4)}, (_, i) => input(`i${i}`, 'In0'));
  s.inputs.In1 = Array.from({length: 1 + r.below(3)}, (_, i) => input(`i${i}`, 'In1'));
  s.inputs.In0.forEach((v) => { if (s.inputs.In0.every((x) => x.type.endsWith('!') && !x.fallback)) v.type = v.type.replace(/!$/, ''); });
  s.inputs.One = [{name: 'a', type: 'Int'}, {name: 'b', type: 'String'}, {name: 'c', type: 'In1'}];
  if (s.inputs.In0.some((v) => v.type.endsWith('!') && !v.fallback)) delete fallbacks.In0;
  s.oneOf = new Set(['One']);
  const method = (name, type) => ({name, type, args: Array.from({length: r.below(4)}, (_, i) => {
    const v = input(`a${i}`);
    if (v.fallback === '{}' && fallbacks.In0 === undefined) v.fallback = undefined;
    return v;
  })});
  const methods = (kind) => [
    ...Array.from({length: 2 + r.below(3)}, (_, i) => method(`${kind}${i}`, wrap(r, r.chance(0.85) ? r.pick(composites) : r.pick(leaves)))),
    method(`${kind}Echo`, 'String')];
  s.roots = {query: methods('q'), mutation: methods('m'), subscription: methods('s')};
  s.sdl = print(s);
  return s;
}

const args = (all) => (all.length ? `(${all.map((a) => `${a.name}: ${a.type}${a.fallback ? ` = ${a.fallback}` : ''}`).join(', ')})` : '');

function print(s) {
  const field = (f) => `  ${f}${args(s.fields[f].args)}: ${s.fields[f].type}`;
  const block = (head, lines) => `${head} {\n${lines.join('\n')}\n}`;
  const root = (name, all) => block(`type ${name}`, all.map((m) => `  ${m.name}${args(m.args)}: ${m.type}`));
  return [
    'extend schema @service(name: "t.v1.T")', 'scalar Any',
    ...Object.entries(s.enums).map(([n, v]) => block(`enum ${n}`, v)),
    ...Object.entries(s.interfaces).map(([n, i]) => block(`interface ${n}`, i.fields.map(field))),
    ...Object.entries(s.objects).map(([n, o]) =>
      block(`type ${n}${o.implemented.length ? ` implements ${o.implemented.join(' & ')}` : ''}`, o.fields.map(field))),
    ...Object.entries(s.unions).map(([n, u]) => `union ${n} = ${u.join(' | ')}`),
    ...Object.entries(s.inputs).map(([n, f]) => block(`input ${n}${n === 'One' ? ' @oneOf' : ''}`,
      f.map((v) => `  ${v.name}: ${v.type}${v.fallback ? ` = ${v.fallback}` : ''}`))),
    root('Query', s.roots.query), root('Mutation', s.roots.mutation), root('Subscription', s.roots.subscription)].join('\n\n');
}

export const named = (type) => type.replace(/[[\]!]/g, '');
