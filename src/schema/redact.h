#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "schema/contract.h"

namespace waggle {

/// A payload or an answer as it may be kept and shown.
struct shown_value {
  std::string text;  ///< JSON; cut off where it was too long
  bool cut = false;
  std::vector<std::string> hidden;  ///< texts and numbers that are not in it, for `redact`; not the shortest
};

/// What of a payload (an answer) may be shown: values that the contract marks @sensitive are `"[redacted]"`. `fits`: it is
/// known to fit the contract; else what does not stand where the contract has something of its sort is hidden as well
/// (`"[unfit]"`), and nothing is given of what is not JSON. At most about `most_bytes` long. Linear in the bytes.
[[nodiscard]] std::optional<shown_value> show_payload(const method& m, const std::string& json, bool fits,
                                                      std::size_t most_bytes);
[[nodiscard]] std::optional<shown_value> show_answer(const method& m, const std::string& json, bool fits,
                                                     std::size_t most_bytes);
/// `text` without what is in `hidden`, in which a guest repeats what it got.
[[nodiscard]] std::string redact(std::string text, const std::vector<std::string>& hidden);

}  // namespace waggle
