// node screenshots.mjs URL OUT [landing|graphiql…]: the pages of a node that serves the examples, for docs/images.
// `make run` starts one. GraphiQL asks a method of the first service that has one with an example.
import { join } from 'node:path';
import { open, until } from './browser.mjs';

const [url, out, ...only] = process.argv.slice(2);
const wanted = (name) => only.length === 0 || only.includes(name);

for (const scheme of ['light', 'dark']) {
  if (wanted('landing')) {
    const { browser, page } = await open({ scheme, width: 900, height: 700 });
    await page.goto(url + '/');
    const method = page.locator('.method').first();
    await method.evaluate((d) => (d.open = true));
    const path = `/${await page.locator('[data-service]').first().getAttribute('data-service')}/${await method.getAttribute('data-method')}`;
    const body = await method.locator('[data-copy^="Variables"]').textContent();
    for (let i = 0; i < 100; i++) await fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    await until(async () => /[1-9]/.test(await page.locator('[data-figure="requests"]').first().textContent()), 'figures');
    await page.screenshot({ path: join(out, `landing-${scheme}.png`) });
    await browser.close();
  }
  if (wanted('graphiql')) {
    const { browser, page } = await open({ scheme, width: 1100, height: 650 });
    await page.goto(url + '/');
    await page.goto(url + (await page.getByText('Try it in GraphiQL').first().getAttribute('href')));
    await page.locator('.graphiql-query-editor .view-line').first().waitFor();
    await page.getByRole('button', { name: /Execute query/ }).click();
    await until(async () => (await page.locator('.result-window').innerText()).includes('{'), 'an answer');
    await page.getByRole('button', { name: /Show Documentation Explorer/ }).click();
    await page.getByRole('link', { name: 'Query', exact: true }).or(page.getByRole('link', { name: 'Mutation', exact: true })).first().click();
    await page.mouse.move(550, 5);
    await page.waitForTimeout(500); // its panels open slowly
    await page.screenshot({ path: join(out, `graphiql-${scheme}.png`) });
    await browser.close();
  }
}
