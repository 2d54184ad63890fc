#include <algorithm>

#include <fmt/format.h>

#include "schema/contract.h"
#include "schema/values/check_value.h"
#include "schema/values/explain.h"
#include "schema/values/json_scan.h"

namespace waggle {
namespace {

using graphql::fit;
using graphql::type_tables;

/// Who gave the JSON, and with it whose fault it is.
struct giver {
  std::string_view subject;
  fault whose;
  error_code unfit;     ///< not JSON, or not what the contract says
  error_code too_much;  ///< over a limit
};
constexpr giver caller{"the payload", fault::caller, error_code::invalid_argument, error_code::resource_exhausted};
constexpr giver guest{"the answer", fault::guest, error_code::internal, error_code::internal};

/// The tables of a method that no text was compiled to: its one type is anything.
const type_tables& tables_of(const method& m) {
  static const type_tables anything{.types = {{}}, .texts = {"any value"}};
  return m.types ? *m.types : anything;
}

error make(const giver& g, error_code code, std::string message) {
  error e;
  e.code = code;
  e.whose = g.whose;
  e.message = std::move(message);
  return e;
}

error too_long(const giver& g, const method& m, std::size_t size, std::size_t most, std::string_view when) {
  error e =
      make(g, g.too_much, fmt::format("{} of {} has {} bytes{}; the limit is {}", g.subject, m.name, size, when, most));
  e.violations.push_back({"", most, fmt::format("{} bytes; at most {}", size, most), ""});
  e.violation_count = 1;
  return e;
}

error too_costly(const giver& g, const method& m) {
  constexpr std::string_view why = "too many lists within lists whose items must all differ (uniqueItems)";
  error e = make(g, g.too_much, fmt::format("{} of {} has {}", g.subject, m.name, why));
  e.violations.push_back({"", 0, std::string(why), ""});
  e.violation_count = 1;
  return e;
}

/// Why it was refused: the second, slow pass.
error reasons(const giver& g, const method& m, value_place place, const std::string& json, std::size_t depth) {
  const type_tables& tables = tables_of(m);
  error e = make(g, g.unfit, {});
  if (auto problem = find_json_problem(json, depth)) {
    const bool deep = problem->what == json_problem::sort::depth;
    const std::string_view is = deep                                        ? "is too deep"
                                : problem->what == json_problem::sort::utf8 ? "is not UTF-8"
                                                                            : "is not JSON";
    const bool secret = place.sensitive || tables.sensitive;
    if (secret && problem->what == json_problem::sort::utf8) problem->message = "a byte that is not UTF-8";
    // What stands there may be a part of something that must not be shown.
    if (secret) problem->message.resize(std::min(problem->message.size(), problem->message.find(", found")));
    e.code = deep ? g.too_much : g.unfit;
    e.message = fmt::format("{} of {} {}: {}, at byte {}", g.subject, m.name, is, problem->message, problem->offset);
    e.violations.push_back({"", problem->offset, std::move(problem->message), ""});
    e.violation_count = 1;
    return e;
  }
  graphql::misfits found = graphql::explain(tables, place.type, json, &g == &caller, place.sensitive);
  e.violations = std::move(found.first);
  e.violation_count = found.count;
  if (e.violations.empty())  // the two passes disagree: ours, and never to be answered as somebody else's fault
    return fail(error_code::internal, fault::host, fmt::format("{} of {} could not be judged", g.subject, m.name))
        .error();
  const violation& v = e.violations.front();
  const std::string more = found.count == 1 ? "" : fmt::format(" (and {} more)", found.count - 1);
  e.message = fmt::format("{} of {} does not fit the contract: {}{}{}{}", g.subject, m.name, v.path,
                          v.path.empty() ? "" : ": ", v.message, more);
  return e;
}

}  // namespace

result<void> check_payload(const method& m, std::string& json, const payload_limits& limits) {
  if (json.size() > limits.input_bytes)
    return std::unexpected(too_long(caller, m, json.size(), limits.input_bytes, ""));
  const std::size_t depth = std::min(limits.depth, graphql::deepest_value);
  const fit found = graphql::check_input(tables_of(m), m.payload.type, json, depth, limits.input_bytes);
  if (found == fit::yes) [[likely]]
    return {};
  if (found == fit::too_long)
    return std::unexpected(too_long(caller, m, json.size(), limits.input_bytes, " and more with its defaults"));
  if (found == fit::too_costly) return std::unexpected(too_costly(caller, m));
  return std::unexpected(reasons(caller, m, m.payload, json, depth));
}

result<void> check_answer(const method& m, std::string& json, const payload_limits& limits) {
  if (json.size() > limits.output_bytes)
    return std::unexpected(too_long(guest, m, json.size(), limits.output_bytes, ""));
  const std::size_t depth = std::min(limits.depth, graphql::deepest_value);
  const fit found = graphql::check_output(tables_of(m), m.answer.type, json, depth);
  if (found == fit::yes) [[likely]]
    return {};
  if (found == fit::too_costly) return std::unexpected(too_costly(guest, m));
  return std::unexpected(reasons(guest, m, m.answer, json, depth));
}

}  // namespace waggle
