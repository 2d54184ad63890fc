// Payloads and answers: what waggle makes of them against graphql-js's coerceInputValue and validateInputValue, and against a reference
// for what graphql-js cannot say (README.md). Run: tests/oracle/run BUILD coerce. SEED=n repeats a run, PAIRS=n makes it longer;
// STAND_IN=1 asks the reference instead of waggle, STAND_IN=FAULT one with that fault; SEEDS=DIR writes seeds for tests/fuzz/payload_fuzz.
import { mkdirSync, writeFileSync } from 'node:fs';
import { buildSchema, GraphQLNonNull, validateSchema } from 'graphql';
import { answer_of, random_answer_schema } from './coerce/answers.mjs';
import { against_graphql_js, against_part, against_problems, by_graphql_js } from './coerce/compare.mjs';
import { is_json, read_json } from './coerce/json.mjs';
import { make_probe } from './coerce/probe.mjs';
import { make_random } from './coerce/random.mjs';
import { run_raw_cases } from './coerce/raw.mjs';
import { judge } from './coerce/reference.mjs';
import { random_schema } from './coerce/schemas.mjs';
import { fault_names, make_stand_in } from './coerce/stand_in.mjs';
import { damaged, mutated, payload_of, print_value } from './coerce/values.mjs';
import { explained } from './explained_coerce.mjs';

const build = process.argv[2] ?? '../../build/asan';
const seed = Number(process.env.SEED ?? 1); // the same in every run of make test
const pairs = Number(process.env.PAIRS ?? 105_000);
const answer_pairs = Math.ceil(pairs / 5);
const fault = process.env.STAND_IN;
if (fault && fault !== '1' && !fault_names.includes(fault)) throw new Error(`no such fault; there are ${fault_names.join(', ')}`);
const probe = fault ? make_stand_in(fault) : make_probe(build);
const per_request = 16;
const most_printed = 25;

const total = { pairs: 0, accepted: 0, rewritten: 0, answers: 0, answers_accepted: 0, schemas: 0, no_json: 0, explained: 0, different: 0 };
const counts = new Map(explained.map((e) => [e.note, 0]));
const seeds_written = { payload: 0, answer: 0 };

function different(request, text, verdict, differences) {
  if (++total.different > most_printed) return;
  console.log(`DIFFERENT ${JSON.stringify({ kind: request.kind, method: request.method, payload: text })}\n  waggle: ${JSON.stringify(verdict).slice(0, 600)}`);
  for (const d of differences.slice(0, 5)) console.log(`  ${d}`);
  console.log(`  ${request.sdl.replaceAll('\n', '\n  ')}`);
}

function write_seed(request, text) {
  if (!process.env.SEEDS || seeds_written[request.kind] >= 200 || request.sdl.length > 4000) return;
  mkdirSync(process.env.SEEDS, { recursive: true });
  writeFileSync(`${process.env.SEEDS}/${request.kind}_${String(seeds_written[request.kind]++).padStart(3, '0')}`, `${request.sdl}\0${request.method}\0${text}`);
}

/// What is asked for every verdict, whatever it is.
function form(verdict, request, text) {
  if (verdict.ok) {
    const found = verdict.fixed ? [] : ['what came out is not coerced to itself'];
    if (request.kind === 'answer' && verdict.json !== text) found.push('an answer was changed');
    return found;
  }
  const found = verdict.unchanged ? [] : ['the text was changed though it was refused'];
  const code = request.kind === 'answer' ? 'internal' : 'invalid_argument';
  if (verdict.code !== code) found.push(`the code is ${verdict.code}, not ${code}`);
  return found;
}

/// The type of a method's payload, and the fields of its arguments.
function payload_type(schema, m) {
  if (m.bare) return { type: schema.getQueryType().getFields()[m.name].args[0].type, args: [] };
  const mirror = schema.getType(`Args_${m.name}`);
  return { type: mirror && new GraphQLNonNull(mirror), args: mirror ? Object.values(mirror.getFields()) : [] };
}

/// The schema as waggle reads it: an ID's default of -0 is 0, as it is in a payload.
function with_zeros(schema, text) {
  const changed = text.replace(/-0(?![\d.eE])/g, '0');
  return changed === text ? schema : buildSchema(changed);
}

/// `asked` is the type for graphql-js, `ours` the one that waggle should have.
function compare_payload(request, text, node, verdict, m, asked, ours) {
  const j = judge();
  const part = m.bare ? j.value(node, ours.type) : j.arguments(node, ours.args);
  const differences = form(verdict, request, text);
  const lone = j.notes.has('lone surrogate');
  const fits = part !== undefined && !lone;
  total.pairs++;
  total.accepted += fits ? 1 : 0;
  total.rewritten += fits && !part.same ? 1 : 0;
  if (verdict.ok !== fits) differences.push(fits ? 'it fits' : `it does not fit: ${lone ? 'a lone surrogate' : `${j.problems[0].what} at ${j.problems[0].path || 'the root'}`}`);
  else if (fits) differences.push(...against_part(part, text, verdict.json));
  else if (!lone) differences.push(...against_problems(verdict, j.problems, text));
  const theirs = against_graphql_js(verdict, by_graphql_js(node, asked.type));
  if (theirs.length && asked !== ours && against_graphql_js(verdict, by_graphql_js(node, ours.type)).length < theirs.length) j.notes.add('ID default of -0');
  const reasons = [...j.notes].filter((n) => counts.has(n));
  if (theirs.length && reasons.length) {
    total.explained++;
    for (const n of reasons) counts.set(n, counts.get(n) + 1);
  } else differences.push(...(lone ? [] : theirs));
  if (differences.length) different(request, text, verdict, differences);
}

function compare_answer(request, text, node, verdict, type, schema) {
  const j = judge();
  j.answer(node, type, schema);
  const differences = form(verdict, request, text);
  const lone = j.notes.has('lone surrogate');
  const fits = j.problems.length === 0 && !lone;
  total.answers++;
  total.answers_accepted += fits ? 1 : 0;
  if (verdict.ok !== fits) differences.push(fits ? 'it fits' : `it does not fit: ${lone ? 'a lone surrogate' : `${j.problems[0].what} at ${j.problems[0].path || 'the root'}`}`);
  else if (!fits && !lone) differences.push(...against_problems(verdict, j.problems, text));
  if (differences.length) different(request, text, verdict, differences);
}

function compare_no_json(request, text, verdict) {
  const differences = verdict.ok ? ['this is no JSON'] : form(verdict, request, text);
  total.no_json++;
  if (!verdict.ok && (verdict.count !== 1 || verdict.violations[0].path !== '' || verdict.violations[0].offset > Buffer.byteLength(text)))
    differences.push('expected one violation, at the root, within the text');
  if (differences.length) different(request, text, verdict, differences);
}

/// Asks for all texts of one method and compares the answers.
async function ask(request, extra, compare) {
  const verdicts = await probe.ask(request, { extra });
  if (!Array.isArray(verdicts)) {
    different(request, '', verdicts, ['the contract is refused; graphql-js takes it']);
    return;
  }
  request.payloads.forEach((text, i) => {
    write_seed(request, text);
    if (is_json(text)) compare(text, read_json(text), verdicts[i]);
    else compare_no_json(request, text, verdicts[i]);
  });
}

/// Several of these are asked at the same time, so that waggle need not wait for us.
async function in_parallel(jobs, width = 8) {
  await Promise.all(Array.from({ length: width }, async () => {
    for (let job = jobs.next(); !job.done; job = jobs.next()) await job.value();
  }));
}

function texts(random, make) {
  return Array.from({ length: per_request }, () => {
    const right = random.chance(0.4);
    let value = make(right);
    if (random.chance(0.45)) value = mutated(random, value);
    const text = print_value(random, value);
    return random.chance(0.08) ? damaged(random, text) : text;
  });
}

function* payload_jobs(random) {
  while (total.pairs < pairs) {
    const made = random_schema(random);
    const schema = buildSchema(made.sdl + made.extra);
    const errors = validateSchema(schema);
    if (errors.length) throw new Error(`the generator made a schema that is none: ${errors[0].message}\n${made.sdl}`);
    total.schemas++;
    const zeros = with_zeros(schema, made.sdl + made.extra);
    for (const m of made.methods) {
      const request = { sdl: made.sdl, method: m.name, kind: 'payload', payloads: texts(random, (right) => payload_of(random, made.types, m, right)) };
      const asked = payload_type(schema, m);
      const ours = zeros === schema ? asked : payload_type(zeros, m);
      yield () => ask(request, made.extra, (text, node, verdict) => compare_payload(request, text, node, verdict, m, asked, ours));
    }
  }
}

function* answer_jobs(random) {
  while (total.answers < answer_pairs) {
    const made = random_answer_schema(random);
    const schema = buildSchema(made.sdl);
    const errors = validateSchema(schema);
    if (errors.length) throw new Error(`the generator made a schema that is none: ${errors[0].message}\n${made.sdl}`);
    total.schemas++;
    for (const m of made.methods) {
      const request = { sdl: made.sdl, method: m.name, kind: 'answer', payloads: texts(random, (right) => answer_of(random, made.types, m, right)) };
      const type = schema.getQueryType().getFields()[m.name].type;
      yield () => ask(request, '', (text, node, verdict) => compare_answer(request, text, node, verdict, type, schema));
    }
  }
}

console.log(`SEED=${seed}`);
const start = Date.now();
await in_parallel(payload_jobs(make_random(seed)));
await in_parallel(answer_jobs(make_random(seed + 1)));
const raw = fault ? { passed: 0, failed: 0 } : await run_raw_cases(probe);
probe.end();

console.log(`${total.pairs} payloads of ${total.schemas} schemas: ${total.accepted} accepted, ${total.rewritten} of them rewritten; ${total.answers} answers: ${total.answers_accepted} accepted; ${total.no_json} texts are no JSON; ${((Date.now() - start) / 1000).toFixed(1)} s`);
console.log(`${total.explained} differences to graphql-js are explained:`);
let unused = 0;
for (const e of explained) {
  console.log(`  ${String(counts.get(e.note)).padStart(6)}  ${e.note}: ${e.reason}`);
  if (counts.get(e.note) === 0) unused++;
}
if (unused) console.log(`${unused} explanations without a difference: take them out, or make the cases again`);
if (total.different > most_printed) console.log(`… and ${total.different - most_printed} more`);
console.log(`${total.different} different from what is expected; ${raw.passed} hand-written cases passed, ${raw.failed} failed`);
const failed = total.different + unused + raw.failed;
console.log(`${total.pairs + total.answers + total.no_json - total.different + raw.passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
