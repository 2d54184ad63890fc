#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "schema/execute/query_schema.h"
#include "schema/language/executable.h"

namespace waggle::graphql {

struct selection_group;

/// What the values of a field's named type are.
enum class leaf : std::uint8_t { none, integer, floating, string, boolean, id, enumeration, scalar };

/// A field of a response: one or more selections with one response name (CollectFields, §6.3.2).
struct planned_field {
  const selection* first = nullptr;
  const field* definition = nullptr;
  std::string key;                       ///< `"name":`
  std::uint32_t source = 0;              ///< into `object_plan::sources`
  leaf values = leaf::none;              ///< none: a composite type
  const type_entry* type = nullptr;      ///< the named type
  const selection_group* sub = nullptr;  ///< of a composite type

  [[nodiscard]] std::string_view response_name() const { return first->response_name().text; }
  [[nodiscard]] std::string_view name() const { return first->id.text; }
};

/// What is selected of objects of one type.
struct object_plan {
  const query_schema::composite* type = nullptr;
  std::vector<planned_field> fields;
  std::vector<std::string_view> sources;  ///< the names of the fields that are read, each once
  std::unordered_map<std::string_view, std::uint32_t> source_numbers;  ///< only where there are many
};

/// Selection sets that are merged: those of all selections of one field (§6.4.3).
struct selection_group {
  const query_schema::composite* type = nullptr;
  std::vector<const std::vector<selection>*> sets;
  const object_plan* only = nullptr;  ///< where the type is an object type, once it is planned
};

/// The value of a variable in `@skip` and `@include`.
using condition_value = std::function<bool(std::string_view variable)>;

/// Works out which fields are selected of which types, once for each pair of merged selection sets and type.
class planner {
 public:
  /// All must outlive this. `condition` is asked only while something is planned.
  planner(const query_schema& schema, const executable_document& doc, condition_value condition);

  /// The operation's selections; null where its root type is not there.
  const selection_group* root(const operation_definition& operation);
  /// Plans what is not planned yet.
  const object_plan& plan(const selection_group& group, const query_schema::composite& object);
  /// What is planned already, or null.
  [[nodiscard]] const object_plan* find(const selection_group& group, const query_schema::composite& object) const;
  /// Plans everything that can be reached from the group, as long as it is not too much.
  void plan_all(const selection_group& group);

  /// The group that `root` gave.
  [[nodiscard]] const selection_group* root_group() const { return root_; }

 private:
  struct collected {
    const selection* first = nullptr;
    std::vector<const std::vector<selection>*> sets;
  };
  [[nodiscard]] bool included(const selection& s) const;
  [[nodiscard]] bool applies(std::string_view type, const query_schema::composite& object) const;
  void finish(planned_field& f, const query_schema::composite& object, collected& from);
  const selection_group* group(const query_schema::composite& type, std::vector<const std::vector<selection>*> sets);

  const query_schema& schema_;
  std::unordered_map<std::string_view, const fragment_definition*> fragments_;
  condition_value condition_;
  const selection_group* root_ = nullptr;
  std::deque<selection_group> groups_;
  std::deque<object_plan> plans_;
  using group_key = std::pair<const query_schema::composite*, std::vector<const std::vector<selection>*>>;
  std::map<group_key, selection_group*> by_sets_;
  std::map<std::pair<const selection_group*, const query_schema::composite*>, object_plan*> by_type_;
};

}  // namespace waggle::graphql
