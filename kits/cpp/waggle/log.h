// waggle.log.v1.Log 1.0.0 for its callers. Made by `waggle describe --format cpp`; do not edit.
// clang-format off
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "waggle/typed.h"

/// Lines in the calling service's log, with fields. For text alone the import `waggle.log` is cheaper and needs no grant.
/// A service's log is cut at 200 lines a second (burst 2,000, lines 4 KiB), with a counted notice.
namespace waggle {
namespace log_service {
inline namespace v1 {

inline constexpr const char* service_name = "waggle.log.v1.Log";

enum class Level {
  /// one that these stubs do not know
  unknown_,
  TRACE,
  DEBUG,
  INFO,
  WARN,
  ERROR,
};

inline void to_json(waggle::json& out, const Level& v) {
  switch (v) {
    case Level::TRACE: out = "TRACE"; break;
    case Level::DEBUG: out = "DEBUG"; break;
    case Level::INFO: out = "INFO"; break;
    case Level::WARN: out = "WARN"; break;
    case Level::ERROR: out = "ERROR"; break;
    case Level::unknown_: break;
  }
}

inline void from_json(const waggle::json& in, Level& out) {
  const std::string& text = in.text();
  out = Level::unknown_;
  if (text == "TRACE") out = Level::TRACE;
  if (text == "DEBUG") out = Level::DEBUG;
  if (text == "INFO") out = Level::INFO;
  if (text == "WARN") out = Level::WARN;
  if (text == "ERROR") out = Level::ERROR;
}

/// What `write` may be given beside what it must.
struct write_options {
  /// Default: INFO
  std::optional<Level> level{};
  waggle::json fields{};
};

/// fields: an object; each member is shown as name=value. False where the line was cut off by the limit
inline waggle::answer<bool> write(const std::string& message, const write_options& options = {}) {
  waggle::object in;
  waggle::add(in, "message", message);
  waggle::add(in, "level", options.level);
  if (!options.fields.is_null()) waggle::add(in, "fields", options.fields);
  return waggle::answer<bool>(waggle::call(service_name, "write", std::move(in)));
}

}  // namespace v1
}  // namespace log_service
}  // namespace waggle
