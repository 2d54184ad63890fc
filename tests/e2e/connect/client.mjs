// A Connect client: calls one method with google.protobuf.Value messages and tells the outcome as JSON.
//   node client.mjs BASE_URL [HTTP_VERSION]   reads a list of {service, method, input, get, timeoutMs, gzip} from standard input
import { subscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import { fromJson, toJson } from "@bufbuild/protobuf";
import { StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { describe } from "./describe.mjs";

const base = process.argv[2];
const httpVersion = process.argv[3] ?? "1.1";
const calls = JSON.parse(readFileSync(0, "utf8"));

// What really goes over the wire.
let verbs = [];
subscribe("http.client.request.start", ({ request }) => verbs.push(request.method));

async function one(call) {
  verbs = [];
  const transport = createConnectTransport({
    baseUrl: base, httpVersion, useBinaryFormat: false, useHttpGet: call.get ?? false,
  });
  const described = describe(call);
  const local = described.methods[0].localName;
  const client = createClient(described, transport);
  const schema = call.struct ? StructSchema : ValueSchema;
  const headers = {};
  try {
    const answer = await client[local](fromJson(schema, call.input), {
      timeoutMs: call.timeoutMs,
      onHeader: (h) => { headers.receipt = h.get("waggle-receipt"); },
    });
    return { output: toJson(schema, answer), verb: verbs[0], receipt: headers.receipt };
  } catch (e) {
    const error = ConnectError.from(e);
    return {
      code: Code[error.code], message: error.rawMessage, verb: verbs[0], fault: error.metadata.get("waggle-fault"),
      details: error.details.map((d) => ({
        type: d.type, debug: d.debug, value: d.value && new TextDecoder().decode(d.value),
      })),
    };
  }
}

const answers = [];
for (const call of calls) answers.push(await one(call));
process.stdout.write(JSON.stringify(answers));
