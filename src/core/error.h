#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace waggle {

/// Connect's and gRPC's codes, with their numbers (docs/errors.md).
enum class error_code : std::uint8_t {
  canceled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

/// Whose doing an error is; on the wire the header `waggle-fault`.
enum class fault : std::uint8_t { caller, guest, host, overload };

/// Why a request was refused before anybody worked on it, or what its guest failed of: for the figures (docs/metrics.md).
enum class failure_cause : std::uint8_t {
  none,  ///< anything else
  // refused
  payload,         ///< it does not fit the contract
  too_large,       ///< the payload is over a limit
  unknown_method,  ///< or a subscription
  deadline,        ///< it was over, or could not be met
  queue_full,
  wait,         ///< it would wait for longer than it may
  rate,         ///< more requests a second than the operator allows
  concurrency,  ///< more at a time than the operator allows
  cpu,          ///< the service has used the time that the operator gives it
  memory,       ///< the node has no memory for a first instance
  ring,         ///< on a ring of services a call never waits
  breaker,      ///< the guest keeps crashing
  closing,      ///< the service or the node ends
  instances,    ///< the node has no room for another instance
  anonymous,    ///< the method is for verified callers
  credentials,  ///< what the caller gave does not show who it is
  scope,        ///< the caller has none of the method's scopes
  // of the guest
  answer,    ///< it does not fit the contract
  time_out,  ///< the service's own
  unreachable,
  out_of_bounds,
  out_of_stack,
  bad_call,    ///< through a table
  arithmetic,  ///< integers: overflow, division by zero, conversion
  exit,        ///< `proc_exit`
  abi,         ///< it broke the guest ABI
  ended,       ///< by an import, or a trap of another kind
};
constexpr std::size_t failure_causes = 28;
constexpr bool is_refusal(failure_cause c) { return c != failure_cause::none && c < failure_cause::answer; }

/// One place where a payload or an answer does not fit its contract.
struct violation {
  std::string path;        ///< from the payload's root, `items[3].name`; empty for the root itself
  std::size_t offset = 0;  ///< in bytes from the payload's start
  std::string message;
  std::string suggestion;  ///< empty where none is near
};

/// What went wrong, whose doing it is, and what to do about it.
struct error {
  error_code code = error_code::internal;
  fault whose = fault::host;
  failure_cause cause = failure_cause::none;
  std::string message;
  /// The first violations; `violation_count` counts all of them.
  std::vector<violation> violations;
  std::size_t violation_count = 0;
  /// A guest's own details: any JSON; empty where it gave none.
  std::string details;
  /// When trying again may help.
  std::optional<std::chrono::milliseconds> retry_after;
  /// Trap kind and Wasm backtrace. Always logged; in the answer only under `--dev`.
  std::string debug;
};

template <class T>
using result = std::expected<T, error>;

/// `return fail(error_code::not_found, fault::caller, "no service " + name);`
[[nodiscard]] std::unexpected<error> fail(error_code code, fault whose, std::string message);

/// `resource_exhausted`, for want of room; trying again after `retry` may help.
[[nodiscard]] error overloaded(failure_cause cause, std::string message, std::chrono::nanoseconds retry);

/// `canceled`: whoever asked does not wait any more.
[[nodiscard]] error caller_gone();

/// "not_found"
[[nodiscard]] std::string_view to_string(error_code code);
/// The code with this name or nothing.
[[nodiscard]] std::optional<error_code> code_from(std::string_view name);
/// "caller"
[[nodiscard]] std::string_view to_string(fault whose);

/// "queue_full"; "none" for none.
[[nodiscard]] std::string_view to_string(failure_cause c);

/// `text` as a JSON string with its quotes. Invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_quote(std::string_view text);

/// `{"code":"not_found","message":"…","details":…}`: the form inside waggle, for guests and `invoke`.
/// `details` holds the guest's own, or `{"count":…,"violations":[…]}`; absent without either.
/// With `with_debug` there is a member `debug` too.
[[nodiscard]] std::string to_json(const error& e, bool with_debug = false);

/// `{"count":2,"violations":[…]}`; empty where there are none.
[[nodiscard]] std::string violations_json(const error& e);

}  // namespace waggle
