// Streams: what a subscription's method answers. Where a stream is, is in the cursor, so an instance keeps nothing.
#include "guest.h"

IMPORT("waggle", "context") uint32_t waggle_context(char* out, uint32_t capacity);

static char* out;
static uint32_t used;

static void put(text t) {
  __builtin_memcpy(out + used, t.at, t.size);
  used += t.size;
}
static void put_number(int64_t n) {
  char digits[24];
  int at = 24;
  do digits[--at] = (char)('0' + n % 10); while ((n /= 10) > 0);
  put((text){digits + at, (uint32_t)(24 - at)});
}

static uint64_t handle(text method, text input) {
#define IS(name) same(method, TEXT(name))
  if (IS("ping")) return answer_copy(TEXT("\"pong\""));
  if (IS("misfit")) return answer_copy(TEXT("{\"items\":[{\"n\":\"one\"}]}"));
  if (IS("quiet")) return answer_copy(TEXT("{\"items\":[],\"afterMs\":50}"));
  const uint32_t size = waggle_context(0, 0);
  char* context = allocate(size);
  waggle_context(context, size);
  const text around = {context, size};
  const text cursor = field(around, TEXT("cursor"));
  if (IS("whoami")) {
    const text who = field(field(around, TEXT("caller")), TEXT("subject"));
    out = allocate(size + 100);
    used = 0;
    put(TEXT("{\"items\":[{\"n\":1,\"by\":"));
    put(who.size ? who : TEXT("null"));
    put(TEXT("}],\"done\":true}"));
    return answer((text){out, used});
  }
  int64_t n = cursor.size > 1 && cursor.at[0] == '"' ? number(unquoted(cursor)) : 0;
  if (IS("failAt")) {
    if (n + 1 >= number(field(input, TEXT("n"))))
      return ERROR_BIT | answer_copy(TEXT("{\"error\":{\"code\":\"out_of_range\",\"message\":\"so far and no further\"}}"));
    input = TEXT("{\"to\":1000000,\"batch\":1}");
  }
  const int64_t to = number(field(input, TEXT("to")));
  const int64_t batch = number(field(input, TEXT("batch")));
  const text every = field(input, TEXT("everyMs"));
  out = allocate((uint32_t)batch * 64 + 200);
  if (!out) return 0;
  used = 0;
  put(TEXT("{\"items\":["));
  for (int64_t i = 0; i < batch && n < to; i++) {
    put(i ? TEXT(",{\"n\":") : TEXT("{\"n\":"));
    put_number(++n);
    put(TEXT(",\"square\":"));
    put_number(n * n);
    put(TEXT("}"));
  }
  put(TEXT("],\"cursor\":\""));
  put_number(n);
  put(TEXT("\""));
  if (every.size && every.at[0] != 'n') {
    put(TEXT(",\"afterMs\":"));
    put(every);
  }
  put(n >= to ? TEXT(",\"done\":true}") : TEXT("}"));
  return answer((text){out, used});
}
