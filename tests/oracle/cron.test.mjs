// The next times of crons in time zones. Where clocks never change: waggle's `calendar` against croner. Around changes of
// clocks, where croner has rules of its own for lists of times: against a count of all minutes, with the zones from ICU
// (Intl), by docs/schedules.md.
import { spawnSync } from 'node:child_process';
import { Cron } from 'croner';

const build = process.argv[2];
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`SEED=${seed}`);

let state = seed >>> 0;
function random(n) { // mulberry32
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const pick = (list) => list[random(list.length)];
const minute = 60_000;
const day = 24 * 60 * minute;

// ---- crons: their text, and what the text means -------------------------------------------------------------------------

const names = { month: ['', 'jan', 'FEB', 'mar', 'apr', 'May', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  weekday: ['sun', 'MON', 'tue', 'wed', 'Thu', 'fri', 'sat'] };

/// { text, set }: one field; `stars` of ten are stars.
function field(least, most, stars, of) {
  const step = (from, to, by) => Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, i) => from + i * by);
  const kind = random(10);
  if (kind < stars) return { text: '*', set: new Set(step(least, most, 1)) };
  if (kind === stars) {
    const by = 2 + random((most - least) >> 1);
    return { text: `*/${by}`, set: new Set(step(least, most, by)) };
  }
  const texts = [];
  const set = new Set();
  for (let n = 1 + random(3); n > 0; --n) {
    const a = least + random(most - least + 1);
    const b = a + random(most - a + 1);
    const by = b > a && random(2) ? 1 + random(b - a) : 1;
    const word = (i) => (of && random(2) ? names[of][i] : String(i));
    texts.push(b === a ? word(a) : `${word(a)}-${word(b)}${by > 1 ? `/${by}` : ''}`);
    for (const i of step(a, b, by)) set.add(i);
  }
  return { text: texts.join(','), set };
}
function cron(stars) {
  const f = [field(0, 59, 2), field(0, 23, 3), field(1, 31, stars), field(1, 12, stars, 'month'), field(0, 6, stars, 'weekday')];
  if (random(3) === 0) f[1] = pick([{ text: '1-3', set: new Set([1, 2, 3]) }, { text: '2', set: new Set([2]) },
    { text: '0', set: new Set([0]) }, { text: '0,23', set: new Set([0, 23]) }]);
  return { text: f.map((x) => x.text).join(' '), fields: f };
}
/// `local`: a time of the clock as if it were UTC.
function matches({ fields: [m, h, d, month, weekday] }, local) {
  const t = new Date(local);
  if (!m.set.has(t.getUTCMinutes()) || !h.set.has(t.getUTCHours()) || !month.set.has(t.getUTCMonth() + 1)) return false;
  const both = [d.set.has(t.getUTCDate()), weekday.set.has(t.getUTCDay())];
  return d.text.startsWith('*') || weekday.text.startsWith('*') ? both[0] && both[1] : both[0] || both[1];
}

// ---- the cases: { cron, zone, after, n, expected } ----------------------------------------------------------------------

const cases = [];
for (let i = Number(process.env.CASES ?? 600); i > 0; --i) {
  const zone = pick(['UTC', 'Asia/Kathmandu', 'Asia/Tokyo', 'America/Phoenix']);
  const c = cron(6);
  // Where a star begins one of two restricted days both are needed, as in crontab(5); to croner one will do.
  const starred = (f) => f.text.startsWith('*/');
  if (starred(c.fields[2]) || starred(c.fields[4])) continue;
  const after = Date.UTC(2020 + random(15), random(12), 1 + random(31), random(24), random(60), random(60));
  const n = random(2) ? 3 : 30;
  const theirs = new Cron(c.text, { timezone: zone, paused: true }).nextRuns(n, new Date(after)).map((d) => d.getTime());
  cases.push({ by: 'croner', cron: c, zone, after, n, expected: theirs });
}

const changes = [['Europe/Berlin', '2026-03-29T01:00Z'], ['Europe/Berlin', '2036-10-26T01:00Z'], ['America/New_York', '2026-03-08T07:00Z'],
  ['America/New_York', '2026-11-01T06:00Z'], ['America/Santiago', '2026-04-05T03:00Z'], ['America/Santiago', '2026-09-06T04:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00Z'], ['Australia/Lord_Howe', '2026-10-03T15:30Z'], ['Asia/Beirut', '2026-03-28T22:00Z'],
  ['Asia/Beirut', '2026-10-24T21:00Z'], ['America/Sao_Paulo', '2018-11-04T03:00Z'], ['America/Sao_Paulo', '2019-02-17T02:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00Z']];
for (const [zone, at] of changes) {
  const begin = Date.parse(at) - day;
  const end = Date.parse(at) + 2 * day;
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit',
    day: '2-digit', hour: '2-digit', minute: '2-digit' });
  /// Each minute, and what the clock shows then.
  const minutes = [];
  for (let t = begin; t < end; t += minute) {
    const p = Object.fromEntries(format.formatToParts(t).map((x) => [x.type, Number(x.value)]));
    minutes.push([t, Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute)]);
  }
  for (let i = Number(process.env.CASES ?? 600) / 4; i > 0; --i) {
    const c = cron(9);
    const expected = new Set();
    if (c.fields[1].set.size === 24) {
      for (const [t, local] of minutes) if (matches(c, local)) expected.add(t);
    } else {
      // The clock's highest so far: what it passes over or shows for the first time runs now.
      let highest = minutes[0][1] - minute;
      for (const [t, local] of minutes)
        for (; highest < local; highest += minute) if (matches(c, highest + minute)) expected.add(t);
    }
    const after = begin + random(day + 3600_000) - 1;
    const all = [...expected].filter((t) => t > after).slice(0, 100);
    cases.push({ by: 'the count', cron: c, zone, after, n: all.length, expected: all });
  }
}

// ---- compare --------------------------------------------------------------------------------------------------------------

const probe = spawnSync(`${build}/tests/oracle/cron_probe`, { maxBuffer: 1 << 28, encoding: 'utf8',
  input: cases.map((c) => `${c.cron.text}\t${c.zone}\t${c.after}\t${c.n}\n`).join('') });
if (probe.status !== 0) throw new Error(`cron_probe: ${probe.error ?? probe.stderr}`);
const ours = probe.stdout.trim().split('\n').map((line) => JSON.parse(line));
const shown = (t) => (t === undefined ? 'nothing' : new Date(t).toISOString());
let failed = 0;
cases.forEach((c, i) => {
  const mine = ours[i].refused ? [] : ours[i]; // a date that never comes
  if (mine.length === c.expected.length && c.expected.every((t, k) => t === mine[k])) return;
  const k = c.expected.findIndex((t, at) => t !== mine[at]);
  if (++failed <= 20) {
    console.log(`"${c.cron.text}" in ${c.zone} after ${shown(c.after)}, time ${k + 1}: ours ${ours[i].refused ?? shown(mine[k])}, `
      + `${c.by} ${shown(c.expected[k])}`);
  }
});
console.log(`${cases.length - failed} passed, ${failed} failed`);
