#include "schema/values/typename_index.h"

#include <algorithm>
#include <string_view>

#include "schema/values/json_cursor.h"

namespace waggle::graphql {
namespace {

bool is_typename(std::string_view inside) {
  constexpr std::string_view name = "__typename";
  constexpr std::size_t longest = 6 * name.size();  // each character as \uXXXX
  if (inside.size() < name.size() || inside.size() > longest) return false;
  if (inside.find('\\') == std::string_view::npos) return inside == name;
  for (std::size_t at = 0; at < inside.size(); ++at) {
    if (inside[at] != '\\') continue;
    const char* after = skip_escape(inside.data() + at);
    if (after == nullptr) return false;
    at = static_cast<std::size_t>(after - inside.data()) - 1;
  }
  std::string meant;
  append_unescaped(meant, inside);
  return meant == name;
}

}  // namespace

typename_index::typename_index(const char* begin, const char* end) {
  std::vector<const char*> open;
  for (const char* p = begin; p < end; ++p) {
    if (*p == '{' || *p == '[') {
      open.push_back(p);
    } else if (*p == '}' || *p == ']') {
      if (open.empty()) break;
      open.pop_back();
    } else if (*p == '"') {
      const char* start = ++p;
      while (p < end && *p != '"') p += *p == '\\' ? 2 : 1;
      if (p >= end) break;
      if (!is_typename({start, static_cast<std::size_t>(p - start)})) continue;
      const char* colon = skip_space(p + 1);
      if (*colon == ':' && !open.empty() && *open.back() == '{')
        found_.emplace_back(open.back(), skip_space(colon + 1));
    }
  }
  std::ranges::stable_sort(found_, {}, &std::pair<const char*, const char*>::first);
}

const char* typename_index::value_of(const char* object) const {
  const auto it = std::ranges::lower_bound(found_, object, {}, &std::pair<const char*, const char*>::first);
  return it != found_.end() && it->first == object ? it->second : nullptr;
}

}  // namespace waggle::graphql
