#pragma once
#include <string>
#include <vector>

#include "host/node_operator.h"

namespace waggle {

/// A list in JSON of what `one` makes of each.
template <class T, class One>
std::string list_of(const std::vector<T>& all, One one) {
  std::string out = "[";
  for (const T& t : all) {
    if (out.size() > 1) out += ',';
    out += one(t);
  }
  return out + "]";
}

/// A DateTime with its quotes.
[[nodiscard]] std::string json_time(wall_time t);
/// The answers of Admin's `recent` and `load` (admin.graphql). Of `recent`'s the last are left out where they are too many
/// bytes.
[[nodiscard]] std::string requests_json(const std::vector<recorded_request>& all);
[[nodiscard]] std::string load_json(unsigned cores, time_point now, const std::vector<served_view>& all);

}  // namespace waggle
