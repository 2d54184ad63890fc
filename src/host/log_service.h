#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "core/service.h"

namespace waggle {

constexpr std::size_t max_log_line = 4096;

/// `message name=value …`: a text is quoted where it would not be read as one word, any other value is its JSON. Control
/// characters, such that reorder text, and line breaks are escaped. What is over `max_log_line` bytes is cut off, with `…`.
[[nodiscard]] std::string log_line(std::string_view message, const simdjson::dom::object* fields);

/// `waggle.log.v1.Log` on one core (log.graphql): each line to the log of the service that calls
/// (`guest_request::log`).
class log_service final : public service {
 public:
  log_service();
  void ask(service_call& call) override;
  [[nodiscard]] const contract& description() const override { return *contract_; }

 private:
  std::shared_ptr<const contract> contract_;
};

}  // namespace waggle
