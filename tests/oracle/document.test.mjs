// Requests against graphql-js's `validate`: generated schemas, documents that are right, that have mistakes, and that were damaged. The same
// verdict, and the same rules that find something. SEED=n repeats a run, DOCUMENTS=n makes it longer or shorter.
import { buildSchema, parse, specifiedRules, validate } from 'graphql';
import { make_random } from './coerce/random.mjs';
import { make_ask } from './document/ask.mjs';
import { damaged, random_document } from './document/documents.mjs';
import { rule_of_finding } from './document/rules.mjs';
import { random_schema } from './document/schemas.mjs';

const seed = Number(process.env.SEED ?? 1);
const wanted = Number(process.env.DOCUMENTS ?? 20_000);
const per_schema = 40;
const most_printed = 15;
const ask = make_ask(process.argv[2] ?? '../../build/asan');

// What graphql-js finds or leaves out and why. `rules` are those in which the two differ.
const explained = [
  {
    rules: ['VariablesInAllowedPosition'],
    fits: (js) => js.some((e) => /must be non-nullable to be used for OneOf/.test(e.message)),
    why: '§5.8.5: IsNonNullPosition asks for a default as other places do, so a nullable variable with one may be the field of a @oneOf input',
  },
  {
    rules: ['VariablesInAllowedPosition'],
    fits: (_, findings) => findings.some((f) => f.includes('as the field of a @oneOf input it must not be null')),
    why: '§5.8.5: an input is @oneOf too where a list or ! is around its type; graphql-js looks at the type with those',
  },
  {
    rules: 'all',
    fits: (_, findings, text) => /\{\s*\}/.test(text) && findings.length === 1 && findings[0].endsWith('expected a field, ... or }, found }'),
    why: '§2.4: a selection set has a selection; graphql-js 17.1 parses { }',
  },
  {
    rules: ['OverlappingFieldsCanBeMerged'],
    fits: (js) => js.some((e) => /^Unique(ArgumentNames|InputFieldNames)$/.test(e.rule)),
    why: 'which of two arguments with one name counts is not said anywhere: the request is refused for them',
  },
  {
    rules: 'all',
    fits: (js, findings) =>
      ['UniqueFragmentNames', 'UniqueVariableNames'].some((rule) => js.some((e) => e.rule === rule) && findings.some((f) => rule_of_finding(f) === rule)),
    why: 'of two fragments or variables with one name waggle goes on with the first, graphql-js with the last',
  },
];

const rules = specifiedRules.filter((rule) => rule.name !== 'MaxIntrospectionDepthRule'); // no rule of the specification

/// The errors of graphql-js with the rule that found each.
function by_graphql_js(schema, text) {
  let document;
  try {
    document = parse(text);
  } catch (error) {
    return [{ rule: 'syntax or limit', message: error.message }];
  }
  let rule;
  const errors = [];
  const named = rules.map((of) => (context) => {
    const own = Object.create(context, {
      reportError: { value: (error) => errors.push({ rule: of.name.replace(/Rule$/, ''), message: error.message }) },
    });
    return of(own);
  });
  validate(schema, document, named);
  return errors;
}

/// What only one of two sets has.
const difference = (a, b) => [...a].filter((x) => !b.has(x)).concat([...b].filter((x) => !a.has(x)));

const r = make_random(seed);
const requests = [];
for (let made = 0; made < wanted; made += per_schema) {
  const schema = random_schema(r);
  const documents = [];
  for (let i = 0; i < per_schema; ++i) {
    const text = random_document(r, schema, [0, 0, 0.01, 0.03][i % 4]);
    documents.push(i % 8 === 1 ? damaged(r, text) : text);
  }
  requests.push({ schema: schema.sdl, documents });
}
console.log(`seed ${seed}`);
const answers = ask(requests);

const total = { documents: 0, accepted: 0, syntax: 0, explained: 0, different: 0 };
const seen = new Map();
const used = new Set();
requests.forEach((request, i) => {
  const schema = buildSchema(request.schema);
  if (answers[i].documents.length !== request.documents.length) {
    ++total.different;
    console.log(`SCHEMA ${answers[i].schema.join('\n')}\n${request.schema}`);
    return;
  }
  request.documents.forEach((text, k) => {
    const js = by_graphql_js(schema, text);
    const findings = answers[i].documents[k];
    const theirs = new Set(js.map((e) => e.rule));
    const ours = new Set(findings.map(rule_of_finding));
    ++total.documents;
    total.accepted += js.length === 0 ? 1 : 0;
    total.syntax += theirs.has('syntax or limit') ? 1 : 0;
    for (const rule of theirs) seen.set(rule, (seen.get(rule) ?? 0) + 1);
    const differing = difference(theirs, ours).filter((rule) => {
      const reason = explained.find((e) => (e.rules === 'all' || e.rules.includes(rule)) && e.fits(js, findings, text));
      if (reason) used.add(reason);
      return !reason;
    });
    if (differing.length === 0) {
      total.explained += difference(theirs, ours).length > 0 ? 1 : 0;
      return;
    }
    if (++total.different > most_printed) return;
    console.log(`DIFFERENT in ${differing.join(', ')}\n${text}\n  graphql-js:\n    ${js.map((e) => `${e.rule}: ${e.message}`).join('\n    ')}\n  waggle:\n    ${findings.join('\n    ')}\n${request.schema}\n`);
  });
});
const unseen = rules.map((rule) => rule.name.replace(/Rule$/, '')).filter((rule) => !seen.has(rule) && !/^(Defer|Stream|ExecutableDefinitions)/.test(rule));
console.log(`${total.documents} documents, ${total.accepted} valid, ${total.syntax} no documents; ${total.explained} explained`);
console.log([...seen].sort((a, b) => b[1] - a[1]).map(([rule, n]) => `${rule} ${n}`).join(', '));
for (const rule of unseen) console.log(`no document breaks ${rule}`);
for (const e of explained) if (!used.has(e)) console.log(`explains nothing: ${e.why}`);
const failed = total.different + unseen.length + explained.filter((e) => !used.has(e)).length;
console.log(`${total.documents - total.different} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
