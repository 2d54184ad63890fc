#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace waggle {

/// What the pools of one service know of each other, over all cores: how many workers live, and who has some idle or
/// needs one. All operations are sequentially consistent; the hand-over protocol (pool.h) depends on it.
class pool_permits {
 public:
  pool_permits(std::uint32_t max, unsigned cores)
      : max_(max), cores_(std::make_unique<core_state[]>(cores)), count_(cores) {}

  /// Takes the right to have one more worker. Never more than `max` are out.
  bool take() {
    std::uint32_t n = live_.load();
    while (n < max_)
      if (live_.compare_exchange_weak(n, n + 1)) return true;
    return false;
  }
  void give_back() { live_.fetch_sub(1); }
  [[nodiscard]] std::uint32_t live() const { return live_.load(); }
  [[nodiscard]] std::uint32_t max() const { return max_; }

  /// An idle worker of `core` becomes the claimer's: exactly one request may be handed to that core for it.
  bool claim_idle(unsigned core) {
    auto& idle = cores_[core].idle;
    std::uint32_t n = idle.load();
    while (n > 0)
      if (idle.compare_exchange_weak(n, n - 1)) return true;
    return false;
  }
  void add_idle(unsigned core) { cores_[core].idle.fetch_add(1); }
  [[nodiscard]] std::uint32_t idle(unsigned core) const { return cores_[core].idle.load(); }

  /// Over all cores. It may be too late when it is used.
  [[nodiscard]] bool any_idle() const {
    for (unsigned i = 0; i < count_; ++i)
      if (idle(i) > 0) return true;
    return false;
  }

  void add_waiting(unsigned core) { cores_[core].waiting.fetch_add(1); }
  void remove_waiting(unsigned core) { cores_[core].waiting.fetch_sub(1); }
  [[nodiscard]] std::uint32_t waiting(unsigned core) const { return cores_[core].waiting.load(); }

  /// Over all cores. Two that queue at the same moment may both see room for one: it bounds memory, it is no promise.
  [[nodiscard]] std::uint32_t waiting() const {
    std::uint32_t all = 0;
    for (unsigned i = 0; i < count_; ++i) all += waiting(i);
    return all;
  }

  [[nodiscard]] unsigned cores() const { return count_; }

 private:
  struct alignas(64) core_state {
    std::atomic<std::uint32_t> idle{0};     // idle workers that nobody has claimed
    std::atomic<std::uint32_t> waiting{0};  // queued requests
  };
  const std::uint32_t max_;
  std::atomic<std::uint32_t> live_{0};
  std::unique_ptr<core_state[]> cores_;
  unsigned count_;
};

}  // namespace waggle
