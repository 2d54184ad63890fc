// Counts in its state what it was asked, for tests/soak; and fails, after it has counted, where it is told to.
#include "guest.h"

IMPORT("waggle", "call") uint64_t waggle_call(const char* service, uint32_t service_size, const char* method, uint32_t method_size,
                                              const char* input, uint32_t input_size, char* out, uint32_t capacity);

static volatile uint64_t sink;
static char request[256];
static char out[256];
static uint32_t size;

static void add(char* to, text t) {
  if (t.size > sizeof request - size) __builtin_trap();
  memcpy(to + size, t.at, t.size);
  size += t.size;
}

// One more for the client; the answer is {"n":…,"token":…}.
static uint64_t count(text client, text token, text method) {
  static char reply[256];
  const text service = TEXT("waggle.state.v1.State"), increment = TEXT("increment");
  size = 0;
  add(request, TEXT("{\"key\":\"count/"));
  add(request, unquoted(client));
  add(request, TEXT("\"}"));
  const uint64_t r = waggle_call(service.at, service.size, increment.at, increment.size, request, size, reply, sizeof reply);
  const text n = {reply, (uint32_t)r};
  size = 0;
  if (r >> 32) {
    add(out, TEXT("{\"error\":"));
    add(out, n);
    add(out, TEXT("}"));
    return ERROR_BIT | answer_copy((text){out, size});
  }
  if (same(method, TEXT("countAndTrap"))) __builtin_trap();
  if (same(method, TEXT("countAndSpin"))) for (;;) sink++;
  add(out, TEXT("{\"n\":"));
  add(out, n);
  add(out, TEXT(",\"token\":"));
  add(out, token);
  add(out, TEXT("}"));
  return answer_copy((text){out, size});
}

static uint64_t handle(text method, text input) {
  if (same(method, TEXT("echo"))) return answer_copy(input);
  if (same(method, TEXT("big"))) {
    const uint32_t n = (uint32_t)number(field(input, TEXT("n")));
    char* big = allocate(n);
    if (!big) __builtin_trap();
    memset(big, 'x', n);
    big[0] = big[n - 1] = '"';
    return answer((text){big, n});
  }
  return count(field(input, TEXT("client")), field(input, TEXT("token")), method);
}
