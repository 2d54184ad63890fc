// JSON read exactly: every value keeps its text and its place, numbers keep their digits, doubled keys are all there.
// A node: {kind: 'object'|'array'|'string'|'number'|'boolean'|'null', start, end} (offsets in UTF-16 units) with
// members [{key, key_start, node}], items, text (a string's value) or raw (a number's digits).
// Only for texts that are JSON; it trusts its caller.

export function read_json(text) {
  let at = 0;
  const space = () => {
    while (' \t\n\r'.includes(text[at]) && at < text.length) at++;
  };
  const string = () => {
    const start = at++;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    return JSON.parse(text.slice(start, ++at));
  };
  const value = () => {
    space();
    const start = at;
    const node = inner(text[at]);
    node.start = start;
    node.end = at;
    space();
    return node;
  };
  const inner = (first) => {
    if (first === '{') {
      const members = [];
      at++;
      space();
      while (text[at] !== '}') {
        space();
        const key_start = at;
        const key = string();
        space();
        at++;  // the colon
        members.push({ key, key_start, node: value() });
        if (text[at] === ',') at++;
      }
      at++;
      return { kind: 'object', members };
    }
    if (first === '[') {
      const items = [];
      at++;
      space();
      while (text[at] !== ']') {
        items.push(value());
        if (text[at] === ',') at++;
      }
      at++;
      return { kind: 'array', items };
    }
    if (first === '"') return { kind: 'string', text: string() };
    const word = /[a-z]+|[-0-9.eE+]+/y;
    word.lastIndex = at;
    const raw = word.exec(text)[0];
    at += raw.length;
    if (raw === 'null') return { kind: 'null' };
    if (raw === 'true' || raw === 'false') return { kind: 'boolean', value: raw === 'true' };
    return { kind: 'number', raw };
  };
  return value();
}

export function is_json(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/// What JSON.parse gives, with objects that inherit nothing: graphql-js would find `toString` in others.
export function plain_value(node) {
  switch (node.kind) {
    case 'object': {
      const out = Object.create(null);
      for (const m of node.members) out[m.key] = plain_value(m.node);
      return out;
    }
    case 'array': return node.items.map(plain_value);
    case 'string': return node.text;
    case 'number': return Number(node.raw);
    case 'boolean': return node.value;
    default: return null;
  }
}

/// The number as digits times a power of ten: {negative, digits (without zeros at either end; '' is zero), exponent}.
function decimal(raw) {
  const [, sign, whole, , fraction = '', , power = '0'] = /^(-?)(\d+)(\.(\d+))?([eE]([-+]?\d+))?$/.exec(raw);
  let digits = (whole + fraction).replace(/^0+/, '');
  const trimmed = digits.replace(/0+$/, '');
  const exponent = BigInt(power) - BigInt(fraction.length) + BigInt(digits.length - trimmed.length);
  return { negative: sign === '-' && trimmed !== '', digits: trimmed, exponent: trimmed === '' ? 0n : exponent };
}

/// The digits of an integer however it is written (`1e3` is `1000`), or undefined where it is none or has more than `most`.
export function integer_digits(raw, most) {
  const d = decimal(raw);
  if (d.exponent < 0n || BigInt(d.digits.length) + d.exponent > BigInt(most)) return undefined;
  return `${d.negative ? '-' : ''}${d.digits || '0'}${'0'.repeat(Number(d.exponent))}`;
}

/// `1e3` and `4.0` are, however large.
export const is_integral = (raw) => decimal(raw).exponent >= 0n;

export function same_value(a, b) {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((k) => Object.hasOwn(b, k) && same_value(a[k], b[k]));
}

/// Byte offset of a UTF-16 offset.
export const byte_offset = (text, at) => Buffer.byteLength(text.slice(0, at));

const surrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
export const has_lone_surrogate = (text) => surrogate.test(text);

/// A name as messages and paths have it where it may be anything: 60 bytes of it, control characters spelled out.
export function shown_name(name) {
  const all = Buffer.from(name);
  let end = Math.min(60, all.length);
  while (end < all.length && end > 0 && (all[end] & 0xc0) === 0x80) end--;
  const kept = all.subarray(0, end).toString();
  const spelled = kept.replace(/[\0-\x1f\x7f]/g, (c) => (c === '\n' ? '\\n' : `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`));
  return end < all.length ? `${spelled}…` : spelled;
}
