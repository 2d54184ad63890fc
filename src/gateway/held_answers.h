#pragma once
#include <atomic>
#include <cstddef>
#include <utility>

#include "core/error.h"

namespace waggle {

/// Memory for answers that their callers have not taken yet: of all connections of a node together, `http.answers_mb`. Who takes
/// little by little may hold much for long, and there may be many of them. From any thread.
struct answer_memory {
  explicit answer_memory(std::size_t bytes) : most(bytes) {}
  const std::size_t most;
  std::atomic<std::size_t> used{0};
  std::atomic<std::size_t> refused{0};  ///< answers that there was no room for
};

/// What one holder has of it, given back with it. Null memory has no bound. Used on one core.
class held_answers {
 public:
  held_answers() = default;
  held_answers(held_answers&& other) noexcept
      : of_(std::exchange(other.of_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  held_answers& operator=(held_answers&& other) noexcept {
    std::swap(of_, other.of_);
    std::swap(bytes_, other.bytes_);
    other.give_back();
    return *this;
  }
  ~held_answers() { give_back(); }

  /// So much more. False where there is no room for it; one alone has room, however long it is.
  [[nodiscard]] bool take(answer_memory* of, std::size_t bytes) {
    if (of == nullptr) return true;
    const std::size_t before = of->used.fetch_add(bytes, std::memory_order_relaxed);
    if (before > 0 && before + bytes > of->most) {
      of->used.fetch_sub(bytes, std::memory_order_relaxed);
      of->refused.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    of_ = of;
    bytes_ += bytes;
    return true;
  }
  /// Exactly so much, whether there is room or not: it is there already.
  void set(answer_memory* of, std::size_t bytes) {
    give_back();
    if (of == nullptr || bytes == 0) return;
    of->used.fetch_add(bytes, std::memory_order_relaxed);
    of_ = of;
    bytes_ = bytes;
  }
  void give_back() {
    if (of_ != nullptr) of_->used.fetch_sub(bytes_, std::memory_order_relaxed);
    of_ = nullptr;
    bytes_ = 0;
  }

 private:
  answer_memory* of_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Shorter ones are not counted: connections are bounded, and each has one or a hundred.
constexpr std::size_t worth_counting = std::size_t{16} << 10;

/// What the caller is told whose answer has no room.
[[nodiscard]] inline error no_room_for_answer() {
  return overloaded(failure_cause::none,
                    "too many answers wait for callers who do not take them; this one has no room (http.answers_mb)",
                    std::chrono::seconds(1));
}

}  // namespace waggle
