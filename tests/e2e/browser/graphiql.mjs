// node graphiql.mjs URL [stub]: GraphiQL of a node with test.Echo: a query, its answer, the docs; what it saw, as JSON.
// With `stub`, GraphQL is not the node's (gateway_stub.mjs).
import { open, until } from './browser.mjs';
import { serve } from './gateway_stub.mjs';

const node = process.argv[2];
const stub = process.argv[3] === 'stub' ? await serve(node) : null;
const url = stub?.url ?? node;
const saw = {};
const { browser, page, wrong } = await open();
const query = 'query Person($input: PersonInput!) { person(input: $input) { input { name mood } } }';
const asked = new URLSearchParams({ service: 'test.Echo', query, variables: '{"input":{"id":"1","name":"Ada"}}' });
const workers = [];
page.on('worker', (w) => workers.push(new URL(w.url()).pathname.replace(/-[0-9A-Z]{8}\./, '.')));

await page.goto(`${url}/graphiql?${asked}`);
const text = (selector) => page.locator(selector).evaluate((e) => e.innerText.replaceAll('\u00a0', ' '));
await page.locator('.graphiql-query-editor .view-line').first().waitFor();
saw.query = await until(async () => (await text('.graphiql-query-editor')).includes('query Person'), 'the query in the editor');
saw.services = await page.getByLabel('Service').locator('option').allTextContents();
await page.getByRole('button', { name: /Execute query/ }).click();
saw.answer = await until(async () => {
  const shown = await text('.result-window');
  return shown.includes('Ada') || shown.includes('error') ? shown.replace(/\s+/g, ' ') : null;
}, 'an answer');
await page.getByRole('button', { name: /Show Documentation Explorer/ }).click();
await page.getByRole('link', { name: 'Query', exact: true }).click();
saw.docs = await until(async () => {
  const shown = await text('.graphiql-doc-explorer');
  return shown.includes('answers the payload as it came') ? shown.replace(/\s+/g, ' ') : null;
}, 'the docs');
saw.headers = await page.getByRole('tab', { name: 'Headers' }).or(page.getByRole('button', { name: 'Headers' })).count();
saw.dark = [];
for (const colorScheme of ['light', 'dark']) {
  await page.emulateMedia({ colorScheme });
  saw.dark.push(await page.locator('.bar').evaluate((e) => getComputedStyle(e).backgroundColor));
}
saw.workers = [...new Set(workers)].sort();
saw.wrong = wrong;
await browser.close();
stub?.end();
console.log(JSON.stringify(saw));
