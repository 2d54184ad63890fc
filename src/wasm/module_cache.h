#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace waggle {

/// SHA-256 over everything that decides what the compiler makes of a module.
using cache_key = std::array<std::uint8_t, 32>;

/// The key of `module` (its bytes as they were given), compiled by the engine with this fingerprint (its version,
/// features and the CPU's) under this configuration. Any text will do as long as it differs where the code would.
[[nodiscard]] cache_key make_cache_key(std::span<const std::byte> module, std::uint64_t engine_fingerprint,
                                       std::string_view configuration);

/// Compiled modules on disk, shared by all processes of one user.
///
/// What comes out is run as machine code, so nobody else may be able to write it: the folder has to be ours alone, it
/// is held open from the check on, and what `load` returns is the very buffer whose SHA-256 was compared. That finds
/// damage; it does not keep out the folder's owner, who could run code as us anyway.
///
/// Thread-safe. Everything here reads or syncs files: never call it on a core, but on a thread that may block.
class module_cache {
 public:
  static constexpr std::uint64_t default_total_bytes = std::uint64_t{2} << 30;

  /// Opens or makes the folder, and its parents, with mode 0700. An error says why there is no cache: a symbolic link,
  /// someone else's, open to group or world, not to be made. The program runs without one, with a warning.
  [[nodiscard]] static result<module_cache> open(const std::filesystem::path& folder,
                                                 std::uint64_t max_total_bytes = default_total_bytes);

  struct loaded {
    std::optional<std::vector<std::byte>> content;
    /// Why an entry that was there is not used, for the log; such an entry is removed. Empty otherwise.
    std::string rejected;
  };
  /// What was stored under `key`. A found entry counts as just used.
  [[nodiscard]] loaded load(const cache_key& key) const;

  /// Keeps `content` under `key`, durable and whole or not at all, over what was there. Then removes the entries that
  /// were not used for longest until all together have at most the allowed size. An error (disk full, larger than the
  /// whole cache) leaves the cache as it was.
  [[nodiscard]] result<void> store(const cache_key& key, std::span<const std::byte> content);

 private:
  struct open_file;

  module_cache(std::shared_ptr<const open_file> folder, std::string name, std::uint64_t max_total_bytes);
  void evict(const std::string& keep) const;

  std::shared_ptr<const open_file> folder_;
  std::string name_;  ///< of the folder, for messages
  std::uint64_t max_total_bytes_;
};

/// The entry's file name in the folder.
[[nodiscard]] std::string cache_file_name(const cache_key& key);

}  // namespace waggle
