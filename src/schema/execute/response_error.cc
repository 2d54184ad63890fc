#include "schema/execute/response_error.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "schema/language/places.h"

namespace waggle::graphql {
namespace {

/// Lines and columns of all locations, in one walk over the text.
class locations {
 public:
  locations(std::span<const response_error> errors, std::string_view text) {
    std::vector<std::size_t> offsets;
    for (const response_error& e : errors) offsets.insert(offsets.end(), e.offsets.begin(), e.offsets.end());
    std::ranges::sort(offsets);
    place_walk walk(text);
    for (const std::size_t offset : offsets)
      if (!places_.contains(offset)) places_[offset] = walk.at(offset);
  }
  [[nodiscard]] text_place at(std::size_t offset) const { return places_.at(offset); }

 private:
  std::unordered_map<std::size_t, text_place> places_;
};

void append_extensions(std::string& out, const error& e, bool with_debug) {
  out += fmt::format(R"(,"extensions":{{"code":"{}","fault":"{}")", to_string(e.code), to_string(e.whose));
  if (!e.details.empty()) out += ",\"details\":" + e.details;
  // {"count":…,"violations":[…]}: its members become these extensions.
  if (const std::string violations = violations_json(e); !violations.empty())
    out += fmt::format(",{}", std::string_view(violations).substr(1, violations.size() - 2));
  if (e.retry_after) out += fmt::format(",\"retryAfterMs\":{}", e.retry_after->count());
  if (with_debug && !e.debug.empty()) out += ",\"debug\":" + json_quote(e.debug);
  out += '}';
}

}  // namespace

std::string errors_json(std::span<const response_error> errors, std::string_view text, bool with_debug) {
  const locations places(errors, text);
  std::string out = "[";
  for (const response_error& e : errors) {
    if (out.size() > 1) out += ',';
    out += "{\"message\":" + json_quote(e.why.message);
    for (const std::size_t& offset : e.offsets) {
      const text_place at = places.at(offset);
      out += &offset == &e.offsets.front() ? ",\"locations\":[" : ",";
      out += fmt::format(R"({{"line":{},"column":{}}})", at.line, at.column);
    }
    if (!e.offsets.empty()) out += ']';
    if (!e.path.empty()) out += ",\"path\":" + e.path;
    append_extensions(out, e.why, with_debug);
    out += '}';
  }
  return out + "]";
}

std::string error_response(std::span<const response_error> errors, std::string_view text, bool with_debug) {
  return "{\"errors\":" + errors_json(errors, text, with_debug) + "}";
}

}  // namespace waggle::graphql
