#pragma once
#include <cstddef>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/execute/prepared_document.h"
#include "schema/execute/response_error.h"

namespace waggle::graphql {

struct execution_limits {
  /// What a response may have; what was written and then taken back for a null counts too, so it bounds the time as well.
  std::size_t response_bytes = std::size_t{16} << 20;
  /// Nested arrays and objects of an answer, and nested fields of a response; at most 1,000.
  std::size_t depth = 200;
  std::size_t variable_bytes = std::size_t{1} << 20;
  /// All payloads of a request together: each use of a variable is a copy of it.
  std::size_t payload_bytes = std::size_t{4} << 20;
  /// All answers together that are kept until the response is written, so many times its bytes.
  std::size_t answers = 4;
};

struct execution_request {
  std::shared_ptr<const prepared_document> document;
  std::string_view operation_name;  ///< empty: none is given
  std::string_view variables;       ///< a JSON object or null, UTF-8; empty: none are given
  bool with_debug = false;          ///< errors show what is meant for developers
  execution_limits limits;
};

/// What a root field asks of a service.
struct root_call {
  std::string_view service;
  std::string_view method;
  operation kind = operation::query;
  std::string payload;  ///< as `service::ask` takes it: the method checks it and fills in its defaults
  std::string_view response_name;
};

/// One request against an endpoint (§6), without I/O: it says what is to be called, is told the answers, and makes the response.
/// Queries' calls may run at the same time, a mutation's one after another; a subscription has one, each item of which is
/// an answer. For one thread.
class execution {
 public:
  /// Request errors (§7.1.2): no such operation, variables that do not fit (§6.1.2), a subscription's arguments
  /// that do not (§6.2.3.1), or too much to be sent to services (`resource_exhausted`). The document is one that was validated.
  [[nodiscard]] static std::expected<execution, std::vector<response_error>> begin(const execution_request& request);

  execution(execution&&) noexcept;
  execution& operator=(execution&&) noexcept;
  ~execution();

  [[nodiscard]] operation kind() const;
  /// In the order of the selections; none where the endpoint answers by itself. Payloads may be moved from.
  [[nodiscard]] std::span<root_call> calls();
  /// Each call once, before `finish`; not for subscriptions. An answer is the whole JSON value that the method returned.
  void answered(std::size_t call, result<std::string> answer);
  /// `data` will be null, because a field that cannot be null failed: a mutation's calls that have not begun are not to begin
  /// (§6.2.2); they need no answer then.
  [[nodiscard]] bool lost() const;
  /// The answers are too much, and forgotten; `finish` says so. No further call is to begin, and none needs an answer.
  [[nodiscard]] bool full() const;
  /// The response: `{"errors":[…],"data":{…}}`, `errors` only where there are some. Once.
  [[nodiscard]] std::string finish();

  /// A subscription's: the response for one item of its stream (§6.2.3.2), any number of times.
  [[nodiscard]] std::string respond_item(result<std::string> item);
  /// A subscription's whose stream could not be made (§6.2.3.1): `{"errors":[…]}`, a request error's response without `data`.
  [[nodiscard]] std::string respond_no_stream(error why);

 private:
  class state;
  explicit execution(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

}  // namespace waggle::graphql
