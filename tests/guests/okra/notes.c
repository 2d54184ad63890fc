// A service as TinyGo builds okra's: `allocate` is malloc, `_initialize` comes from the C run-time, methods are bare.
#include <stdio.h>

#include "guest.h"

static char* last;

static uint64_t handle(text method, text input) {
  if (same(method, TEXT("add"))) {
    free(last);
    const text t = field(input, TEXT("text"));
    if (asprintf(&last, "{\"note\":{\"text\":%.*s,\"length\":%u}}", (int)t.size, t.at, (unsigned)t.size - 2) < 0) return 0;
    return answer_copy((text){last, (uint32_t)strlen(last)});
  }
  if (same(method, TEXT("last"))) return last ? answer_copy((text){last, (uint32_t)strlen(last)}) : answer_copy(TEXT("{}"));
  if (same(method, TEXT("print"))) {
    printf("note: %s\n", last ? last : "none");
    return answer_copy(TEXT("null"));
  }
  return 0;
}
