#pragma once
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>

#include <spdlog/sinks/base_sink.h>

namespace waggle {

/// Lines of the log into a file descriptor, which stays the caller's. Any thread; never held up by who reads them: where a pipe
/// stays full for `patience`, lines are lost until there is room again, and a line tells how many.
class log_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit log_sink(int fd, std::chrono::milliseconds patience = std::chrono::milliseconds(5))
      : fd_(fd), patience_(patience) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& msg) override;
  void flush_() override {}

 private:
  /// Is there room for a piece, now or within the patience?
  [[nodiscard]] bool room() const;
  /// Whether all of it was written.
  bool write(std::string_view bytes);
  /// A line with its end, in the format of the others.
  bool write_line(const spdlog::details::log_msg& msg);

  const int fd_;
  const std::chrono::milliseconds patience_;
  std::uint64_t lost_ = 0;  // lines, since there was room
  bool in_a_line_ = false;  // of the last line only a part was written
};

}  // namespace waggle
