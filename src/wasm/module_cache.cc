#include "wasm/module_cache.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace waggle {
namespace {

constexpr std::string_view suffix = ".cwasm";
constexpr std::string_view temporary_prefix = "tmp-";
/// A temporary file this old was left by a process that died.
constexpr std::time_t abandoned_seconds = 3600;

/// In front of the content; as it lies in memory, because the code behind it is this machine's too.
struct entry_header {
  std::array<char, 8> magic{'w', 'a', 'g', 'g', 'l', 'e', 'm', 'c'};
  std::uint32_t format = 1;
  std::uint32_t reserved = 0;
  cache_key key{};
  std::uint64_t length = 0;
  std::array<std::uint8_t, 32> sha256{};
};
static_assert(sizeof(entry_header) == 88 && std::has_unique_object_representations_v<entry_header>);

std::array<std::uint8_t, 32> sha256(std::span<const std::byte> bytes) {
  std::array<std::uint8_t, 32> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL has no SHA-256");
  return digest;
}

std::string reason(int number) { return std::generic_category().message(number); }

std::unexpected<error> host_error(error_code code, std::string message) {
  return fail(code, fault::host, std::move(message));
}

bool read_all(int fd, std::span<std::byte> to) {
  while (!to.empty()) {
    const ssize_t n = ::read(fd, to.data(), to.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    to = to.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

/// 0, or the error's number.
int write_all(int fd, std::span<const std::byte> from) {
  while (!from.empty()) {
    const ssize_t n = ::write(fd, from.data(), from.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    from = from.subspan(static_cast<std::size_t>(n));
  }
  return 0;
}

/// Ours alone? Empty if so, otherwise why not.
std::string_view not_private(const struct stat& s) {
  if (s.st_uid != ::geteuid()) return "belongs to another user";
  if ((s.st_mode & (S_IRWXG | S_IRWXO)) != 0) return "can be used by its group or by everybody";
  return {};
}

/// Reads the entry behind `fd` into `content`; why it is of no use, or empty.
std::string read_entry(int fd, const cache_key& key, std::uint64_t max_bytes, std::vector<std::byte>& content) {
  struct stat s {};
  if (::fstat(fd, &s) != 0) return reason(errno);
  if (!S_ISREG(s.st_mode)) return "it is not a file";
  if (auto why = not_private(s); !why.empty()) return fmt::format("it {}", why);
  if (std::cmp_greater(s.st_size, max_bytes)) return "it is larger than the whole cache may be";
  if (std::cmp_less(s.st_size, sizeof(entry_header))) return "it is cut off";
  entry_header header;
  if (!read_all(fd, std::as_writable_bytes(std::span(&header, 1)))) return "it cannot be read";
  const entry_header mine;
  if (header.magic != mine.magic) return "it is not a cache entry";
  if (header.format != mine.format || header.reserved != mine.reserved) return "it has another version's form";
  if (header.key != key) return "it is the entry of another module";
  if (header.length != static_cast<std::uint64_t>(s.st_size) - sizeof header) return "it does not have its length";
  content.resize(header.length);
  if (!read_all(fd, content)) return "it cannot be read";
  if (sha256(content) != header.sha256) return "its content was altered";
  return {};
}

/// 0 where the whole entry is durable in the file, or the error's number.
int write_entry(int fd, const entry_header& header, std::span<const std::byte> content) {
  if (int e = write_all(fd, std::as_bytes(std::span(&header, 1))); e != 0) return e;
  if (int e = write_all(fd, content); e != 0) return e;
  return ::fsync(fd) == 0 ? 0 : errno;
}

/// Random, because process numbers may be the same in two containers that share the folder.
std::string new_temporary_name() {
  std::random_device bits;
  return fmt::format("{}{:08x}{:08x}", temporary_prefix, bits(), bits());
}

}  // namespace

cache_key make_cache_key(std::span<const std::byte> module, std::uint64_t engine_fingerprint,
                         std::string_view configuration) {
  // Parts of fixed length first, so that no two inputs run together to the same bytes.
  const auto module_hash = sha256(module);
  std::string all(reinterpret_cast<const char*>(module_hash.data()), module_hash.size());
  for (unsigned i = 0; i < 8; ++i) all += static_cast<char>(engine_fingerprint >> (8 * i) & 0xFF);
  all += configuration;
  return sha256(std::as_bytes(std::span(all)));
}

std::string cache_file_name(const cache_key& key) {
  std::string name;
  for (std::uint8_t b : key) fmt::format_to(std::back_inserter(name), "{:02x}", b);
  return name += suffix;
}

struct module_cache::open_file {
  explicit open_file(int number) : fd(number) {}
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  ~open_file() {
    if (fd >= 0) ::close(fd);
  }
  const int fd;  ///< negative where opening failed
};

module_cache::module_cache(std::shared_ptr<const open_file> folder, std::string name, std::uint64_t max_total_bytes)
    : folder_(std::move(folder)), name_(std::move(name)), max_total_bytes_(max_total_bytes) {}

result<module_cache> module_cache::open(const std::filesystem::path& folder, std::uint64_t max_total_bytes) {
  // A slash at the end would let O_NOFOLLOW follow.
  std::filesystem::path path = folder.lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  auto none = [&](std::string_view why) {
    return host_error(error_code::failed_precondition,
                      fmt::format("no module cache: {} {}; modules are compiled at each start", path.string(), why));
  };
  for (std::filesystem::path part; const auto& name : path) {
    part /= name;
    if (::mkdir(part.c_str(), S_IRWXU) != 0 && errno != EEXIST)
      // A parent that is there may well be on a file system that refuses before it looks.
      if (const int e = errno; ::access(part.c_str(), F_OK) != 0)
        return none(fmt::format("cannot be made: {}", reason(e)));
  }
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    // With O_DIRECTORY a symbolic link fails as "not a directory".
    struct stat link {};
    if (::lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode)) return none("is a symbolic link");
    return none(fmt::format("cannot be opened: {}", reason(errno)));
  }
  auto held = std::make_shared<const open_file>(fd);
  struct stat s {};
  if (::fstat(fd, &s) != 0) return none(fmt::format("cannot be looked at: {}", reason(errno)));
  if (auto why = not_private(s); !why.empty()) return none(fmt::format("{} (make it mode 0700 and yours)", why));
  return module_cache(std::move(held), path.string(), max_total_bytes);
}

module_cache::loaded module_cache::load(const cache_key& key) const {
  const std::string name = cache_file_name(key);
  loaded answer;
  std::string why;
  // O_NONBLOCK: opening a FIFO must not wait for its other end.
  const open_file entry(::openat(folder_->fd, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (entry.fd < 0) {
    if (errno == ENOENT) return answer;
    why = errno == ELOOP ? "it is a symbolic link" : reason(errno);
  } else {
    std::vector<std::byte> content;
    why = read_entry(entry.fd, key, max_total_bytes_, content);
    if (why.empty()) {
      ::futimens(entry.fd, nullptr);  // only the order of eviction depends on it
      answer.content = std::move(content);
      return answer;
    }
  }
  // Where another process has just put a good entry there, it is compiled once more: no harm.
  ::unlinkat(folder_->fd, name.c_str(), 0);
  answer.rejected = fmt::format("the cached module {}/{} is compiled anew: {}", name_, name, why);
  return answer;
}

result<void> module_cache::store(const cache_key& key, std::span<const std::byte> content) {
  if (content.size() + sizeof(entry_header) > max_total_bytes_)
    return host_error(error_code::resource_exhausted,
                      fmt::format("a compiled module of {} bytes does not fit into the cache of {} bytes",
                                  content.size(), max_total_bytes_));
  const std::string temporary = new_temporary_name();
  const std::string name = cache_file_name(key);
  auto failed = [&](std::string_view step, int number) {
    ::unlinkat(folder_->fd, temporary.c_str(), 0);
    return host_error(error_code::unavailable,
                      fmt::format("a compiled module was not kept: {} in {}: {}", step, name_, reason(number)));
  };
  const entry_header header{.key = key, .length = content.size(), .sha256 = sha256(content)};
  {
    const open_file out(
        ::openat(folder_->fd, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (out.fd < 0) return failed("opening a file", errno);
    if (int e = write_entry(out.fd, header, content); e != 0) return failed("writing", e);
  }
  if (::renameat(folder_->fd, temporary.c_str(), folder_->fd, name.c_str()) != 0) return failed("renaming", errno);
  if (::fsync(folder_->fd) != 0) return failed("syncing", errno);
  evict(name);
  return {};
}

void module_cache::evict(const std::string& keep) const {
  const int copy = ::openat(folder_->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> list(::fdopendir(copy), ::closedir);
  if (!list) {
    ::close(copy);
    return;
  }
  struct entry {
    std::pair<std::time_t, long> used;
    std::uint64_t size;
    std::string name;
  };
  std::vector<entry> entries;
  std::uint64_t total = 0;
  while (const dirent* d = ::readdir(list.get())) {
    const std::string_view name = d->d_name;
    struct stat s {};
    if (::fstatat(folder_->fd, d->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (name.starts_with(temporary_prefix)) {
      if (s.st_mtim.tv_sec < std::time(nullptr) - abandoned_seconds) ::unlinkat(folder_->fd, d->d_name, 0);
    } else if (name.ends_with(suffix)) {
      total += static_cast<std::uint64_t>(s.st_size);
      if (name != keep)
        entries.push_back(
            {{s.st_mtim.tv_sec, s.st_mtim.tv_nsec}, static_cast<std::uint64_t>(s.st_size), std::string(name)});
    }
  }
  std::ranges::sort(entries, {}, &entry::used);
  for (const entry& e : entries) {
    if (total <= max_total_bytes_) return;
    ::unlinkat(folder_->fd, e.name.c_str(), 0);
    total -= e.size;
  }
}

}  // namespace waggle
