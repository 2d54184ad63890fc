#include "host/state_answers.h"

#include <chrono>
#include <iterator>

#include <fmt/format.h>

#include "core/error.h"

namespace waggle {
namespace {

void add_entry(std::string& out, const state_entry& e) {
  out += "{\"key\":";
  out += json_quote(e.key);
  out += ",\"value\":";
  out += e.value;
  fmt::format_to(std::back_inserter(out), ",\"version\":{}", e.version);
  if (e.expires != 0) fmt::format_to(std::back_inserter(out), ",\"expiresAt\":\"{}\"", date_time(e.expires));
  out += '}';
}

}  // namespace

std::string date_time(std::int64_t ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds(ms)};
  const year_month_day day{floor<days>(at)};
  const hh_mm_ss time{at - floor<days>(at)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

std::string answer_of(const std::optional<state_entry>& e) {
  if (!e) return "null";
  std::string out;
  add_entry(out, *e);
  return out;
}

std::string answer_of(const state_page& page) {
  std::string out = "{\"entries\":[";
  for (const state_entry& e : page.entries) {
    if (out.back() != '[') out += ',';
    add_entry(out, e);
  }
  out += "],\"next\":";
  out += page.next ? json_quote(*page.next) : "null";
  return out + "}";
}

}  // namespace waggle
