// Any bytes as a request's document: nothing may crash, hang or read outside; what is accepted has operations or fragments,
// no deeper than the limit, and every name stands where it says.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "schema/language/executable.h"

namespace {

using namespace waggle::graphql;

constexpr std::size_t depth_limit = 20;

void check(std::string_view text, const name& n, std::string_view before = {}) {
  if (n.text.empty()) return;
  if (n.offset > text.size() || !text.substr(n.offset).starts_with(before.empty() ? n.text : before)) std::abort();
}

void check(std::string_view text, const std::vector<selection>& selections, std::size_t depth) {
  if (selections.empty() || depth > depth_limit) std::abort();
  for (const selection& s : selections) {
    check(text, s.id);
    check(text, s.alias);
    for (const directive& d : s.directives) check(text, d.id, "@");
    for (const argument& a : s.arguments) check(text, a.id);
    if (s.kind == selection_kind::inline_fragment || !s.selections.empty()) check(text, s.selections, depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  source_limits limits;
  limits.depth = depth_limit;
  findings found(text, "fuzz");
  const executable_document doc = parse_executable(text, limits, found);
  const bool accepted = !found.has_errors();
  if (accepted != found.take().empty()) std::abort();
  if (!accepted) return 0;
  if (doc.operations.empty() && doc.fragments.empty()) std::abort();
  for (const operation_definition& o : doc.operations) {
    check(text, o.id);
    for (const variable_definition& v : o.variables) check(text, v.id, "$");
    check(text, o.selections, 1);
  }
  for (const fragment_definition& f : doc.fragments) {
    check(text, f.id);
    check(text, f.on);
    check(text, f.selections, 1);
  }
  return 0;
}
