#include "schema/describe/stub_order.h"

#include <algorithm>
#include <map>

namespace waggle::graphql {
namespace {

/// What holds records together, the easiest to part with first.
enum class bond : std::uint8_t { list, nullable, needed };

/// A record contains another.
struct edge {
  std::size_t from;
  std::size_t to;
  stub_member* by;

  [[nodiscard]] bond kind() const { return by->list() ? bond::list : by->optional ? bond::nullable : bond::needed; }
};

enum class towards : std::uint8_t { contained, containing };

/// Takes away records of which no edge leads (`contained`: to what they contain) to another one in `nodes`, again and
/// again. Returns them in this order; what stays in `nodes` is in circles, or between them.
std::vector<std::size_t> peel(std::vector<std::size_t>& nodes, const std::vector<edge>& edges, std::size_t count,
                              towards way) {
  std::vector<bool> inside(count);
  for (const std::size_t n : nodes) inside[n] = true;
  std::vector<std::size_t> open(count);
  std::vector<std::vector<std::size_t>> waiting(count);
  for (const edge& e : edges) {
    const auto [from, to] = way == towards::contained ? std::pair(e.from, e.to) : std::pair(e.to, e.from);
    if (!inside[from] || !inside[to]) continue;
    ++open[from];
    waiting[to].push_back(from);
  }
  std::vector<std::size_t> out;
  for (const std::size_t n : nodes)
    if (open[n] == 0) out.push_back(n);
  for (std::size_t i = 0; i < out.size(); ++i)
    for (const std::size_t n : waiting[out[i]])
      if (--open[n] == 0) out.push_back(n);
  for (const std::size_t n : out) inside[n] = false;
  std::erase_if(nodes, [&](std::size_t n) { return !inside[n]; });
  return out;
}

/// Marks the edges of this kind among `nodes` and forgets them.
void cut(const std::vector<std::size_t>& nodes, std::vector<edge>& edges, std::size_t count, bond kind) {
  std::vector<bool> inside(count);
  for (const std::size_t n : nodes) inside[n] = true;
  std::erase_if(edges, [&](const edge& e) {
    if (!inside[e.from] || !inside[e.to] || e.kind() != kind) return false;
    e.by->in_circle = true;
    return true;
  });
}

std::vector<edge> edges_of(std::vector<stub_record>& records) {
  std::map<std::string_view, std::size_t> numbers;
  for (std::size_t i = 0; i < records.size(); ++i) numbers.emplace(records[i].name, i);
  std::vector<edge> out;
  for (std::size_t i = 0; i < records.size(); ++i)
    for (stub_member& m : records[i].members)
      if (m.type.form == stub_form::record) out.push_back({i, numbers.at(m.type.named), &m});
  return out;
}

}  // namespace

void order_records(std::vector<stub_record>& records) {
  std::ranges::sort(records, {}, &stub_record::name);
  const std::size_t count = records.size();
  std::vector<edge> edges = edges_of(records);
  std::vector<std::size_t> left(count);
  for (std::size_t i = 0; i < count; ++i) left[i] = i;
  std::vector<std::size_t> first;
  std::vector<std::size_t> last;  // the very last one in front
  for (const bond kind : {bond::list, bond::nullable, bond::needed}) {
    for (const std::size_t n : peel(left, edges, count, towards::contained)) first.push_back(n);
    for (const std::size_t n : peel(left, edges, count, towards::containing)) last.push_back(n);
    cut(left, edges, count, kind);
  }
  for (const std::size_t n : peel(left, edges, count, towards::contained)) first.push_back(n);
  first.insert(first.end(), last.rbegin(), last.rend());
  std::vector<stub_record> ordered;
  ordered.reserve(count);
  for (const std::size_t n : first) ordered.push_back(std::move(records[n]));
  records = std::move(ordered);
}

}  // namespace waggle::graphql
