#include "runtime/timetable.h"

#include <fmt/format.h>

namespace waggle {

result<timetable> timetable::make(const schedule_settings& s) {
  timetable t;
  t.jitter_ = s.jitter;
  t.once_when_missed_ = s.once_when_missed;
  if (s.cron.empty()) {
    if (s.every < std::chrono::milliseconds(1))
      return fail(error_code::invalid_argument, fault::caller, "a schedule needs a cron or an interval");
    t.every_ = s.every;
    t.text_ = fmt::format("every {} ms", s.every.count());
    return t;
  }
  auto when = calendar::make(s.cron, s.time_zone);
  if (!when) return std::unexpected(std::move(when.error()));
  t.when_ = *when;
  t.text_ = fmt::format("cron \"{}\" {}", s.cron, s.time_zone);
  return t;
}

std::optional<wall_time> timetable::first(wall_time now) const { return when_ ? when_->next(now) : now + every_; }

bool timetable::is_slot(wall_time t) const {
  return t >= wall_time{} && (!when_ || when_->next(t - std::chrono::nanoseconds(1)) == t);
}

timetable::passed timetable::pass(wall_time slot, wall_time now) const {
  if (!when_) {
    const auto more = (now - slot) / every_;
    const wall_time last = slot + more * every_;
    return {last, static_cast<std::uint64_t>(more) + 1, last + every_};
  }
  constexpr std::uint64_t most = 1000;
  passed p{slot, 1, when_->next(slot)};
  const auto walk = [&] {
    while (p.next && *p.next <= now && p.count < most) {
      p.last = *p.next;
      ++p.count;
      p.next = when_->next(p.last);
    }
  };
  walk();
  if (!p.next || *p.next > now) return p;
  // Too many. What matters is whether there is one just now.
  p.count -= 100;
  p.next = when_->next(now - std::chrono::hours(1));
  walk();
  return p;
}

}  // namespace waggle
