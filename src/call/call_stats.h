#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/call.h"
#include "core/counter.h"
#include "core/duration_histogram.h"
#include "schema/contract.h"

namespace waggle {

/// Figures of the requests of one method on one core; read by the metrics from any thread.
struct method_stats {
  std::array<counter, 17> by_code;               ///< errors; [0] is success
  std::array<counter, failure_causes> by_cause;  ///< of those that have one
  duration_histogram total;
  duration_histogram queue;
  duration_histogram validate;
  duration_histogram guest;
  duration_histogram waited;  ///< for its calls
  duration_histogram commit;
};

/// Figures of a service on one core: a row for each method that was ever asked for, made when it first is, so that a
/// service which nobody asks costs nothing. Its core adds; any thread may read while it lives.
class call_stats {
 public:
  /// Methods with a row of their own; what comes after them shares one.
  static constexpr std::size_t most_methods = 64;

  call_stats() = default;
  ~call_stats() {
    for (const row* r = first_.load(); r != nullptr;) delete std::exchange(r, r->next);
  }
  call_stats(const call_stats&) = delete;
  call_stats& operator=(const call_stats&) = delete;

  /// On its core. `m` null: a method that does not exist.
  method_stats& of(const method* m) {
    if (m != nullptr && m->number < by_number_.size() && by_number_[m->number] != nullptr)
      return *by_number_[m->number];
    return add(m);
  }

  /// From any thread: `use(method, stats)` for each row; the method is null for those without a row of their own.
  template <class Use>
  void each(Use use) const {
    for (const row* r = first_.load(std::memory_order_acquire); r != nullptr; r = r->next) use(r->of, r->stats);
  }
  /// From any thread: answers with this code, 0 for success.
  [[nodiscard]] std::uint64_t answered(std::size_t code) const {
    std::uint64_t n = 0;
    each([&](const method*, const method_stats& s) { n += s.by_code[code].get(); });
    return n;
  }

 private:
  struct row {
    const method* of;
    row* next;
    method_stats stats{};
  };
  method_stats& add(const method* m) {
    const bool own = m != nullptr && rows_ < most_methods;
    if (!own && others_ == nullptr) others_ = make(nullptr);
    if (m == nullptr) return *others_;
    if (by_number_.size() <= m->number) by_number_.resize(m->number + 1);
    if (own) ++rows_;
    return *(by_number_[m->number] = own ? make(m) : others_);
  }
  method_stats* make(const method* m) {
    row* const made = new row{m, first_.load(std::memory_order_relaxed)};
    first_.store(made, std::memory_order_release);
    return &made->stats;
  }

  std::atomic<row*> first_{nullptr};
  std::vector<method_stats*> by_number_;  // its core's
  method_stats* others_ = nullptr;
  std::size_t rows_ = 0;
};

}  // namespace waggle
