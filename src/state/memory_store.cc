#include "state/memory_store.h"

#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <vector>

namespace waggle {
namespace {

struct written {
  std::uint64_t at;
  std::optional<stored> now;
};

/// Each key with what it was from which write on, oldest first.
struct memory {
  mutable std::shared_mutex mutex;
  std::map<std::string, std::vector<written>, std::less<>> keys;
  std::uint64_t last = 0;                                     // write
  std::multiset<std::uint64_t> views;                         // that somebody holds
  std::deque<std::pair<std::uint64_t, std::string>> history;  // keys that have more than one version since that write
  std::string swept;                                          // up to here for expired entries

  /// What `versions` was at `moment`.
  static const stored* seen(const std::vector<written>& versions, std::uint64_t moment) {
    for (std::size_t i = versions.size(); i-- > 0;)
      if (versions[i].at <= moment) return versions[i].now ? &*versions[i].now : nullptr;
    return nullptr;
  }

  void put(const std::string& key, std::optional<stored> now) {
    auto& versions = keys[key];
    if (!versions.empty() || !now) history.emplace_back(last, key);
    versions.push_back({last, std::move(now)});
  }

  /// Forgets what no view can see any more.
  void prune() {
    const std::uint64_t oldest = views.empty() ? last : *views.begin();
    for (; !history.empty() && history.front().first <= oldest; history.pop_front()) {
      const auto found = keys.find(history.front().second);
      if (found == keys.end()) continue;
      auto& versions = found->second;
      std::size_t first = versions.size() - 1;
      while (first > 0 && versions[first].at > oldest) --first;
      versions.erase(versions.begin(), versions.begin() + static_cast<std::ptrdiff_t>(first));
      if (versions.size() == 1 && !versions[0].now && versions[0].at <= oldest) keys.erase(found);
    }
  }

  /// A few keys further, round and round.
  void sweep(std::int64_t before) {
    auto at = keys.lower_bound(swept);
    for (int i = 0; i < 16 && at != keys.end(); ++i, ++at)
      if (const auto& now = at->second.back().now; now && now->expires != 0 && now->expires < before)
        put(at->first, std::nullopt);
    swept = at == keys.end() ? std::string() : at->first;
  }
};

class memory_view final : public store_view {
 public:
  explicit memory_view(std::shared_ptr<memory> of) : of_(std::move(of)) {
    const std::lock_guard lock(of_->mutex);
    at_ = of_->last;
    of_->views.insert(at_);
  }
  ~memory_view() override {
    const std::lock_guard lock(of_->mutex);
    of_->views.erase(of_->views.find(at_));
  }
  memory_view(const memory_view&) = delete;
  memory_view& operator=(const memory_view&) = delete;

  result<bool> get(std::string_view key, bool, std::optional<stored>& out) const override {
    const std::shared_lock lock(of_->mutex);
    out.reset();
    if (const auto found = of_->keys.find(key); found != of_->keys.end())
      if (const stored* s = memory::seen(found->second, at_)) out = *s;
    return true;
  }

  result<bool> scan(std::string_view from, std::string_view to, bool, const visitor& show) const override {
    const std::shared_lock lock(of_->mutex);
    for (auto at = of_->keys.lower_bound(from); at != of_->keys.end() && at->first < to; ++at)
      if (const stored* s = memory::seen(at->second, at_))
        if (!show(at->first, {s->version, s->expires, s->value})) break;
    return true;
  }

 private:
  std::shared_ptr<memory> of_;
  std::uint64_t at_ = 0;
};

class memory_store final : public store {
 public:
  std::shared_ptr<const store_view> view() override { return std::make_shared<memory_view>(of_); }

  result<void> write(std::span<const change> changes) override {
    const std::lock_guard lock(of_->mutex);
    ++of_->last;
    for (const change& c : changes) of_->put(c.key, c.now);
    of_->sweep(expired_before_);
    of_->prune();
    return {};
  }

  void drop_expired(std::int64_t before) override { expired_before_ = before; }

 private:
  std::shared_ptr<memory> of_ = std::make_shared<memory>();
  std::int64_t expired_before_ = 0;
};

}  // namespace

std::unique_ptr<store> make_memory_store() { return std::make_unique<memory_store>(); }

}  // namespace waggle
