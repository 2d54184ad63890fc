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

// prelude.graphql, byte for byte (a test compares them).
constexpr std::string_view prelude_file =
    R"sdl(# The directives of a waggle service contract. Implied in every contract: a file need not repeat them; where it defines one itself, the definition must be the same up to descriptions.
# Every type here begins with Waggle; a contract may not define such a name.

"Makes a schema a service. `name`: Name(.Name)*, the last part beginning with a capital; it is the service's address."
directive @service(name: String!, version: String, singleton: Boolean! = false, pool: WagglePool, memoryMb: Int, timeoutMs: Int) on SCHEMA

"Services that this one calls, host services included. Needs the operator's grant as well."
directive @uses(services: [String!]!) on SCHEMA

"The longest a call of this method may take, queueing excluded. Over it the guest is unwound and its instance discarded."
directive @timeout(ms: Int!) on FIELD_DEFINITION

"Doing it twice with the same input and Idempotency-Key is doing it once."
directive @idempotent on FIELD_DEFINITION

"Callable by services and schedules, not from outside."
directive @internal on FIELD_DEFINITION

"Called by the node without arguments: exactly one of `cron` (five fields, time zone `tz`) and `everyMs`."
directive @schedule(cron: String, tz: String = "UTC", everyMs: Int, jitterMs: Int = 0, missed: WaggleMissed! = SKIP) on FIELD_DEFINITION

"The payload is the value of this method's only argument itself, not an object of arguments."
directive @bare on FIELD_DEFINITION

"Who may call: a caller whose verified token has one of the scopes; no scopes: any verified caller."
directive @auth(scopes: [String!]) on SCHEMA | FIELD_DEFINITION

"Never written to logs, recordings or error messages."
directive @sensitive on ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | FIELD_DEFINITION

"""
JSON Schema's meaning: bounds inclusive, lengths in code points, `pattern` searched for (RE2's syntax), `minItems`/`maxItems` for the list itself and the rest for its items.
null is never checked; a default that breaks its own constraint, or one that does not fit the type, is an error of the contract.
"""
directive @constraint(min: Float, max: Float, exclusiveMin: Float, exclusiveMax: Float, multipleOf: Float, minLength: Int, maxLength: Int, pattern: String, minItems: Int, maxItems: Int, uniqueItems: Boolean) on ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | SCALAR

input WagglePool {
  "kept warm"
  min: Int! = 0
  "at work at the same time in this node, over all its cores; 1 for a singleton"
  max: Int! = 8
  "requests that may wait"
  queue: Int! = 1000
  "an instance idle this long goes, down to min; 0: never"
  idleMs: Int! = 60000
  "an instance is replaced after this many requests; 0: never"
  maxRequests: Int! = 0
  isolation: WaggleIsolation! = REUSE
}

enum WaggleIsolation {
  "an instance serves many requests"
  REUSE
  "a new instance for each request"
  FRESH
}

enum WaggleMissed {
  SKIP
  "once, however many were missed"
  ONCE
}
)sdl";

document parse_own(std::string_view text) {
  findings found(text, "prelude.graphql");
  return parse(text, {}, found);
}

}  // namespace

std::string_view prelude_text() { return prelude_file; }

const document& built_ins() {
  static const document parsed = parse_own(built_in_text);
  return parsed;
}

const document& prelude() {
  static const document parsed = parse_own(prelude_file);
  return parsed;
}

const document& okra_prelude() {
  static const document parsed = parse_own(okra_text);
  return parsed;
}

}  // namespace waggle::graphql
