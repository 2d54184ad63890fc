#include "app/archive_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace waggle {
namespace {

std::unexpected<error> trouble(const std::string& name, std::string_view what) {
  return fail(error_code::internal, fault::host, fmt::format("{} {}: {}", name, what, std::strerror(errno)));
}

/// All of `from` in a file without a name, for its owner alone.
result<open_file> copy_of(std::FILE& from, const std::string& name) {
  std::error_code bad;
  auto path = (std::filesystem::temp_directory_path(bad) / "waggle-import-XXXXXX").string();
  const int fd = ::mkstemp(path.data());
  if (fd < 0) return trouble(path, "cannot be made");
  ::unlink(path.c_str());
  open_file copy(::fdopen(fd, "w+b"));
  std::array<char, 65536> part{};
  while (const std::size_t n = std::fread(part.data(), 1, part.size(), &from))
    if (std::fwrite(part.data(), 1, n, copy.get()) != n) return trouble(name, "cannot be copied to " + path);
  if (std::ferror(&from) != 0) return trouble(name, "cannot be read");
  if (std::fflush(copy.get()) != 0) return trouble(name, "cannot be copied to " + path);
  std::rewind(copy.get());
  return copy;
}

}  // namespace

result<archive_input> archive_input::open(const std::string& name) {
  open_file file(std::fopen(name.c_str(), "rbe"));
  if (!file)
    return fail(error_code::not_found, fault::caller, fmt::format("{} cannot be read: {}", name, std::strerror(errno)));
  struct stat s {};
  if (::fstat(::fileno(file.get()), &s) != 0) return trouble(name, "cannot be read");
  if (!S_ISREG(s.st_mode)) {
    auto copy = copy_of(*file, name);
    if (!copy) return std::unexpected(std::move(copy.error()));
    file = *std::move(copy);
  }
  return archive_input(std::move(file), name);
}

std::optional<std::string> archive_input::next() {
  char* line = nullptr;
  std::size_t room = 0;
  const ssize_t n = ::getline(&line, &room, file_.get());
  const std::unique_ptr<char, decltype(&std::free)> held(line, &std::free);
  if (n < 0) return std::nullopt;
  std::string text(line, static_cast<std::size_t>(n));
  ++read_.lines;
  read_.bytes += text.size();
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

result<archive_input::amount> archive_input::again() {
  if (std::ferror(file_.get()) != 0 || std::feof(file_.get()) == 0) return trouble(name_, "cannot be read to its end");
  if (std::fseek(file_.get(), 0, SEEK_SET) != 0) return trouble(name_, "cannot be read again");
  return std::exchange(read_, {});
}

result<archive_output> archive_output::make(const std::string& name) {
  std::string part = name + ".part-XXXXXX";
  const int fd = ::mkstemp(part.data());
  if (fd < 0) return trouble(name, "cannot be written");
  return archive_output(open_file(::fdopen(fd, "wb")), name, std::move(part));
}

archive_output::~archive_output() {
  if (file_) ::unlink(part_.c_str());
}

result<void> archive_output::flush() {
  if (std::fflush(file_.get()) != 0 || std::ferror(file_.get()) != 0 || ::fsync(::fileno(file_.get())) != 0)
    return trouble(name_, "cannot be written");
  return {};
}

result<void> archive_output::finish() {
  if (auto done = flush(); !done) return done;
  if (std::rename(part_.c_str(), name_.c_str()) != 0) return trouble(name_, "cannot be written");
  file_.reset();
  return {};
}

result<std::string> archive_output::keep_part() {
  if (auto done = flush(); !done) return std::unexpected(std::move(done.error()));
  file_.reset();
  return part_;
}

}  // namespace waggle
