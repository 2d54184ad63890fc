// GraphQL over HTTP, judged by the audits of npm's graphql-http:  node audit.mjs URL
// Tells {total, ok, others: [{id, name, status, reason, answered}]} as JSON.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2] });
const others = [];
for (const r of results) {
  if (r.status === "ok") continue;
  const answered = `${r.response.status} ${r.response.headers.get("content-type")} ${await r.response.clone().text().catch((e) => e.message)}`;
  others.push({ id: r.id, name: r.name, status: r.status, reason: r.reason, answered });
}
console.log(JSON.stringify({ total: results.length, ok: results.length - others.length, others }));
