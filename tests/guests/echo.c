// Imports nothing. What a test wants from a guest: an answer, every kind of failure, work, and memory that lasts.
#include "guest.h"

static volatile uint64_t sink;
static int64_t calls;

static uint64_t handle(text method, text input) {
#define IS(name) same(method, TEXT(name))
  if (IS("echo") || IS("store") || IS("secret") || IS("bare") || IS("person")) return answer_copy(input);
  if (IS("same")) return answer(input);
  if (IS("count")) return answer_number(++calls);
  if (IS("fail"))
    return ERROR_BIT | answer_copy(field(input, TEXT("error")).size ? input : TEXT(
      "{\"error\":{\"code\":\"not_found\",\"message\":\"there is no such thing\",\"details\":{\"thing\":\"echo\"}}}"));
  if (IS("failPlain")) return 0;
  if (IS("trap")) __builtin_trap();
  if (IS("spin") || IS("spinBriefly")) for (;;) sink++;
  if (IS("burn")) {
    const int64_t n = number(field(input, TEXT("n")));
    for (int64_t i = 0; i < n; i++) sink++;
    return answer_number(n);
  }
  if (IS("big")) {
    const uint32_t n = (uint32_t)number(field(input, TEXT("n")));
    char* out = allocate(n);
    if (!out) __builtin_trap();
    memset(out, 'x', n);
    out[0] = out[n - 1] = '"';
    return answer((text){out, n});
  }
  if (IS("wrong")) return answer_copy(TEXT("\"not a number\""));
  return 0;
}
