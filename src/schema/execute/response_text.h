#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/execute/planner.h"
#include "schema/execute/prepared_document.h"
#include "schema/execute/response_error.h"
#include "schema/execute/variables.h"

namespace waggle::graphql {

/// The plans of one request: those made with the document, and beside them those that nobody needed before.
class plan_source {
 public:
  /// All must outlive this.
  plan_source(const prepared_document& document, const planner* prepared, const variable_values& variables)
      : document_(document), prepared_(prepared), variables_(variables) {}

  [[nodiscard]] const object_plan& of(const selection_group& group, const query_schema::composite& object) {
    if (prepared_ != nullptr)
      if (const object_plan* const known = prepared_->find(group, object)) return *known;
    return own().plan(group, object);
  }
  /// The operation's selections; null where it has no root type.
  [[nodiscard]] const selection_group* root(const operation_definition& operation) {
    return prepared_ != nullptr ? prepared_->root_group() : own().root(operation);
  }

 private:
  planner& own() {
    if (own_ == nullptr)
      own_ = std::make_unique<planner>(document_.of->schema(), document_.doc,
                                       [this](std::string_view v) { return variables_.is_true(v); });
    return *own_;
  }

  const prepared_document& document_;
  const planner* prepared_;
  const variable_values& variables_;
  std::unique_ptr<planner> own_;
};

/// A response's `data` while it is written, with its errors, its path, and a bound on all work.
struct response_text {
  struct step {
    const planned_field* field = nullptr;  ///< null: an item of a list
    std::uint32_t item = 0;
  };

  std::string out;
  std::vector<step> path;
  std::vector<response_error> errors;
  std::size_t most_bytes = 0;
  std::size_t spent = 0;  ///< what was taken back, and work that wrote nothing
  bool stopped = false;   ///< over a limit: nothing more is written, the text is of no use

  /// Is there room for more? Otherwise everything ends.
  [[nodiscard]] bool go_on() {
    if (out.size() + spent > most_bytes) stopped = true;
    return !stopped;
  }
  void take_back(std::size_t size) {
    spent += out.size() - size;
    out.resize(size);
  }
  /// An error at the place that the path leads to (§6.4.4).
  void fail(error why);
};

}  // namespace waggle::graphql
