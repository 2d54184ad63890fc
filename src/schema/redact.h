#pragma once
#include <cstddef>
#include <optional>
#include <string>

#include "schema/contract.h"
#include "schema/secrets.h"

namespace waggle {

/// A payload or an answer as it may be kept and shown.
struct shown_value {
  std::string text;  ///< JSON; cut off where it was too long
  bool cut = false;
  secrets hidden;  ///< texts and numbers that are not in it
};

/// Is anything @sensitive that the method takes or gives, or in a type of its contract?
[[nodiscard]] bool has_sensitive(const method& m);
/// What of a payload (an answer) may be shown: values that the contract marks @sensitive are `"[redacted]"`. `fits`: it is
/// known to fit the contract; else what does not stand where the contract has something of its sort is hidden as well
/// (`"[unfit]"`), and nothing is given of what is not JSON. At most about `most_bytes` long. Linear in the bytes.
[[nodiscard]] std::optional<shown_value> show_payload(const method& m, const std::string& json, bool fits,
                                                      std::size_t most_bytes);
[[nodiscard]] std::optional<shown_value> show_answer(const method& m, const std::string& json, bool fits,
                                                     std::size_t most_bytes);

}  // namespace waggle
