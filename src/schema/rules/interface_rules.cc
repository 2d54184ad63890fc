#include "schema/rules/interface_rules.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "schema/language/print.h"
#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

bool is_implementing(const type_entry& e) {
  return e.from == origin::file && e.defined != nullptr &&
         (e.defined->kind == definition_kind::object || e.defined->kind == definition_kind::interface);
}

/// In the order of names; of two with the same name the first one written comes first.
template <class Part>
void sort_by_name(std::vector<const Part*>& all) {
  std::ranges::sort(all, {}, [](const Part* p) { return std::pair(p->id.text, p->id.offset); });
}

const directive* find_deprecated(const std::vector<directive>& directives) {
  const auto it = std::ranges::find(directives, "deprecated", [](const directive& d) { return d.id.text; });
  return it == directives.end() ? nullptr : &*it;
}

class checker {
 public:
  checker(const schema& s, findings& found) : schema_(s), found_(found) {}

  void run() {
    read_declarations();
    for (const auto& [type_name, entry] : schema_.types)
      if (is_implementing(entry)) check(entry);
  }

 private:
  struct interface {
    const definition* defined = nullptr;
    std::vector<const field*> fields;  ///< by name
    std::vector<interface*> parents;   ///< that it declares to implement
    std::size_t declared_by = 0;       ///< the number of the type looked at last that declares it
  };

  void read_declarations() {
    for (const auto& [type_name, entry] : schema_.types) {
      if (!is_implementing(entry) && (entry.defined == nullptr || entry.defined->kind != definition_kind::union_type))
        continue;
      if (entry.defined->kind == definition_kind::interface) {
        interface& i = interfaces_[type_name];
        i.defined = entry.defined;
        collect_fields(entry, i.fields);
      }
      const bool is_union = entry.defined->kind == definition_kind::union_type;
      for_each_name(entry, [&](const name& n) {
        sub_types_.emplace_back(is_union ? n.text : type_name, is_union ? type_name : n.text);
      });
    }
    std::ranges::sort(sub_types_);
    for (auto& [interface_name, i] : interfaces_) {
      for_each_name(schema_.types.find(interface_name)->second, [&](const name& n) {
        if (const auto it = interfaces_.find(n.text); it != interfaces_.end()) i.parents.push_back(&it->second);
      });
    }
  }

  template <class Call>
  static void for_each_name(const type_entry& entry, Call call) {
    for (const name& n : entry.defined->names) call(n);
    for (const definition* e : entry.extensions)
      for (const name& n : e->names) call(n);
  }

  static void collect_fields(const type_entry& entry, std::vector<const field*>& into) {
    into.clear();
    for (const definition* part : entry.parts())
      for (const field& f : part->fields) into.push_back(&f);
    sort_by_name(into);
  }

  void check(const type_entry& entry) {
    if (found_.full()) return;
    declared_.clear();
    ++number_;
    for_each_name(entry, [&](const name& n) { declare(*entry.defined, n); });
    if (declared_.empty()) return;
    collect_fields(entry, fields_);
    for (const auto& [i, where] : declared_) {
      if (found_.full()) return;
      check_ancestors(*entry.defined, *i, *where);
      check_fields(*entry.defined, *i, *where);
    }
  }

  void declare(const definition& type, const name& n) {
    const auto it = interfaces_.find(n.text);
    if (it == interfaces_.end()) {
      if (const definition* d = schema_.find_type(n.text); d != nullptr)
        found_.error(n.offset, fmt::format("{} cannot implement {}, which is of the kind {}; only interfaces are "
                                           "implemented (§3.6)",
                                           shown(type.id.text), shown(n.text), describe(d->kind)));
    } else if (n.text == type.id.text) {
      found_.error(n.offset, fmt::format("interface {} cannot implement itself (§3.7)", shown(n.text)));
    } else if (it->second.declared_by != number_) {
      it->second.declared_by = number_;
      declared_.emplace_back(&it->second, &n);
    }
  }

  void check_ancestors(const definition& type, const interface& i, const name& where) {
    for (const interface* parent : i.parents) {
      if (parent->declared_by == number_) continue;
      if (found_.full()) return;
      const std::string own = shown(type.id.text);
      if (parent->defined == &type) {
        found_.error(where.offset,
                     fmt::format("{} cannot implement {}, which implements {} (§3.7)", own, shown(where.text), own));
      } else if (parent != &i) {
        found_.error(where.offset, fmt::format("{} must also implement {}, because {} does (§3.6)", own,
                                               shown(parent->defined->id.text), shown(where.text)));
      }
    }
  }

  void check_fields(const definition& type, const interface& i, const name& where) {
    auto at = fields_.begin();
    std::string_view last;
    for (const field* promised : i.fields) {
      if (found_.full()) return;
      if (promised->id.text == last) continue;  // there twice, which is reported
      last = promised->id.text;
      while (at != fields_.end() && (*at)->id.text < last) ++at;
      if (at == fields_.end() || (*at)->id.text != last) {
        found_.error(where.offset,
                     fmt::format("{} implements {} and lacks its field {}: {} (§3.6)", shown(type.id.text),
                                 shown(where.text), shown(last), print(promised->type)));
        continue;
      }
      check_field(type, **at, where, *promised);
    }
  }

  void check_field(const definition& type, const field& own, const name& interface_name, const field& promised) {
    const auto coordinate = [&](std::string_view of, std::string_view argument = {}) {
      return argument.empty() ? fmt::format("{}.{}", shown(of), shown(own.id.text))
                              : fmt::format("{}.{}({}:)", shown(of), shown(own.id.text), shown(argument));
    };
    if (!is_covariant(own.type, promised.type))
      found_.error(own.type.named.offset, fmt::format("{} is {}, which is not {} as in {} and no sub-type of it (§3.6)",
                                                      coordinate(type.id.text), print(own.type), print(promised.type),
                                                      shown(interface_name.text)));
    if (const directive* d = find_deprecated(own.directives); d != nullptr && !find_deprecated(promised.directives))
      found_.error(d->id.offset, fmt::format("{} cannot be deprecated, because {} is not (§3.6)",
                                             coordinate(type.id.text), coordinate(interface_name.text)));
    if (own.arguments.empty() && promised.arguments.empty()) return;
    sorted(own.arguments, own_arguments_);
    sorted(promised.arguments, promised_arguments_);
    auto at = own_arguments_.begin();
    auto extra = [&](const input_value& a) {
      if (a.type.non_null() && a.default_value.empty())
        found_.error(a.id.offset,
                     fmt::format("{} is required, but {} has no such argument; make it nullable or give it "
                                 "a default (§3.6)",
                                 coordinate(type.id.text, a.id.text), coordinate(interface_name.text)));
    };
    for (const input_value* p : promised_arguments_) {
      if (found_.full()) return;
      while (at != own_arguments_.end() && (*at)->id.text < p->id.text) extra(**at++);
      if (at == own_arguments_.end() || (*at)->id.text != p->id.text) {
        found_.error(own.id.offset, fmt::format("{} lacks the argument {}: {} of {} (§3.6)", coordinate(type.id.text),
                                                shown(p->id.text), print(p->type), coordinate(interface_name.text)));
        continue;
      }
      const input_value& a = **at++;
      if (a.type.named.text != p->type.named.text || a.type.modifiers != p->type.modifiers)
        found_.error(a.type.named.offset,
                     fmt::format("{} is {}, it must be {} as in {} (§3.6)", coordinate(type.id.text, a.id.text),
                                 print(a.type), print(p->type), shown(interface_name.text)));
    }
    while (at != own_arguments_.end() && !found_.full()) extra(**at++);
  }

  /// By name, each name once.
  static void sorted(const std::vector<input_value>& arguments, std::vector<const input_value*>& into) {
    into.clear();
    for (const input_value& a : arguments) into.push_back(&a);
    sort_by_name(into);
    const auto doubles = std::ranges::unique(into, {}, [](const input_value* v) { return v->id.text; });
    into.erase(doubles.begin(), doubles.end());
  }

  /// IsValidImplementationFieldType, from the outside of both types inwards.
  [[nodiscard]] bool is_covariant(const type_ref& own, const type_ref& promised) const {
    std::string_view a = own.modifiers;
    std::string_view b = promised.modifiers;
    for (;;) {
      if (a.ends_with('!')) {
        a.remove_suffix(1);
        if (b.ends_with('!')) b.remove_suffix(1);
      } else if (a.ends_with('[') && b.ends_with('[')) {
        a.remove_suffix(1);
        b.remove_suffix(1);
      } else {
        break;
      }
    }
    if (!a.empty() || !b.empty()) return false;
    if (own.named.text == promised.named.text || schema_.find_type(own.named.text) == nullptr) return true;
    return std::ranges::binary_search(sub_types_, std::pair(own.named.text, promised.named.text));
  }

  const schema& schema_;
  findings& found_;
  std::unordered_map<std::string_view, interface> interfaces_;
  std::vector<std::pair<std::string_view, std::string_view>> sub_types_;  ///< sub-type and what it is a part of
  std::size_t number_ = 0;
  // Of the type that is looked at; here to keep their memory.
  std::vector<std::pair<const interface*, const name*>> declared_;
  std::vector<const field*> fields_;
  std::vector<const input_value*> own_arguments_;
  std::vector<const input_value*> promised_arguments_;
};

}  // namespace

void check_interfaces(const schema& s, findings& found) { checker(s, found).run(); }

}  // namespace waggle::graphql
