// Answers of methods: whole values, or with nulls, holes and things that do not fit.
const leaves = {
  Int: [1, -7, 0, 2147483647], Float: [1.5, 2, 1e10], String: ['a', 'é"\\', ''], Boolean: [true, false], ID: ['x', 5, '5'],
  Any: [1, 'a', {deep: [1, null]}, [], true],
};
const misfits = [1, 'no', true, {}, [], [1], {__typename: 'T0'}, {__typename: 'Nope'}, 1.5, 3000000000, [null], {l0: 1}];

/** `room.left`: how many values it may have, more or less. */
export function make_answer(r, s, type, noise, room = {left: 80}, depth = 0) {
  --room.left;
  const non_null = type.endsWith('!');
  if (r.chance(non_null ? noise : noise + 0.05)) return null;
  if (r.chance(noise)) return r.pick(misfits);
  if (non_null) type = type.slice(0, -1);
  if (type.startsWith('[')) return Array.from({length: room.left > 0 ? r.below(4) : 0}, () => make_answer(r, s, type.slice(1, -1), noise, room, depth + 1));
  if (s.enums[type]) return r.pick(s.enums[type]);
  if (leaves[type]) return r.pick(leaves[type]);
  const abstract = s.interfaces[type]?.of ?? s.unions[type];
  const object = abstract ? r.pick(abstract) : type;
  const of = {};
  if (object === undefined) return {};
  if (abstract ? !r.chance(noise) : r.chance(0.1)) of.__typename = object;
  if (r.chance(0.1)) of.extra = {a: 1};
  for (const f of s.objects[object].fields) {
    const t = s.fields[f].type;
    if ((depth > 6 || room.left < 0) && f.startsWith('c')) {
      of[f] = t.startsWith('[') ? [] : null;
      continue;
    }
    if (depth > 2 && f.startsWith('c') && !t.endsWith('!') && r.chance(0.6)) continue;
    if (r.chance(t.endsWith('!') ? noise / 2 : 0.1)) continue;
    of[f] = make_answer(r, s, t, noise, room, depth + 1);
  }
  return of;
}
