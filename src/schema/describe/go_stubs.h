#pragma once
#include <string>

#include "schema/contract.h"

namespace waggle::graphql {

/// A package for those who call the service from Go, on top of kits/go: one file, formatted as gofmt does. kits/README.md
/// says what of the contract becomes what. `c` was compiled from a text and has a name. The same contract gives the same text.
[[nodiscard]] std::string go_stubs(const contract& c);

}  // namespace waggle::graphql
