// Large schemas: the one that GitHub ships, against graphql-js, and made-up ones that would be slow to check without care. Prints
// time and memory; fails only far above what is usual.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {buildSchema, validateSchema} from 'graphql';

const probe = `${process.argv[2]}/tests/oracle/sdl_probe`;
const folder = mkdtempSync(`${tmpdir()}/waggle-`);
let passed = 0;
let failed = 0;
function check(right, what) {
  console.log(`${right ? 'ok    ' : 'FAILED'} ${what}`);
  right ? ++passed : ++failed;
}

/** {bytes, errors, ms, mib}: the best of five and the most memory. */
function measure(text) {
  writeFileSync(`${folder}/s.graphql`, text);
  return JSON.parse(execFileSync(probe, [`${folder}/s.graphql`], {stdio: ['ignore', 'pipe', 'ignore']}));
}
/** The lines of waggle's errors. */
function errorLines(text) {
  const input = Buffer.concat([Buffer.from(`${Buffer.byteLength(text)}\n`), Buffer.from(text)]);
  return JSON.parse(execFileSync(probe, {input, maxBuffer: 1 << 30})).errors.map((e) => Number(e.split(':')[0]));
}
function theirErrorLines(text) {
  let lines = [];
  try {
    buildSchema(text);
  } catch (e) {
    lines = [...e.message.matchAll(/Field "(\w+)\.(\w+)" can only be defined once/g)].map(([, type, field]) => {
      const from = text.search(new RegExp(`^type ${type}\\b`, 'm'));
      const at = [...text.slice(from).matchAll(new RegExp(`^  ${field}\\b`, 'gm'))][1].index;
      return text.slice(0, from + at).split('\n').length;
    });
  }
  return [...lines, ...validateSchema(buildSchema(text, {assumeValidSDL: true})).map((e) => e.locations[0].line)];
}

const github = readFileSync(`${import.meta.dirname}/node_modules/@octokit/graphql-schema/schema.graphql`, 'utf8');
const ours = errorLines(github).sort();
const theirs = theirErrorLines(github).sort();
check(ours.length > 0 && ours.join() === theirs.join(), `GitHub's schema as shipped: ${ours.length} errors on the lines that graphql-js finds`);

// Without them it compiles: the second field of a name gets another, and deprecations go.
const lines = github.split('\n');
for (const line of ours) if (!lines[line - 1].includes('@deprecated')) lines[line - 1] = lines[line - 1].replace(/^( *\w+)/, '$1Again');
const corrected = lines.join('\n').replace(/@deprecated\(\s*reason: "(?:\\.|[^"\\])*"\s*\)/g, '');
check(errorLines(corrected).length === 0 && theirErrorLines(corrected).length === 0, "GitHub's schema, corrected: no errors");

const n = 20000;
const range = (count, make) => Array.from({length: count}, (_, i) => make(i)).join('\n');
const query = 'type Query { ok: Int }\n';
const made = {
  'GitHub, corrected': corrected,
  '100,000 fields': `${query}type T {\n${range(100000, (i) => `f${i}: Int`)}\n}`,
  '100,000 types': query + range(100000, (i) => `scalar S${i}`),
  'inputs in a long chain of defaults': query + range(n, (i) => `input I${i} { n: I${i + 1} = {} x: Int }`) + `\ninput I${n} { n: Int }`,
  'inputs in a long circle of defaults': query + range(n, (i) => `input I${i} { n: I${(i + 1) % n} = {} }`),
  'inputs in a long circle': query + range(n, (i) => `input I${i} { n: I${(i + 1) % n}! }`),
  'defaults that leave out many defaults': `${query}input A {\n${range(n, (i) => `f${i}: B = {b0: null}`)}\n}\ninput B {\n${range(n, (i) => `b${i}: C = {}`)}\n}\ninput C { c: Int }`,
  'a default with many objects': `${query}input B {\n${range(n, (i) => `b${i}: C = {}`)}\n}\ninput C { c: Int }\ninput A { a: [B] = [${range(n, (i) => `{b${i}: null}`)}] }`,
  'objects that answer in a long circle': `type Query { a: T0 }\n${range(n, (i) => `type T${i} { n: T${(i + 1) % n}! }`)}`,
  'directives in a long circle': query + range(n, (i) => `directive @d${i}(a: Int @d${(i + 1) % n}) on ARGUMENT_DEFINITION`),
  'many types with many interfaces': query + range(300, (i) => `interface I${i} { f${i}: Int }`) +
    range(300, (i) => `\ntype T${i} implements ${range(300, (j) => `${j > 0 ? '& ' : ''}I${j}`)} {\n${range(300, (j) => `f${j}: Int`)}\n}`),
  'many interfaces that all implement all before': query + range(400, (i) => `interface I${i} ${i > 0 ? `implements ${range(i, (j) => `${j > 0 ? '& ' : ''}I${j}`)}` : ''} { f: Int }`),
  'a union with 100,000 members': `${query}type A { x: Int }\nunion U = ${range(100000, (i) => '| A')}`,
  '20,000 extensions of a type': query + range(n, (i) => `extend type Query { f${i}: Int }`),
  '20,000 unknown types': `${query}type T {\n${range(n, (i) => `f${i}: Unknown${i}`)}\n}\n${range(n, (i) => `scalar Known${i}`)}`,
};
for (const [name, text] of Object.entries(made)) {
  const m = measure(text);
  check(m.ms < 2000 && m.mib < 300, `${name}: ${(m.bytes / 1024).toFixed(0)} KiB, ${m.errors} errors, ${m.ms} ms, ${m.mib} MiB`);
}
rmSync(folder, {recursive: true});
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
