// A service's description, built in memory, as nothing is generated: one method with google.protobuf messages.
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema, MethodOptions_IdempotencyLevel,
  file_google_protobuf_struct } from "@bufbuild/protobuf/wkt";

/** Value → Value, or Struct → Struct where `struct` is set; a stream of them where `stream` is. */
export function describe({ service, method, struct, stream }) {
  const dot = service.lastIndexOf(".");
  const type = struct ? ".google.protobuf.Struct" : ".google.protobuf.Value";
  const file = create(FileDescriptorProtoSchema, {
    name: `${service}.proto`, package: service.slice(0, dot), syntax: "proto3",
    dependency: [file_google_protobuf_struct.proto.name],
    service: [{
      name: service.slice(dot + 1),
      method: [{ name: method, inputType: type, outputType: type, serverStreaming: stream ?? false,
        options: stream ? undefined : { idempotencyLevel: MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS } }],
    }],
  });
  const set = create(FileDescriptorSetSchema, { file: [file_google_protobuf_struct.proto, file] });
  return createFileRegistry(set).getService(service);
}
