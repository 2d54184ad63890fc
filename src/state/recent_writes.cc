#include "state/recent_writes.h"

namespace waggle {

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
    keys_.insert_or_assign(key, w.version);
    order_.emplace_back(w.version, key);
  }
}

void recent_writes::prune() {
  // The last one is what new transactions get: it lives.
  while (moments_.size() > 1 && moments_.front().second.expired()) moments_.pop_front();
  if (!moments_.empty()) forget_up_to(moments_.front().first);
  // A very old transaction must not cost everybody's memory: it will be aborted.
  while (order_.size() > most_) forget_up_to(order_.front().first);
}

void recent_writes::forget_up_to(std::int64_t version) {
  if (version > known_since_) known_since_ = version;
  for (; !order_.empty() && order_.front().first <= version; order_.pop_front())
    if (const auto w = keys_.find(order_.front().second); w != keys_.end() && w->second <= version) keys_.erase(w);
}

}  // namespace waggle
