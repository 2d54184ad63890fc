// What a neighbour may do to others on its core: work, run for ever, wait, take all memory that it gets and trap.
#include "guest.h"

IMPORT("wasi_snapshot_preview1", "poll_oneoff") int32_t poll_oneoff(const void* in, void* out, uint32_t n, uint32_t* ready);

typedef struct { // __wasi_subscription_t, of a clock
  uint64_t userdata;
  uint8_t tag;
  _Alignas(8) uint32_t clock;
  uint64_t timeout_ns, precision_ns;
  uint16_t flags;
} subscription;
_Static_assert(sizeof(subscription) == 48 && offsetof(subscription, timeout_ns) == 24, "WASI's layout");

static volatile uint64_t sink;

static uint64_t handle(text method, text input) {
#define IS(name) same(method, TEXT(name))
  if (IS("echo")) return answer_copy(input);
  if (IS("burn")) {
    const int64_t n = number(field(input, TEXT("n")));
    for (int64_t i = 0; i < n; i++) sink++;
    return answer_number(n);
  }
  if (IS("spin")) for (;;) sink++;
  if (IS("hoard")) // page by page, so that slices end
    for (;;) {
      const size_t page = __builtin_wasm_memory_grow(0, 1);
      if (page == (size_t)-1) __builtin_trap();
      for (uint32_t i = 0; i < 65536; i += 4096) *(volatile char*)(page * 65536 + i) = 1;
    }
  if (IS("fill")) { // all at once: one instruction, which nothing interrupts
    const size_t page = __builtin_wasm_memory_grow(0, (size_t)number(field(input, TEXT("mb"))) * 16);
    if (page == (size_t)-1) __builtin_trap();
    memset((void*)(page * 65536), 1, (__builtin_wasm_memory_size(0) - page) * 65536);
    __builtin_trap();
  }
  if (IS("sleep")) {
    const subscription s = {.clock = 1, .timeout_ns = (uint64_t)number(field(input, TEXT("ms"))) * 1000000};
    char event[32];
    uint32_t ready = 0;
    return answer_number(poll_oneoff(&s, event, 1, &ready) ? -1 : ready);
  }
  return 0;
}

