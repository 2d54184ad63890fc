#include "state/rocks_store.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "state/keys.h"

namespace waggle {
namespace {

constexpr std::int64_t format = 1;
constexpr std::size_t head_bytes = 16;             // version and expiry, as little-endian integers, before the value
constexpr std::uint64_t removed_on_core = 10'000;  // removed entries that a scan may step over without blocking

std::string bytes_of(const stored& s) {
  std::string out(head_bytes, '\0');
  std::memcpy(out.data(), &s.version, 8);
  std::memcpy(out.data() + 8, &s.expires, 8);
  return out += s.value;
}

/// False: that is not what `bytes_of` made.
bool read_bytes(std::string_view bytes, stored_view& out) {
  if (bytes.size() < head_bytes) return false;
  std::memcpy(&out.version, bytes.data(), 8);
  std::memcpy(&out.expires, bytes.data() + 8, 8);
  out.value = bytes.substr(head_bytes);
  return true;
}

std::string_view text(const rocksdb::Slice& s) { return {s.data(), s.size()}; }
rocksdb::Slice slice(std::string_view s) { return {s.data(), s.size()}; }

error trouble(const std::string& folder, const rocksdb::Status& s) {
  if (s.IsCorruption())
    return fail(
               error_code::data_loss, fault::host,
               fmt::format("the state in {} is damaged ({}). Nothing was changed. `waggle state export` saves what can "
                           "be read; then move the folder away, start anew and import it",
                           folder, s.ToString()))
        .error();
  return fail(error_code::internal, fault::host, fmt::format("the state in {}: {}", folder, s.ToString())).error();
}

/// Lets RocksDB drop what expired long ago when it rewrites its files anyway.
class expired_filter final : public rocksdb::CompactionFilter {
 public:
  [[nodiscard]] const char* Name() const override { return "waggle.expired"; }
  bool Filter(int, const rocksdb::Slice&, const rocksdb::Slice& value, std::string*, bool*) const override {
    stored_view s;
    return read_bytes(text(value), s) && s.expires != 0 && s.expires < before.load(std::memory_order_relaxed);
  }
  std::atomic<std::int64_t> before{0};
};

/// The folder and RocksDB in it. Goes when the store and all its views are gone.
struct opened {
  std::string folder;
  int lock = -1;
  expired_filter filter;
  std::unique_ptr<rocksdb::DB> db;

  opened() = default;
  opened(const opened&) = delete;
  opened& operator=(const opened&) = delete;
  ~opened() {
    if (db) db->Close().PermitUncheckedError();
    db.reset();
    if (lock >= 0) ::close(lock);
  }
};

class rocks_view final : public store_view {
 public:
  explicit rocks_view(std::shared_ptr<opened> of) : of_(std::move(of)), at_(of_->db->GetSnapshot()) {}
  ~rocks_view() override { of_->db->ReleaseSnapshot(at_); }
  rocks_view(const rocks_view&) = delete;
  rocks_view& operator=(const rocks_view&) = delete;

  result<bool> get(std::string_view key, bool may_block, std::optional<stored>& out) const override {
    out.reset();
    rocksdb::PinnableSlice found;
    const auto status = of_->db->Get(how(may_block), of_->db->DefaultColumnFamily(), slice(key), &found);
    if (status.IsIncomplete()) return false;
    if (status.IsNotFound()) return true;
    stored_view s;
    if (!status.ok()) return std::unexpected(trouble(of_->folder, status));
    if (!read_bytes(text(found), s)) return std::unexpected(trouble(of_->folder, no_head()));
    out = stored{s.version, s.expires, std::string(s.value)};
    return true;
  }

  result<bool> scan(std::string_view from, std::string_view to, bool may_block, const visitor& show) const override {
    auto options = how(may_block);
    const rocksdb::Slice end = slice(to);
    options.iterate_upper_bound = &end;
    if (!may_block) options.max_skippable_internal_keys = removed_on_core;
    const std::unique_ptr<rocksdb::Iterator> at(of_->db->NewIterator(options));
    for (at->Seek(slice(from)); at->Valid(); at->Next()) {
      stored_view s;
      if (!read_bytes(text(at->value()), s)) return std::unexpected(trouble(of_->folder, no_head()));
      if (!show(text(at->key()), s)) return true;
    }
    if (at->status().IsIncomplete()) return false;
    if (!at->status().ok()) return std::unexpected(trouble(of_->folder, at->status()));
    return true;
  }

 private:
  static rocksdb::Status no_head() { return rocksdb::Status::Corruption("a value is too short"); }
  [[nodiscard]] rocksdb::ReadOptions how(bool may_block) const {
    rocksdb::ReadOptions options;
    options.snapshot = at_;
    // The memtables and cached blocks; anything else would read a file.
    if (!may_block) options.read_tier = rocksdb::kBlockCacheTier;
    return options;
  }

  std::shared_ptr<opened> of_;
  const rocksdb::Snapshot* at_;
};

class rocks_store final : public store {
 public:
  explicit rocks_store(std::shared_ptr<opened> of) : of_(std::move(of)) {}

  std::shared_ptr<const store_view> view() override { return std::make_shared<rocks_view>(of_); }

  result<void> write(std::span<const change> changes) override {
    rocksdb::WriteBatch batch;
    for (const change& c : changes) {
      const auto status = c.now ? batch.Put(c.key, bytes_of(*c.now)) : batch.Delete(c.key);
      if (!status.ok()) return std::unexpected(trouble(of_->folder, status));
    }
    rocksdb::WriteOptions options;
    options.sync = true;
    const auto status = of_->db->Write(options, &batch);
    if (!status.ok()) return std::unexpected(trouble(of_->folder, status));
    return {};
  }

  void drop_expired(std::int64_t before) override { of_->filter.before.store(before, std::memory_order_relaxed); }

  [[nodiscard]] std::optional<std::uint64_t> free_bytes() const override {
    struct statvfs s {};
    if (::statvfs(of_->folder.c_str(), &s) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(s.f_bavail) * s.f_frsize;
  }

 private:
  std::shared_ptr<opened> of_;
};

rocksdb::Options options_for(const state_settings& s, const opened& o) {
  rocksdb::Options options;
  options.create_if_missing = true;
  // Each commit is synced before the next is written, so a crash can leave only the log's end incomplete, and that was
  // never acknowledged: it is dropped. Damage before the end must not be: kPointInTimeRecovery, the default, would
  // silently forget all acknowledged commits after it.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.write_buffer_size = s.write_buffer_bytes;
  options.max_open_files = -1;  // so that what a read needs of a file besides its blocks is in memory
  options.compaction_filter = &o.filter;
  options.periodic_compaction_seconds =
      std::uint64_t{24} * 3600;  // what expired goes within a day or so, also where nobody writes
  options.keep_log_file_num = 2;
  options.max_log_file_size = std::size_t{1} << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_manifest_file_size = std::uint64_t{4} << 20;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(s.cache_bytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

/// Makes the folder where it isn't there, for its owner alone, and locks it.
result<std::shared_ptr<opened>> lock_folder(const std::filesystem::path& folder, bool writable) {
  auto o = std::make_shared<opened>();
  o->folder = folder.string();
  const auto failed = [&o](std::string_view what) {
    return fail(error_code::internal, fault::host, fmt::format("{} {}: {}", what, o->folder, std::strerror(errno)));
  };
  std::error_code bad;
  if (writable) {
    if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), bad);
    if (::mkdir(o->folder.c_str(), 0700) != 0 && errno != EEXIST) return failed("cannot make the folder");
  } else if (!std::filesystem::exists(folder / "CURRENT", bad)) {
    return fail(error_code::not_found, fault::caller, fmt::format("there is no state in {}", o->folder));
  }
  const std::string name = o->folder + "/waggle.lock";
  o->lock = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (o->lock < 0) {
    if (!writable) return o;  // a folder that can't be written has no other owner
    return failed("cannot write to the folder");
  }
  if (::flock(o->lock, LOCK_EX | LOCK_NB) != 0)
    return fail(error_code::failed_precondition, fault::caller,
                fmt::format("another process has the state in {} open: stop it, or give this one another data folder",
                            o->folder));
  return o;
}

/// RocksDB makes an empty store where some of its files are missing. That must not happen to one with data.
result<void> check_files(const opened& o) {
  bool current = false;
  bool log = false;
  bool table = false;
  bool other = false;
  std::error_code bad;
  for (const auto& file : std::filesystem::directory_iterator(o.folder, bad)) {
    const std::string name = file.path().filename();
    current = current || name == "CURRENT";
    log = log || name.ends_with(".log");
    table = table || name.ends_with(".sst");
    other = other || name.starts_with("MANIFEST-");
  }
  // The first table is made with the store, below; from then on there is a log too.
  if (current ? table && !log : table || (log && other))
    return std::unexpected(trouble(
        o.folder, rocksdb::Status::Corruption(current ? "its log (*.log) is missing" : "its file CURRENT is missing")));
  return {};
}

/// Is it ours, and of this format? A new one is marked.
result<void> check_format(opened& o) {
  std::string mark;
  const auto found = o.db->Get({}, slice(format_key), &mark);
  if (found.ok()) {
    stored_view s;
    if (read_bytes(mark, s) && s.version == format) return {};
    return fail(error_code::failed_precondition, fault::caller,
                fmt::format("the state in {} has format {}; this build of waggle knows {}: use a later one", o.folder,
                            s.version, format));
  }
  if (!found.IsNotFound()) return std::unexpected(trouble(o.folder, found));
  const std::unique_ptr<rocksdb::Iterator> any(o.db->NewIterator({}));
  any->SeekToFirst();
  if (any->Valid() || !any->status().ok())
    return std::unexpected(trouble(o.folder, rocksdb::Status::Corruption("it does not say which format it has")));
  rocksdb::WriteOptions sync;
  sync.sync = true;
  auto marked = o.db->Put(sync, slice(format_key), bytes_of({format, 0, {}}));
  if (marked.ok()) marked = o.db->Flush({});  // check_files relies on it
  if (!marked.ok()) return std::unexpected(trouble(o.folder, marked));
  return {};
}

}  // namespace

result<std::unique_ptr<store>> open_rocks_store(const std::filesystem::path& folder, const state_settings& s) {
  auto o = lock_folder(folder, true);
  if (!o) return std::unexpected(std::move(o.error()));
  if (auto whole = check_files(**o); !whole) return std::unexpected(std::move(whole.error()));
  rocksdb::DB* db = nullptr;
  if (const auto status = rocksdb::DB::Open(options_for(s, **o), (*o)->folder, &db); !status.ok())
    return std::unexpected(trouble((*o)->folder, status));
  (*o)->db.reset(db);
  if (auto ours = check_format(**o); !ours) return std::unexpected(std::move(ours.error()));
  return std::make_unique<rocks_store>(*std::move(o));
}

result<std::unique_ptr<store>> open_damaged_store(const std::filesystem::path& folder, const state_settings& s) {
  auto o = lock_folder(folder, false);
  if (!o) return std::unexpected(std::move(o.error()));
  auto options = options_for(s, **o);
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  options.track_and_verify_wals_in_manifest = false;
  options.paranoid_checks = false;
  rocksdb::DB* db = nullptr;
  if (const auto status = rocksdb::DB::OpenForReadOnly(options, (*o)->folder, &db); !status.ok())
    return fail(error_code::data_loss, fault::host,
                fmt::format("the state in {} cannot be read even in parts: {}", (*o)->folder, status.ToString()));
  (*o)->db.reset(db);
  return std::make_unique<rocks_store>(*std::move(o));
}

}  // namespace waggle
