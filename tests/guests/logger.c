// Uses the imports that need no grant.
#include "guest.h"

IMPORT("waggle", "log") void waggle_log(int32_t level, const char* at, uint32_t size);
IMPORT("waggle", "context") uint32_t waggle_context(char* out, uint32_t capacity);

static uint64_t handle(text method, text input) {
  if (same(method, TEXT("log"))) {
    const text line = unquoted(field(input, TEXT("text")));
    const text level = field(input, TEXT("level"));
    waggle_log(level.size ? (int32_t)number(level) : 2, line.at, line.size);
    return answer_copy(TEXT("true"));
  }
  if (same(method, TEXT("flood"))) {
    const int64_t n = number(field(input, TEXT("n")));
    for (int64_t i = 0; i < n; i++) waggle_log(2, "flood", 5);
    return answer_number(n);
  }
  if (same(method, TEXT("context"))) { // ask for the length, then for the bytes
    const uint32_t size = waggle_context(0, 0);
    char* out = allocate(size ? size : 1);
    if (!out || waggle_context(out, size) != size) __builtin_trap();
    return answer((text){out, size});
  }
  if (same(method, TEXT("badPointer"))) {
    waggle_log(2, (const char*)0xfffffff0, 0x20);
    return answer_copy(TEXT("true"));
  }
  return 0;
}
