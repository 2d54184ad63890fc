#pragma once
#include <memory>

#include "state/store.h"

namespace waggle {

/// A store that forgets all when it is destroyed: for tests, `invoke` and `bench`. Its views may outlive it.
[[nodiscard]] std::unique_ptr<store> make_memory_store();

}  // namespace waggle
