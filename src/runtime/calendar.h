#pragma once
#include <optional>
#include <string_view>

#include "loop/clock.h"
#include "schema/cron.h"

namespace date {
class time_zone;
}

namespace waggle {

/// The zone of that name (`Europe/Berlin`) in the system's tz database; it lives until the program ends. Reads files the
/// first time: not on a core. `invalid_argument` where the database has no such zone, `failed_precondition`, the host's
/// fault, where there is no database or the zone cannot be read. Thread-safe.
[[nodiscard]] result<const date::time_zone*> find_zone(std::string_view name);

/// The times of a `cron` in a time zone. Immutable; any thread.
///
/// Where clocks change there are two kinds, as in Vixie's cron (cron(8), "Daylight Saving Time and other time changes"),
/// told apart by the hours:
/// - all 24 hours (`*/5 * * * *`, `0 * * * *`): an interval. It runs whenever the clock shows a matching minute, so it goes
///   on by elapsed time: nothing for minutes that are left out, again for an hour that comes twice.
/// - any other: a time of the day. What the clock leaves out runs once at the first moment after the gap, what it shows
///   twice runs the first time only.
class calendar {
 public:
  /// `zone` as for `find_zone`; "UTC" needs no database. Errors are those of `cron::parse` and `find_zone`.
  static result<calendar> make(std::string_view cron_text, std::string_view zone);

  /// The first time after `after`; nothing where there is none in 50 years or before the year 2200. A few µs at most for
  /// all but the rarest dates; it allocates nothing.
  [[nodiscard]] std::optional<wall_time> next(wall_time after) const;

 private:
  calendar(const cron& when, const date::time_zone* zone) : when_(when), zone_(zone) {}

  cron when_;
  const date::time_zone* zone_;  // null: UTC
};

}  // namespace waggle
