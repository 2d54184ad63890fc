#include "schema/execute/fragment_rules.h"

#include <algorithm>

#include <fmt/format.h>

#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

void check_used(checked_document& d) {
  std::vector<bool> used(d.doc.fragments.size());
  std::vector<std::uint32_t> open;
  const auto reach = [&](const uses& from) {
    for (const fragment_use& u : from.fragments) {
      if (used[u.number]) continue;
      used[u.number] = true;
      open.push_back(u.number);
    }
  };
  for (const uses& u : d.of_operations) reach(u);
  while (!open.empty()) {
    const std::uint32_t next = open.back();
    open.pop_back();
    reach(d.of_fragments[next]);
  }
  for (std::size_t i = 0; i < used.size() && !d.found.full(); ++i) {
    const fragment_definition& f = d.doc.fragments[i];
    // The second of two with one name was reported.
    if (!used[i] && d.fragments.at(f.id.text) == i)
      d.found.error(f.id.offset, fmt::format("no operation uses fragment {}; remove it (§5.5.1.4)", shown(f.id.text)));
  }
}

/// A walk in depth, without recursion: a document may hold a chain of very many fragments.
class cycle_search {
 public:
  explicit cycle_search(checked_document& d) : d_(d), states_(d.doc.fragments.size(), state::unseen) {}

  void run() {
    for (std::uint32_t i = 0; i < states_.size(); ++i)
      if (states_[i] == state::unseen) walk(i);
  }

 private:
  enum class state : std::uint8_t { unseen, open, closed };
  struct step {
    std::uint32_t fragment;
    std::size_t next;  ///< of its spreads
  };

  void walk(std::uint32_t from) {
    enter(from);
    while (!path_.empty()) {
      step& s = path_.back();
      const std::vector<fragment_use>& spreads = d_.of_fragments[s.fragment].fragments;
      if (s.next == spreads.size()) {
        states_[s.fragment] = state::closed;
        path_.pop_back();
        continue;
      }
      const fragment_use& spread = spreads[s.next++];
      if (states_[spread.number] == state::open) report(spread);
      if (states_[spread.number] == state::unseen) enter(spread.number);
    }
  }

  void enter(std::uint32_t fragment) {
    states_[fragment] = state::open;
    path_.push_back({fragment, 0});
  }

  void report(const fragment_use& spread) {
    if (d_.found.full()) return;
    const auto from = std::ranges::find(path_, spread.number, &step::fragment);
    constexpr std::ptrdiff_t most_named = 5;
    std::string way;
    for (auto at = from + 1; at != path_.end(); ++at) {
      if (at - from > most_named) {
        way += ", …";
        break;
      }
      way += fmt::format("{}{}", way.empty() ? " by way of " : ", ", shown(d_.doc.fragments[at->fragment].id.text));
    }
    d_.found.error(spread.offset, fmt::format("fragment {} spreads itself{} (§5.5.2.2)",
                                              shown(d_.doc.fragments[spread.number].id.text), way));
  }

  checked_document& d_;
  std::vector<state> states_;
  std::vector<step> path_;
};

}  // namespace

void index_fragments(checked_document& d) {
  for (std::uint32_t i = 0; i < d.doc.fragments.size(); ++i) {
    const name& id = d.doc.fragments[i].id;
    if (!d.fragments.try_emplace(id.text, i).second && !d.found.full())
      d.found.error(id.offset, fmt::format("fragment {} is there twice (§5.5.1.1)", shown(id.text)));
  }
}

void check_fragment_uses(checked_document& d) {
  if (d.doc.fragments.empty()) return;
  check_used(d);
  cycle_search(d).run();
}

}  // namespace waggle::graphql
