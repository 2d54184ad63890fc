// Connect's server streaming:  node stream.mjs URL [HTTP_VERSION]   reads a list of {service, method, input, leaveAfter, timeoutMs} from stdin.
// All at once. Tells for each {items, code, message}: `leaveAfter` items the client cancels.
import { readFileSync } from "node:fs";
import { fromJson, toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { describe } from "./describe.mjs";

async function one(call) {
  const transport = createConnectTransport({ baseUrl: process.argv[2], httpVersion: process.argv[3] ?? "1.1", useBinaryFormat: false });
  const described = describe({ ...call, stream: true });
  const client = createClient(described, transport);
  const cancel = new AbortController();
  const items = [];
  try {
    const stream = client[described.methods[0].localName](fromJson(ValueSchema, call.input),
      { signal: cancel.signal, timeoutMs: call.timeoutMs });
    for await (const item of stream) {
      items.push(toJson(ValueSchema, item));
      if (items.length === call.leaveAfter) cancel.abort();
    }
    return { items };
  } catch (e) {
    const error = ConnectError.from(e);
    return { items, code: Code[error.code], message: error.rawMessage };
  }
}

process.stdout.write(JSON.stringify(await Promise.all(JSON.parse(readFileSync(0, "utf8")).map(one))));
