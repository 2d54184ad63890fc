#include "schema/execute/variables.h"

#include <algorithm>

#include <fmt/format.h>

#include "schema/language/text.h"
#include "schema/values/compile_types.h"

namespace waggle::graphql {
namespace {

error caller_error(std::string message) {
  error e;
  e.code = error_code::invalid_argument;
  e.whose = fault::caller;
  e.message = std::move(message);
  return e;
}

bool is_input_type(const type_entry* entry) {
  if (entry == nullptr || entry->defined == nullptr || entry->from == origin::prelude) return false;
  const definition_kind kind = entry->defined->kind;
  return kind == definition_kind::scalar || kind == definition_kind::enumeration || kind == definition_kind::input;
}

}  // namespace

std::optional<std::string_view> variable_values::find(std::string_view variable) const {
  if (values_.empty()) return std::nullopt;
  const std::uint32_t at = values_.find(0, variable);
  if (at == 0) return std::nullopt;
  return values_.raw(at);
}

variable_types::variable_types(const endpoint& of, const operation_definition& operation) {
  checked_.name = "the variables";
  const schema& definitions = of.schema().definitions();
  field arguments;
  arguments.id.text = "variables";
  for (const variable_definition& v : operation.variables) {
    if (!is_input_type(definitions.find_entry(v.type.named.text))) {
      unusable_ = caller_error(fmt::format("variable ${} has the type {}, which is none that a variable can have",
                                           shown(v.id.text), shown(v.type.named.text)));
      return;
    }
    if (!offsets_.emplace(v.id.text, v.id.offset).second) continue;
    input_value& a = arguments.arguments.emplace_back();
    a.id = v.id;
    a.type = v.type;
    a.default_value = v.default_value;
    // Nobody knows here which variable is for a value that must not be quoted.
    if (of.sensitive()) a.directives.push_back({{"sensitive", 0}, {}});
  }
  const document no_constraints;
  findings found(of.sdl(), "");
  type_compiler types(definitions, no_constraints, found);
  checked_.payload.type = types.arguments_of(arguments);
  checked_.types = std::make_shared<const type_tables>(types.finish());
  if (found.has_errors())
    unusable_ = caller_error(
        of.sensitive() ? "the variables' definitions make no sense"
                       : fmt::format("the variables' definitions make no sense: {}", found.take().front().message));
}

/// The object with the operation's own variables only.
std::string variable_types::known_ones(const json_tape& given) const {
  std::string decoded;
  std::string out = "{";
  for (std::uint32_t at = 1; at < given.size(); at = given[at + 1].next) {
    if (!offsets_.contains(given.string(at, decoded))) continue;
    if (out.size() > 1) out += ',';
    out += given.raw(at);
    out += ':';
    out += given.raw(at + 1);
  }
  return out + "}";
}

response_error variable_types::misfit(const error& why, const violation& v) const {
  const std::string_view path = v.path;
  const std::string_view id = path.substr(0, path.find_first_of(".["));
  response_error e;
  e.why.code = why.code;
  e.why.whose = why.whose;
  e.why.message =
      path.empty() ? fmt::format("variables: {}", v.message) : fmt::format("variable ${}: {}", path, v.message);
  if (!v.suggestion.empty()) e.why.message += fmt::format("; did you mean {}?", v.suggestion);
  if (const auto at = offsets_.find(id); at != offsets_.end()) e.offsets.push_back(at->second);
  return e;
}

std::expected<variable_values, std::vector<response_error>> variable_types::coerce(std::string_view json,
                                                                                   std::size_t most_bytes) const {
  const auto refused = [](error why) {
    std::vector<response_error> all(1);
    all.front().why = std::move(why);
    return std::unexpected(std::move(all));
  };
  if (unusable_) return refused(*unusable_);
  variable_values made;
  std::string text(json.empty() ? std::string_view("{}") : json);
  constexpr std::size_t depth = 128;
  if (!made.values_.read(text, depth)) return refused(caller_error("variables: no JSON of at most 128 levels"));
  if (made.values_[0].kind == json_kind::null)
    text = "{}";
  else if (made.values_[0].kind != json_kind::object)
    return refused(caller_error("variables: must be an object, variable names to values"));
  else
    text = known_ones(made.values_);
  const payload_limits limits{.input_bytes = most_bytes, .depth = depth};
  if (auto checked = check_payload(checked_, text, limits); !checked) {
    std::vector<response_error> all;
    for (const violation& v : checked.error().violations) all.push_back(misfit(checked.error(), v));
    if (all.empty()) return refused(std::move(checked.error()));
    return std::unexpected(std::move(all));
  }
  if (!made.values_.read(std::move(text), depth + 128)) return refused(caller_error("variables: nested too deep"));
  return made;
}

bool append_argument(bounded_text& to, const value& v, const variable_values& variables) {
  switch (v.kind) {
    case value_kind::variable: {
      const std::optional<std::string_view> given = variables.find(v.text);
      if (!given) return false;
      to.put(*given);
      return true;
    }
    case value_kind::string:
    case value_kind::enumeration: to.put(json_quote(v.text)); return true;
    case value_kind::list: {
      to.put("[");
      for (const value& item : v.items) {
        if (to.too_long) break;
        if (&item != &v.items.front()) to.put(",");
        if (!append_argument(to, item, variables)) to.put("null");
      }
      to.put("]");
      return true;
    }
    case value_kind::object: {
      const std::size_t start = to.out.size();
      for (const value& item : v.items) {
        if (to.too_long) break;
        const std::size_t before = to.out.size();
        to.put(before == start ? "{" : ",");
        to.put(json_quote(item.key.text));
        to.put(":");
        if (!append_argument(to, item, variables)) to.out.resize(before);
      }
      if (to.out.size() == start) to.put("{");
      to.put("}");
      return true;
    }
    default: to.put(v.text); return true;
  }
}

}  // namespace waggle::graphql
