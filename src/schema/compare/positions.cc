#include "schema/compare/positions.h"

#include <vector>

namespace waggle::graphql {
namespace {

/// Walks the graph of types with a list of what is still to be looked at: it may be deep.
class position_walk {
 public:
  explicit position_walk(const schema& s) : schema_(s) {
    for (const auto& [type_name, entry] : s.types)
      for (const definition* part : entry.parts())
        if (part->kind == definition_kind::object)
          for (const name& interface : part->names) implementations_[interface.text].push_back(type_name);
  }

  std::map<std::string_view, std::uint8_t> run() {
    for (const name& root : schema_.roots)
      if (!root.text.empty()) reach(root.text, in_answer);
    while (!open_.empty()) {
      const std::string_view next = open_.back();
      open_.pop_back();
      const auto it = schema_.types.find(next);
      if (it == schema_.types.end()) continue;
      for (const definition* part : it->second.parts()) follow(*part);
      if (const auto found = implementations_.find(next); found != implementations_.end())
        for (const std::string_view type_name : found->second) reach(type_name, in_answer);
    }
    return std::move(reached_);
  }

 private:
  void reach(std::string_view type_name, position where) {
    std::uint8_t& known = reached_[type_name];
    if ((known & where) != 0) return;
    known = static_cast<std::uint8_t>(known | where);
    open_.push_back(type_name);
  }

  void follow(const definition& part) {
    for (const field& f : part.fields) {
      reach(f.type.named.text, in_answer);
      for (const input_value& a : f.arguments) reach(a.type.named.text, in_payload);
    }
    for (const input_value& v : part.inputs) reach(v.type.named.text, in_payload);
    if (part.kind == definition_kind::union_type)
      for (const name& member : part.names) reach(member.text, in_answer);
  }

  const schema& schema_;
  std::map<std::string_view, std::vector<std::string_view>> implementations_;
  std::map<std::string_view, std::uint8_t> reached_;
  std::vector<std::string_view> open_;
};

}  // namespace

std::map<std::string_view, std::uint8_t> positions_of(const schema& s) { return position_walk(s).run(); }

}  // namespace waggle::graphql
