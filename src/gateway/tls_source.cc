#include "gateway/tls_source.h"

#include <sys/stat.h>

#include <utility>

#include <spdlog/spdlog.h>

namespace waggle {

tls_source::tls_source(std::string certificate, std::string key, const clock_source& time)
    : certificate_(std::move(certificate)), key_(std::move(key)), time_(time) {}

result<std::shared_ptr<tls_source>> tls_source::open(std::string certificate, std::string key,
                                                     const clock_source& time) {
  std::shared_ptr<tls_source> made(new tls_source(std::move(certificate), std::move(key), time));
  made->seen_ = made->look();
  if (auto fine = made->load(); !fine) return std::unexpected(std::move(fine.error()));
  return made;
}

std::shared_ptr<const tls_context> tls_source::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

bool tls_source::refresh(bool anyway) {
  const std::lock_guard lock(loading_);
  // Before they are read: what changes meanwhile is looked at the next time.
  marks now = look();
  if (!anyway && now == seen_) return true;
  seen_ = std::move(now);
  if (const auto fine = load(); !fine) {
    spdlog::error("the certificate before stays in force: {}", fine.error().message);
    return false;
  }
  spdlog::info("new TLS handshakes use the certificate of {}", certificate_);
  return true;
}

/// Follows symbolic links, which is how certbot replaces files.
tls_source::marks tls_source::look() const {
  marks out;
  for (const std::string* file : {&certificate_, &key_}) {
    struct stat about {};
    if (::stat(file->c_str(), &about) != 0) about = {};
    for (const std::int64_t n : {std::int64_t{about.st_mtim.tv_sec}, std::int64_t{about.st_mtim.tv_nsec},
                                 static_cast<std::int64_t>(about.st_ino), std::int64_t{about.st_size}})
      out.push_back(n);
  }
  return out;
}

result<void> tls_source::load() {
  auto made = tls_context::load(certificate_, key_, time_.wall());
  if (!made) return std::unexpected(std::move(made.error()));
  for (const std::string& warning : (*made)->warnings()) spdlog::warn("{}", warning);
  const std::lock_guard lock(mutex_);
  current_ = *std::move(made);
  return {};
}

}  // namespace waggle
