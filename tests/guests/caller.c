// Calls other services: `call(service, method, input)` answers what they answered.
#include "guest.h"

IMPORT("waggle", "call") uint64_t waggle_call(const char* service, uint32_t service_size, const char* method, uint32_t method_size,
                                              const char* input, uint32_t input_size, char* out, uint32_t capacity);
IMPORT("waggle", "rest") uint32_t waggle_rest(char* out, uint32_t capacity);

// An error's JSON comes without the envelope that the error bit promises.
static uint64_t enveloped(text error) {
  const text before = TEXT("{\"error\":");
  char* out = allocate(before.size + error.size + 1);
  if (!out) __builtin_trap();
  memcpy(out, before.at, before.size);
  memcpy(out + before.size, error.at, error.size);
  out[before.size + error.size] = '}';
  return ERROR_BIT | answer((text){out, before.size + error.size + 1});
}

static uint64_t handle(text method, text input) {
  static char buffer[64];
  const text service = unquoted(field(input, TEXT("service")));
  const text callee = unquoted(field(input, TEXT("method")));
  text payload = field(input, TEXT("input"));
  if (!payload.size) payload = TEXT("{}");
  int64_t times = same(method, TEXT("callTimes")) ? number(field(input, TEXT("times"))) : 1;
  if (times < 1) return answer_copy(TEXT("null"));
  uint64_t r;
  do r = waggle_call(service.at, service.size, callee.at, callee.size, payload.at, payload.size, buffer, sizeof buffer);
  while (--times);
  text got = {buffer, (uint32_t)r};
  char* large = 0;
  if (got.size > sizeof buffer) { // it did not fit: once more from its first byte
    got.at = large = allocate(got.size);
    if (!large || waggle_rest(large, got.size) != got.size) __builtin_trap();
  }
  if (r >> 32) {
    const uint64_t error = enveloped(got);
    deallocate(large);
    return error;
  }
  return large ? answer(got) : answer_copy(got);
}
