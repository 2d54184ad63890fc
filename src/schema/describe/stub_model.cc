#include "schema/describe/stub_model.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include <fmt/format.h>

#include "schema/describe/json_schema.h"
#include "schema/describe/stub_order.h"
#include "schema/language/print.h"
#include "schema/schema.h"

namespace waggle::graphql {
namespace {

/// The description, then what else a caller should know.
std::string doc_of(std::string_view description, const std::vector<directive>& directives,
                   const value* default_value = nullptr) {
  std::string out(description);
  const auto add = [&out](std::string_view separator, const std::string& more) {
    out += fmt::format("{}{}", out.empty() ? "" : separator, more);
  };
  if (default_value != nullptr) add("\n", "Default: " + print(*default_value));
  const auto old = std::ranges::find(directives, "deprecated", [](const directive& d) { return d.id.text; });
  if (old == directives.end()) return out;
  const argument* reason = old->find("reason");
  add("\n\n", fmt::format("Deprecated: {}", reason != nullptr && reason->given.kind == value_kind::string
                                                ? reason->given.text
                                                : "no longer supported"));
  return out;
}

stub_form form_of(known_scalar scalar) {
  switch (scalar) {
    case known_scalar::none:
    case known_scalar::json: return stub_form::any;
    case known_scalar::long_integer: return stub_form::int64;
    case known_scalar::big_int: return stub_form::digits;
    case known_scalar::bytes: return stub_form::bytes;
    default: return stub_form::text;
  }
}

class model_maker {
 public:
  explicit model_maker(const schema& s) : schema_(s) {
    for (const auto& [type_name, entry] : s.types)
      if (entry.defined != nullptr && entry.defined->kind == definition_kind::object)
        for (const definition* part : entry.parts())
          for (const name& of : part->names) kinds_[of.text].insert(type_name);
  }

  stub_method method_of(const described_method& m) {
    stub_method out;
    out.name = m.about->name;
    out.doc = doc_of(m.about->description, m.defined->directives);
    out.bare = m.about->bare;
    for (const input_value& v : m.defined->arguments) {
      stub_member argument = input(v, false);
      auto& to = argument.optional ? out.optional : out.required;
      to.push_back(std::move(argument));
    }
    out.answer = type(m.defined->type);
    return out;
  }

  /// The types that are used so far, and those that these use.
  void add_types(stub_model& to) {
    while (!open_.empty()) {
      const type_entry& entry = *open_.front();
      open_.pop_front();
      if (entry.defined->kind == definition_kind::enumeration)
        to.enums.push_back(enumeration(entry));
      else
        to.records.push_back(record(entry));
    }
    std::ranges::sort(to.enums, {}, &stub_enum::name);
    order_records(to.records);
  }

 private:
  stub_type type(const type_ref& t) {
    stub_type out;
    out.modifiers = t.modifiers;
    use(t.named.text, out);
    return out;
  }

  void use(std::string_view type_name, stub_type& out) {
    static const std::map<std::string_view, stub_form> built_in = {{"Boolean", stub_form::boolean},
                                                                   {"Int", stub_form::int32},
                                                                   {"Float", stub_form::real},
                                                                   {"String", stub_form::text},
                                                                   {"ID", stub_form::text}};
    if (const auto found = built_in.find(type_name); found != built_in.end()) {
      out.form = found->second;
      return;
    }
    const type_entry* entry = schema_.find_entry(type_name);
    if (entry == nullptr || entry->defined == nullptr) return;
    const definition_kind kind = entry->defined->kind;
    if (kind == definition_kind::scalar) {
      out.form = form_of(form_of_scalar(schema_, *entry));
      return;
    }
    out.form = kind == definition_kind::enumeration ? stub_form::enumeration : stub_form::record;
    out.named = type_name;
    if (used_.insert(type_name).second) open_.push_back(entry);
  }

  stub_member input(const input_value& v, bool one_of) {
    stub_member out;
    const value* set = v.default_value.empty() ? nullptr : v.default_value.data();
    out.name = v.id.text;
    out.doc = doc_of(v.description, v.directives, set);
    out.type = type(v.type);
    out.has_default = set != nullptr;
    out.optional = one_of || !v.type.non_null() || out.has_default;
    out.empty_default =
        v.type.non_null() && v.type.list() && set != nullptr && set->kind == value_kind::list && set->items.empty();
    return out;
  }

  stub_record record(const type_entry& entry) {
    const definition& d = *entry.defined;
    stub_record out;
    out.name = d.id.text;
    out.doc = doc_of(d.description, d.directives);
    const auto parts = entry.parts();
    if (d.kind == definition_kind::input) {
      out.role = entry.one_of ? stub_role::one_of : stub_role::input;
      for (const definition* part : parts)
        for (const input_value& v : part->inputs) out.members.push_back(input(v, entry.one_of));
      return out;
    }
    for (const definition* part : parts) {
      for (const field& f : part->fields) {
        stub_member member;
        member.name = f.id.text;
        member.doc = doc_of(f.description, f.directives);
        member.type = type(f.type);
        member.optional = !f.type.non_null();
        out.members.push_back(std::move(member));
      }
    }
    if (d.kind == definition_kind::object) return out;
    out.role = stub_role::abstract;
    std::set<std::string_view> possible =
        d.kind == definition_kind::interface ? kinds_[d.id.text] : decltype(possible)();
    if (d.kind == definition_kind::union_type)
      for (const definition* part : parts)
        for (const name& member : part->names) possible.insert(member.text);
    for (const std::string_view member : possible) {
      stub_type unused;
      use(member, unused);
      out.possible.push_back(member);
    }
    return out;
  }

  static stub_enum enumeration(const type_entry& entry) {
    stub_enum out;
    out.name = entry.defined->id.text;
    out.doc = doc_of(entry.defined->description, entry.defined->directives);
    for (const definition* part : entry.parts())
      for (const enum_value& v : part->values) out.values.push_back({v.id.text, doc_of(v.description, v.directives)});
    return out;
  }

  const schema& schema_;
  std::set<std::string_view> used_;
  std::deque<const type_entry*> open_;
  std::map<std::string_view, std::set<std::string_view>> kinds_;  ///< the objects of each interface
};

}  // namespace

stub_model make_stub_model(const contract& c) {
  stub_model out{c.name, c.version, c.description, {}, {}, {}};
  model_maker make(c.parsed->index);
  for (const described_method& m : methods_of(c))
    if (m.about->kind != operation::subscription) out.methods.push_back(make.method_of(m));
  make.add_types(out);
  return out;
}

}  // namespace waggle::graphql
