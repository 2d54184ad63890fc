#pragma once
#include <span>
#include <string_view>

namespace waggle {

/// A file of the node's pages, as web/build packed it into the program.
struct web_file {
  std::string_view path;  ///< `/graphiql-FYC7HZB7.js`; no slash but the first, as every path that is no method's
  std::string_view content_type;
  std::string_view gzipped;
  bool hashed;  ///< the name says what is in it: it never changes under this name
};
/// Without GraphiQL where it could not be bundled at build time.
[[nodiscard]] std::span<const web_file> web_files();

/// web/landing/landing.html, with the names of its files.
[[nodiscard]] std::string_view landing_template();

}  // namespace waggle
