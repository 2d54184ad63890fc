// Any bytes as a schema: what parses without errors is printed, its print parses without errors, and prints the same again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "schema/language/parser.h"
#include "schema/language/print_document.h"

namespace {

std::optional<std::string> printed(std::string_view text) {
  waggle::graphql::source_limits limits;
  limits.bytes *= 4;  // indentation may double a text that is as long as it may be
  waggle::graphql::findings found(text, "fuzz.graphql");
  const waggle::graphql::document doc = waggle::graphql::parse(text, limits, found);
  if (found.has_errors()) return std::nullopt;
  return print_document(doc);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto once = printed({reinterpret_cast<const char*>(data), size});
  if (once && printed(*once) != once) std::abort();
  return 0;
}
