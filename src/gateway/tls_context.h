#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "loop/clock.h"

struct ssl_ctx_st;

namespace waggle {

/// A certificate chain with its key, and how TLS is spoken with them: 1.2 or 1.3, ciphers with forward secrecy and
/// authentication only (RFC 9325; none of RFC 9113 appendix A), no renegotiation, no compression, no early data. Never
/// changes; used from any thread.
class tls_context {
 public:
  /// Reads both files (PEM; the leaf first). `failed_precondition`, with the file's name, where they cannot be read or do not
  /// fit together. Blocks.
  [[nodiscard]] static result<std::shared_ptr<const tls_context>> load(const std::string& certificate,
                                                                       const std::string& key, wall_time now);
  ~tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;

  [[nodiscard]] ssl_ctx_st* get() const { return context_; }
  /// What the operator should know of the files, for the log.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  [[nodiscard]] wall_time expires() const { return expires_; }

 private:
  tls_context() = default;

  ssl_ctx_st* context_ = nullptr;
  std::vector<std::string> warnings_;
  wall_time expires_{};
};

}  // namespace waggle
