// node landing.mjs URL: looks at the landing page of a node with test.Echo as a person would; what it saw, as JSON.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { open, until } from './browser.mjs';

const url = process.argv[2];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const saw = { wrong: [], axe: [] };

for (const scheme of ['light', 'dark']) {
  const { browser, page, wrong } = await open({ scheme });
  await page.goto(url + '/');
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  await page.evaluate(axe); // not as a script of the page: its policy refuses that
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }));
  saw.axe.push(...violations.map((v) => `${scheme}: ${v.id}: ${v.nodes.length}: ${v.nodes[0].html.slice(0, 200)}: ${v.nodes[0].failureSummary}`));
  if (scheme === 'light') await look(page);
  saw.wrong.push(...wrong);
  await browser.close();
}

async function look(page) {
  const echo = page.locator('[data-service="test.Echo"]');
  const figure = (name) => echo.locator(`[data-figure="${name}"]`).textContent();
  saw.services = await page.locator('h2').allTextContents();
  saw.methods = await echo.locator('[data-method]').evaluateAll((all) => all.map((m) => m.dataset.method));
  saw.origins = await page.locator('[data-origin]').evaluateAll((all) => [...new Set(all.map((a) => a.textContent))]);

  await until(async () => (await figure('requests')) !== '–', 'the first figures');
  saw.before = await figure('requests');
  const box = () => page.evaluate(() => JSON.stringify([...document.querySelectorAll('section, details, dd')].map((e) => ({ ...e.getBoundingClientRect().toJSON() }))));
  const places = await box();
  for (let i = 0; i < 3; i++) await fetch(`${url}/test.Echo/echo`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"text":"x"}' });
  await until(async () => (await figure('requests')) !== saw.before, 'other figures after calls');
  saw.after = await figure('requests');
  saw.p50 = await figure('p50');
  saw.moved = places !== (await box());

  const copied = async (method, what) => {
    await echo.locator(`[data-method="${method}"]`).getByRole('button', { name: `Copy: ${what} for test.Echo.${method}` }).click();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  saw.curl = await copied('echo', 'curl');
  saw.operation = await copied('person', 'GraphQL');
  saw.variables = await copied('person', 'Variables');

  // By keyboard alone: the link that skips, the pages, the search, the services in their order.
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = false)));
  await page.reload();
  saw.keyboard = [];
  for (let i = 0; i < 11; i++) {
    await page.keyboard.press('Tab');
    saw.keyboard.push(await page.evaluate(() => document.activeElement.tagName + ' ' + (document.activeElement.id || document.activeElement.textContent.trim().split(/[\s(:]/)[0])));
  }
  await page.locator('[data-method="echo"] summary').first().focus();
  await page.keyboard.press('Enter');
  saw.opened = await echo.locator('[data-method="echo"]').evaluate((d) => d.open);

  await page.getByLabel('Find').fill('sleepy');
  saw.found = await page.locator('.service:visible h2').allTextContents();
  await page.getByLabel('Find').fill('');
  await page.setViewportSize({ width: 360, height: 700 });
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  saw.tooWide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  saw.hacked = await page.evaluate(() => window.hacked ?? null);
  saw.images = await page.locator('img, iframe, svg').count();
}

console.log(JSON.stringify(saw));
