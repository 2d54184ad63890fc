#include "call/request_log.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/spdlog.h>

#include "core/error.h"

namespace waggle {
namespace {

bool in_json = false;
/// Of the line that this thread is logging.
thread_local const log_subject* subject = nullptr;

std::string_view text(const spdlog::string_view_t& s) { return {s.data(), s.size()}; }

std::string time_of(std::chrono::system_clock::time_point t) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(t)), ms % 1000);
}

/// A line as one JSON object.
class json_formatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& to) override {
    std::string line = fmt::format(R"({{"time":"{}","level":"{}","message":{})", time_of(msg.time),
                                   text(spdlog::level::to_string_view(msg.level)), json_quote(text(msg.payload)));
    if (subject != nullptr) {
      if (!subject->service.empty()) line += ",\"service\":" + json_quote(subject->service);
      if (!subject->method.empty()) line += ",\"method\":" + json_quote(subject->method);
      if (subject->request != 0) line += fmt::format(",\"request\":\"{}\"", subject->request);
      if (subject->trace) line += fmt::format(",\"trace\":\"{}\"", subject->trace.trace_id());
    }
    line += "}\n";
    to.append(line.data(), line.data() + line.size());
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<json_formatter>(); }
};

constexpr std::array<spdlog::level::level_enum, 5> levels = {
    spdlog::level::trace, spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};

std::string in_brackets(const log_subject& about) {
  std::string out(about.service);
  if (!about.method.empty()) fmt::format_to(std::back_inserter(out), "/{}", about.method);
  if (about.request != 0) fmt::format_to(std::back_inserter(out), " #{}", about.request);
  if (about.trace) out += " " + about.trace.trace_id();
  return out;
}

}  // namespace

void set_log_format(log_format f) {
  in_json = f == log_format::json;
  if (in_json)
    spdlog::set_formatter(std::make_unique<json_formatter>());
  else
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
}

void log_about(int level, const log_subject& about, std::string_view message) {
  const auto at = levels.at(static_cast<std::size_t>(std::clamp(level, 0, 4)));
  if (!spdlog::should_log(at)) return;
  if (!in_json) return spdlog::log(at, "[{}] {}", in_brackets(about), message);
  const struct scope {
    explicit scope(const log_subject& s) { subject = &s; }
    ~scope() { subject = nullptr; }
  } here(about);
  spdlog::log(at, "{}", message);
}

}  // namespace waggle
