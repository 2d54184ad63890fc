#include "schema/secrets.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "schema/language/text.h"

namespace waggle {
namespace {

constexpr std::string_view mark = "[redacted]";
constexpr std::string_view not_kept = "[not kept: it may hold what is @sensitive]";
/// Bytes of secrets to compare with one text: more are only made by who wants to make us work.
constexpr std::size_t most_work = std::size_t{256} << 10;

std::size_t head_of(const char* p) {
  std::uint32_t v = 0;
  std::memcpy(&v, p, sizeof v);
  return (v * 0x9E3779B1U) >> 20;
}

/// Where a text was cut (schema/redact.h, call/guest_error.h, wasm/line_log.h).
bool is_cut(std::string_view rest) { return rest.starts_with("…") || rest.starts_with(" (cut: "); }

/// A text without its escapes, and where each of its bytes stood.
struct plain_text {
  std::string text;
  std::vector<std::size_t> from;  // one more than bytes
};

std::optional<std::uint32_t> hex(std::string_view text, std::size_t digits) {
  std::uint32_t v = 0;
  if (digits == 0 || text.size() < digits) return std::nullopt;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + digits, v, 16);
  if (bad != std::errc{} || end != text.data() + digits) return std::nullopt;
  return v;
}

/// Reads the escape that `rest` begins with, of JSON or of the log; its length, 0 where it is none.
std::size_t unescape(std::string& out, std::string_view rest) {
  if (rest.size() < 2) return 0;
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
  if (const auto at = letters.find(rest[1]); at != std::string_view::npos) {
    out += meant[at];
    return 2;
  }
  if (rest[1] == 'x') {
    const auto v = hex(rest.substr(2), 2);
    if (v) out += static_cast<char>(*v);
    return v ? 4 : 0;
  }
  if (rest.starts_with("\\u{")) {
    const std::size_t end = rest.substr(0, 10).find('}');
    const auto v = end == std::string_view::npos ? std::nullopt : hex(rest.substr(3), end - 3);
    if (v) graphql::append_utf8(out, *v);
    return v ? end + 1 : 0;
  }
  if (rest[1] != 'u') return 0;
  const auto v = hex(rest.substr(2), 4);
  if (!v) return 0;
  if (*v >= 0xD800 && *v < 0xDC00 && rest.substr(6).starts_with("\\u"))
    if (const auto low = hex(rest.substr(8), 4); low && *low >= 0xDC00 && *low < 0xE000) {
      graphql::append_utf8(out, 0x10000 + ((*v - 0xD800) << 10) + (*low - 0xDC00));
      return 12;
    }
  graphql::append_utf8(out, *v);
  return 6;
}

plain_text without_escapes(std::string_view text) {
  plain_text out;
  out.text.reserve(text.size());
  out.from.reserve(text.size() + 1);
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = text[i] == '\\' ? unescape(out.text, text.substr(i)) : 0;
    if (length == 0) {
      out.text += text[i];
      length = 1;
    }
    out.from.resize(out.text.size(), i);
    i += length;
  }
  out.from.push_back(text.size());
  return out;
}

}  // namespace

/// Through one text.
class secrets::search {
 public:
  search(const secrets& all, std::size_t size) : all_(all), hidden_(size) {}

  /// False where it would take too long. `from`: where the bytes stand; null: where they are.
  bool run(std::string_view text, const std::vector<std::size_t>* from) {
    for (std::size_t i = 0; i + shortest <= text.size(); ++i) {
      if (!all_.heads_[head_of(text.data() + i)]) continue;
      const std::size_t length = longest_at(text.substr(i));
      if (work_ > most_work) return false;
      const auto place = [&](std::size_t at) { return from == nullptr ? at : (*from)[at]; };
      if (length > 0)
        std::fill(hidden_.begin() + static_cast<std::ptrdiff_t>(place(i)),
                  hidden_.begin() + static_cast<std::ptrdiff_t>(place(i + length)), true);
    }
    return true;
  }
  [[nodiscard]] std::string without(std::string text) const {
    if (std::ranges::find(hidden_, true) == hidden_.end()) return text;
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i)
      if (!hidden_[i])
        out += text[i];
      else if (i == 0 || !hidden_[i - 1])
        out += mark;
    return out;
  }

 private:
  std::size_t longest_at(std::string_view text) {
    std::size_t longest = 0;
    const std::string_view head = text.substr(0, shortest);
    for (auto at = all_.lines_.lower_bound(head); at != all_.lines_.end() && at->starts_with(head); ++at) {
      const std::size_t same = static_cast<std::size_t>(std::ranges::mismatch(*at, text).in1 - at->begin());
      work_ += same;
      if (same == at->size() || is_cut(text.substr(same))) longest = std::max(longest, same);
    }
    return longest;
  }

  const secrets& all_;
  std::vector<bool> hidden_;
  std::size_t work_ = 0;
};

void secrets::add(std::string_view value) {
  add_line(value);
  while (!value.empty()) {
    const std::size_t end = std::min(value.find_first_of("\r\n"), value.size());
    add_line(value.substr(0, end));
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

void secrets::add(const secrets& others) {
  for (const std::string& line : others.lines_) add_line(line);
  complete_ = complete_ && others.complete_;
}

void secrets::add_line(std::string_view line) {
  if (line.size() < shortest || lines_.contains(line)) return;
  if (lines_.size() == most_lines || line.size() > most_bytes - bytes_) return lose();
  lines_.emplace(line);
  heads_.set(head_of(line.data()));
  bytes_ += line.size();
}

std::string secrets::taken_from(std::string text) const {
  if (text.empty() || (complete_ && lines_.empty())) return text;
  if (!complete_) return std::string(not_kept);
  search found(*this, text.size());
  if (!found.run(text, nullptr)) return std::string(not_kept);
  if (text.find('\\') != std::string::npos) {
    const plain_text plain = without_escapes(text);
    if (!found.run(plain.text, &plain.from)) return std::string(not_kept);
  }
  return found.without(std::move(text));
}

}  // namespace waggle
