// The texts of sdl.test.mjs: hand-made ones of sdl/, those of gqlparser's tests, and mutations of both.
import {readFileSync, readdirSync} from 'node:fs';

/** The cases of sdl/*.graphql: {name, valid, text}. */
export function handMade(folder) {
  const cases = [];
  for (const file of readdirSync(folder).filter((f) => f.endsWith('.graphql')).sort()) {
    for (const part of readFileSync(`${folder}/${file}`, 'utf8').split(/^### /m).slice(1)) {
      const [, verdict, name, text] = /^(ok|bad) (.*)\n([^]*)$/.exec(part);
      const whole = /\bQuery\b/.test(text) ? text : `${text}type Query { ok: Int }\n`;
      cases.push({name: `${file}: ${name}`, valid: verdict === 'ok', text: whole});
    }
  }
  return cases;
}

/** The `input` texts of gqlparser's YAML files: a block, indented further than its key, or a text on the line. */
export function gqlparser(folder) {
  const cases = [];
  for (const file of ['validator/schema_test.yml', 'parser/schema_test.yml']) {
    const lines = readFileSync(`${folder}/${file}`, 'utf8').split('\n');
    let name = '';
    for (let i = 0; i < lines.length; ++i) {
      name = /^ *- name: (.*)/.exec(lines[i])?.[1] ?? name;
      const input = /^( *)input: (.*)/.exec(lines[i]);
      if (!input) continue;
      let text = input[2].startsWith('"') ? JSON.parse(input[2]) : input[2].replace(/^'(.*)'$/, '$1');
      if (/^[|>]/.test(text)) {
        const block = [];
        while (i + 1 < lines.length && (lines[i + 1].trim() === '' || lines[i + 1].startsWith(`${input[1]} `)))
          block.push(lines[++i]);
        const indent = Math.min(...block.filter((l) => l.trim()).map((l) => /^ */.exec(l)[0].length));
        text = block.map((l) => l.slice(indent)).join('\n');
      }
      cases.push({name: `${file}: ${name}`, text});
      if (!/\bQuery\b/.test(text)) cases.push({name: `${file}: ${name}, with Query`, text: `${text}\ntype Query { ok: Int }`});
    }
  }
  return cases;
}

/** A small generator of random numbers (mulberry32), so that a seed gives the same texts everywhere. */
export function random(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(next() * n);
  return {below, pick: (all) => all[below(all.length)]};
}

const kinds = ['type', 'interface', 'input', 'union', 'enum', 'scalar', 'extend type', 'extend input', 'extend interface'];
const values = ['1', '-1', '1.5', '"x"', 'true', 'null', 'A', '[]', '[1, null]', '{}', '{a: 1}', '{a: {}}', '[{}]', '2147483648'];
const names = ['a', 'b', '__a', 'A', 'B', 'I', 'E', 'S', 'T', 'U', 'Int', 'Float', 'String', 'Boolean', 'ID', 'Query', 'Nope'];
const scalars = ['Int', 'Float', 'String', 'Boolean', 'ID'];
const uses = ['@deprecated', '@deprecated(reason: "x")', '@oneOf', '@specifiedBy(url: "x")', '@d', '@a', '@nope', '@skip(if: true)'];
const words = new Set('type interface input union enum scalar directive schema extend on implements repeatable query'.split(' '));
const isName = (t) => /^[A-Za-z_]/.test(t);

function tokens(text) {
  return text.match(/"""[^]*?"""|"(?:\\.|[^"\\\n])*"|[A-Za-z_]\w*|-?\d[\w.+-]*|#.*|[!&()[\]{}:=@|$]|[^\s\w]/gu)?.filter((t) => !t.startsWith('#')) ?? [];
}

const isType = (t) => /^[A-Z]/.test(t);
/** Is this the name of a type where it is used for a field or an argument? */
const isUse = (t, i) => isType(t[i]) && (t[i - 1] === ':' || t[i - 1] === '[');
/** Another name of the text of the same sort. */
const alike = (t, i, r) => r.pick(t.filter((n) => (isType(t[i]) ? isType(n) : isName(n) && !isType(n) && !words.has(n))));
/** The end of the type that begins at `i`, behind its brackets and exclamation marks. */
const typeEnd = (t, i) => {
  while (t[i] === '[') ++i;
  for (++i; t[i] === '!' || t[i] === ']'; ++i);
  return i;
};
const anyType = (t, r) => r.pick(['Int', 'Int!', '[Int]', 'String', ...t.filter(isType)]);

/** Each takes the tokens, the place of one, and a source of randomness. */
const anywhere = [
  (t, i) => t.splice(i, 1),
  (t, i) => t.splice(i, 0, t[i]),
  (t, i) => ([t[i], t[i + 1]] = [t[i + 1] ?? '', t[i]]),
  (t, i, r) => (t[i] = isName(t[i]) ? r.pick(t.filter(isName)) : r.pick(t)),
];
const sensible = [
  (t, i, r) => isType(t[i]) && (t[i] = alike(t, i, r)),
  (t, i, r) => isName(t[i]) && !words.has(t[i]) && (t[i] = alike(t, i, r)),
  (t, i, r) => isUse(t, i) && (t[i] = alike(t, i, r)),
  (t, i, r) => isName(t[i]) && !words.has(t[i]) && (t[i] = r.pick(names)),
  (t, i) => t[i] === '!' && t.splice(i, 1),
  (t, i) => isUse(t, i) && t[i + 1] !== '!' && t.splice(i + 1, 0, '!'),
  (t, i) => isUse(t, i) && t.splice(i, 1, '[', t[i], ']'),
  (t, i) => isUse(t, i) && t.splice(i, 1, '[', t[i], '!', ']', '!'),
  (t, i, r) => kinds.includes(t[i]) && (t[i] = r.pick(kinds)),
  (t, i, r) => t[i] === '=' && t.splice(i + 1, 1, r.pick(values)),
  (t, i, r) => t[i] === '=' && t.splice(i + 1, 1, '{', r.pick(t.filter(isName)), ':', r.pick(values), '}'),
  (t, i) => t[i] === '=' && t.splice(i, 2),
  (t, i, r) => t[i] === ':' && t[typeEnd(t, i + 1)] !== '=' && t.splice(typeEnd(t, i + 1), 0, '=', r.pick(values)),
  (t, i, r) => t[i] === ':' && t.splice(typeEnd(t, i + 1), 0, r.pick(uses)),
  (t, i, r) => t[i] === '{' && t.splice(i, 0, r.pick(uses)),
  (t, i, r) => t[i] === ':' && t.splice(i + 1, 1, anyType(t, r)),
  (t, i, r) => scalars.includes(t[i]) && (t[i] = anyType(t, r)),
  (t, i, r) => t[i] === '{' && t[i - 2] !== 'implements' && t.splice(i, 0, 'implements', r.pick(t.filter(isType))),
  (t, i, r) => t[i] === 'implements' && t.splice(i + 1, 0, r.pick(t.filter(isType)), '&'),
  (t, i) => (t[i] === '&' || t[i] === '|') && t.splice(i, 2),
  (t, i, r) => t[i] === '|' && t.splice(i, 0, '|', r.pick(t.filter(isType))),
  (t, i, r) => t[i] === '{' && t.splice(i + 1, 0, r.pick(names), ':', anyType(t, r)),
  (t, i, r) => t[i] === '{' && t.splice(i + 1, 0, r.pick(names), '(', r.pick(names), ':', anyType(t, r), ')', ':', anyType(t, r)),
  (t, i, r) => t[i] === '(' && t.splice(i + 1, 0, r.pick(names), ':', anyType(t, r)),
  (t, i, r) => t[i] === ':' && t[i - 2] === '{' && t.splice(typeEnd(t, i + 1), 0, r.pick(names), ':', anyType(t, r)),
];

/** `count` texts, each made from one of `texts` by one or two small changes, some of them with a second text behind it. */
export function mutated(texts, count, seed) {
  const r = random(seed);
  const out = [];
  while (out.length < count) {
    const t = tokens(r.pick(texts));
    if (r.below(4) === 0) t.push(...tokens(r.pick(texts).replace(/type Query \{ ok: Int \}/, '')));
    const mutations = r.below(10) === 0 ? anywhere : sensible;
    for (let changes = 1 + (r.below(3) === 0), tries = 0; changes > 0 && tries < 200 && t.length > 0; ++tries) {
      const before = t.join(' ');
      r.pick(mutations)(t, r.below(t.length), r);
      if (t.join(' ') !== before) --changes;
    }
    out.push({name: `mutation ${out.length} of seed ${seed}`, text: t.join(' ')});
  }
  return out;
}
