#include "schema/rules/answer_rules.h"

#include <unordered_map>

#include <fmt/format.h>

#include "schema/language/text.h"
#include "schema/rules/finite_values.h"

namespace waggle::graphql {
namespace {

constexpr std::size_t most_warnings = 20;  // of one kind; schemas that were made for queries have thousands

bool is_composite(definition_kind kind) {
  return kind == definition_kind::object || kind == definition_kind::interface || kind == definition_kind::union_type;
}

/// The object types, interfaces and unions that answers may hold.
class answers {
 public:
  answers(const schema& s, findings& found) : schema_(s), found_(found) {
    for (const auto& [type_name, entry] : s.types)
      if (entry.defined != nullptr && entry.defined->kind != definition_kind::union_type)
        for_each_name(entry, [&](const name& n) { implementing_[n.text].push_back(type_name); });
  }

  void run() {
    for (const name& root : schema_.roots)
      if (const auto it = schema_.types.find(root.text); it != schema_.types.end()) reach_fields(it->second);
    while (next_ < reached_.size()) {
      const type_entry& entry = *reached_[next_++];
      reach_fields(entry);
      for_each_part(entry, [&](std::string_view part) { reach(part); });
    }
    warn_of_arguments();
    warn_of_cycles();
  }

 private:
  template <class Call>
  static void for_each_name(const type_entry& entry, Call call) {
    for (const definition* part : entry.parts())
      for (const name& n : part->names) call(n);
  }
  /// Calls with each member of a union and each type that implements an interface.
  template <class Call>
  void for_each_part(const type_entry& entry, Call call) {
    if (entry.defined->kind == definition_kind::union_type) {
      for_each_name(entry, [&](const name& n) { call(n.text); });
    } else if (entry.defined->kind == definition_kind::interface) {
      if (const auto it = implementing_.find(entry.defined->id.text); it != implementing_.end())
        for (const std::string_view t : it->second) call(t);
    }
  }

  void reach(std::string_view type_name) {
    const type_entry* entry = schema_.find_entry(type_name);
    if (entry == nullptr || entry->defined == nullptr || !is_composite(entry->defined->kind)) return;
    if (numbers_.emplace(type_name, reached_.size()).second) reached_.push_back(entry);
  }
  void reach_fields(const type_entry& entry) {
    for (const definition* part : entry.parts())
      for (const field& f : part->fields) reach(f.type.named.text);
  }

  void warn_of_arguments() {
    std::size_t count = 0;
    for (const type_entry* entry : reached_) {
      for (const definition* part : entry->parts()) {
        for (const field& f : part->fields) {
          if (f.arguments.empty() || ++count > most_warnings) continue;
          found_.warning(
              f.id.offset,
              fmt::format("{}.{} cannot be served this way: an answer is one whole value, so nobody can give "
                          "a field's arguments; make it a method, or a field without them",
                          shown(entry->defined->id.text), shown(f.id.text)));
        }
      }
    }
    if (count > most_warnings)
      found_.warning(findings::whole_file, fmt::format("{} more fields of answers take arguments and cannot be served "
                                                       "this way",
                                                       count - most_warnings));
  }

  void warn_of_cycles() {
    finite_values values;
    for (const type_entry* entry : reached_)
      values.add_type(entry->defined->id.text, entry->defined->kind != definition_kind::object);
    for (std::size_t i = 0; i < reached_.size(); ++i) {
      for_each_part(*reached_[i], [&](std::string_view part) {
        if (const auto other = numbers_.find(part); other != numbers_.end())
          values.add_need(i, {other->second, nullptr});
      });
      if (reached_[i]->defined->kind != definition_kind::object) continue;
      for (const definition* part : reached_[i]->parts())
        for (const field& f : part->fields)
          if (const auto other = numbers_.find(f.type.named.text); other != numbers_.end() && f.type.modifiers == "!")
            values.add_need(i, {other->second, &f.id});
    }
    std::size_t count = 0;
    for (const auto& cycle : values.endless()) {
      if (++count > most_warnings) continue;
      const auto* at = &cycle.front();
      for (const finite_values::step& step : cycle)
        if (at->field == nullptr) at = &step;
      if (at->field == nullptr) continue;  // interfaces that implement each other, which is an error
      found_.warning(
          at->field->offset,
          fmt::format("{}.{} cannot be served this way: an answer would have no end, because non-null fields "
                      "go round in a circle, {}; make one of them nullable or a list",
                      shown(at->type), shown(at->field->text), finite_values::path(cycle)));
    }
    if (count > most_warnings)
      found_.warning(findings::whole_file,
                     fmt::format("{} more circles of non-null fields in answers cannot be served this way",
                                 count - most_warnings));
  }

  const schema& schema_;
  findings& found_;
  std::unordered_map<std::string_view, std::vector<std::string_view>> implementing_;
  std::unordered_map<std::string_view, std::size_t> numbers_;  ///< a type's place in `reached_`
  std::vector<const type_entry*> reached_;
  std::size_t next_ = 0;
};

}  // namespace

void check_answers(const schema& s, findings& found) { answers(s, found).run(); }

}  // namespace waggle::graphql
