#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"

namespace waggle {

/// What a store keeps under a key.
struct stored {
  std::int64_t version = 0;  ///< of the commit that wrote it; from 1
  std::int64_t expires = 0;  ///< milliseconds since 1970; 0: never
  std::string value;
};

/// The same, while a store shows it.
struct stored_view {
  std::int64_t version = 0;
  std::int64_t expires = 0;
  std::string_view value;
};

struct change {
  std::string key;
  std::optional<stored> now;  ///< nothing: it is removed
};

/// One moment of a store, which does not change while others write. It keeps what it shows, so let it go soon.
/// Thread-safe.
class store_view {
 public:
  virtual ~store_view() = default;

  /// Puts what is under `key` into `out`. False: that lies on disk and `may_block` was not given; ask again with it,
  /// off the core. Errors: `data_loss`.
  [[nodiscard]] virtual result<bool> get(std::string_view key, bool may_block, std::optional<stored>& out) const = 0;

  /// Shows the keys in [from, to) in order (of bytes) to `show` until it answers false. The answer is that of `get`;
  /// where it is false, some may have been shown already.
  using visitor = std::function<bool(std::string_view key, const stored_view& entry)>;
  [[nodiscard]] virtual result<bool> scan(std::string_view from, std::string_view to, bool may_block,
                                          const visitor& show) const = 0;
};

/// Where state lies: keys with their values, in the order of their bytes. What a key means is not its business.
class store {
 public:
  virtual ~store() = default;

  /// What is durable now. Thread-safe, does not block.
  [[nodiscard]] virtual std::shared_ptr<const store_view> view() = 0;

  /// Makes all changes durable, together; returns when they are. Blocks; from one thread. After an error it is unknown
  /// whether they are there.
  [[nodiscard]] virtual result<void> write(std::span<const change> changes) = 0;

  /// Entries that expired before this (milliseconds since 1970) may be dropped when it is convenient.
  virtual void drop_expired(std::int64_t before) = 0;

  /// Bytes left on its disk; nothing where it has none. Blocks shortly.
  [[nodiscard]] virtual std::optional<std::uint64_t> free_bytes() const { return std::nullopt; }
};

}  // namespace waggle
