#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "loop/clock.h"
#include "wasm/last_lines.h"

namespace waggle {

struct line_log_limits {
  std::size_t line_bytes = 4096;  ///< of a line as it is printed; what is over is cut off with a note
  std::uint32_t lines_per_second = 200;
  std::uint32_t burst = 2000;                      ///< lines at once after a silence
  std::string_view speaker = "this service logs";  ///< in the notice of lines that were dropped; lives on
};

/// What one service says on one core: bounded, and harmless on a terminal. Used on that core only.
///
/// Control characters, invisible ones that reorder text, and bytes that are not UTF-8 reach the sink as `\xNN` or
/// `\u{NNNN}`, so a guest can neither begin a line of its own making nor send codes to a terminal.
class line_log {
 public:
  /// `level` is 0 trace, 1 debug, 2 info, 3 warn, 4 error. `line` has no line break and is valid during the call.
  using sink = std::move_only_function<void(int level, std::string_view line)>;

  /// `clock` outlives it.
  line_log(const clock_source& clock, sink to, line_log_limits limits = {});
  /// Reports what was dropped and not reported yet.
  ~line_log();
  line_log(const line_log&) = delete;
  line_log& operator=(const line_log&) = delete;

  /// Each of the text's lines is one line in the log; a break at the end adds none. A level outside 0 to 4 counts as
  /// the nearest. Of a text longer than 64 KiB the rest is not looked at, only counted.
  void write(int level, std::string_view text);

  /// One line without its break, of which `cut` more bytes were left out already. False where it was dropped.
  bool line(int level, std::string_view text, std::uint64_t cut = 0);
  /// So many more lines are dropped unseen: while one is, those right behind it are not worth asking the time for.
  void drop(std::uint64_t lines) { dropped_ += lines; }

  /// From now on what is written is remembered there too, null: no longer; of whose request it is.
  void also(last_lines* of) { also_ = of; }

  [[nodiscard]] const line_log_limits& limits() const { return limits_; }

 private:
  bool admit();
  void report_dropped();
  void put(int level, std::string_view plain);

  const clock_source& clock_;
  sink sink_;
  line_log_limits limits_;
  last_lines* also_ = nullptr;
  duration interval_;  ///< one line's share of the time
  time_point full_{};  ///< when the bucket will be (or was) full again
  time_point next_report_{};
  std::uint64_t dropped_ = 0;
};

/// Turns what one instance writes to its standard output (1) and error (2), in pieces of any size, into lines.
/// Holds at most one line of each. Output becomes level info, errors warn.
class output_lines {
 public:
  /// Other descriptors are ignored. Lines that are complete go to `log`.
  void write(line_log& log, int fd, std::string_view bytes);
  /// Sends lines that lack their break: when a request is over, so that they do not become part of the next one's.
  void finish(line_log& log);

 private:
  struct unfinished {
    std::string text;
    std::uint64_t cut = 0;
  };
  std::array<unfinished, 2> pending_;
};

}  // namespace waggle
