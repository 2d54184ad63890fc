// Waits and yields through WASI, without libc.
#include "guest.h"

IMPORT("wasi_snapshot_preview1", "poll_oneoff") int32_t poll_oneoff(const void* in, void* out, uint32_t n, uint32_t* ready);
IMPORT("wasi_snapshot_preview1", "sched_yield") int32_t sched_yield(void);

typedef struct { // __wasi_subscription_t, of a clock
  uint64_t userdata;
  uint8_t tag;
  _Alignas(8) uint32_t clock;
  uint64_t timeout_ns, precision_ns;
  uint16_t flags;
} subscription;
_Static_assert(sizeof(subscription) == 48 && offsetof(subscription, timeout_ns) == 24, "WASI's layout");

static int64_t calls;

static uint64_t handle(text method, text input) {
  const int briefly = same(method, TEXT("sleepBriefly"));
  if (briefly || same(method, TEXT("sleep"))) {
    const uint64_t ms = briefly ? 3600000 : (uint64_t)number(field(input, TEXT("ms")));
    const subscription s = {.clock = 1, .timeout_ns = ms * 1000000};
    char event[32];
    uint32_t ready = 0;
    return answer_number(poll_oneoff(&s, event, 1, &ready) ? -1 : ready);
  }
  if (same(method, TEXT("yield"))) {
    const int64_t n = number(field(input, TEXT("n")));
    for (int64_t i = 0; i < n; i++) sched_yield();
    return answer_number(n);
  }
  if (same(method, TEXT("count"))) return answer_number(++calls);
  return 0;
}
