// What GraphiQL's fetcher makes of answers (web/graphiql/fetcher.js).
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { events, fetcherFor, isSubscription } from '../../../web/graphiql/fetcher.js';

const stream = (pieces) => ReadableStream.from(pieces.map((p) => new TextEncoder().encode(p)));
const collect = async (from) => {
  const all = [];
  for await (const one of from) all.push(one);
  return all;
};

for (const end of ['\n', '\r\n', '\r'])
  test(`events with lines that end with ${JSON.stringify(end)}, in one piece and byte by byte`, async () => {
    const text = [': a comment', '', 'event: next', 'data: {"a":', 'data:1}', '', 'event: complete', 'data:', '', 'x'].join(end);
    const expected = [{ event: 'next', data: '{"a":\n1}' }, { event: 'complete', data: '' }];
    assert.deepEqual(await collect(events(stream([text]))), expected);
    assert.deepEqual(await collect(events(stream([...text]))), expected);
  });

test('which operation is a subscription', () => {
  assert.equal(isSubscription('subscription A { a } query B { b }', 'A'), true);
  assert.equal(isSubscription('subscription A { a } query B { b }', 'B'), false);
  assert.equal(isSubscription('{ not GraphQL', undefined), false);
});

let server, url;
before(async () => {
  server = createServer((req, res) => {
    if (req.url === '/text') return res.writeHead(503).end('busy');
    if (req.headers.accept !== 'text/event-stream') return res.writeHead(400, { 'content-type': 'application/json' }).end('{"errors":[{"message":"no"}]}');
    res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    res.end('event: next\ndata: {"data":{"n":1}}\n\nevent: next\ndata: {"data":{"n":2}}\n\nevent: complete\ndata:\n\n');
  });
  await new Promise((go) => server.listen(0, '127.0.0.1', go));
  url = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

test('a subscription gives its values one by one; everything else one answer, be it no JSON', async () => {
  assert.deepEqual(await collect(await fetcherFor(url + '/')({ query: 'subscription { n }' })), [{ data: { n: 1 } }, { data: { n: 2 } }]);
  assert.deepEqual(await fetcherFor(url + '/')({ query: '{ n }' }), { errors: [{ message: 'no' }] });
  assert.deepEqual(await fetcherFor(url + '/text')({ query: '{ n }' }), { errors: [{ message: '503 Service Unavailable: busy' }] });
});
