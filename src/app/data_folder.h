#pragma once
#include <string>

namespace waggle {

/// Makes the data folder where it isn't there, for its owner alone; what lies in it is not for others. Whoever then uses it
/// finds out where that failed.
void make_data_folder(const std::string& data);

/// `DATA/waggle.sock`
[[nodiscard]] std::string operator_socket(const std::string& data);

}  // namespace waggle
