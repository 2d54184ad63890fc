#include "app/log_sink.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

#include <fmt/format.h>

namespace waggle {

bool log_sink::room() const {
  pollfd what = {.fd = fd_, .events = POLLOUT, .revents = 0};
  const auto wait = lost_ == 0 ? static_cast<int>(patience_.count()) : 0;
  return ::poll(&what, 1, wait) == 1 && (what.revents & POLLOUT) != 0;
}

// A pipe that is ready takes PIPE_BUF bytes without blocking (pipe(7)).
bool log_sink::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!room()) return false;
    const ssize_t n = ::write(fd_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      in_a_line_ = true;
    }
  }
  in_a_line_ = false;
  return true;
}

bool log_sink::write_line(const spdlog::details::log_msg& msg) {
  spdlog::memory_buf_t line;
  if (in_a_line_) line.push_back('\n');
  formatter_->format(msg, line);
  return write({line.data(), line.size()});
}

void log_sink::sink_it_(const spdlog::details::log_msg& msg) {
  if (lost_ > 0) {
    const std::string text = fmt::format("lines of the log that are lost here, for nobody read them: {}", lost_);
    if (write_line({msg.time, {}, msg.logger_name, spdlog::level::warn, text})) lost_ = 0;
  }
  if (lost_ > 0 || !write_line(msg)) ++lost_;
}

}  // namespace waggle
