#pragma once
#include <string>
#include <string_view>

#include "gateway/http_parser.h"
#include "gateway/http_shared.h"

namespace waggle {

/// Before the path that it is about, `/mcp` or `/mcp/{service}`: where a client of MCP learns whose tokens open the tools, so that it
/// can log in by itself (OAuth 2.0 Protected Resource Metadata, RFC 9728 §3; MCP 2025-11-25, "Authorization").
constexpr std::string_view metadata_prefix = "/.well-known/oauth-protected-resource";

/// The document about a path, as whoever sent this head reaches the node; empty where there is none to give: no tokens are taken, their
/// issuer is no URL, or the field Host names nothing that a URL could.
[[nodiscard]] std::string resource_metadata(const http_shared& shared, const http_head& head, std::string_view path);

/// What `WWW-Authenticate` has besides at that path (RFC 9728 §5.1): `, resource_metadata="URL"`; empty where there is no document.
[[nodiscard]] std::string metadata_parameter(const http_shared& shared, const http_head& head, std::string_view path);

}  // namespace waggle
