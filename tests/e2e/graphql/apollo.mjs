// Apollo Client:  node apollo.mjs URL   reads a list of {query, variables, get, persisted, headers} from standard input.
// Tells for each {data, errors, sent}: `sent` has what went over the wire. `persisted`: by the document's hash; "get": the hash by GET.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client/core/index.js";
import { createPersistedQueryLink } from "@apollo/client/link/persisted-queries/index.js";

const url = process.argv[2];
let sent = [];

async function observed(target, options) {
  const parameters = new URL(target).searchParams;
  const body = options.body ? JSON.parse(options.body) : Object.fromEntries(parameters);
  const answer = await fetch(target, options);
  sent.push({ verb: options.method, query: "query" in body, hash: "extensions" in body, status: answer.status,
    type: answer.headers.get("content-type") });
  return answer;
}

async function one({ query, variables, get, persisted, headers, operationName }) {
  sent = [];
  const http = new HttpLink({ uri: url, fetch: observed, useGETForQueries: get ?? false, headers });
  const hashed = createPersistedQueryLink({
    sha256: (text) => createHash("sha256").update(text).digest("hex"), useGETForHashedQueries: persisted === "get",
  });
  const client = new ApolloClient({
    link: persisted ? ApolloLink.from([hashed, http]) : http,
    cache: new InMemoryCache(),
    defaultOptions: { query: { errorPolicy: "all", fetchPolicy: "no-cache" }, mutate: { errorPolicy: "all", fetchPolicy: "no-cache" } },
  });
  const document = gql(query);
  try {
    const kind = document.definitions.find((d) => d.kind === "OperationDefinition").operation;
    const answer = kind === "mutation"
      ? await client.mutate({ mutation: document, variables })
      : await client.query({ query: document, variables });
    return { data: answer.data, errors: answer.errors, sent };
  } catch (e) {
    return { thrown: e.message, errors: e.networkError?.result?.errors ?? e.graphQLErrors, sent };
  } finally {
    client.stop();
  }
}

const answers = [];
for (const call of JSON.parse(readFileSync(0, "utf8"))) answers.push(await one(call));
process.stdout.write(JSON.stringify(answers));
