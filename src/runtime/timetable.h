#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "runtime/calendar.h"
#include "schema/contract.h"

namespace waggle {

/// A method's `@schedule`, ready for use. Its times are called slots. Immutable; any thread.
class timetable {
 public:
  /// May read files (find_zone): not on a core. Errors are those of `calendar::make`.
  static result<timetable> make(const schedule_settings& s);

  /// The first slot of a schedule that begins now: the next time of the cron, or one interval from now.
  [[nodiscard]] std::optional<wall_time> first(wall_time now) const;

  /// Could it be one? Of an interval any time from 1970 on.
  [[nodiscard]] bool is_slot(wall_time t) const;

  /// The slots from `slot`, which is one, up to `now`.
  struct passed {
    wall_time last;                 ///< the latest
    std::uint64_t count = 1;        ///< of a cron at most about 1,000: counting is not worth a core's time
    std::optional<wall_time> next;  ///< the first after `now`
  };
  [[nodiscard]] passed pass(wall_time slot, wall_time now) const;

  /// `everyMs`: slots keep their distance in elapsed time, whatever the wall clock is set to.
  [[nodiscard]] bool interval() const { return !when_; }
  [[nodiscard]] std::chrono::milliseconds every() const { return every_; }
  [[nodiscard]] std::chrono::milliseconds jitter() const { return jitter_; }
  [[nodiscard]] bool once_when_missed() const { return once_when_missed_; }
  /// Is the next slot worth keeping over a restart? Not of intervals shorter than a minute: they begin anew.
  [[nodiscard]] bool kept() const { return when_ || every_ >= std::chrono::minutes(1); }

  /// `cron "0 3 * * *" Europe/Berlin` or `every 60000 ms`: the same text, the same slots.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  timetable() = default;

  std::optional<calendar> when_;
  std::chrono::milliseconds every_{0};
  std::chrono::milliseconds jitter_{0};
  bool once_when_missed_ = false;
  std::string text_;
};

}  // namespace waggle
