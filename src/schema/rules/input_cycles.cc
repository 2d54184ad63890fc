#include "schema/rules/input_cycles.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "schema/language/text.h"
#include "schema/rules/finite_values.h"

namespace waggle::graphql {
namespace {

bool is_input(const type_entry& e) { return e.defined != nullptr && e.defined->kind == definition_kind::input; }

/// Looks for a way from an input field's default back to it: a default that leaves out a field which has a default itself
/// needs that one. Depth first without recursion. A field whose default is known to end is never looked at again, however
/// many defaults leave it out, so that all takes time in proportion to the text.
class default_walk {
 public:
  default_walk(const schema& s, findings& found) : found_(found) {
    for (const auto& [type_name, entry] : s.types)
      if (is_input(entry)) types_[type_name].entry = &entry;
    for (auto& [type_name, t] : types_) {
      for (const definition* part : t.entry->parts())
        for (const input_value& v : part->inputs)
          if (!v.default_value.empty() && types_.contains(v.type.named.text)) t.fields.push_back({&v, {}, 0});
      for (std::size_t i = 0; i < t.fields.size(); ++i) t.fields[i].next = i;
    }
  }

  void run() {
    for (auto& [type_name, t] : types_)
      for (std::size_t i = 0; (i = t.next(i)) < t.fields.size();) {
        if (found_.full()) return;
        walk(t, i);
      }
  }

 private:
  enum class state : std::uint8_t { open, busy, gone };
  /// A field with a default of an input type.
  struct input_field {
    const input_value* of;
    state is;
    std::size_t next;  ///< itself, or when it is gone one behind it: on the way to the next that is not
  };
  struct input_type {
    const type_entry* entry = nullptr;
    std::vector<input_field> fields;

    /// The first field from `i` on that is not gone, or the end.
    std::size_t next(std::size_t i) {
      std::size_t last = i;
      while (last < fields.size() && fields[last].next != last) last = fields[last].next;
      while (i < last) i = std::exchange(fields[i].next, last);
      return last;
    }
    void remove(std::size_t i) {
      fields[i].is = state::gone;
      fields[i].next = i + 1;
    }
  };
  /// An object inside a default.
  struct object {
    input_type* type;
    const value* written;
    std::size_t at = 0;  ///< the type's fields before it are done with
    std::unordered_set<std::string_view> given;
  };
  /// A field whose default is being walked through.
  struct frame {
    input_type* type;
    std::size_t field;
    std::vector<object> objects;  ///< of its default, not done yet
  };

  void walk(input_type& type, std::size_t field) {
    enter(type, field);
    while (!path_.empty()) {
      frame& top = path_.back();
      if (top.objects.empty()) {
        if (top.type->fields[top.field].is == state::busy) top.type->remove(top.field);
        path_.pop_back();
      } else if (!enter_left_out(top.objects.back())) {
        path_.back().objects.pop_back();
      }
    }
  }

  void enter(input_type& type, std::size_t field) {
    type.fields[field].is = state::busy;
    const input_value& v = *type.fields[field].of;
    frame& f = path_.emplace_back(frame{&type, field, {}});
    collect(v.default_value.front(), types_.find(v.type.named.text)->second, f.objects);
  }

  /// Adds the objects of a value for that type, those inside too. No deeper than values are parsed.
  void collect(const value& v, input_type& type, std::vector<object>& into) {
    if (v.kind == value_kind::list) {
      for (const value& item : v.items) collect(item, type, into);
    } else if (v.kind == value_kind::object) {
      into.push_back({&type, &v, 0, {}});
      for (const value& item : v.items) {
        const auto f = type.entry->inputs.by_name.find(item.key.text);
        if (f == type.entry->inputs.by_name.end()) continue;
        const auto inner = types_.find(f->second->type.named.text);
        if (inner != types_.end()) collect(item, inner->second, into);
      }
    }
  }

  /// Goes on to the next field that the object leaves out, where there is one. Reports those that are walked through already.
  bool enter_left_out(object& o) {
    if (o.at == 0)
      for (const value& item : o.written->items) o.given.insert(item.key.text);
    input_type& type = *o.type;
    while ((o.at = type.next(o.at)) < type.fields.size()) {
      const std::size_t i = o.at++;
      if (o.given.contains(type.fields[i].of->id.text)) continue;
      if (type.fields[i].is == state::open) {
        enter(type, i);
        return true;
      }
      report(type, i);
      type.remove(i);
    }
    return false;
  }

  void report(const input_type& type, std::size_t field) {
    const input_value& again = *type.fields[field].of;
    auto at = std::ranges::find_if(path_, [&](const frame& f) { return f.type == &type && f.field == field; });
    std::vector<finite_values::step> cycle;
    for (; at != path_.end(); ++at)
      cycle.push_back({at->type->entry->defined->id.text, &at->type->fields[at->field].of->id});
    found_.error(again.default_value.front().offset,
                 fmt::format("the default of {}.{} contains itself, by the defaults of what it leaves out: {} (§3.10)",
                             shown(type.entry->defined->id.text), shown(again.id.text), finite_values::path(cycle)));
  }

  findings& found_;
  std::map<std::string_view, input_type> types_;
  std::vector<frame> path_;
};

}  // namespace

void check_endless_inputs(const schema& s, findings& found) {
  finite_values values;
  std::unordered_map<std::string_view, std::size_t> numbers;
  for (const auto& [type_name, entry] : s.types)
    if (is_input(entry)) numbers.emplace(type_name, values.add_type(type_name, entry.one_of));
  for (const auto& [type_name, entry] : s.types) {
    if (!is_input(entry)) continue;
    const bool one_of = entry.one_of;
    const std::size_t own = numbers.find(type_name)->second;
    for (const definition* part : entry.parts()) {
      for (const input_value& v : part->inputs) {
        const auto other = numbers.find(v.type.named.text);
        const bool needed = one_of ? !v.type.list() : v.type.modifiers == "!";
        if (other != numbers.end() && needed) {
          values.add_need(own, {other->second, &v.id});
        } else if (one_of) {
          values.set_finite(own);
        }
      }
    }
  }
  for (const auto& cycle : values.endless()) {
    if (found.full()) return;
    found.error(cycle.front().field->offset,
                fmt::format("no finite value fits {}: its fields need each other in a circle, {}; make one of them "
                            "nullable or a list (§3.10)",
                            shown(cycle.front().type), finite_values::path(cycle)));
  }
}

void check_default_cycles(const schema& s, findings& found) { default_walk(s, found).run(); }

}  // namespace waggle::graphql
