#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "gateway/authenticator.h"
#include "loop/core_loop.h"

namespace waggle {

/// Where the node has its knowledge of callers from: `auth.keys` and `auth.api_keys`. Reads them at the start, again each
/// `auth.refresh_ms`, when it is told to, and when a token names a key that is not known, on a thread of its own; what has changed
/// goes to all cores, and the log tells how many keys there are now and which could not be used. What cannot be read leaves
/// the old keys in force.
class identity {
 public:
  /// A token with an unknown key makes it look for new keys at most so often.
  static constexpr std::chrono::seconds between_looks{10};

  /// The text at a URL; blocks.
  using fetcher = std::function<result<std::string>(const std::string& url)>;

  /// Null where the configuration has neither tokens nor API keys: everybody is anonymous. Files are read now: the error, whose
  /// message begins with the file's name or the key's, says what is wrong with one of them. A URL is fetched by `begin`.
  /// `clock` outlives it. `fetch` is for tests.
  [[nodiscard]] static result<std::unique_ptr<identity>> open(const configuration& c, const clock_source& clock,
                                                              fetcher fetch = {});
  /// After the cores have stopped, and before they are gone.
  ~identity();
  identity(const identity&) = delete;
  identity& operator=(const identity&) = delete;

  /// What a core asks. Before `begin`; lives as long as the core serves.
  [[nodiscard]] std::unique_ptr<authenticator> for_core(core_loop& core);
  /// Starts to look for changes.
  void begin();
  /// Reads the files again, now, and has the URL fetched. The error tells which file is wrong; its old keys stay. From any
  /// thread that may block.
  [[nodiscard]] result<void> reload();

 private:
  class keeper;
  explicit identity(std::unique_ptr<keeper> k);
  std::unique_ptr<keeper> keeper_;
};

/// What is wrong with `[auth]` as a whole; empty where it is fine.
[[nodiscard]] std::string wrong_identity(const configuration& c);

}  // namespace waggle
