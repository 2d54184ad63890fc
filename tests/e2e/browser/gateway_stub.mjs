// A node with GraphQL, for as long as the program has none: everything is the node's but /graphql/{service}, which
// graphql-js executes with the node's contract; root fields are calls of the node's methods.
import { createServer, request as ask } from 'node:http';
import { buildASTSchema, execute, getOperationAST, Kind, parse, validate } from 'graphql';

/** The service's contract as graphql-js has it, without what only waggle knows. */
export async function schemaOf(node, service) {
  const { definitions } = parse(await (await fetch(`${node}/${service}`)).text());
  const types = definitions.filter((d) => !/^Schema/.test(d.kind));
  const given = definitions.flatMap((d) => d.operationTypes ?? []).map((o) => [o.operation, o.type.name.value]);
  const named = ['Query', 'Mutation', 'Subscription'].filter((n) => types.some((d) => d.name?.value === n)).map((n) => [n.toLowerCase(), n]);
  const roots = (given.length ? given : named).map(([kind, name]) => `${kind}: ${name}`);
  return buildASTSchema({ kind: Kind.DOCUMENT, definitions: [...types, ...parse(`schema { ${roots.join(' ')} }`).definitions] }, { assumeValidSDL: true });
}

async function answer(node, service, { query, variables, operationName }) {
  const schema = await schemaOf(node, service);
  const document = parse(query);
  const errors = validate(schema, document);
  if (errors.length) return { errors };
  const call = (method) => async (args) => {
    const r = await fetch(`${node}/${service}/${method}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(args) });
    const value = await r.json();
    if (!r.ok) throw new Error(value.message);
    return value;
  };
  const root = schema.getRootType(getOperationAST(document, operationName)?.operation ?? 'query');
  const rootValue = Object.fromEntries(Object.keys(root.getFields()).map((f) => [f, call(f)]));
  return execute({ schema, document, rootValue, variableValues: variables, operationName });
}

export function serve(node) {
  const server = createServer((req, res) => {
    const service = /^\/graphql\/([\w.]+)$/.exec(req.url)?.[1];
    if (!service) {
      req.pipe(ask(node + req.url, { method: req.method, headers: { ...req.headers, host: new URL(node).host } }, (r) => {
        res.writeHead(r.statusCode, r.headers);
        r.pipe(res);
      }));
      return;
    }
    let body = '';
    req.on('data', (d) => (body += d));
    req.on('end', async () => {
      const asked = JSON.parse(body);
      if (req.headers.accept === 'text/event-stream') {
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const n of [1, 2]) res.write(`event: next\ndata: {"data":{"ticks":${n}}}\n\n`);
        res.end('event: complete\ndata:\n\n');
        return;
      }
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify(await answer(node, service, asked).catch((e) => ({ errors: [{ message: String(e) }] }))));
    });
  });
  return new Promise((go) => server.listen(0, '127.0.0.1', () => go({ url: `http://127.0.0.1:${server.address().port}`, end: () => server.close() })));
}
