#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/grants.h"
#include "core/service.h"
#include "loop/core_loop.h"
#include "schema/contract.h"
#include "wasm/instance.h"

namespace waggle {

/// Which edges of the graph of `@uses` lie on a cycle. There a call never waits for a worker: all of them could be waiting
/// for each other. Immutable; made anew when services come and go.
class uses_cycles {
 public:
  uses_cycles() = default;
  /// `uses`: service → services that it may call.
  explicit uses_cycles(const std::map<std::string, std::vector<std::string>>& uses);
  [[nodiscard]] bool contains(std::string_view from, std::string_view to) const;

 private:
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> edges_;
};

/// Bounds of what one request from outside can lead to.
struct call_limits {
  std::uint32_t depth = 16;      ///< services that call one another in a row
  std::uint32_t calls = 10'000;  ///< of the whole tree
};

/// Who made a call and gets its answer.
class call_waiter {
 public:
  virtual ~call_waiter() = default;
  /// 0 and the answer, or the error's code and its JSON.
  virtual void on_answer(std::uint32_t status, std::string answer) = 0;
};

/// The calls that the guests of one core make: who may call whom, what travels along, and the calls under way.
/// Used on its core only.
class sub_calls {
 public:
  class under_way;

  /// All must outlive it and every call.
  sub_calls(core_loop& core, const service_directory& directory, call_limits limits);
  ~sub_calls();

  void set_cycles(std::shared_ptr<const uses_cycles> cycles) { cycles_ = std::move(cycles); }

  /// The request of a guest that calls.
  struct caller {
    const contract& about;
    service_request& request;
    guest_request& effects;
    std::shared_ptr<guest_request> shared_effects;
    time_point latest;        ///< when the guest's own time is over
    std::size_t input_bytes;  ///< what the input of a call may have at most
  };
  /// Makes the call that `wanted` tells of. `waiter` hears of its answer, perhaps before this returns (then it returns null).
  under_way* start(const caller& from, guest_call& wanted, call_waiter& waiter);
  /// The waiter is not interested any more: the call is stopped and its answer dropped.
  static void abandon(under_way& call);

 private:
  [[nodiscard]] result<service*> find(const caller& from, const guest_call& wanted) const;

  core_loop& core_;
  const service_directory& directory_;
  call_limits limits_;
  std::shared_ptr<const uses_cycles> cycles_ = std::make_shared<uses_cycles>();
  std::vector<std::unique_ptr<under_way>> all_;
  std::vector<under_way*> free_;
};

}  // namespace waggle
