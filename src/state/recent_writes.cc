#include "state/recent_writes.h"

namespace waggle {
namespace {

constexpr std::size_t for_a_key = 112;  // besides its bytes: a node of the map with a string
constexpr std::size_t for_a_write = 16;

}  // namespace

bool recent_writes::conflict(const transaction::reads& r) const {
  if (!r.at || (r.keys.empty() && r.ranges.empty())) return false;
  const std::int64_t since = r.at->version;
  if (since < known_since_) return true;
  if (keys_.empty()) return false;
  for (const std::string& key : r.keys)
    if (const auto w = keys_.find(key); w != keys_.end() && w->second > since) return true;
  for (const auto& [from, to] : r.ranges)
    for (auto w = keys_.lower_bound(from); w != keys_.end() && w->first < to; ++w)
      if (w->second > since) return true;
  return false;
}

void recent_writes::add(const write_set& w) {
  for (const auto& [key, value] : w.keys) {
    const auto [at, is_new] = keys_.insert_or_assign(key, w.version);
    order_.emplace_back(w.version, at);
    bytes_ += for_a_write + (is_new ? for_a_key + key.size() : 0);
  }
}

void recent_writes::prune(time_point now) {
  // The last one is what new transactions get: it lives. Nobody has begun at another since the next one came.
  while (moments_.size() > 1 && (moments_[0].alive.expired() || now - moments_[1].since > limit_)) moments_.pop_front();
  if (!moments_.empty()) forget_up_to(moments_.front().version);
  // An old transaction must not cost everybody's memory: it will be aborted.
  while (bytes_ > most_bytes_ && !order_.empty()) forget_up_to(order_.front().first);
}

void recent_writes::forget_up_to(std::int64_t version) {
  if (version > known_since_) known_since_ = version;
  for (; !order_.empty() && order_.front().first <= version; order_.pop_front()) {
    bytes_ -= for_a_write;
    if (const auto w = order_.front().second; w->second == order_.front().first) {
      bytes_ -= for_a_key + w->first.size();
      keys_.erase(w);
    }
  }
}

}  // namespace waggle
