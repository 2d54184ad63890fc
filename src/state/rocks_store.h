#pragma once
#include <filesystem>
#include <memory>

#include "state/state_settings.h"
#include "state/store.h"

namespace waggle {

/// A store in a folder of its own, which is made where it isn't there: RocksDB. Only one process has it at a time. Blocks.
/// Its views may outlive it; the folder is let go with the last of them. Errors: state_keeper::open.
[[nodiscard]] result<std::unique_ptr<store>> open_rocks_store(const std::filesystem::path& folder,
                                                              const state_settings& s);

/// The same for reading alone, to save what can be saved: damaged parts are skipped where that is possible. Nothing is
/// changed. Its `write` fails.
[[nodiscard]] result<std::unique_ptr<store>> open_damaged_store(const std::filesystem::path& folder,
                                                                const state_settings& s);

}  // namespace waggle
