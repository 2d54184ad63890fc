#include "app/curl_line.h"

#include <fmt/format.h>

namespace waggle {

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string_view credentials_option(const method& m) { return m.auth ? "-H 'Authorization: Bearer TOKEN' " : ""; }

std::string example_curl(std::span<const std::shared_ptr<const contract>> services) {
  for (const bool auth : {false, true})
    for (const operation kind : {operation::query, operation::mutation})
      for (const auto& c : services)
        for (const auto& [name, m] : c->methods)
          if (m.kind == kind && m.auth.has_value() == auth && !m.internal)
            return fmt::format("/{}/{} {}-H 'content-type: application/json' -d {}", c->name, name,
                               credentials_option(m), shell_quoted(m.example));
  return {};
}

}  // namespace waggle
