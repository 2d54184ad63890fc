#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace waggle {

/// Five fields as in crontab(5): minute, hour, day of month, month, day of week; `*`, `1,2`, `1-5`, `*/15`, names of
/// months and days; 7 is Sunday too. Where both days are restricted (do not begin with `*`), one of them suffices.
struct cron {
  std::uint64_t minutes = 0;  ///< bit n: minute n
  std::uint32_t hours = 0;
  std::uint32_t days = 0;     ///< bits 1–31
  std::uint16_t months = 0;   ///< bits 1–12
  std::uint8_t weekdays = 0;  ///< bit 0: Sunday
  bool any_day = false;       ///< the day of the month begins with `*`
  bool any_weekday = false;

  /// `invalid_argument` says which field is wrong and how; also where no date fits (30 February).
  static result<cron> parse(std::string_view text);

  /// Does it run on that day? `weekday` from 0, Sunday.
  [[nodiscard]] bool on(unsigned month, unsigned day, unsigned weekday) const;
};

}  // namespace waggle
