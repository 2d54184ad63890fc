#include "schema/values/unique_items.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "schema/values/json_cursor.h"

namespace waggle::graphql {
namespace {

/// Reads values and writes each so that equal ones have equal texts.
class canon {
 public:
  explicit canon(const std::string& json) : at_(json.c_str()) {}

  std::vector<std::string> items() {
    std::vector<std::string> all;
    for_each_part(']', [&] { all.push_back(value()); });
    return all;
  }

 private:
  template <class Part>
  void for_each_part(char close, Part part) {
    at_ = skip_space(skip_space(at_) + 1);
    while (*at_ != close) {
      part();
      at_ = skip_space(at_);
      if (*at_ == ',') at_ = skip_space(at_ + 1);
    }
    ++at_;
  }

  std::string value() {
    switch (*at_) {
      case '"': return string();
      case '[': {
        std::string out = "[";
        for_each_part(']', [&] { out += value() + ','; });
        return out + ']';
      }
      case '{': return object();
      case 't':
      case 'f':
      case 'n': {
        const char word = *at_;
        at_ += word == 'f' ? 5 : 4;
        return {word};
      }
      default: return number();
    }
  }

  /// The length before the text: nothing in it can look like what follows it.
  std::string string() {
    const char* from = ++at_;
    for (at_ = find_special(at_, true); *at_ != '"'; at_ = find_special(skip_escape(at_), true)) {
    }
    std::string meant;
    append_unescaped(meant, {from, static_cast<std::size_t>(at_ - from)});
    ++at_;
    return fmt::format("{}\"{}", meant.size(), meant);
  }

  std::string object() {
    std::vector<std::pair<std::string, std::string>> members;
    for_each_part('}', [&] {
      std::string name = string();
      at_ = skip_space(skip_space(at_) + 1);
      std::string given = value();
      members.emplace_back(std::move(name), std::move(given));
    });
    std::ranges::sort(members);
    std::string out = "{";
    for (const auto& [name, given] : members) out += name + ':' + given + ',';
    return out + '}';
  }

  /// The digits without zeros at either end, and the exponent that goes with them.
  std::string number() {
    const char* end = skip_number(at_);
    const bool negative = *at_ == '-';
    std::string digits;
    std::int64_t exponent = 0;
    bool fraction = false;
    for (; at_ < end && *at_ != 'e' && *at_ != 'E'; ++at_) {
      if (*at_ == '.') fraction = true;
      if (!is_digit(*at_)) continue;
      digits += *at_;
      if (fraction) --exponent;
    }
    if (at_ < end) {
      constexpr std::int64_t beyond_all = std::int64_t{1} << 60;
      const char* first = at_[1] == '+' ? at_ + 2 : at_ + 1;
      std::int64_t written = 0;
      if (std::from_chars(first, end, written).ec != std::errc()) written = *first == '-' ? -beyond_all : beyond_all;
      exponent += std::clamp(written, -beyond_all, beyond_all);
    }
    at_ = end;
    digits.erase(0, digits.find_first_not_of('0'));
    if (digits.empty()) return "0";
    const std::size_t last = digits.find_last_not_of('0');
    exponent += static_cast<std::int64_t>(digits.size() - last - 1);
    digits.resize(last + 1);
    return fmt::format("{}{}e{}", negative ? "-" : "", digits, exponent);
  }

  const char* at_;
};

}  // namespace

bool items_differ(std::string_view array) {
  std::string text;
  text.reserve(array.size() + text_padding);
  text = array;
  std::vector<std::string> items = canon(text).items();
  std::ranges::sort(items);
  return std::ranges::adjacent_find(items) == items.end();
}

}  // namespace waggle::graphql
