#include "schema/execute/operation_rules.h"

#include <set>
#include <unordered_set>

#include <fmt/format.h>

#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

/// CollectSubscriptionFields (§5.2.4.1), a walk without recursion.
class subscription_check {
 public:
  subscription_check(checked_document& d, const operation_definition& o, const query_schema::composite& root)
      : d_(d), operation_(o), root_(root) {}

  void run() {
    add(operation_.selections);
    while (!open_.empty() && !failed_ && d_.step()) {
      step& s = open_.back();
      if (s.next == s.all->size()) {
        open_.pop_back();
      } else {
        look_at((*s.all)[s.next++]);
      }
    }
    if (only_.empty() && !failed_ && d_.steps_left > 0)
      error(operation_.offset, fmt::format("{} selects no field of its own at its root", describe(operation_)));
  }

 private:
  struct step {
    const std::vector<selection>* all;
    std::size_t next;
  };
  void add(const std::vector<selection>& all) { open_.push_back({&all, 0}); }

  void look_at(const selection& s) {
    for (const directive& one : s.directives)
      if (one.id.text == "skip" || one.id.text == "include")
        return error(one.id.offset, fmt::format("{} has @{} at its root; a subscription has exactly one field there",
                                                describe(operation_), one.id.text));
    if (s.kind == selection_kind::inline_fragment) {
      if (s.id.text.empty() || applies(s.id.text)) add(s.selections);
    } else if (s.kind == selection_kind::spread) {
      const fragment_definition* const f = d_.find_fragment(s.id.text);
      if (f != nullptr && applies(f->on.text) && entered_.insert(f).second) add(f->selections);
    } else if (s.id.text.starts_with("__")) {
      error(s.id.offset, fmt::format("{} selects {}; a subscription has exactly one field of its own at its root",
                                     describe(operation_), shown(s.id.text)));
    } else if (only_.empty()) {
      only_ = s.response_name().text;
    } else if (only_ != s.response_name().text) {
      error(s.offset, fmt::format("{} selects {} and {}; a subscription has exactly one field at its root",
                                  describe(operation_), shown(only_), shown(s.response_name().text)));
    }
  }

  /// DoesFragmentTypeApply (§6.3.2)
  bool applies(std::string_view type) const {
    const query_schema::composite* const c = d_.schema.find(type);
    return c != nullptr && query_schema::is_possible(*c, root_);
  }

  void error(std::size_t offset, std::string_view message) {
    failed_ = true;
    if (!d_.found.full()) d_.found.error(offset, fmt::format("{} (§5.2.4.1)", message));
  }

  checked_document& d_;
  const operation_definition& operation_;
  const query_schema::composite& root_;
  std::vector<step> open_;
  std::unordered_set<const fragment_definition*> entered_;
  std::string_view only_;
  bool failed_ = false;
};

void check_root(checked_document& d, const operation_definition& o) {
  const query_schema::composite* const root = d.schema.root(o.kind);
  if (root == nullptr) {
    d.found.error(o.offset, fmt::format("there are no {} here: the schema has no such root (§5.2.1.1)",
                                        o.kind == operation::query      ? "queries"
                                        : o.kind == operation::mutation ? "mutations"
                                                                        : "subscriptions"));
  } else if (o.kind == operation::subscription) {
    subscription_check(d, o, *root).run();
  }
}

}  // namespace

void check_operations(checked_document& d) {
  std::set<std::string_view> names;
  for (const operation_definition& o : d.doc.operations) {
    if (d.found.full()) return;
    if (o.id.text.empty()) {
      if (d.doc.operations.size() > 1)
        d.found.error(o.offset, "an operation without a name stands alone in its document; name each one (§5.2.3.1)");
    } else if (d.doc.operations.size() > 1 && !names.insert(o.id.text).second) {
      d.found.error(o.id.offset, fmt::format("operation {} is there twice (§5.2.2.1)", shown(o.id.text)));
    }
    check_root(d, o);
  }
}

}  // namespace waggle::graphql
