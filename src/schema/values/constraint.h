#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "schema/language/ast.h"
#include "schema/language/findings.h"

namespace re2 {
class RE2;
}

namespace waggle::graphql {

/// `@constraint` (prelude.graphql), compiled. Numbers are decimal texts as they are written.
struct constraint {
  std::optional<std::string> min, max, exclusive_min, exclusive_max, multiple_of;
  std::optional<std::uint32_t> min_length, max_length;  ///< in code points
  std::optional<std::uint32_t> min_items, max_items;
  bool unique_items = false;                ///< compared by who has the items; nothing here looks at it
  std::shared_ptr<const re2::RE2> pattern;  ///< searched for; safe to use from many threads
};

/// What the keywords may apply to, as flags: `[Int!]` has `numbers | items`, a scalar of any form `numbers | texts`.
/// BigInt and Decimal are numbers too, although they are strings in JSON.
enum class applies_to : std::uint8_t { nothing = 0, numbers = 1, texts = 2, items = 4 };
[[nodiscard]] constexpr applies_to operator|(applies_to a, applies_to b) {
  return static_cast<applies_to>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr bool has(applies_to set, applies_to one) {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

/// The patterns of one contract: equal ones are compiled once, and all together are bounded.
class pattern_set {
 public:
  /// Null, and why in `problem`, where RE2 does not take it or the contract's patterns are too many or too large.
  [[nodiscard]] std::shared_ptr<const re2::RE2> compile(std::string_view text, std::string& problem);

 private:
  std::map<std::string, std::shared_ptr<const re2::RE2>, std::less<>> known_;
  std::size_t instructions_ = 0;
};

/// Reads an applied `@constraint`. Reports a pattern that is none, negative lengths, bounds that leave nothing,
/// `multipleOf` not above 0, keywords that cannot apply to `what`. Nothing where there was something to report, or an
/// argument of the wrong type (which `check_directives` reports).
[[nodiscard]] std::optional<constraint> read_constraint(const directive& d, applies_to what, pattern_set& patterns,
                                                        findings& found);

/// Does the number, in JSON or Decimal form, keep to all bounds and `multiple_of`?
[[nodiscard]] bool number_fits(const constraint& c, std::string_view number);
/// Does the string, escapes decoded, well-formed UTF-8, keep to the lengths and the pattern?
[[nodiscard]] bool text_fits(const constraint& c, std::string_view decoded);
/// Are so many items allowed?
[[nodiscard]] bool items_fit(const constraint& c, std::size_t count);

/// The first keyword that is broken, as in "must be at least 1"; nothing where the function above says yes.
[[nodiscard]] std::optional<std::string> check_number(const constraint& c, std::string_view number);
[[nodiscard]] std::optional<std::string> check_text(const constraint& c, std::string_view decoded);
[[nodiscard]] std::optional<std::string> check_items(const constraint& c, std::size_t count);

}  // namespace waggle::graphql
