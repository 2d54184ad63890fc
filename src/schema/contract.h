#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/limits.h"

namespace waggle {
namespace graphql {
struct parsed_schema;
struct type_tables;
}  // namespace graphql

/// A finding in a file, printed like a compiler's: `FILE:LINE:COL: error: …`.
struct diagnostic {
  enum class severity : std::uint8_t { error, warning, note };
  std::string file;
  std::size_t line = 0;    ///< from 1; 0: the file as a whole
  std::size_t column = 0;  ///< from 1, in code points
  severity level = severity::error;
  std::string message;
};
[[nodiscard]] std::string to_string(const diagnostic& d);

enum class operation : std::uint8_t { query, mutation, subscription };

/// What a payload or an answer must be: a type in the contract's tables (schema/values/value_types.h).
struct value_place {
  std::uint32_t type = 0;
  bool sensitive = false;  ///< not to be quoted, as a whole
};

/// `@schedule`: the node calls the method by itself. Exactly one of `cron` and `every` is given.
struct schedule_settings {
  std::string cron;  ///< five fields, valid (schema/cron.h)
  std::string time_zone = "UTC";
  std::chrono::milliseconds every{0};
  std::chrono::milliseconds jitter{0};
  bool once_when_missed = false;  ///< else runs that were missed are skipped
};

/// What an operator may call of a service, and how.
struct method {
  std::string name;
  operation kind = operation::query;
  bool bare = false;      ///< the payload is the only argument's value itself
  bool internal = false;  ///< not from outside
  bool idempotent = false;
  /// @auth, the method's own or else the service's: from outside only verified callers, and where there are scopes, in order, only
  /// those who have one of them. Nothing: everybody.
  std::optional<std::vector<std::string>> auth;
  std::optional<std::chrono::milliseconds> timeout;   ///< @timeout
  std::optional<schedule_settings> schedule;          ///< @schedule
  std::shared_ptr<const graphql::type_tables> types;  ///< null: any JSON passes
  value_place payload;
  value_place answer;
  std::string description;
  std::string example = "{}";  ///< a payload that fits: JSON without what may be left out
  std::uint32_t number = 0;    ///< among the methods of its contract, by name
  std::string signature;       ///< `greet(name: String!): Greeting!`
};

struct pool_settings {
  std::uint32_t min = 0;
  std::uint32_t max = 8;
  std::uint32_t queue = 1000;
  std::chrono::milliseconds idle{60'000};  ///< zero: never
  std::uint32_t max_requests = 0;          ///< zero: never replaced
  bool fresh = false;                      ///< a new instance for each request
};

struct descriptions;  // schema/describe/describe.h

/// A service's description, compiled. Immutable; may be read from any thread.
struct contract {
  std::string name;  ///< fully qualified; empty where the schema has no @service
  std::string version;
  std::string description;
  bool singleton = false;
  pool_settings pool;
  std::optional<std::uint32_t> memory_mb;
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<std::vector<std::string>> auth;  ///< @auth, of methods that have none of their own
  std::vector<std::string> uses;                 ///< @uses: fully qualified names, in order, none twice
  std::map<std::string, method, std::less<>> methods;
  std::string sdl;  ///< the text it was compiled from
  /// The same as a syntax tree, in the standard form (schema/schema.h). Null in a contract that no text was compiled to.
  std::shared_ptr<const graphql::parsed_schema> parsed;
  /// The same for other programs, made by who serves it; null elsewhere.
  std::shared_ptr<const descriptions> described;

  /// The method of that name or null.
  [[nodiscard]] const method* find(std::string_view name_of_method) const;
};

/// A contract where there is no error, and everything that was found, in the order of the text.
struct compiled_contract {
  std::optional<contract> value;
  std::vector<diagnostic> findings;
};

/// Compiles a schema: GraphQL's type-system language of September 2025 with waggle's directives
/// (src/schema/prelude.graphql), or okra's `service` blocks. `file` is only for the findings. Any bytes are safe to give.
[[nodiscard]] compiled_contract compile_contract(std::string_view sdl, std::string_view file);

/// Does `json` fit the method's arguments by input coercion (§3.5–§3.12 of the GraphQL specification)? Then it is what the
/// guest is to get: canonical where something was coerced (`1.0` to `1`, a single value to a list, defaults filled in, ID
/// numbers to strings), byte for byte as it was where nothing was. Otherwise `invalid_argument` with the first 50
/// violations, or `resource_exhausted` where a limit is exceeded: the caller's fault. The string's capacity may grow.
[[nodiscard]] result<void> check_payload(const method& m, std::string& json, const payload_limits& limits);

/// Is `json` a whole value of the method's return type? It is never changed. `internal`, the guest's fault.
[[nodiscard]] result<void> check_answer(const method& m, std::string& json, const payload_limits& limits);

}  // namespace waggle
