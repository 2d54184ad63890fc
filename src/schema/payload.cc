#include <algorithm>
#include <array>
#include <bit>

#include <fmt/format.h>
#include <simdjson.h>

#include "schema/contract.h"
#include "schema/json_quick.h"
#include "schema/json_scan.h"

namespace waggle {
namespace {

/// Who gave the JSON, and with it whose fault it is.
struct giver {
  std::string_view subject;
  fault whose;
  error_code unfit;     ///< not JSON, or of the wrong kind
  error_code too_much;  ///< over a limit
};
constexpr giver caller{"the payload", fault::caller, error_code::invalid_argument, error_code::resource_exhausted};
constexpr giver guest{"the answer", fault::guest, error_code::internal, error_code::internal};

struct kind_name {
  json_kind kind;
  std::string_view text;
};
constexpr std::array<kind_name, 6> kind_names = {{{json_object, "an object"},
                                                  {json_array, "an array"},
                                                  {json_string, "a string"},
                                                  {json_number, "a number"},
                                                  {json_boolean, "a boolean"},
                                                  {json_null, "null"}}};

std::string describe(std::uint8_t kinds) {
  std::string out;
  for (const kind_name& k : kind_names)
    if ((kinds & k.kind) != 0) out += fmt::format("{}{}", out.empty() ? "" : " or ", k.text);
  return out;
}

/// The kind of a well-formed value, by its first character.
json_kind kind_of(char first) {
  switch (first) {
    case '{': return json_object;
    case '[': return json_array;
    case '"': return json_string;
    case 't':
    case 'f': return json_boolean;
    case 'n': return json_null;
    default: return json_number;
  }
}

std::unexpected<error> refuse(const giver& g, error_code code, std::size_t offset, std::string what,
                              std::string message) {
  error e;
  e.code = code;
  e.whose = g.whose;
  e.message = std::move(message);
  e.violations.push_back({"", offset, std::move(what), ""});
  e.violation_count = 1;
  return std::unexpected(std::move(e));
}

/// Does simdjson take it? The string has its padding. False also where it is JSON that simdjson cannot hold.
bool parse_fast(std::string& json, std::size_t depth) {
  // A parser keeps its buffers, about 14 times the longest document: none for longer ones than this.
  constexpr std::size_t longest_kept = std::size_t{1} << 20;
  constexpr std::size_t least_capacity = std::size_t{1} << 14;
  thread_local simdjson::dom::parser parser;
  const std::size_t levels = depth + 1;  // simdjson counts the document itself
  if (parser.capacity() < json.size() || parser.max_depth() != levels) [[unlikely]]
    if (parser.allocate(std::bit_ceil(std::max(json.size(), least_capacity)), levels) != simdjson::SUCCESS)
      return false;
  const bool good = parser.parse(json.data(), json.size(), false).error() == simdjson::SUCCESS;
  if (json.size() > longest_kept) parser = simdjson::dom::parser();
  return good;
}

/// Longer texts are for the parser's wide instructions.
constexpr std::size_t longest_quick = 512;

result<void> check(const giver& g, std::string_view method_name, std::uint8_t kinds, std::string& json,
                   std::size_t most_bytes, std::size_t depth) {
  constexpr std::size_t deepest = 10'000;
  depth = std::min(depth, deepest);
  if (json.size() > most_bytes)
    return refuse(
        g, g.too_much, most_bytes, fmt::format("{} bytes; at most {}", json.size(), most_bytes),
        fmt::format("{} of {} has {} bytes; the limit is {}", g.subject, method_name, json.size(), most_bytes));
  json.reserve(json.size() + simdjson::SIMDJSON_PADDING);
  const bool quick = json.size() <= longest_quick && is_plain_json(json, depth);
  if (!quick && !parse_fast(json, depth)) [[unlikely]] {
    if (auto problem = find_json_problem(json, depth)) {
      const bool deep = problem->what == json_problem::sort::depth;
      const std::string_view is = deep                                        ? "is too deep"
                                  : problem->what == json_problem::sort::utf8 ? "is not UTF-8"
                                                                              : "is not JSON";
      std::string message =
          fmt::format("{} of {} {}: {}, at byte {}", g.subject, method_name, is, problem->message, problem->offset);
      return refuse(g, deep ? g.too_much : g.unfit, problem->offset, std::move(problem->message), std::move(message));
    }
  }
  std::size_t start = 0;
  while (json[start] == ' ' || json[start] == '\t' || json[start] == '\n' || json[start] == '\r') ++start;
  const json_kind found = kind_of(json[start]);
  if ((kinds & found) != 0) [[likely]]
    return {};
  std::string what = fmt::format("expected {}, got {}", describe(kinds), describe(found));
  std::string message = fmt::format("{} of {} does not fit the contract: {}", g.subject, method_name, what);
  return refuse(g, g.unfit, start, std::move(what), std::move(message));
}

}  // namespace

result<void> check_payload(const method& m, std::string& json, const payload_limits& limits) {
  return check(caller, m.name, m.payload, json, limits.input_bytes, limits.depth);
}

result<void> check_answer(const method& m, std::string& json, const payload_limits& limits) {
  return check(guest, m.name, m.answer, json, limits.output_bytes, limits.depth);
}

}  // namespace waggle
