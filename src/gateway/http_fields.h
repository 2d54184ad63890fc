#pragma once
#include <string_view>

#include "gateway/http_parser.h"

namespace boost::beast::http {
enum class field : unsigned short;  // Beast itself stays out of headers
}

namespace waggle {

/// Puts a field of a request into its place in the head, whatever the framing; what nobody needs is dropped. Not those that
/// are about the framing itself: Host, Transfer-Encoding, Expect. `known`: what Beast knows the name as.
void set_field(http_head& head, boost::beast::http::field known, std::string_view name, std::string_view value);

/// The same for a name in any case.
void set_field(http_head& head, std::string_view name, std::string_view value);

/// Its number; `other` for what has none here. Names are case-sensitive (RFC 9110 §9.1).
[[nodiscard]] http_verb verb_from(std::string_view name);

}  // namespace waggle
