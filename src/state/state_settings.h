#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/call.h"

namespace waggle {

struct state_settings {
  /// Commits are refused (`resource_exhausted`) while the disk has less free. The store needs some of it for its own
  /// files: at least 48 MiB.
  std::uint64_t reserve_bytes = std::uint64_t{64} << 20;
  duration transaction_limit{std::chrono::seconds(30)};  ///< an older one is `aborted`
  duration answer_lifetime{std::chrono::hours(24)};      ///< of `kept_answer`
  /// An entry that expired stays on the disk at least this long: the calendar may be set back a little, and no
  /// transaction may lose what it could still see.
  duration keep_expired{std::chrono::hours(1)};
  std::size_t key_bytes = 1024;
  std::size_t value_bytes = std::size_t{1} << 20;
  std::size_t written_keys = 10'000;                     ///< by one transaction
  std::size_t read_keys = 100'000;                       ///< recorded of one transaction: keys and lists
  std::size_t read_key_bytes = std::size_t{16} << 20;    ///< these together
  std::size_t page_bytes = std::size_t{512} << 10;       ///< of entries in one `list`, but for the first
  std::size_t batch_commits = 1024;                      ///< that share one sync
  std::size_t batch_bytes = std::size_t{8} << 20;        ///< likewise
  std::size_t remembered_bytes = std::size_t{64} << 20;  ///< of memory, for recently written keys: to find conflicts
  std::uint64_t write_buffer_bytes = std::uint64_t{16} << 20;  ///< RocksDB's, of which it may have two
  std::uint64_t cache_bytes = std::uint64_t{32} << 20;         ///< RocksDB's block cache
};

}  // namespace waggle
