#include "app/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace waggle {
namespace {

std::unexpected<std::string> cannot(int number) {
  return std::unexpected("cannot be read: " + std::generic_category().message(number));
}

struct descriptor {
  int fd;
  ~descriptor() { ::close(fd); }
};

}  // namespace

std::expected<std::string, std::string> read_file(const std::string& path, std::size_t limit) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return cannot(errno);
  const descriptor closes{fd};
  struct ::stat about {};
  if (::fstat(fd, &about) != 0) return cannot(errno);
  if (!S_ISREG(about.st_mode)) return std::unexpected(S_ISDIR(about.st_mode) ? "is a folder" : "is not a regular file");
  std::string bytes;
  // The size is a hint: the file may grow while it is read. One byte over the limit tells that it is too long.
  bytes.resize(std::min(static_cast<std::size_t>(about.st_size), limit) + 1);
  std::size_t have = 0;
  for (;;) {
    const ::ssize_t n = ::read(fd, bytes.data() + have, bytes.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cannot(errno);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
    if (have > limit) return std::unexpected(fmt::format("is longer than {} bytes, the most that is read", limit));
    if (have == bytes.size()) bytes.resize(std::min(bytes.size() * 2, limit + 1));
  }
  bytes.resize(have);
  return bytes;
}

}  // namespace waggle
