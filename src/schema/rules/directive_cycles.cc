#include "schema/rules/directive_cycles.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

/// A directive's definition or a type in what its arguments take, and what is written on it.
struct node {
  const directive_entry* of = nullptr;  ///< null: a type
  std::string_view id;
  std::vector<std::size_t> uses;
  std::size_t used = 0;   ///< of `uses`: looked at already
  std::size_t index = 0;  ///< in the order in which they were reached, from 1; 0: not reached
  std::size_t low = 0;    ///< the first index that this one leads back to
  bool open = false;      ///< its group is not complete yet
};

/// Tarjan's strongly connected components, without recursion: the directives in a group of more than one, or that use
/// themselves, reach themselves.
class checker {
 public:
  checker(const schema& s, findings& found) : schema_(s), found_(found) {}

  void run() {
    for (const auto& [directive_name, entry] : schema_.directives) {
      if (entry.from != origin::file || found_.full()) continue;
      const std::size_t n = number_of(entry);
      if (nodes_[n].index == 0) walk(n);
    }
  }

 private:
  std::size_t number_of(const directive_entry& entry) {
    const auto [it, added] = numbers_.emplace(&entry, nodes_.size());
    if (added) nodes_.push_back({&entry, entry.defined->id.text, {}, 0, 0, 0, false});
    return it->second;
  }
  std::size_t number_of(std::string_view type_name, const type_entry& entry) {
    const auto [it, added] = numbers_.emplace(&entry, nodes_.size());
    if (added) nodes_.push_back({nullptr, type_name, {}, 0, 0, 0, false});
    return it->second;
  }

  void use(const std::vector<directive>& directives, std::vector<std::size_t>& uses) {
    for (const directive& d : directives)
      if (const auto it = schema_.directives.find(d.id.text); it != schema_.directives.end())
        uses.push_back(number_of(it->second));
  }
  void use(const std::vector<input_value>& inputs, std::vector<std::size_t>& uses) {
    for (const input_value& v : inputs) {
      use(v.directives, uses);
      if (const auto it = schema_.types.find(v.type.named.text); it != schema_.types.end())
        uses.push_back(number_of(it->first, it->second));
    }
  }
  void reach(std::size_t n) {
    std::vector<std::size_t> uses;
    if (const directive_entry* d = nodes_[n].of) {
      use(d->defined->inputs, uses);
    } else {
      for (const definition* part : schema_.types.find(nodes_[n].id)->second.parts()) {
        use(part->directives, uses);
        use(part->inputs, uses);
        for (const enum_value& v : part->values) use(v.directives, uses);
      }
    }
    nodes_[n].uses = std::move(uses);
    nodes_[n].index = nodes_[n].low = ++reached_;
    nodes_[n].open = true;
    group_.push_back(n);
    path_.push_back(n);
  }

  void walk(std::size_t start) {
    reach(start);
    while (!path_.empty()) {
      node& n = nodes_[path_.back()];
      if (n.used < n.uses.size()) {
        const std::size_t next = n.uses[n.used++];
        if (nodes_[next].index == 0) {
          reach(next);
        } else if (nodes_[next].open) {
          n.low = std::min(n.low, nodes_[next].index);
        }
        continue;
      }
      const std::size_t done = path_.back();
      path_.pop_back();
      if (!path_.empty()) nodes_[path_.back()].low = std::min(nodes_[path_.back()].low, n.low);
      if (n.low == n.index) close(done);
    }
  }

  /// Takes the group that begins with `first` off the stack and reports its directives, where it is a circle.
  void close(std::size_t first) {
    const auto begin = std::ranges::find(group_.rbegin(), group_.rend(), first).base() - 1;
    const bool circle =
        group_.end() - begin > 1 || std::ranges::find(nodes_[first].uses, first) != nodes_[first].uses.end();
    for (auto it = begin; it != group_.end(); ++it) {
      node& n = nodes_[*it];
      n.open = false;
      if (!circle || n.of == nullptr || n.of->from != origin::file || found_.full()) continue;
      found_.error(n.of->defined->id.offset,
                   fmt::format("directive @{} needs itself: its arguments, or types and directives that they use, are "
                               "defined with it{} (§3.13)",
                               shown(n.id), others(begin, it)));
    }
    group_.erase(begin, group_.end());
  }

  /// Names of the group besides `self`, for the message.
  [[nodiscard]] std::string others(std::vector<std::size_t>::const_iterator begin,
                                   std::vector<std::size_t>::const_iterator self) const {
    constexpr int most = 5;
    std::string out;
    int count = 0;
    for (auto it = begin; it != group_.end() && count < most; ++it) {
      if (it == self) continue;
      ++count;
      out += fmt::format("{}{}{}", out.empty() ? "; see " : ", ", nodes_[*it].of != nullptr ? "@" : "",
                         shown(nodes_[*it].id));
    }
    return out;
  }

  const schema& schema_;
  findings& found_;
  std::unordered_map<const void*, std::size_t> numbers_;
  std::vector<node> nodes_;
  std::vector<std::size_t> path_;
  std::vector<std::size_t> group_;  ///< reached, and their groups not complete
  std::size_t reached_ = 0;
};

}  // namespace

void check_directive_cycles(const schema& s, findings& found) { checker(s, found).run(); }

}  // namespace waggle::graphql
