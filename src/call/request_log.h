#pragma once
#include <cstdint>
#include <string_view>

#include "core/trace.h"

namespace waggle {

/// What a line of the log is about. Where there is no request, its number is 0.
struct log_subject {
  std::string_view service;
  std::string_view method;
  std::uint64_t request = 0;
  trace_context trace;
};

enum class log_format : std::uint8_t { text, json };

/// From now on lines look like that, in the whole process. Text: `2026-11-23T12:00:00.000 info [shop.v1.Orders/place #17]
/// message`, behind the number a trace's where there is one. JSON: an object a line with `time`, `level`, `message`, and
/// where a line has them `service`, `method`, `request`, `trace`. Before other threads log.
void set_log_format(log_format f);

/// A line about a request, at a level from 0 trace to 4 error. Any text is safe in JSON; in text, `message` is the caller's
/// to make harmless.
void log_about(int level, const log_subject& about, std::string_view message);

}  // namespace waggle
