'use strict';
// The page is whole without this. It puts in figures, buttons that copy, and the address that the browser knows.
const every = 2000;
const $ = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const services = all('[data-service]');
const state = $('#state');

const say = (text) => {
  if (state.textContent !== text) state.textContent = text;
};
const put = (at, text) => {
  if (at && at.textContent !== text) at.textContent = text;
};

const number = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const time = (ms) => (ms === null ? '–' : ms >= 1000 ? `${(ms / 1000).toPrecision(3)} s` : ms >= 1 ? `${ms.toPrecision(3)} ms` : `${Math.round(ms * 1000)} µs`);

function show(answer) {
  const by = new Map(answer.services.map((s) => [s.name, s]));
  for (const at of services) {
    const s = by.get(at.dataset.service);
    if (!s) continue;
    const figures = {
      requests: number.format(s.requests),
      errors: number.format(s.errors),
      p50: time(s.p50Ms),
      p99: time(s.p99Ms),
      workers: `${s.workers.busy} busy, ${s.workers.idle} idle`,
      queued: number.format(s.queued),
    };
    const list = $('.figures', at);
    for (const [name, text] of Object.entries(figures)) put($(`[data-figure="${name}"]`, list), text);
    const methods = new Map(s.methods.map((m) => [m.name, m]));
    for (const method of all('[data-method]', at)) {
      const m = methods.get(method.dataset.method);
      if (m) put($('[data-count]', method), m.requests ? `${number.format(m.requests)} request${m.requests === 1 ? '' : 's'}` : '');
    }
  }
  const same = answer.services.length === services.length && services.every((at) => by.has(at.dataset.service));
  say(same ? '' : 'There are other services now: reload the page to see them.');
}

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch('/services.json', { signal: AbortSignal.timeout(10_000) });
      if (answer.ok) show(await answer.json());
      else say('The node gives no figures.');
    } catch {
      say('The node does not answer.');
    }
  }
  setTimeout(refresh, every);
}

async function copy(button, pre) {
  const text = pre.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without TLS a browser has no clipboard but on this machine: the text is selected, and Ctrl-C is a key away.
    getSelection().selectAllChildren(pre);
    button.textContent = 'Selected';
    return;
  }
  button.textContent = 'Copied';
  setTimeout(() => (button.textContent = 'Copy'), 1500);
}

for (const at of all('[data-origin]')) at.textContent = location.origin;
for (const pre of all('[data-copy]')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', `Copy: ${pre.dataset.copy}`);
  button.addEventListener('click', () => copy(button, pre));
  pre.before(button);
}
if (services.length > 1) {
  $('.find').hidden = false;
  $('#find').addEventListener('input', ({ target }) => {
    const word = target.value.toLowerCase();
    for (const at of services) at.hidden = !at.textContent.toLowerCase().includes(word);
  });
}
refresh();
