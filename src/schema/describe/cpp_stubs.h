#pragma once
#include <string>

#include "schema/contract.h"

namespace waggle::graphql {

/// A header for those who call the service from C++, on top of kits/cpp/waggle/typed.h. kits/README.md says what of the
/// contract becomes what. `c` was compiled from a text and has a name. The same contract gives the same text.
[[nodiscard]] std::string cpp_stubs(const contract& c);

}  // namespace waggle::graphql
