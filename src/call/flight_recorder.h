#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/service.h"
#include "loop/clock.h"
#include "schema/contract.h"

namespace waggle {

/// What a request that failed leaves behind. What the contract marks @sensitive is hidden in it (schema/redact.h).
struct recorded_failure {
  std::string message;
  std::string details;      ///< JSON; empty: none
  std::string input;        ///< JSON, cut where it was long; empty where it is not kept
  std::string answer;       ///< that did not fit the contract, likewise
  std::string log;          ///< the guest's last lines of this request
  std::string backtrace;    ///< and the kind of trap
  std::string callers;      ///< "a.A → b.B"; empty: it came from outside
  std::string traceparent;  ///< W3C Trace Context
};

/// A request that is over, as it is told to the operator.
struct recorded_request {
  std::uint64_t id = 0;
  std::string method;
  wall_time ended;
  std::uint64_t input_bytes = 0;
  std::uint64_t output_bytes = 0;
  duration total{0};
  receipt cost;
  std::uint8_t code = 0;  ///< an `error_code`, 0: success
  fault whose = fault::host;
  std::shared_ptr<const recorded_failure> failure;  ///< null where it went well, or nothing more is known
};

/// The last requests of each service on one core, to look at when something went wrong. Used on that core only, so that
/// remembering takes no lock; one that went well takes a place in a ring, and no memory of its own. Requests refused for
/// overload are none of them: there is nothing to be found out about them, and they would push out what there is.
///
/// Memory: at most `bytes`, half of it for what failures leave behind, of which the oldest go first. The other half is for
/// the rings, which begin small: a service that has none yet takes that of the one that was not asked for longest; a ring
/// grows while there is room, and takes only rings in which everything is older than what it would overwrite.
class flight_recorder {
 public:
  struct limits {
    std::size_t requests = 100;                ///< of each service
    std::size_t bytes = std::size_t{8} << 20;  ///< for all of them
  };
  class journal;
  /// A request that is about to leave.
  struct done {
    const service_call& call;
    const method* asked;  ///< null: there is none of that name
    std::size_t input_bytes;
    bool admitted;  ///< the input fits the contract
    duration total;
    const call_path* path;  ///< null: from outside
  };

  /// `time` outlives it.
  flight_recorder(const clock_source& time, limits most);
  ~flight_recorder();

  /// The journal of a service; it goes on where an earlier version's ended. To be closed.
  journal& open(const contract& about);
  /// The version is gone: nothing may refer to it. Its requests stay.
  void close(journal& j, const contract& about);
  /// The service is gone: so is its journal, when it has been closed.
  void forget(std::string_view service);

  /// The newest first, at most `first`.
  [[nodiscard]] std::vector<recorded_request> recent(std::string_view service, bool failed_only,
                                                     std::size_t first) const;
  [[nodiscard]] std::size_t bytes() const { return ring_bytes_ + failure_bytes_; }

 private:
  struct failure;
  struct entry {
    std::uint64_t id = 0;
    time_point ended{};
    duration total{0};
    receipt cost;
    const std::string* method = nullptr;  // the contract's or the journal's; null: in `more` or unknown
    failure* more = nullptr;
    std::uint32_t input_bytes = 0;
    std::uint32_t output_bytes = 0;
    std::uint8_t code = 0;
    fault whose = fault::host;
  };
  struct failure {
    std::shared_ptr<const recorded_failure> what;
    std::string method;  // where the contract has none of that name
    entry* of = nullptr;
    std::size_t bytes = 0;
    std::list<failure>::iterator self;
  };

  bool take_for_ring(std::size_t bytes, const journal& j);
  bool take_for_failure(std::size_t bytes);
  void touch(journal& j);
  void drop(failure& f);
  [[nodiscard]] recorded_request show(const entry& e) const;

  const clock_source& time_;
  limits most_;
  std::size_t share_;  // of the rings, and of failures
  std::size_t ring_bytes_ = 0;
  std::size_t failure_bytes_ = 0;
  std::map<std::string, std::unique_ptr<journal>, std::less<>> journals_;
  std::list<journal*> order_;    // that have a ring; the one that was not asked for longest is first
  std::list<failure> failures_;  // the oldest first
};

/// Of one service on one core.
class flight_recorder::journal {
 public:
  journal(flight_recorder& owner, std::string service) : owner_(owner), service_(std::move(service)) {}

  void add(const done& d) {
    const service_response& r = d.call.response;
    if (!r.output && r.output.error().whose == fault::overload) [[unlikely]]
      return;
    entry* const e = place();
    if (e == nullptr) return;
    e->id = d.call.request.id;
    e->ended = d.call.ended;
    e->total = d.total;
    e->cost = r.cost;
    e->method = d.asked != nullptr ? &d.asked->name : nullptr;
    e->input_bytes = static_cast<std::uint32_t>(d.input_bytes);
    if (r.output) [[likely]] {
      e->output_bytes = static_cast<std::uint32_t>(r.output->size());
      e->code = 0;
      return;
    }
    failed(*e, d);
  }

 private:
  friend class flight_recorder;
  entry* place() {
    if (ring_.empty()) {
      if (!begin()) return nullptr;
    } else {
      owner_.touch(*this);
    }
    if (ring_.size() < ring_.capacity() || grow()) return &ring_.emplace_back();
    entry& oldest = ring_[next_];
    if (++next_ == ring_.size()) next_ = 0;
    if (oldest.more != nullptr) owner_.drop(*oldest.more);
    return &oldest;
  }
  bool begin();
  bool grow();
  [[nodiscard]] time_point first() const { return ring_[next_].ended; }
  [[nodiscard]] time_point last() const;
  void end();
  void failed(entry& e, const done& d);
  void keep_names(const contract& about);

  flight_recorder& owner_;
  std::string service_;
  std::vector<entry> ring_;                   // failures point into it
  std::list<journal*>::iterator self_;        // in the owner's order, while there is a ring
  std::size_t next_ = 0;                      // the oldest, when it is full
  std::set<std::string, std::less<>> names_;  // of methods whose contract is gone
  unsigned versions_ = 0;
  bool forgotten_ = false;
  time_point second_{};  // of `in_second_`
  unsigned in_second_ = 0;
};

inline void flight_recorder::touch(journal& j) {
  if (order_.back() != &j) order_.splice(order_.end(), order_, j.self_);
}

}  // namespace waggle
