#include "schema/execute/complete.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "schema/language/print.h"
#include "schema/language/text.h"
#include "schema/values/decimal.h"

namespace waggle::graphql {
namespace {

std::string_view describe(json_kind kind) {
  switch (kind) {
    case json_kind::object: return "an object";
    case json_kind::array: return "an array";
    case json_kind::string: return "a string";
    case json_kind::number: return "a number";
    case json_kind::boolean: return "a boolean";
    case json_kind::null: return "null";
  }
  return {};
}

/// What a field's innermost value is, for messages.
std::string_view describe(const planned_field& f) {
  switch (f.values) {
    case leaf::integer: return "an Int, an integer of 32 bits";
    case leaf::floating: return "a Float";
    case leaf::string: return "a String";
    case leaf::boolean: return "a Boolean";
    case leaf::id: return "an ID, a string or an integer";
    case leaf::enumeration: return "one of the enum's values";
    default: return "a value";
  }
}

}  // namespace

void response_text::fail(error why) {
  response_error& e = errors.emplace_back();
  e.why = std::move(why);
  e.path = "[";
  for (const step& s : path) {
    if (e.path.size() > 1) e.path += ',';
    e.path += s.field != nullptr ? fmt::format("\"{}\"", s.field->response_name()) : std::to_string(s.item);
    if (s.field != nullptr) e.offsets = {s.field->first->offset};
  }
  e.path += ']';
  constexpr std::size_t frame = 100;
  spent += e.path.size() + e.why.message.size() + e.why.details.size() + frame;
}

bool completion::fail(std::string message) {
  error e;
  e.code = error_code::internal;
  e.whose = fault::guest;
  e.cause = failure_cause::answer;
  e.message = std::move(message);
  text_.fail(std::move(e));
  return false;
}

bool completion::misfit(const planned_field& f, std::string_view wanted, std::uint32_t at) {
  return fail(fmt::format("{} answered {} where the field {} must be {}", part_.described->name,
                          describe(answer_[at].kind), f.definition->id.text, wanted));
}

bool completion::value(const planned_field& f, std::string_view modifiers, std::uint32_t at) {
  if (!text_.go_on()) return false;
  const bool non_null = modifiers.ends_with('!');
  if (at == absent || answer_[at].kind == json_kind::null) {
    if (non_null)
      return fail(fmt::format("{} answered {} for {} {}, which cannot be null", part_.described->name,
                              at == absent ? "nothing" : "null",
                              text_.path.back().field == nullptr ? "an item of" : "the field", f.definition->id.text));
    text_.out += "null";
    return true;
  }
  if (non_null) modifiers.remove_suffix(1);
  const std::size_t start = text_.out.size();
  if (present(f, modifiers, at)) [[likely]]
    return true;
  text_.take_back(start);
  if (non_null || text_.stopped) return false;
  text_.out += "null";
  return true;
}

bool completion::present(const planned_field& f, std::string_view modifiers, std::uint32_t at) {
  if (modifiers.ends_with('[')) {
    if (answer_[at].kind != json_kind::array) return misfit(f, "a list", at);
    return list(f, modifiers.substr(0, modifiers.size() - 1), at);
  }
  return f.sub != nullptr ? object(f, at) : scalar(f, at);
}

bool completion::list(const planned_field& f, std::string_view inner, std::uint32_t at) {
  text_.out += '[';
  text_.path.push_back({nullptr, 0});
  bool fine = true;
  for (std::uint32_t item = at + 1; fine && item < answer_[at].next; item = answer_[item].next) {
    if (item != at + 1) text_.out += ',';
    fine = value(f, inner, item);
    ++text_.path.back().item;
  }
  text_.path.pop_back();
  text_.out += ']';
  return fine;
}

bool completion::object(const planned_field& f, std::uint32_t at) {
  if (answer_[at].kind != json_kind::object) return misfit(f, fmt::format("an object, {}", f.sub->type->name()), at);
  const query_schema::composite* const type = f.sub->type->is_object() ? f.sub->type : resolve(*f.sub->type, at);
  return type != nullptr && members(plans_.of(*f.sub, *type), at);
}

/// ResolveAbstractType (§6.4.3): by the guest's `__typename`.
const query_schema::composite* completion::resolve(const query_schema::composite& type, std::uint32_t at) {
  const std::uint32_t said = answer_.find(at, "__typename");
  if (said == 0 || answer_[said].kind != json_kind::string) {
    fail(fmt::format("{} answered an object without __typename, where only that tells which {} it is",
                     part_.described->name, type.name()));
    return nullptr;
  }
  const std::string_view id = answer_.string(said, decoded_);
  const auto known = part_.types.find(id);
  if (known != part_.types.end() && known->second->is_object() && query_schema::is_possible(type, *known->second))
    return known->second;
  fail(fmt::format("{} answered an object whose __typename is {}, which is no {}", part_.described->name, shown(id),
                   type.name()));
  return nullptr;
}

void completion::find_members(const object_plan& plan, std::uint32_t at, std::size_t slots) {
  const auto& sources = plan.sources;
  std::size_t expected = 0;  // most often the members come in the order of the selection
  for (std::uint32_t key = at + 1; key < answer_[at].next; key = answer_[key + 1].next) {
    ++text_.spent;
    const std::string_view id = answer_.string(key, decoded_);
    std::size_t number = expected;
    if (number >= sources.size() || sources[number] != id) {
      if (plan.source_numbers.empty()) {
        number = static_cast<std::size_t>(std::ranges::find(sources, id) - sources.begin());
      } else {
        const auto known = plan.source_numbers.find(id);
        number = known == plan.source_numbers.end() ? sources.size() : known->second;
      }
    }
    if (number == sources.size()) continue;
    slots_[slots + number] = key + 1;
    expected = number + 1;
  }
}

bool completion::members(const object_plan& plan, std::uint32_t at) {
  const std::size_t slots = slots_.size();
  slots_.resize(slots + plan.sources.size(), absent);
  find_members(plan, at, slots);
  text_.out += '{';
  bool fine = true;
  for (const planned_field& f : plan.fields) {
    if (&f != plan.fields.data()) text_.out += ',';
    text_.out += f.key;
    if (f.definition == &query_schema::typename_field()) {
      text_.out += '"';
      text_.out += plan.type->name();
      text_.out += '"';
      continue;
    }
    text_.path.push_back({&f, 0});
    fine = value(f, f.definition->type.modifiers, slots_[slots + f.source]);
    text_.path.pop_back();
    if (!fine) break;
  }
  text_.out += '}';
  slots_.resize(slots);
  return fine;
}

bool completion::integer(std::uint32_t at) {
  const std::string_view raw = answer_.raw(at);
  const auto plain = [](char c) { return c == '-' || (c >= '0' && c <= '9'); };
  constexpr std::size_t surely = 9;  // so few digits fit
  if (raw.size() <= surely && raw != "-0" && std::ranges::all_of(raw, plain)) return copy(at);
  const std::optional<std::int64_t> n = decimal::to_int64(raw);
  if (!n || *n < std::numeric_limits<std::int32_t>::min() || *n > std::numeric_limits<std::int32_t>::max())
    return false;
  text_.out += std::to_string(*n);
  return true;
}

/// An integer is an ID too, of any size (§3.5.5), and becomes a string.
bool completion::id(std::uint32_t at) {
  if (answer_[at].kind == json_kind::string) return copy(at);
  if (answer_[at].kind != json_kind::number) return false;
  constexpr std::size_t most_digits = 1000;
  const std::optional<std::string> digits = decimal::integer_digits(answer_.raw(at), most_digits);
  if (!digits) return false;
  text_.out += fmt::format("\"{}\"", *digits);
  return true;
}

bool completion::scalar(const planned_field& f, std::uint32_t at) {
  const json_kind kind = answer_[at].kind;
  switch (f.values) {
    case leaf::integer:
      if (kind == json_kind::number && integer(at)) return true;
      break;
    case leaf::floating:
      if (kind == json_kind::number && decimal::is_finite_double(answer_.raw(at))) return copy(at);
      break;
    case leaf::string:
      if (kind == json_kind::string) return copy(at);
      break;
    case leaf::boolean:
      if (kind == json_kind::boolean) return copy(at);
      break;
    case leaf::id:
      if (id(at)) return true;
      break;
    case leaf::enumeration:
      if (kind == json_kind::string && f.type->values.contains(answer_.string(at, decoded_))) return copy(at);
      break;
    default: return copy(at);
  }
  return misfit(f, describe(f), at);
}

}  // namespace waggle::graphql
