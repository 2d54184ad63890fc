#include "wasm/line_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "core/utf8.h"

namespace waggle {
namespace {

/// The longest character: lines are held this much over the limit, so that the cut never falls into one.
constexpr std::size_t longest_character = 4;
/// A guest's call is not interrupted while its text is looked at.
constexpr std::size_t max_text = std::size_t{64} << 10;

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

/// Appends as much of `text`, made harmless, as fits into `limit` bytes; how many bytes of `text` that were.
std::size_t escape(std::string& out, std::string_view text, std::size_t limit) {
  std::string piece;
  std::size_t used = 0;
  while (used < text.size()) {
    const std::string_view rest = text.substr(used);
    const auto [length, value] = first_utf8_character(rest);
    if (length == 0)
      piece = fmt::format("\\x{:02x}", static_cast<unsigned char>(rest[0]));
    else if (disturbs_a_line(value))
      piece = value < 0x80 ? fmt::format("\\x{:02x}", static_cast<unsigned>(value))
                           : fmt::format("\\u{{{:04x}}}", static_cast<unsigned>(value));
    else
      piece = rest.substr(0, length);
    if (out.size() + piece.size() > limit) break;
    out += piece;
    used += std::max<std::size_t>(length, 1);
  }
  return used;
}

std::string_view without_carriage_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// The last one may lack its break.
std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::ranges::count(text, '\n')) + (text.empty() || text.ends_with('\n') ? 0 : 1);
}

}  // namespace

line_log::line_log(const clock_source& clock, sink to, line_log_limits limits)
    : clock_(clock),
      sink_(std::move(to)),
      limits_(limits),
      interval_(duration(std::chrono::seconds(1)) / std::max<std::uint32_t>(limits.lines_per_second, 1)) {}

line_log::~line_log() {
  try {
    report_dropped();
  } catch (...) {  // a sink that fails loses the notice, nothing else
  }
}

bool line_log::admit() {
  const time_point now = clock_.now();
  const time_point empty_from = std::max(full_, now);
  if (empty_from - now > interval_ * (std::int64_t{limits_.burst} - 1)) {
    ++dropped_;
    return false;
  }
  full_ = empty_from + interval_;
  if (dropped_ != 0 && now >= next_report_) {  // not before each line of a long flood
    next_report_ = now + std::chrono::seconds(1);
    report_dropped();
  }
  return true;
}

void line_log::report_dropped() {
  if (dropped_ == 0) return;
  const std::string notice = fmt::format("{} {} dropped: {} more than {} lines a second", dropped_,
                                         dropped_ == 1 ? "line" : "lines", limits_.speaker, limits_.lines_per_second);
  dropped_ = 0;
  sink_(3, notice);
}

void line_log::put(int level, std::string_view plain) {
  sink_(level, plain);
  if (also_ != nullptr) also_->add(level, plain);
}

bool line_log::line(int level, std::string_view text, std::uint64_t cut) {
  if (!admit()) return false;
  level = std::clamp(level, 0, 4);
  if (cut == 0 && text.size() <= limits_.line_bytes && is_plain(text)) {
    put(level, text);
    return true;
  }
  std::string out;
  cut += text.size() - escape(out, text, limits_.line_bytes);
  if (cut != 0) fmt::format_to(std::back_inserter(out), " (cut: {} more bytes)", cut);
  put(level, out);
  return true;
}

void line_log::write(int level, std::string_view text) {
  const std::size_t left_out = text.size() - std::min(text.size(), max_text);
  text.remove_suffix(left_out);
  do {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const bool admitted = line(level, without_carriage_return(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!admitted) {
      drop(lines_in(text));
      break;
    }
  } while (!text.empty());
  if (left_out != 0) line(level, "", left_out);
}

void output_lines::write(line_log& log, int fd, std::string_view bytes) {
  if (fd != 1 && fd != 2) return;
  unfinished& held = pending_[static_cast<std::size_t>(fd - 1)];
  const int level = fd == 1 ? 2 : 3;
  const std::size_t limit = log.limits().line_bytes + longest_character;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (end != bytes.npos && held.text.empty()) {
      if (!log.line(level, without_carriage_return(part))) {
        const std::size_t last = bytes.rfind('\n');  // what follows it may become a line yet
        log.drop(lines_in(bytes.substr(end + 1, last - end)));
        bytes.remove_prefix(last + 1);
        continue;
      }
    } else {
      const std::size_t taken = std::min(part.size(), limit - held.text.size());
      held.text.append(part, 0, taken);
      held.cut += part.size() - taken;
      if (end != bytes.npos) {
        // Taken out first: a sink that throws must not make the next line longer.
        const unfinished whole = std::exchange(held, {});
        log.line(level, without_carriage_return(whole.text), whole.cut);
      }
    }
    if (end == bytes.npos) return;
    bytes.remove_prefix(end + 1);
  }
}

void output_lines::finish(line_log& log) {
  for (int fd = 1; fd <= 2; ++fd)
    if (!pending_[static_cast<std::size_t>(fd - 1)].text.empty()) write(log, fd, "\n");
}

}  // namespace waggle
