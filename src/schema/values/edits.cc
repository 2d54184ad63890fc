#include "schema/values/edits.h"

#include <algorithm>

namespace waggle::graphql {

std::string edits::apply(std::string_view source, std::size_t from, std::size_t capacity) const {
  std::string out;
  out.reserve(capacity);
  std::size_t copied = 0;
  for (auto e = std::ranges::lower_bound(list_, from, {}, &edit::at); e != list_.end(); ++e) {
    out += source.substr(copied, e->at - from - copied);
    out += std::string_view(pool_).substr(e->text, e->size);
    copied = e->at - from + e->removed;
  }
  out += source.substr(copied);
  return out;
}

}  // namespace waggle::graphql
