// A real browser for tests: Debian's Chromium, which reaches this machine only.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const program = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => p && existsSync(p));

/** A page in a browser of its own, and what went wrong on it: `wrong` has errors and requests to other hosts. */
export async function open({ scheme = 'light', width = 1200, height = 800 } = {}) {
  if (!program) throw new Error('no Chromium here; tools/setup test installs it');
  const browser = await chromium.launch({
    executablePath: program,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height }, reducedMotion: 'reduce' });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const wrong = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && wrong.push(`console: ${m.text()} (${m.location().url})`));
  page.on('pageerror', (e) => wrong.push(`exception: ${e.message}`));
  context.on('request', (r) => {
    const { protocol, hostname } = new URL(r.url());
    if (!['data:', 'blob:'].includes(protocol) && hostname !== '127.0.0.1') wrong.push(`request: ${r.url()}`);
  });
  return { browser, page, wrong };
}

/** Polls until `look()` gives something. */
export async function until(look, why, seconds = 15) {
  for (const end = Date.now() + seconds * 1000; ; ) {
    const value = await look();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${why} did not come true in ${seconds} s`);
    await new Promise((go) => setTimeout(go, 50));
  }
}
