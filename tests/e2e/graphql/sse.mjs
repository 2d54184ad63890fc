// graphql-sse, distinct connections mode:  node sse.mjs URL   reads a list of {query, variables, headers, leaveAfter} from stdin.
// All at once. Tells for each {results, error}: `leaveAfter` results the client goes.
import { readFileSync } from "node:fs";
import { createClient } from "graphql-sse";

async function one({ query, variables, headers, leaveAfter }) {
  const client = createClient({ url: process.argv[2], retryAttempts: 0, headers });
  const results = [];
  const stream = client.iterate({ query, variables });
  try {
    for await (const result of stream) {
      results.push(result);
      if (results.length === leaveAfter) break; // ends the request
    }
    return { results };
  } catch (e) {
    return { results, error: e.message, status: e.response?.status };
  } finally {
    client.dispose();
  }
}

const answers = await Promise.all(JSON.parse(readFileSync(0, "utf8")).map(one));
process.stdout.write(JSON.stringify(answers));
process.exit(0);
