#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/operator_client.h"
#include "app/top_table.h"

namespace waggle {
namespace {

volatile std::sig_atomic_t ended = 0;

/// The terminal while the table is on it: another screen, no cursor, keys as they are typed. As it was at the end.
class screen {
 public:
  screen() {
    struct sigaction on_end {};
    on_end.sa_handler = [](int) { ended = 1; };  // without SA_RESTART: what waits is woken
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &on_end, nullptr);
    keys_ = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &before_) == 0;
    if (keys_) {
      termios raw = before_;
      raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    fmt::print("\x1b[?1049h\x1b[?25l");
  }
  ~screen() {
    fmt::print("\x1b[?25h\x1b[?1049l");
    std::fflush(stdout);
    if (keys_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  screen(const screen&) = delete;
  screen& operator=(const screen&) = delete;

  void show(const std::vector<std::string>& lines) const {
    winsize size{};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    const std::size_t rows = size.ws_row > 0 ? size.ws_row : 24;
    const std::size_t columns = size.ws_col > 0 ? size.ws_col : 80;
    fmt::print("\x1b[H");
    for (std::size_t i = 0; i < std::min(lines.size(), rows - 1); ++i)
      fmt::print("{}\x1b[K\r\n", std::string_view(lines[i]).substr(0, columns));
    fmt::print("\x1b[Jq leaves");
    std::fflush(stdout);
  }
  [[nodiscard]] bool keys() const { return keys_; }

 private:
  termios before_{};
  bool keys_ = false;
};

/// Waits; false where somebody wants to leave.
bool wait(std::chrono::milliseconds time, bool keys) {
  const auto until = std::chrono::steady_clock::now() + time;
  for (;;) {
    if (ended != 0) return false;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return true;
    pollfd in{STDIN_FILENO, POLLIN, 0};
    if (::poll(&in, keys ? 1 : 0, static_cast<int>(left.count())) <= 0) continue;
    char key = 0;
    const auto got = ::read(STDIN_FILENO, &key, 1);
    if (got > 0 && (key == 'q' || key == 'Q')) return false;
    if (got <= 0) keys = false;  // nobody is there any more
  }
}

result<load_sample> ask(const configuration& c) {
  auto answer = ask_running_node(c, "load", "{}");
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (auto sample = read_load(*answer)) return *std::move(sample);
  return fail(error_code::unknown, fault::host, "the node's answer cannot be read; is it of another version?");
}

result<void> watch(const configuration& c, const top_options& o, const screen* on) {
  const std::chrono::milliseconds period(static_cast<std::int64_t>(o.seconds * 1000));
  auto before = ask(c);
  if (!before) return std::unexpected(std::move(before.error()));
  while (wait(period, on != nullptr && on->keys())) {
    auto now = ask(c);
    if (!now) return std::unexpected(std::move(now.error()));
    const auto rows = rows_between(*before, *now);
    if (o.json) {
      fmt::print("{}\n", top_json(*now, rows));
    } else if (on != nullptr) {
      on->show(top_lines(*now, rows));
    } else {
      for (const std::string& line : top_lines(*now, rows)) fmt::print("{}\n", line);
      if (!o.once) fmt::print("\n");
    }
    if (std::fflush(stdout) != 0 || o.once) return {};  // whoever read it is gone
    before = std::move(now);
  }
  return {};
}

}  // namespace

int top(const configuration& c, const top_options& o) {
  result<void> how;
  if (!o.once && !o.json && isatty(STDOUT_FILENO) == 1) {
    const screen on;
    how = watch(c, o, &on);
  } else {
    how = watch(c, o, nullptr);
  }
  if (how) return exit_fine;
  fmt::print(stderr, "{}\n", to_json(how.error()));
  return exit_failed;
}

}  // namespace waggle
