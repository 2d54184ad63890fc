#include "schema/execute/request_limits.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>

#include <vector>

#include <fmt/format.h>

#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

/// What a selection set comes to. The sums stop at the largest number: fragments that each spread the next twice double them.
struct measure {
  std::size_t depth = 0;
  std::size_t aliases = 0;
  std::size_t root_fields = 0;
  std::size_t directives = 0;
  std::size_t fields = 0;
};

void add(std::size_t& to, std::size_t more) {
  const std::size_t room = std::numeric_limits<std::size_t>::max() - to;
  to += std::min(room, more);
}

/// Adds what stands beside it.
void add_beside(measure& to, const measure& more) {
  to.depth = std::max(to.depth, more.depth);
  add(to.aliases, more.aliases);
  add(to.root_fields, more.root_fields);
  add(to.directives, more.directives);
  add(to.fields, more.fields);
}

class meter {
 public:
  explicit meter(const executable_document& doc) : doc_(doc), measures_(doc.fragments.size()) {
    for (std::size_t i = 0; i < doc.fragments.size(); ++i) by_name_.try_emplace(doc.fragments[i].id.text, i);
    order();
  }

  /// No deeper than selections were parsed: spreads are looked up.
  measure of(const std::vector<selection>& all) const {
    measure sum;
    for (const selection& s : all) {
      measure one;
      if (s.kind == selection_kind::spread) {
        if (const auto at = by_name_.find(s.id.text); at != by_name_.end()) one = measures_[at->second];
      } else {
        one = of(s.selections);
      }
      if (s.kind == selection_kind::field) {
        add(one.depth, 1);
        add(one.aliases, s.alias.text.empty() ? 0 : 1);
        one.root_fields = 1;
        add(one.fields, 1);
      }
      add(one.directives, s.directives.size());
      add_beside(sum, one);
    }
    return sum;
  }

 private:
  enum class state : std::uint8_t { unseen, open, closed };
  struct step {
    std::size_t fragment;
    std::vector<std::size_t> spreads;
  };

  /// Measures each fragment behind those that it spreads, without recursion: a chain of them may be very long. What leads back
  /// to an open one is not followed and counts nothing.
  void order() {
    std::vector<state> states(measures_.size(), state::unseen);
    std::vector<step> path;
    const auto enter = [&](std::size_t fragment) {
      states[fragment] = state::open;
      path.push_back({fragment, {}});
      spreads_of(doc_.fragments[fragment].selections, path.back().spreads);
    };
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (states[i] == state::unseen) enter(i);
      while (!path.empty()) {
        step& s = path.back();
        if (s.spreads.empty()) {
          const fragment_definition& f = doc_.fragments[s.fragment];
          measures_[s.fragment] = of(f.selections);
          add(measures_[s.fragment].directives, f.directives.size());
          states[s.fragment] = state::closed;
          path.pop_back();
          continue;
        }
        const std::size_t next = s.spreads.back();
        s.spreads.pop_back();
        if (states[next] == state::unseen) enter(next);
      }
    }
  }

  void spreads_of(const std::vector<selection>& all, std::vector<std::size_t>& out) const {
    for (const selection& s : all) {
      if (s.kind != selection_kind::spread) {
        spreads_of(s.selections, out);
      } else if (const auto at = by_name_.find(s.id.text); at != by_name_.end()) {
        out.push_back(at->second);
      }
    }
  }

  const executable_document& doc_;
  std::map<std::string_view, std::size_t> by_name_;
  std::vector<measure> measures_;
};

}  // namespace

source_limits source_limits_of(const request_limits& limits) {
  source_limits out;
  out.tokens = limits.tokens;
  return out;
}

void check_request_limits(const executable_document& doc, const request_limits& limits, findings& found) {
  const meter m(doc);
  for (const operation_definition& o : doc.operations) {
    measure sum = m.of(o.selections);
    add(sum.directives, o.directives.size());
    for (const variable_definition& v : o.variables) add(sum.directives, v.directives.size());
    const auto check = [&](std::size_t is, std::size_t most, std::string_view limit, std::string_view what) {
      if (is <= most || found.full()) return;
      const std::string which = o.id.text.empty() ? std::string("this operation") : "operation " + shown(o.id.text);
      const std::string count =
          is == std::numeric_limits<std::size_t>::max() ? std::string("too many to count") : fmt::format("{}", is);
      found.error(o.offset, fmt::format("{} has {}: {}, the limit {} is {}", which, what, count, limit, most));
    };
    check(sum.depth, limits.depth, "depth", "too many fields inside each other");
    check(sum.aliases, limits.aliases, "aliases", "too many aliases");
    check(sum.root_fields, limits.root_fields, "root_fields", "too many fields at its root");
    check(sum.directives, limits.directives, "directives", "too many directives");
    check(sum.fields, limits.cost, "cost", "too many fields");
  }
}

}  // namespace waggle::graphql
