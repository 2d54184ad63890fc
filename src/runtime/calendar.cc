#include "runtime/calendar.h"

#include <bit>
#include <exception>

// Debian's library is built to read the system's zoneinfo files; the header must know.
#define USE_OS_TZDB 1
#include <date/tz.h>
#include <fmt/format.h>

#include "schema/language/text.h"

namespace waggle {
namespace {

using local_minutes = date::local_time<std::chrono::minutes>;
using std::chrono::minutes;
using std::chrono::seconds;

/// 29 February falls on a Sunday after 40 years at most (around 2100).
constexpr date::days farthest{50 * 366};
/// Beyond, nanoseconds in 64 bits come near their end (2262).
constexpr date::sys_days end_of_time = date::sys_days{date::year{2200} / 1 / 1};

/// The offset at `t`, and until when it holds.
struct stretch {
  seconds offset{0};
  date::sys_seconds end = date::sys_seconds::max();
};
stretch stretch_at(const date::time_zone* zone, date::sys_seconds t) {
  if (zone == nullptr) return {};
  const date::sys_info info = zone->get_info(t);
  return {info.offset, info.end};
}

/// What the clock shows at `t`, which is in that stretch.
date::local_seconds shown_at(date::sys_seconds t, const stretch& s) {
  return date::local_seconds{(t + s.offset).time_since_epoch()};
}

/// The first time that the clock shows `l`, or the end of the gap in which it does not.
date::sys_seconds first_shown(const date::time_zone* zone, local_minutes l) {
  if (zone == nullptr) return date::sys_seconds{l.time_since_epoch()};
  return zone->to_sys(l, date::choose::earliest);
}

/// The first matching minute of a day that is not before `from`.
std::optional<minutes> minute_of_day(const cron& c, unsigned from) {
  for (unsigned hour = from / 60; hour < 24; ++hour) {
    if ((c.hours >> hour & 1) == 0) continue;
    const unsigned least = hour == from / 60 ? from % 60 : 0;
    if (const std::uint64_t rest = c.minutes >> least; rest != 0)
      return minutes(hour * 60 + least + static_cast<unsigned>(std::countr_zero(rest)));
  }
  return std::nullopt;
}

/// The first matching minute on a wall calendar, as if clocks never changed.
std::optional<local_minutes> first_match(const cron& c, local_minutes from, date::local_days limit) {
  date::local_days day = date::floor<date::days>(from);
  auto least = static_cast<unsigned>((from - day).count());
  while (day < limit) {
    const date::year_month_day on(day);
    const auto month = static_cast<unsigned>(on.month());
    if ((c.months >> month & 1) == 0) {
      day = date::local_days{(on.year() / on.month() + date::months(1)) / 1};
      least = 0;
      continue;
    }
    if (c.on(month, static_cast<unsigned>(on.day()), date::weekday(day).c_encoding()))
      if (const auto minute = minute_of_day(c, least)) return day + *minute;
    day += date::days(1);
    least = 0;
  }
  return std::nullopt;
}

}  // namespace

result<const date::time_zone*> find_zone(std::string_view name) {
  const auto unreadable = [&](const char* why) {
    return fail(
        error_code::failed_precondition, fault::host,
        fmt::format("time zone {} cannot be read ({}); is the package tzdata installed?", graphql::shown(name), why));
  };
  try {
    if (date::get_tzdb().zones.empty()) return unreadable("there are no zones at all");
  } catch (const std::exception& e) {
    return unreadable(e.what());
  }
  const date::time_zone* zone = nullptr;
  try {
    zone = date::locate_zone(name);
  } catch (const std::exception&) {
    return fail(error_code::invalid_argument, fault::caller,
                fmt::format("\"{}\" is no time zone of the system's database; names are like Europe/Berlin",
                            graphql::shown(name)));
  }
  try {
    (void)zone->get_info(date::sys_seconds{});  // reads its file, so that nobody else has to
  } catch (const std::exception& e) {
    return unreadable(e.what());
  }
  return zone;
}

result<calendar> calendar::make(std::string_view cron_text, std::string_view zone) {
  auto when = cron::parse(cron_text);
  if (!when) return std::unexpected(std::move(when.error()));
  if (zone == "UTC") return calendar(*when, nullptr);
  auto found = find_zone(zone);
  if (!found) return std::unexpected(std::move(found.error()));
  return calendar(*when, *found);
}

std::optional<wall_time> calendar::next(wall_time after) const {
  date::sys_seconds t = date::floor<seconds>(after) + seconds(1);  // none earlier: they begin with a second
  if (t >= end_of_time) return std::nullopt;
  stretch now = stretch_at(zone_, t);
  const date::local_days limit = date::floor<date::days>(shown_at(t, now)) + farthest;
  std::optional<date::sys_seconds> found;
  if (constexpr std::uint32_t every_hour = 0xFF'FFFF; when_.hours == every_hour) {
    while (!found) {
      const auto shown = first_match(when_, date::ceil<minutes>(shown_at(t, now)), limit);
      if (!shown) return std::nullopt;
      if (const auto at = date::sys_seconds{shown->time_since_epoch()} - now.offset; at < now.end) {
        found = at;
      } else {
        t = now.end;
        now = stretch_at(zone_, t);
      }
    }
  } else {
    // The clock shows times in order, the first time that it shows them: what is not later than now on the clock is past.
    // From the second before, as `t` may be the first second after a gap, and then what the gap leaves out runs at `t`.
    const date::sys_seconds before = t - seconds(1);
    auto from = date::floor<minutes>(shown_at(before, stretch_at(zone_, before)));
    while (!found) {
      const auto shown = first_match(when_, from, limit);
      if (!shown) return std::nullopt;
      if (const auto at = first_shown(zone_, *shown); at >= t) found = at;
      from = *shown + minutes(1);
    }
  }
  if (*found >= end_of_time) return std::nullopt;
  return wall_time(*found);
}

}  // namespace waggle
