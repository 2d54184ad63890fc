#include "core/error.h"

#include <array>

#include <fmt/format.h>

#include "core/utf8.h"

namespace waggle {
namespace {

constexpr std::array<std::string_view, 17> code_names = {
    "ok",        "canceled",       "unknown",           "invalid_argument",   "deadline_exceeded",
    "not_found", "already_exists", "permission_denied", "resource_exhausted", "failed_precondition",
    "aborted",   "out_of_range",   "unimplemented",     "internal",           "unavailable",
    "data_loss", "unauthenticated"};
constexpr std::array<std::string_view, failure_causes> cause_names = {
    "none",          "payload",      "too_large",   "unknown_method", "deadline", "queue",    "wait",
    "rate",          "concurrency",  "cpu",         "memory",         "ring",     "breaker",  "closing",
    "instances",     "anonymous",    "credentials", "scope",          "answer",   "time_out", "unreachable",
    "out_of_bounds", "out_of_stack", "bad_call",    "arithmetic",     "exit",     "abi",      "ended"};
static_assert(cause_names.back() == "ended");
constexpr std::array<std::string_view, 4> fault_names = {"caller", "guest", "host", "overload"};

}  // namespace

std::unexpected<error> fail(error_code code, fault whose, std::string message) {
  error e;
  e.code = code;
  e.whose = whose;
  e.message = std::move(message);
  return std::unexpected(std::move(e));
}

error caller_gone() {
  error e;
  e.code = error_code::canceled;
  e.whose = fault::caller;
  e.message = "the caller has gone";
  return e;
}

error overloaded(failure_cause cause, std::string message, std::chrono::nanoseconds retry) {
  error e;
  e.code = error_code::resource_exhausted;
  e.whose = fault::overload;
  e.cause = cause;
  e.message = std::move(message);
  e.retry_after = std::chrono::ceil<std::chrono::milliseconds>(retry);
  return e;
}

std::string_view to_string(error_code code) { return code_names[static_cast<std::size_t>(code)]; }

std::optional<error_code> code_from(std::string_view name) {
  for (std::size_t i = 1; i < code_names.size(); ++i)
    if (code_names[i] == name) return static_cast<error_code>(i);
  return std::nullopt;
}

std::string_view to_string(fault whose) { return fault_names[static_cast<std::size_t>(whose)]; }

std::string_view to_string(failure_cause c) { return cause_names[static_cast<std::size_t>(c)]; }

std::string json_quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    } else if (const std::size_t n = first_utf8_character(text.substr(i)).length; n == 0) {
      out += "\xEF\xBF\xBD";
    } else {
      out.append(text, i, n);
      i += n;
      continue;
    }
    ++i;
  }
  out += '"';
  return out;
}

std::string violations_json(const error& e) {
  if (e.violations.empty()) return {};
  std::string out = fmt::format(R"({{"count":{},"violations":[)", e.violation_count);
  const char* comma = "";
  for (const violation& v : e.violations) {
    out += fmt::format(R"({}{{"path":{},"offset":{},"message":{})", comma, json_quote(v.path), v.offset,
                       json_quote(v.message));
    if (!v.suggestion.empty()) out += ",\"suggestion\":" + json_quote(v.suggestion);
    out += '}';
    comma = ",";
  }
  return out + "]}";
}

std::string to_json(const error& e, bool with_debug) {
  std::string out = fmt::format(R"({{"code":"{}","message":{})", to_string(e.code), json_quote(e.message));
  if (!e.details.empty())
    out += ",\"details\":" + e.details;
  else if (!e.violations.empty())
    out += ",\"details\":" + violations_json(e);
  if (with_debug && !e.debug.empty()) out += ",\"debug\":" + json_quote(e.debug);
  return out + "}";
}

}  // namespace waggle
