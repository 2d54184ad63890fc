#include "gateway/any_json.h"

#include <fmt/format.h>

namespace waggle {

const method& any_json() {
  static const method any = [] {
    method m;
    m.name = "JSON";
    return m;
  }();
  return any;
}

std::string where_not_json(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return ": it is empty";
  std::string copy(text);
  const auto fine = check_payload(any_json(), copy, any_size);
  if (fine || fine.error().violations.empty()) return {};
  const violation& first = fine.error().violations.front();
  return fmt::format(": at byte {}: {}", first.offset, first.message);
}

}  // namespace waggle
