#pragma once
#include <string>
#include <string_view>

namespace waggle {

/// How keys lie in a store: a byte for the kind, the service's name, a zero byte (no name has one), the key.
enum class key_kind : char {
  answer = 'a',  ///< an idempotent request's
  lease = 'l',   ///< the epoch of a service's owner is its version; no key
  meta = 'm',    ///< of the whole store; no service
  entry = 's',   ///< a service's own
  time = 't',    ///< a schedule's next run; no service
};

[[nodiscard]] inline std::string full_key(key_kind kind, std::string_view service, std::string_view key = {}) {
  std::string full;
  full.reserve(service.size() + key.size() + 2);
  full += static_cast<char>(kind);
  full += service;
  full += '\0';
  full += key;
  return full;
}

/// The first text after all that begin with `prefix`; of the whole store where there is none.
[[nodiscard]] inline std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

/// The last commit's version, and the store's format.
inline constexpr std::string_view last_version_key{"m\0last", 6};
inline constexpr std::string_view format_key{"m\0format", 8};

}  // namespace waggle
