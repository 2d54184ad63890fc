#include "schema/cron.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "schema/language/text.h"

namespace waggle {
namespace {

constexpr std::size_t longest = 200;
constexpr std::array<std::string_view, 13> month_names = {"",    "jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> day_names = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<unsigned, 13> month_days = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

struct field {
  std::string_view name;
  unsigned least;
  unsigned most;
  std::span<const std::string_view> names;
};
constexpr std::array<field, 5> fields = {{{"minute", 0, 59, {}},
                                          {"hour", 0, 23, {}},
                                          {"day of the month", 1, 31, {}},
                                          {"month", 1, 12, month_names},
                                          {"day of the week", 0, 7, day_names}}};

std::string_view take_until(std::string_view& text, char c) {
  const auto at = text.find(c);
  const std::string_view head = text.substr(0, at);
  text = at == text.npos ? std::string_view() : text.substr(at + 1);
  return head;
}

std::optional<unsigned> number(std::string_view text, const field& f) {
  unsigned n = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (bad == std::errc() && end == text.data() + text.size()) return n;
  if (text.size() != 3) return std::nullopt;
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (unsigned i = 0; i < f.names.size(); ++i)
    if (f.names[i] == lower) return i;
  return std::nullopt;
}

/// `1-5/2` and the like: its bits, or nothing.
std::optional<std::uint64_t> range(std::string_view text, const field& f) {
  const bool stepped = text.contains('/');
  std::string_view step_text = text;
  const std::string_view body = take_until(step_text, '/');
  unsigned step = 1;
  if (stepped) {
    const auto [end, bad] = std::from_chars(step_text.data(), step_text.data() + step_text.size(), step);
    if (bad != std::errc() || end != step_text.data() + step_text.size() || step == 0 || step > f.most)
      return std::nullopt;
  }
  unsigned from = f.least;
  unsigned to = f.most;
  if (body != "*") {
    std::string_view rest = body;
    const auto first = number(take_until(rest, '-'), f);
    auto last = body.contains('-') ? number(rest, f) : stepped ? std::optional(f.most) : first;
    if (last == 0U && first > 0U && f.most == 7) last = 7;  // fri-sun: Sunday ends the week too
    if (!first || !last || *first < f.least || *last > f.most || *first > *last) return std::nullopt;
    from = *first;
    to = *last;
  }
  std::uint64_t bits = 0;
  for (unsigned i = from; i <= to; i += step) bits |= std::uint64_t{1} << i;
  return bits;
}

std::optional<std::uint64_t> list(std::string_view text, const field& f) {
  std::uint64_t bits = 0;
  for (bool more = true; more;) {
    more = text.contains(',');
    const auto some = range(take_until(text, ','), f);
    if (!some) return std::nullopt;
    bits |= *some;
  }
  return bits;
}

std::unexpected<error> wrong(std::string message) {
  return fail(error_code::invalid_argument, fault::caller, std::move(message));
}

}  // namespace

result<cron> cron::parse(std::string_view text) {
  if (text.size() > longest) return wrong(fmt::format("a cron expression has at most {} characters", longest));
  std::array<std::uint64_t, 5> bits{};
  std::array<bool, 5> any{};
  std::size_t count = 0;
  for (std::size_t at = text.find_first_not_of(" \t"); at != text.npos;) {
    const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = text.find_first_not_of(" \t", end);
    if (count == fields.size()) return wrong("a cron expression has five fields; this one has more");
    const auto some = list(word, fields[count]);
    const field& f = fields[count];
    if (!some) return wrong(fmt::format("\"{}\" is no {} ({}–{})", graphql::shown(word), f.name, f.least, f.most));
    any[count] = word.starts_with('*');
    bits[count++] = *some;
  }
  if (count < fields.size())
    return wrong("a cron expression has five fields: minute, hour, day of the month, month, day of the week");
  cron c;
  c.minutes = bits[0];
  c.hours = static_cast<std::uint32_t>(bits[1]);
  c.days = static_cast<std::uint32_t>(bits[2]);
  c.months = static_cast<std::uint16_t>(bits[3]);
  c.weekdays = static_cast<std::uint8_t>((bits[4] & 0x7F) | (bits[4] >> 7));
  c.any_day = any[2];
  c.any_weekday = any[4];
  bool possible = !c.any_weekday;
  for (unsigned m = 1; m <= 12; ++m)
    for (unsigned d = 1; d <= month_days[m]; ++d)
      possible = possible || ((c.months >> m & 1) != 0 && (c.days >> d & 1) != 0);
  if (!possible) return wrong("no date is ever that day of that month");
  return c;
}

bool cron::on(unsigned month, unsigned day, unsigned weekday) const {
  if ((months >> month & 1) == 0) return false;
  const bool by_day = (days >> day & 1) != 0;
  const bool by_weekday = (weekdays >> weekday & 1) != 0;
  return any_day || any_weekday ? by_day && by_weekday : by_day || by_weekday;
}

}  // namespace waggle
