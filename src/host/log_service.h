#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "core/service.h"

namespace waggle {

/// Where the lines of a service go. `level`: 0 trace, 1 debug, 2 info, 3 warn, 4 error. `line` has no line break, at most
/// `max_log_line` bytes, and is valid during the call. False where the service has logged too much and the line is dropped.
using log_sink = std::function<bool(std::string_view service, int level, std::string_view line)>;

constexpr std::size_t max_log_line = 4096;

/// `message name=value …`: a text is quoted where it would not be read as one word, any other value is its JSON. Control
/// characters, such that reorder text, and line breaks are escaped. What is over `max_log_line` bytes is cut off, with `…`.
[[nodiscard]] std::string log_line(std::string_view message, const simdjson::dom::object* fields);

/// `waggle.log.v1.Log` on one core (log.graphql): each line to the log of the service that calls.
class log_service final : public service {
 public:
  explicit log_service(log_sink to);
  void ask(service_call& call) override;
  [[nodiscard]] const contract& description() const override { return *contract_; }

 private:
  std::shared_ptr<const contract> contract_;
  log_sink sink_;
};

}  // namespace waggle
