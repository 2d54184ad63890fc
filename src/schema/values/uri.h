#pragma once
#include <string_view>

namespace waggle {

/// Is the text a URI of RFC 3986 §3 (a scheme, no relative reference; a fragment is allowed) with an authority or a
/// path? Any bytes may be given. Does not allocate; linear in the text.
/// Boost.URL 1.81, which parses URLs elsewhere, takes `https://a:port/` and `https://a@b@c/` for URIs and splits the
/// host of `http://10.0.0.1.example/`: it cannot say this.
[[nodiscard]] bool is_uri(std::string_view text);

}  // namespace waggle
