#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/caller.h"
#include "core/error.h"

namespace waggle {

/// The callers that have an API key. Only the keys' hashes are known here. Immutable; may be used from any thread.
class api_keys {
 public:
  /// With this an API key may stand where a token does, in `Authorization: Bearer`.
  static constexpr std::string_view prefix = "wk_";
  static constexpr std::size_t longest_text = std::size_t{4} << 20;
  static constexpr std::size_t longest_key = 256;

  /// Reads lines `NAME SHA256 [SCOPE …]`, the hash in hexadecimal; `#` begins a comment line. A name may stand on several
  /// lines (an old key and a new one), a hash only once. A name that looks like a key is refused, and so is a scope
  /// that no contract can ask for or that holds a comma. Errors: `invalid_argument` with the line's number in front,
  /// "3: …"; none repeats a word of the line.
  [[nodiscard]] static result<api_keys> read(std::string_view text);

  /// Whose key this is, or null. Found by its SHA-256: the time that takes tells nothing about the keys there are.
  [[nodiscard]] std::shared_ptr<const caller> find(std::string_view key) const;
  [[nodiscard]] std::size_t size() const { return by_hash_.size(); }

 private:
  std::map<std::string, std::shared_ptr<const caller>, std::less<>> by_hash_;
};

}  // namespace waggle
