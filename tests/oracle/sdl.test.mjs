// The verdict of waggle and of graphql-js about the same schemas: is anything wrong with it or not? They may differ only where
// sdl/explained.mjs says why.
import {execFileSync} from 'node:child_process';
import {buildSchema, validateSchema} from 'graphql';
import {gqlparser, handMade, mutated} from './sdl_cases.mjs';
import {explained} from './sdl/explained.mjs';

const build = process.argv[2];
const mutations = Number(process.env.MUTATIONS ?? 20000);
const seed = Number(process.env.SEED ?? 1);

function theirErrors(text) {
  try {
    return validateSchema(buildSchema(text)).map((e) => e.message);
  } catch (e) {
    return e.message.split('\n\n');
  }
}

/** What waggle says about each text. */
function ourErrors(texts) {
  const input = Buffer.concat(texts.flatMap((t) => [Buffer.from(`${Buffer.byteLength(t)}\n`), Buffer.from(t)]));
  const out = execFileSync(`${build}/tests/oracle/sdl_probe`, {input, maxBuffer: 1 << 30});
  return out.toString().trimEnd().split('\n').map((line) => JSON.parse(line).errors);
}

const own = handMade(`${import.meta.dirname}/sdl`);
const foreign = gqlparser('/usr/share/gocode/src/github.com/vektah/gqlparser');
const valid = own.filter((c) => c.valid);
const seeds = [...own, ...foreign, ...Array(8).fill(valid).flat()].map((c) => c.text);
const cases = [...own, ...foreign, ...mutated(seeds, mutations, seed)];

let passed = 0;
let failed = 0;
const fail = (...lines) => {
  if (++failed <= Number(process.env.SHOW ?? 10)) console.log(lines.join('\n'), '\n');
};
const counts = explained.map(() => 0);
/** The rows that explain these errors, or null. */
function rowsFor(side, errors) {
  const rows = errors.map((e) => explained.findIndex((row) => row[side]?.test(e)));
  const enough = rows.filter((row) => explained[row]?.suffices);
  if (enough.length > 0) return new Set(enough);
  return rows.includes(-1) ? null : new Set(rows);
}

let bad = 0;
let differing = 0;
const answers = ourErrors(cases.map((c) => c.text));
for (const [i, {name, text, valid}] of cases.entries()) {
  const ours = answers[i];
  const theirs = theirErrors(text);
  if (ours.length > 0) ++bad;
  if (valid !== undefined && valid !== (ours.length === 0)) {
    fail(`${name}: waggle should say ${valid ? 'ok' : 'bad'}`, text, ...ours);
    continue;
  }
  if ((ours.length === 0) !== (theirs.length === 0)) {
    ++differing;
    const rows = ours.length > 0 ? rowsFor('ours', ours) : rowsFor('theirs', theirs);
    if (rows === null) {
      fail(`${name}: differs`, text, ...ours.map((e) => `  waggle: ${e}`), ...theirs.map((e) => `  graphql-js: ${e}`));
      continue;
    }
    for (const row of rows) ++counts[row];
  }
  ++passed;
}
for (const [i, row] of explained.entries()) {
  console.log(`${String(counts[i]).padStart(6)}  ${row.ours ? 'only waggle' : 'only graphql-js'}: ${row.why}`);
  counts[i] > 0 ? ++passed : fail(`explains nothing: ${row.ours ?? row.theirs}`);
}
console.log(`${cases.length} texts (${own.length} by hand, ${foreign.length} of gqlparser, ${mutations} mutations of seed ${seed}): ` +
  `${cases.length - bad} valid, ${bad} not; ${differing} differ and are explained, unless shown`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
