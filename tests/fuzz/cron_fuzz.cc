// Any bytes as a cron's text. What must hold: no crash; each time that follows is later than the one before, and none comes
// between: the next time after the moment before it is the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/calendar.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace std::chrono_literals;
  for (const char* const zone : {"UTC", "Europe/Berlin"}) {
    const auto when = waggle::calendar::make({reinterpret_cast<const char*>(data), size}, zone);
    if (!when) return 0;
    waggle::wall_time t{std::chrono::seconds(1'700'000'000)};
    for (int i = 0; i < 8; ++i) {
      const auto next = when->next(t);
      if (!next) break;
      if (*next <= t || when->next(*next - 1ms) != next) std::abort();
      t = *next;
    }
  }
  return 0;
}
