// Reads pairs of schemas, a JSON array of two strings a line, and prints for each a line of JSON: the changes from the first
// to the second, `[["breaking","field-removed","User.name"],…]`, or `{"refused":"…"}` where one of them is no contract.
#include <iostream>

#include <fmt/format.h>
#include <simdjson.h>

#include "schema/compare/compare.h"

namespace {

using namespace waggle;

std::string answer(std::string_view before, std::string_view after) {
  std::optional<contract> sides[2];
  std::size_t i = 0;
  for (const std::string_view text : {before, after}) {
    compiled_contract compiled = compile_contract(text, "f");
    if (!compiled.value) return fmt::format(R"({{"refused":{}}})", json_quote(to_string(compiled.findings.front())));
    sides[i++] = std::move(compiled.value);
  }
  std::string out = "[";
  for (const contract_change& c : compare(*sides[0], *sides[1])) {
    const change_kind_row& row = row_of(c.kind);
    out +=
        fmt::format(R"({}["{}","{}",{}])", out.size() > 1 ? "," : "", to_string(row.level), row.id, json_quote(c.path));
  }
  return out + "]";
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  simdjson::dom::parser parser;
  std::string line;
  while (std::getline(std::cin, line)) {
    const simdjson::dom::array pair = parser.parse(line);
    std::cout << answer(pair.at(0), pair.at(1)) << '\n';
  }
}
