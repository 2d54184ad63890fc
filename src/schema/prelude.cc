#include "schema/prelude.h"

#include "schema/language/parser.h"

namespace waggle::graphql {
namespace {

constexpr std::string_view built_in_text = R"sdl(
scalar Int
scalar Float
scalar String
scalar Boolean
scalar ID

directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @deprecated(reason: String! = "No longer supported")
  on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
directive @specifiedBy(url: String!) on SCALAR
directive @oneOf on INPUT_OBJECT

scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
)sdl";

constexpr std::string_view okra_text = R"sdl(
directive @okra(namespace: String, version: String) on SCHEMA

scalar Date
scalar Time
scalar DateTime
scalar Duration
scalar UUID
scalar URL
scalar BigInt
scalar Decimal
scalar Bytes
scalar Currency
scalar Long
scalar Void
)sdl";

document parse_own(std::string_view text) {
  findings found(text, "prelude.graphql");
  return parse(text, {}, found);
}

}  // namespace

const document& built_ins() {
  static const document parsed = parse_own(built_in_text);
  return parsed;
}

const document& prelude() {
  static const document parsed = parse_own(prelude_text());
  return parsed;
}

const document& okra_prelude() {
  static const document parsed = parse_own(okra_text);
  return parsed;
}

}  // namespace waggle::graphql
