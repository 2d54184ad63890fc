// A guest in AssemblyScript: its heap behind `allocate`, its garbage collector behind everything else. Imports nothing.
export function allocate(size: i32): usize { return heap.alloc(size); }

export function deallocate(at: usize): void { heap.free(at); }

export function handle_request(method: usize, methodSize: i32, input: usize, inputSize: i32): i64 {
  const name = String.UTF8.decodeUnsafe(method, methodSize);
  const payload = String.UTF8.decodeUnsafe(input, inputSize);
  if (name == "shout") return answer(payload.toUpperCase().replace('"TEXT"', '"text"'), 0);
  return answer('{"error":{"code":"unimplemented","message":"no method ' + name + '"}}', 1);
}

function answer(text: string, failed: i64): i64 {
  const size = String.UTF8.byteLength(text);
  const at = heap.alloc(size); // not managed: the host frees it
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, at);
  return failed << 63 | <i64>at << 32 | size;
}
