#include "schema/language/places.h"

#include <algorithm>

namespace waggle::graphql {

place_walk::place_walk(std::string_view text) : text_(text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) next_ = byte_order_mark.size();
}

text_place place_walk::at(std::size_t offset) {
  for (const std::size_t end = std::min(offset, text_.size()); next_ < end; ++next_) {
    const char c = text_[next_];
    const bool pair = c == '\r' && next_ + 1 < text_.size() && text_[next_ + 1] == '\n';
    if (c == '\n' || (c == '\r' && !pair)) {
      place_ = {place_.line + 1, 1};
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++place_.column;
    }
  }
  return place_;
}

}  // namespace waggle::graphql
