#include "gateway/resource_metadata.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "gateway/authenticator.h"
#include "schema/contract.h"

namespace waggle {
namespace {

constexpr std::size_t longest_host = 255;  // RFC 1035 §2.3.4
constexpr std::size_t most_scopes = 200;

/// Can stand in a URL and in a quoted string as it is: a name or an address, perhaps with a port.
bool is_plain_host(std::string_view host) {
  constexpr std::string_view fine = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]";
  return !host.empty() && host.size() <= longest_host && host.find_first_not_of(fine) == std::string_view::npos;
}

/// Whose tokens are taken here; empty where none are, or where a client could not find it.
std::string_view login_address(const http_shared& shared) {
  const std::string_view issuer = shared.identity == nullptr ? std::string_view() : shared.identity->issuer();
  return issuer.starts_with("https://") || issuer.starts_with("http://") ? issuer : std::string_view();
}

/// `https://api.example.com`. What the operator says counts: a proxy in front changes the scheme, perhaps the name.
std::string origin_of(const http_shared& shared, const http_head& head) {
  if (!shared.settings.mcp_origin.empty()) return shared.settings.mcp_origin;
  if (!is_plain_host(head.host)) return {};
  return fmt::format("{}://{}", shared.settings.tls == nullptr ? "http" : "https", head.host);
}

std::set<std::string> scopes_of(const service_directory& directory, std::string_view service_name) {
  std::set<std::string> out;
  for (const std::string& name : directory.names()) {
    if (name.starts_with("waggle.") || (!service_name.empty() && name != service_name)) continue;
    for (const auto& [_, m] : directory.find(name)->description().methods)
      if (m.auth && !m.internal && m.kind != operation::subscription && out.size() < most_scopes)
        out.insert(m.auth->begin(), m.auth->end());
  }
  return out;
}

}  // namespace

std::string resource_metadata(const http_shared& shared, const http_head& head, std::string_view path) {
  const std::string_view issuer = login_address(shared);
  const std::string origin = origin_of(shared, head);
  if (issuer.empty() || origin.empty()) return {};
  const std::string_view service_name = path.substr(std::min(path.size(), std::string_view("/mcp/").size()));
  std::string scopes;
  for (const std::string& scope : scopes_of(shared.directory, service_name))
    scopes.append(scopes.empty() ? "" : ",").append(json_quote(scope));
  return fmt::format(
      R"({{"resource":{},"authorization_servers":[{}],"scopes_supported":[{}],"bearer_methods_supported":["header"]}})",
      json_quote(origin + std::string(path)), json_quote(issuer), scopes);
}

std::string metadata_parameter(const http_shared& shared, const http_head& head, std::string_view path) {
  if (login_address(shared).empty()) return {};
  const std::string origin = origin_of(shared, head);
  return origin.empty() ? origin : fmt::format(R"(, resource_metadata="{}{}{}")", origin, metadata_prefix, path);
}

}  // namespace waggle
