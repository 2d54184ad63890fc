// Documents that mostly are valid, with variables for them.
import {named} from './schemas.mjs';

const literals = {
  Int: ['1', '-5', '0', '2147483647'], Float: ['1.5', '2', '-1e3', '0.0'], String: ['"a"', '"\\u00e9\\n"', '"""\n  block\n    "x"\n"""', '""'],
  Boolean: ['true', 'false'], ID: ['"i"', '7', '12345678901'], Any: ['1', '"s"', '[1, {a: RED}]', '{}', 'true', 'WORD'],
};
const json = {
  Int: [1, -5, 0, 1.0, 'x', 1.5, 4294967296], Float: [1.5, 2, -1000, 'x', true], String: ['a', 'é\n"', '', 5], Boolean: [true, false, 'true'],
  ID: ['i', 7, '', 1.5, true], Any: [1, 's', [1, {a: 'RED'}], {}, false, {b: null}],
};

export function make_document(r, s) {
  const variables = [];
  const values = {};
  const fragments = [];
  let room = 40;  // selections
  const odd = r.chance(0.15);  // values that may not fit

  const json_of = (type, depth = 0) => {
    if (!type.endsWith('!') && r.chance(0.1)) return null;
    if (type.endsWith('!')) {
      if (odd && r.chance(0.05)) return null;
      type = type.slice(0, -1);
    }
    if (type.startsWith('[')) return r.chance(0.2) ? json_of(type.slice(1, -1), depth) : Array.from({length: r.below(3)}, () => json_of(type.slice(1, -1), depth));
    if (s.enums[type]) return odd && r.chance(0.1) ? 'PINK' : r.pick(s.enums[type]);
    if (s.inputs[type]) {
      const of = {};
      if (s.oneOf.has(type)) {
        const f = r.pick(s.inputs[type]);
        of[f.name] = json_of(`${f.type}!`, depth + 1);
        if (odd && r.chance(0.1)) of.zzz = 1;
        return of;
      }
      for (const f of s.inputs[type])
        if ((f.type.endsWith('!') && !f.fallback && !(odd && r.chance(0.1))) || (depth < 3 && r.chance(0.5))) of[f.name] = json_of(f.type, depth + 1);
      if (odd && r.chance(0.05)) of.zzz = 1;
      return of;
    }
    return odd ? r.pick(json[type]) : r.pick(json[type].slice(0, 2));
  };

  const variable = (type, fallback) => {
    const name = `v${variables.length}`;
    const loose = type.endsWith('!') && fallback && r.chance(0.5) ? type.slice(0, -1) : type;
    const own = r.chance(0.3) ? literal(loose, 3, true) : undefined;
    variables.push(`$${name}: ${loose}${own ? ` = ${own}` : ''}`);
    if ((loose.endsWith('!') && own === undefined && !(odd && r.chance(0.1))) || r.chance(0.6)) values[name] = json_of(loose);
    return `$${name}`;
  };

  const literal = (type, depth = 0, constant = false) => {
    const whole = type;
    if (!constant && r.chance(depth ? 0.12 : 0.35)) return variable(whole);
    if (!type.endsWith('!') && r.chance(0.08)) return 'null';
    type = type.replace(/!$/, '');
    if (type.startsWith('[')) {
      const inner = type.slice(1, -1);
      // A single value for a list must be no list itself.
      return r.chance(0.2) ? literal(inner, depth + 1, constant) : `[${Array.from({length: r.below(3)}, () => literal(inner, depth + 1, constant)).join(', ')}]`;
    }
    if (s.enums[type]) return r.pick(s.enums[type]);
    if (s.inputs[type]) {
      if (s.oneOf.has(type)) {
        const f = r.pick(s.inputs[type]);
        return `{${f.name}: ${literal(`${f.type}!`, depth + 1, constant)}}`;
      }
      return `{${s.inputs[type].filter((f) => (f.type.endsWith('!') && !f.fallback) || (depth < 3 && r.chance(0.5)))
        .map((f) => `${f.name}: ${literal(f.type, depth + 1, constant)}`).join(', ')}}`;
    }
    return r.pick(literals[type]);
  };

  const condition = () => {
    if (!r.chance(0.08)) return '';
    const on = () => (r.chance(0.5) ? r.pick(['true', 'false']) : variable('Boolean!'));
    return r.chance(0.8) ? ` @${r.pick(['skip', 'include'])}(if: ${on()})` : ` @skip(if: ${on()}) @include(if: ${on()})`;
  };
  const give = (all) => {
    const given = all.filter((a) => (a.type.endsWith('!') && !a.fallback) || r.chance(0.6))
      .map((a) => `${a.name}: ${r.chance(0.3) && a.fallback ? variable(a.type, a.fallback) : literal(a.type)}`);
    return given.length ? `(${given.join(', ')})` : '';
  };

  const selections = (type, depth) => {
    const abstract = s.interfaces[type]?.of ?? s.unions[type];
    const fields = s.objects[type]?.fields ?? s.interfaces[type]?.fields ?? [];
    const out = [];
    const n = 1 + r.below(4);
    for (let i = 0; i < n; i++) {
      --room;
      if (room > 0 && depth < 7 && r.chance(abstract ? 0.5 : 0.15)) {
        const on = r.chance(0.2) ? type : r.pick(abstract ?? [type, ...(s.objects[type]?.implemented ?? [])]) ?? type;
        if (r.chance(0.15)) out.push(`...${condition()} ${selections(type, depth + 1)}`);
        else if (r.chance(0.5)) out.push(`... on ${on}${condition()} ${selections(on, depth + 1)}`);
        else if (fragments.length && r.chance(0.4)) out.push(`...${r.pick(fragments).name}${condition()}`);
        else {
          const name = `F${fragments.length}`;
          const made = {name, on};
          fragments.push(made);
          made.text = `fragment ${name} on ${on} ${selections(on, depth + 1)}`;
          out.push(`...${name}${condition()}`);
        }
      } else if (r.chance(0.15) || fields.length === 0) {
        out.push(`${r.chance(0.3) ? 'kind: ' : ''}__typename${condition()}`);
      } else {
        const f = r.pick(fields);
        const of = s.fields[f];
        const composite = f.startsWith('c');
        if (composite && (depth > 5 || room < 0)) continue;
        out.push(`${r.chance(0.2) ? `${f}x${r.below(2)}: ` : ''}${f}${f === 'given' && r.chance(0.2) ? '(x: 1)' : ''}${condition()}${composite ? ` ${selections(named(of.type), depth + 1)}` : ''}`);
      }
    }
    return `{ ${out.length ? out.join(' ') : '__typename'} }`;
  };

  const kind = r.pick(['query', 'query', 'query', 'mutation', 'subscription']);
  const calls = [];
  const out = [];
  const n = kind === 'subscription' ? 1 : 1 + r.below(4);
  for (let i = 0; i < n; i++) {
    if (kind !== 'subscription' && r.chance(0.08)) {
      out.push('__typename');
      continue;
    }
    const m = r.pick(s.roots[kind]);
    const alias = r.chance(0.5) ? `r${i}` : undefined;
    calls.push({key: alias ?? m.name, type: m.type, echo: m.name.endsWith('Echo')});
    const composite = !s.enums[named(m.type)] && !literals[named(m.type)];
    const text = () => `${alias ? `${alias}: ` : ''}${m.name}${given}${kind === 'subscription' ? '' : condition()}${composite ? ` ${selections(named(m.type), 1)}` : ''}`;
    const given = give(m.args);
    out.push(text());
    // The same field twice: its selections are merged.
    if (kind !== 'subscription' && r.chance(0.15)) out.push(text());
  }
  const body = `{ ${out.join(' ')} }`;
  const head = variables.length || kind !== 'query' || r.chance(0.3) ? `${kind}${r.chance(0.3) ? ' Q' : ''}${variables.length ? `(${variables.join(', ')})` : ''} ` : '';
  if (r.chance(0.3)) values.unknown = [1];
  return {kind, text: `${head}${body}\n${fragments.map((f) => f.text).join('\n')}`, variables: values, calls};
}
