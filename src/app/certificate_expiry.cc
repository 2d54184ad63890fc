#include "app/certificate_expiry.h"

#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace waggle {
namespace {

using std::chrono::days;

/// Time enough to find out why nobody has renewed it, and to do it by hand.
constexpr days ahead{14};

}  // namespace

std::optional<std::string> expiry_warning(std::string_view file, wall_time now, wall_time end,
                                          std::optional<wall_time> told) {
  if (end - now > ahead) return std::nullopt;
  const bool over = now >= end;
  const bool news = over && told && *told < end;
  // A clock that was set back may not keep it silent.
  if (told && *told <= now && now - *told < days(1) && !news) return std::nullopt;
  const std::string date = fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::chrono::system_clock::to_time_t(end)));
  constexpr std::string_view how = "put a new one into its files, which are looked at once a minute";
  if (over) return fmt::format("tls.certificate {}: it expired on {}; clients refuse it; {}", file, date, how);
  const auto left = std::chrono::floor<days>(end - now).count();
  const std::string when = left == 0   ? std::string("in less than a day")
                           : left == 1 ? std::string("in 1 day")
                                       : fmt::format("in {} days", left);
  return fmt::format("tls.certificate {}: it expires on {}, {}; {}", file, date, when, how);
}

}  // namespace waggle
