#include "schema/execute/field_merging.h"

#include <algorithm>
#include <functional>
#include <span>
#include <tuple>
#include <unordered_set>

#include <fmt/format.h>

#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

using composite = query_schema::composite;

bool same(const value& a, const value& b) {
  if (a.kind != b.kind || a.text != b.text || a.items.size() != b.items.size()) return false;
  if (a.kind == value_kind::list) return std::ranges::equal(a.items, b.items, same);
  if (a.kind != value_kind::object) return true;
  const auto by_key = [](const value& v) {
    std::vector<const value*> out;
    for (const value& item : v.items) out.push_back(&item);
    std::ranges::sort(out, {}, [](const value* item) { return item->key.text; });
    return out;
  };
  return std::ranges::equal(by_key(a), by_key(b),
                            [](const value* x, const value* y) { return x->key.text == y->key.text && same(*x, *y); });
}

bool same(const std::vector<argument>& a, const std::vector<argument>& b) {
  if (a.size() != b.size()) return false;
  const auto by_name = [](const std::vector<argument>& all) {
    std::vector<const argument*> out;
    for (const argument& one : all) out.push_back(&one);
    std::ranges::sort(out, {}, [](const argument* one) { return one->id.text; });
    return out;
  };
  return std::ranges::equal(by_name(a), by_name(b), [](const argument* x, const argument* y) {
    return x->id.text == y->id.text && same(x->given, y->given);
  });
}

/// What of a set is checked: everything, or only that the answers have one shape (SameResponseShape).
enum class extent : std::uint8_t { everything, shape };

/// A selection set whose fields come to some place. Its type is always the same.
struct source {
  const std::vector<selection>* selections;
  const composite* type;  ///< null: not known

  bool operator==(const source&) const = default;
};

/// Sources that come to one place together: a part of `merger::pool_`.
struct merged_set {
  std::size_t begin = 0;
  std::size_t end = 0;
  extent what = extent::everything;
};

struct found_field {
  std::string_view response;
  const selection* at;
  const composite* parent;
  const field* defined;  ///< null: not known

  [[nodiscard]] bool of_object() const { return parent != nullptr && parent->is_object(); }
};

class merger {
 public:
  explicit merger(checked_document& d)
      : d_(d), entered_(d.doc.fragments.size(), 0), done_(16, hash{&pool_}, equal{&pool_}) {}

  void run() {
    for (const operation_definition& o : d_.doc.operations) check_from({&o.selections, d_.schema.root(o.kind)});
    // What no operation uses.
    for (std::size_t i = 0; i < d_.doc.fragments.size(); ++i)
      if (entered_[i] == 0) check_from({&d_.doc.fragments[i].selections, d_.schema.find(d_.doc.fragments[i].on.text)});
  }

 private:
  struct hash {
    const std::vector<source>* pool;
    std::size_t operator()(const merged_set& m) const {
      std::size_t h = static_cast<std::size_t>(m.what);
      for (std::size_t i = m.begin; i < m.end; ++i)
        h = (h ^ std::hash<const void*>{}((*pool)[i].selections)) * 0x9E3779B97F4A7C15U;
      return h ^ (h >> 32U);
    }
  };
  struct equal {
    const std::vector<source>* pool;
    bool operator()(const merged_set& a, const merged_set& b) const {
      const auto part = [this](const merged_set& m) { return std::span(*pool).subspan(m.begin, m.end - m.begin); };
      return a.what == b.what && std::ranges::equal(part(a), part(b));
    }
  };

  void check_from(source root) {
    pool_.push_back(root);
    add_set(pool_.size() - 1, extent::everything);
    while (!open_.empty() && !d_.found.full()) {
      const merged_set next = open_.back();
      open_.pop_back();
      collect(next);
      check_fields(next.what);
    }
    open_.clear();
  }

  /// The sources from `begin` on are a set that is to be checked, if it was not yet.
  void add_set(std::size_t begin, extent what) {
    if (begin == pool_.size()) return;
    if (pool_.size() - begin > 1) {
      std::sort(pool_.begin() + static_cast<std::ptrdiff_t>(begin), pool_.end(),
                [](const source& a, const source& b) { return std::less<>{}(a.selections, b.selections); });
    }
    const merged_set made{begin, pool_.size(), what};
    if (done_.insert(made).second) {
      open_.push_back(made);
    } else {
      pool_.resize(begin);
    }
  }

  /// The fields of a set, those of its fragments too, by name and in the text's order.
  void collect(const merged_set& set) {
    fields_.clear();
    ++stamp_;
    walk_.assign(pool_.begin() + static_cast<std::ptrdiff_t>(set.begin),
                 pool_.begin() + static_cast<std::ptrdiff_t>(set.end));
    while (!walk_.empty()) {
      const source from = walk_.back();
      walk_.pop_back();
      for (const selection& s : *from.selections) {
        if (!d_.step()) return;
        if (s.kind == selection_kind::field) {
          fields_.push_back(
              {s.response_name().text, &s, from.type, from.type == nullptr ? nullptr : from.type->find(s.id.text)});
        } else if (s.kind == selection_kind::inline_fragment) {
          walk_.push_back({&s.selections, s.id.text.empty() ? from.type : d_.schema.find(s.id.text)});
        } else if (const auto at = d_.fragments.find(s.id.text);
                   at != d_.fragments.end() && entered_[at->second] != stamp_) {
          entered_[at->second] = stamp_;
          const fragment_definition& f = d_.doc.fragments[at->second];
          walk_.push_back({&f.selections, d_.schema.find(f.on.text)});
        }
      }
    }
    std::ranges::sort(fields_, {}, [](const found_field& f) { return std::tuple(f.response, f.at->offset); });
  }

  void check_fields(extent what) {
    const std::span<found_field> all = fields_;
    for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
      while (end < all.size() && all[end].response == all[begin].response) ++end;
      check_one_name(all.subspan(begin, end - begin), what);
    }
  }

  void check_one_name(std::span<found_field> group, extent what) {
    if (group.size() == 1) return go_on(group, {}, what);
    if (!one_shape(group)) return;
    if (what == extent::shape) return go_on(group, {}, what);
    const auto first_object = std::ranges::find_if(group, &found_field::of_object);
    const bool apart = std::any_of(first_object, group.end(), [&](const found_field& f) {
      return f.of_object() && f.parent != first_object->parent;
    });
    if (apart) return check_by_object(group);
    if (one_field(group.front(), group.subspan(1))) go_on(group, {}, what);
  }

  /// Of fields on several object types: no answer holds those of two of them, so each type's are checked together with those of
  /// interfaces and unions.
  void check_by_object(std::span<found_field> group) {
    std::ranges::sort(group, {}, [](const found_field& f) {
      return std::tuple(f.of_object() ? f.parent->number + 1 : 0, f.at->offset);
    });
    const auto abstract =
        static_cast<std::size_t>(std::ranges::find_if(group, &found_field::of_object) - group.begin());
    const std::span<found_field> shared = group.first(abstract);
    if (abstract > 1 && !one_field(shared.front(), shared.subspan(1))) return;
    for (std::size_t begin = abstract, end = abstract; begin < group.size(); begin = end) {
      while (end < group.size() && group[end].parent == group[begin].parent) ++end;
      const std::span<found_field> own = group.subspan(begin, end - begin);
      if (!one_field(abstract > 0 ? shared.front() : own.front(), own)) return;
      go_on(own, shared, extent::everything);
    }
    go_on(group, {}, extent::shape);
  }

  /// Goes on with what these fields select.
  void go_on(std::span<const found_field> some, std::span<const found_field> others, extent what) {
    const std::size_t begin = pool_.size();
    for (const auto fields : {some, others}) {
      for (const found_field& f : fields) {
        if (f.at->selections.empty() || !d_.step()) continue;
        pool_.push_back(
            {&f.at->selections, f.defined == nullptr ? nullptr : d_.schema.find(f.defined->type.named.text)});
      }
    }
    add_set(begin, what);
  }

  /// SameResponseShape, without the selections.
  bool one_shape(std::span<const found_field> group) {
    const auto first = std::ranges::find_if(group, [](const found_field& f) { return f.defined != nullptr; });
    const auto other = std::find_if(first, group.end(), [&](const found_field& f) {
      return f.defined != nullptr && !same_shape(first->defined->type, f.defined->type);
    });
    if (other == group.end()) return true;
    error(*other, fmt::format("would be {} at one place and {} at another", print(type_view(first->defined->type)),
                              print(type_view(other->defined->type))));
    return false;
  }
  bool same_shape(const type_ref& a, const type_ref& b) const {
    if (a.modifiers != b.modifiers) return false;
    if (a.named.text == b.named.text) return true;
    return d_.schema.find(a.named.text) != nullptr && d_.schema.find(b.named.text) != nullptr;
  }

  /// Are all the same field with the same arguments as `first`?
  bool one_field(const found_field& first, std::span<const found_field> others) {
    for (const found_field& f : others) {
      if (f.at->id.text != first.at->id.text) {
        error(f, fmt::format("would be {} and {}", shown(first.at->id.text), shown(f.at->id.text)));
        return false;
      }
      if (!same(first.at->arguments, f.at->arguments)) {
        error(f, "is asked for with different arguments");
        return false;
      }
    }
    return true;
  }

  void error(const found_field& f, std::string_view message) {
    if (!d_.found.full())
      d_.found.error(f.at->offset,
                     fmt::format("{} in the answer {}; give one of them another name, as in other: {} (§5.3.2)",
                                 shown(f.response), message, shown(f.at->id.text)));
  }

  checked_document& d_;
  std::vector<source> pool_;
  std::vector<merged_set> open_;
  std::vector<source> walk_;
  std::vector<found_field> fields_;
  std::vector<std::size_t> entered_;  ///< by fragment: the last set that it came into
  std::size_t stamp_ = 0;
  std::unordered_set<merged_set, hash, equal> done_;
};

}  // namespace

void check_field_merging(checked_document& d) { merger(d).run(); }

}  // namespace waggle::graphql
