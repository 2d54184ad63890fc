#include "host/config_values.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>

namespace waggle {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool in_name(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_digit(c) || c == '_'; }

bool is_service_name(std::string_view s) {
  return !s.empty() && s.front() != '.' && std::ranges::all_of(s, [](char c) { return in_name(c) || c == '.'; });
}

/// An open file, closed at the end.
struct descriptor {
  int fd;
  explicit descriptor(int opened) : fd(opened) {}
  ~descriptor() {
    if (fd >= 0) ::close(fd);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
};

std::unexpected<error> unreadable(const std::string& path, std::string_view why) {
  return fail(error_code::failed_precondition, fault::host,
              fmt::format("the operator's secret {} cannot be used: {}", path, why));
}

}  // namespace

std::optional<std::string> secret_variable(std::string_view service, std::string_view key) {
  if (!is_service_name(service)) return std::nullopt;
  if (key.empty() || is_digit(key.front()) || !std::ranges::all_of(key, in_name)) return std::nullopt;
  std::string out = "WAGGLE_SECRET_";
  for (const char c : service) {
    if (c == '.' || c == '_')
      out += c == '.' ? "_" : "_0";
    else
      out += c;
  }
  out += "__";
  return out += key;
}

std::optional<std::string> secret_file(std::string_view service, std::string_view key) {
  constexpr std::size_t longest_name = 255;
  if (!is_service_name(service) || service.size() > longest_name) return std::nullopt;
  const auto fine = [](char c) { return in_name(c) || c == '-' || c == '.'; };
  if (key.empty() || key.size() > longest_name || key.front() == '.' || !std::ranges::all_of(key, fine))
    return std::nullopt;
  return fmt::format("{}/{}", service, key);
}

const std::string* config_values::value(std::string_view service, std::string_view key) const {
  const auto of = settings_.values.find(service);
  if (of == settings_.values.end()) return nullptr;
  const auto found = of->second.find(key);
  return found == of->second.end() ? nullptr : &found->second;
}

std::optional<std::string> config_values::secret_from_environment(std::string_view service,
                                                                  std::string_view key) const {
  const auto name = secret_variable(service, key);
  if (!name) return std::nullopt;
  const char* const found = settings_.environment ? settings_.environment(name->c_str()) : std::getenv(name->c_str());
  if (found == nullptr) return std::nullopt;
  return std::string(found);
}

result<std::optional<std::string>> config_values::secret_from_folder(std::string_view service,
                                                                     std::string_view key) const {
  const auto name = secret_file(service, key);
  if (!has_folder() || !name) return std::nullopt;
  const std::string path = settings_.secrets_folder + "/" + *name;
  // Links are followed: a mounted folder of Kubernetes is made of them. Without O_NONBLOCK a pipe would hold us.
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return unreadable(path, std::generic_category().message(errno));
  }
  struct stat about {};
  if (::fstat(file.fd, &about) != 0) return unreadable(path, std::generic_category().message(errno));
  if (!S_ISREG(about.st_mode)) return unreadable(path, "it is no file");
  std::string text(max_secret + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = ::read(file.fd, text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable(path, std::generic_category().message(errno));
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (size > max_secret) return unreadable(path, fmt::format("it has more than {} bytes", max_secret));
  text.resize(size);
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace waggle
