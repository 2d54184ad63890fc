#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/tls_context.h"

namespace waggle {

/// The certificate and key in force, which follow their files. Thread-safe.
class tls_source {
 public:
  /// Loads them; what `tls_context::load` says. `time` outlives it.
  [[nodiscard]] static result<std::shared_ptr<tls_source>> open(std::string certificate, std::string key,
                                                                const clock_source& time);

  /// For the next handshake.
  [[nodiscard]] std::shared_ptr<const tls_context> current() const;
  /// Loads the files again where they have changed; `anyway`: in any case. What does not load leaves the old ones in force,
  /// with an error in the log: then false. Blocks, so not on a core.
  bool refresh(bool anyway);

 private:
  /// What the files looked like.
  using marks = std::vector<std::int64_t>;

  tls_source(std::string certificate, std::string key, const clock_source& time);
  [[nodiscard]] marks look() const;
  [[nodiscard]] result<void> load();

  const std::string certificate_;
  const std::string key_;
  const clock_source& time_;
  std::mutex loading_;
  marks seen_;
  mutable std::mutex mutex_;  // of `current_`
  std::shared_ptr<const tls_context> current_;
};

}  // namespace waggle
