// Runs the hand-written cases of raw_cases.mjs.
import { groups } from './raw_cases.mjs';
import { same_value } from './json.mjs';

const most_printed = 60;
const shown = (text) => (text.length > 160 ? `${text.slice(0, 120)}… (${text.length})` : text);

/// What is wrong with a verdict, or nothing.
function problem(verdict, text, expected, kind) {
  if (expected === true) return verdict.ok && verdict.json === text ? null : 'expected the same bytes';
  if (typeof expected === 'string') return verdict.ok && verdict.json === expected ? null : `expected ${shown(expected)}`;
  if (expected.like !== undefined) return verdict.ok && same_value(JSON.parse(verdict.json), JSON.parse(expected.like)) ? null : `expected a value like ${shown(expected.like)}`;
  if (verdict.ok) return `expected a refusal${expected.paths.length ? ` at ${expected.paths.map((p) => p || 'the root').join(', ')}` : ''}`;
  const code = kind === 'answer' ? 'internal' : expected.code ?? 'invalid_argument';
  if (verdict.code !== code) return `expected the code ${code}`;
  if (!verdict.unchanged) return 'the text was changed though it was refused';
  const ours = [...new Set(verdict.violations.map((v) => v.path))].sort();
  if (!expected.paths_too && JSON.stringify(ours) !== JSON.stringify([...expected.paths].sort())) return `expected violations at ${JSON.stringify(expected.paths)}`;
  if (expected.count !== undefined && verdict.count !== expected.count) return `expected ${expected.count} violations`;
  if (verdict.violations.length !== Math.min(verdict.count, 50)) return 'the list of violations is not what is counted';
  if (verdict.violations.some((v) => !v.message || v.message.length > 600 || v.path.length > 600)) return 'a message or a path that is empty or too long';
  if (verdict.message.length > 1500) return 'a message that is too long';
  if (expected.suggests !== undefined && (verdict.violations[0].suggestion ?? '') !== expected.suggests) return `expected the suggestion ${expected.suggests || 'of nothing'}`;
  const said = JSON.stringify(verdict);
  const loud = (expected.silent ?? []).find((s) => said.includes(s));
  return loud === undefined ? null : `the error says ${loud}`;
}

export async function run_raw_cases(probe) {
  let passed = 0;
  let failed = 0;
  for (const group of groups) {
    const { name, sdl, method = 'm', kind = 'payload', depth, bytes, cases } = group;
    const payloads = cases.map(([text]) => (Buffer.isBuffer(text) ? { hex: text.toString('hex') } : text));
    const verdicts = await probe.ask({ sdl, method, kind, depth, bytes, payloads });
    if (!Array.isArray(verdicts)) {
      console.log(`RAW ${name}: the contract is refused: ${JSON.stringify(verdicts)}`);
      failed += cases.length;
      continue;
    }
    cases.forEach(([text, expected], i) => {
      const why = problem(verdicts[i], text, expected, kind);
      if (why === null) {
        passed++;
        return;
      }
      if (++failed <= most_printed) console.log(`RAW ${name}: ${shown(JSON.stringify(Buffer.isBuffer(text) ? text.toString('latin1') : text))}\n  ${why}\n  waggle: ${shown(JSON.stringify(verdicts[i]))}`);
    });
  }
  return { passed, failed };
}
