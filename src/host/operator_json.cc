#include "host/operator_json.h"

#include <string_view>

#include <fmt/format.h>

#include "call/call_stats.h"
#include "host/state_answers.h"

namespace waggle {
namespace {

/// `waggle recent` takes 64 MiB.
constexpr std::size_t most_bytes = std::size_t{32} << 20;

auto us(duration d) { return std::chrono::duration_cast<std::chrono::microseconds>(d).count(); }

std::string text_or_null(std::string_view text) { return text.empty() ? "null" : json_quote(text); }

std::string lines(std::string_view text) {
  std::string out = "[";
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += (out.size() > 1 ? "," : "") + json_quote(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + "]";
}

std::string json(const receipt& r, duration total) {
  return fmt::format(
      R"({{"totalUs":{},"queueUs":{},"validateUs":{},"guestUs":{},"waitedUs":{},"commitUs":{},"calls":{},"memoryKb":{},"warm":{}}})",
      us(total), us(r.queue), us(r.validate), us(r.guest), us(r.waited), us(r.commit), r.calls, r.memory_kb, r.warm);
}

std::string failure_json(const recorded_request& r) {
  if (r.code == 0) return "null";
  static const recorded_failure nothing;
  const recorded_failure& f = r.failure ? *r.failure : nothing;
  return fmt::format(
      R"({{"code":"{}","fault":"{}","message":{},"details":{},"input":{},"answer":{},"log":{},"backtrace":{},"callers":{},"traceparent":{}}})",
      to_string(static_cast<error_code>(r.code)), to_string(r.whose), r.failure ? json_quote(f.message) : "null",
      f.details.empty() ? "null" : f.details, text_or_null(f.input), text_or_null(f.answer), lines(f.log),
      text_or_null(f.backtrace), text_or_null(f.callers), text_or_null(f.traceparent));
}

}  // namespace

std::string json_time(wall_time t) {
  return fmt::format(R"("{}")", date_time(std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch()).count()));
}

std::string requests_json(const std::vector<recorded_request>& all) {
  std::string out = "[";
  for (const recorded_request& r : all) {
    if (out.size() > most_bytes) break;
    out +=
        fmt::format(R"({}{{"id":"{}","method":{},"at":{},"inputBytes":{},"outputBytes":{},"receipt":{},"failure":{}}})",
                    out.size() > 1 ? "," : "", r.id, json_quote(r.method), json_time(r.ended), r.input_bytes,
                    r.output_bytes, json(r.cost, r.total), failure_json(r));
  }
  return out + "]";
}

std::string load_json(unsigned cores, time_point now, const std::vector<served_view>& all) {
  std::string bounds;
  for (std::size_t i = 0; i + 1 < duration_histogram::buckets; ++i)
    bounds += fmt::format("{}{}", i > 0 ? "," : "", duration_histogram::bound(i));
  return fmt::format(
      R"({{"cores":{},"seconds":{:.6f},"bounds":[{}],"services":{}}})", cores,
      std::chrono::duration<double>(now.time_since_epoch()).count(), bounds, list_of(all, [](const served_view& s) {
        return fmt::format(
            R"({{"name":{},"workers":{{"busy":{},"idle":{},"max":{}}},"queued":{},"requests":{},"errors":{},"cpuSeconds":{:.6f},"took":{}}})",
            json_quote(s.name), s.busy, s.idle, s.max, s.queued, s.requests, s.errors,
            std::chrono::duration<double>(s.cpu).count(),
            list_of(s.took, [](std::uint64_t n) { return std::to_string(n); }));
      }));
}

}  // namespace waggle
