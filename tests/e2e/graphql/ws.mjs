// graphql-ws's client:  node ws.mjs URL   reads a list of {payload, calls, leaveAfter, pingMs} from standard input.
// A connection for each, all at once; its `calls` ({query, variables, leaveAfter}) at once on it. Tells {calls: [{results, errors}],
// close: {code, reason}, pongs} for each: `leaveAfter` results a call is completed by the client.
import { readFileSync } from "node:fs";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

async function connection({ payload, calls, pingMs }) {
  const outcome = { close: null, pongs: 0, connections: 0 };
  let tellClosed;
  const closed = new Promise((done) => { tellClosed = done; });
  const client = createClient({
    url: process.argv[2], webSocketImpl: WebSocket, connectionParams: payload, retryAttempts: 0, lazy: true, keepAlive: pingMs ?? 0,
    on: {
      connected: () => { outcome.connections += 1; },
      pong: (received) => { outcome.pongs += received ? 1 : 0; },
      closed: (event) => { outcome.close = { code: event.code, reason: String(event.reason) }; tellClosed(); },
    },
  });
  outcome.calls = await Promise.all(calls.map(async ({ query, variables, leaveAfter }) => {
    const results = [];
    try {
      for await (const result of client.iterate({ query, variables })) {
        results.push(result);
        if (results.length === leaveAfter) break; // sends `complete`
      }
      return { results };
    } catch (e) {
      return { results, errors: Array.isArray(e) ? e : { code: e.code, reason: String(e.reason ?? e.message) } };
    }
  }));
  await client.dispose();
  await closed;
  return outcome;
}

process.stdout.write(JSON.stringify(await Promise.all(JSON.parse(readFileSync(0, "utf8")).map(connection))), () => process.exit(0));
