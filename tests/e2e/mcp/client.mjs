// The Model Context Protocol's own client: connects, does what standard input lists, and tells the outcomes as JSON.
//   node client.mjs URL [ISSUER]   reads a list of {list: true} or {call: NAME, arguments: {…}}; where the node asks for a
//                                  token, it finds out whose, and logs in there if that is ISSUER
import { readFileSync } from "node:fs";
import { ClientCredentialsProvider } from "@modelcontextprotocol/sdk/client/auth-extensions.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const wanted = JSON.parse(readFileSync(0, "utf8"));
const client = new Client({ name: "waggle-e2e", version: "1" });
const [url, issuer] = process.argv.slice(2);
const authProvider = issuer && new ClientCredentialsProvider({ clientId: "agent-7", clientSecret: "hush", expectedIssuer: issuer });
const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider });

/** All pages. */
async function list() {
  const tools = [];
  let cursor;
  let pages = 0;
  do {
    const page = await client.listTools(cursor === undefined ? {} : { cursor });
    tools.push(...page.tools);
    cursor = page.nextCursor;
    ++pages;
  } while (cursor !== undefined);
  return { tools, pages };
}

async function one(each) {
  try {
    if (each.list) return await list();
    // It checks structuredContent against the tool's outputSchema, as it has listed the tools.
    return await client.callTool({ name: each.call, arguments: each.arguments });
  } catch (e) {
    return { failed: { code: e.code, message: e.message } };
  }
}

const outcomes = [];
try {
  await client.connect(transport);
  outcomes.push({ server: client.getServerVersion(), instructions: client.getInstructions(), capabilities: client.getServerCapabilities(),
    version: transport.protocolVersion, session: transport.sessionId ?? null });
  await client.ping();
  for (const each of wanted) outcomes.push(await one(each));
  await client.close();
} catch (e) {
  outcomes.push({ failed: { code: e.code, message: e.message } });
}
process.stdout.write(JSON.stringify(outcomes));
