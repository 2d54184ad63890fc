#pragma once
#include <cstddef>

#include "schema/language/executable.h"
#include "schema/language/findings.h"

namespace waggle::graphql {

/// How much one operation may ask for. Each number counts what is there when every spread is replaced by its fragment: that
/// is what execution costs. Introspection as GraphiQL asks for it stays below all of them.
struct request_limits {
  std::size_t tokens = 10'000;  ///< of the document, seen by the lexer (`source_limits_of`)
  std::size_t depth = 20;       ///< fields inside each other
  std::size_t aliases = 100;
  std::size_t root_fields = 50;
  std::size_t directives = 100;  ///< those on the operation and its variables too
  std::size_t cost = 10'000;     ///< fields
};

/// The limits with which a document of an untrusted client is parsed.
[[nodiscard]] source_limits source_limits_of(const request_limits& limits);

/// Reports every operation that is over a limit; each message names it. Takes time in proportion to the document, whatever its
/// fragments do, and may be asked before `validate`: a fragment that spreads itself counts nothing there. Pure.
void check_request_limits(const executable_document& doc, const request_limits& limits, findings& found);

}  // namespace waggle::graphql
