// node operations.mjs URL: is every GraphQL operation of the landing page valid, and do its variables fit, by graphql-js? As
// JSON: how many there are, and what is wrong.
import { getOperationAST, getVariableValues, parse, validate } from 'graphql';
import { schemaOf } from './gateway_stub.mjs';

const url = process.argv[2];
const text = (html) => html.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, '&');
const found = { operations: 0, wrong: [] };
for (const section of (await (await fetch(url)).text()).split('<section ').slice(1)) {
  const schema = await schemaOf(url, /data-service="([^"]*)"/.exec(section)[1]);
  for (const method of section.split('<details ').slice(1)) {
    const [operation, variables] = ['GraphQL', 'Variables'].map((what) => new RegExp(`data-copy="${what} for [^"]*"><code>([^<]*)<`).exec(method)?.[1]);
    const document = parse(text(operation));
    const { errors } = getVariableValues(schema, getOperationAST(document).variableDefinitions ?? [], JSON.parse(text(variables ?? '{}')));
    found.operations++;
    for (const e of [...validate(schema, document), ...(errors ?? [])]) found.wrong.push(`${e.message}: ${text(operation)} ${variables}`);
  }
}
console.log(JSON.stringify(found));
