#include "gateway/graphql_params.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "gateway/any_json.h"
#include "gateway/encoding.h"
#include "gateway/subscription.h"
#include "schema/execute/json_tape.h"

namespace waggle {
namespace {

using graphql::json_kind;
using graphql::json_tape;

constexpr std::size_t deepest = 200;

std::unexpected<error> wrong(std::string message) {
  return fail(error_code::invalid_argument, fault::caller, std::move(message));
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// A member that is a string, or null, which is as good as absent.
result<void> read_text(const json_tape& json, std::uint32_t at, std::string_view name, std::string& into) {
  if (json[at].kind == json_kind::null) return {};
  if (json[at].kind != json_kind::string) return wrong(fmt::format("{} must be a string", name));
  std::string decoded;
  into = json.string(at, decoded);
  return {};
}

result<void> read_object(const json_tape& json, std::uint32_t at, std::string_view name, std::string& into) {
  if (json[at].kind == json_kind::null) return {};
  if (json[at].kind != json_kind::object) return wrong(fmt::format("{} must be an object", name));
  into = json.raw(at);
  return {};
}

result<void> read_extensions(const json_tape& json, std::uint32_t at, graphql_params& into) {
  if (json[at].kind == json_kind::null) return {};
  if (json[at].kind != json_kind::object) return wrong("extensions must be an object");
  if (const std::uint32_t cursor = json.find(at, "cursor"); cursor != 0)
    if (auto read = read_text(json, cursor, "extensions.cursor", into.cursor); !read) return read;
  if (into.cursor.size() > longest_cursor)
    return wrong(fmt::format("extensions.cursor has {} bytes; at most {}", into.cursor.size(), longest_cursor));
  const std::uint32_t stored = json.find(at, "persistedQuery");
  if (stored == 0) return {};
  if (json[stored].kind != json_kind::object) return wrong("extensions.persistedQuery must be an object");
  const std::uint32_t hash = json.find(stored, "sha256Hash");
  const std::uint32_t version = json.find(stored, "version");
  if (version == 0 || json.raw(version) != "1") return wrong("extensions.persistedQuery.version must be 1");
  if (hash == 0 || json[hash].kind != json_kind::string)
    return wrong("extensions.persistedQuery.sha256Hash must be a string");
  std::string decoded;
  into.sha256 = json.string(hash, decoded);
  if (!is_sha256(into.sha256))
    return wrong("extensions.persistedQuery.sha256Hash must be 64 lower-case hexadecimal digits");
  return {};
}

result<void> read_member(const json_tape& json, std::uint32_t at, std::string_view name, graphql_params& into) {
  if (name == "query") return read_text(json, at, name, into.query);
  if (name == "operationName") return read_text(json, at, name, into.operation_name);
  if (name == "documentId") return read_text(json, at, name, into.document_id);
  if (name == "variables") return read_object(json, at, name, into.variables);
  if (name == "extensions") return read_extensions(json, at, into);
  return {};
}

constexpr std::array<std::string_view, 5> members = {"query", "operationName", "documentId", "variables", "extensions"};

/// Notes that a member has come; false where it came before.
bool first_time(std::string_view name, unsigned& seen) {
  const auto* const known = std::ranges::find(members, name);
  if (known == members.end()) return true;
  const unsigned bit = 1U << (known - members.begin());
  return (std::exchange(seen, seen | bit) & bit) == 0;
}

result<graphql_params> complete(graphql_params p) {
  if (p.query.empty() && p.document_id.empty() && p.sha256.empty())
    return wrong("there is no query: send {\"query\": \"{ … }\"}");
  if (!p.document_id.empty() && !p.query.empty()) return wrong("send either query or documentId, not both");
  return p;
}

}  // namespace

result<graphql_params> read_graphql_json(std::string_view text) {
  json_tape json;
  if (!json.read(std::string(text), deepest)) return wrong("the body is not JSON" + where_not_json(text));
  if (json[0].kind == json_kind::array)
    return wrong("a request is one operation: lists of them (batches) are not taken; send one request for each");
  if (json[0].kind != json_kind::object) return wrong("the body must be a JSON object: {\"query\": \"{ … }\"}");
  graphql_params p;
  unsigned seen = 0;
  for (std::uint32_t key = 1; key < json[0].next;) {
    const std::uint32_t value = key + 1;
    std::string decoded;
    const std::string_view name = json.string(key, decoded);
    if (!first_time(name, seen)) return wrong(fmt::format("{} is there twice", name));
    if (auto read = read_member(json, value, name, p); !read) return std::unexpected(std::move(read.error()));
    key = json[value].next;
  }
  return complete(std::move(p));
}

result<graphql_params> read_graphql_url(std::string_view parameters) {
  graphql_params p;
  unsigned seen = 0;
  while (!parameters.empty()) {
    const std::size_t end = std::min(parameters.find('&'), parameters.size());
    const std::string_view one = parameters.substr(0, end);
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    const std::size_t equals = std::min(one.find('='), one.size());
    const std::string_view name = one.substr(0, equals);
    if (std::ranges::find(members, name) == members.end()) continue;
    if (!first_time(name, seen)) return wrong(fmt::format("the parameter {} is there twice", name));
    auto value = percent_decode(one.substr(std::min(equals + 1, one.size())));
    if (!value) return wrong(fmt::format("the parameter {} is not percent-encoded properly", name));
    if (value->empty()) continue;
    if (name == "query") {
      p.query = *std::move(value);
    } else if (name == "operationName") {
      p.operation_name = *std::move(value);
    } else if (name == "documentId") {
      p.document_id = *std::move(value);
    } else {
      json_tape json;
      if (!json.read(*value, deepest))
        return wrong(fmt::format("the parameter {} is not JSON{}", name, where_not_json(*value)));
      if (auto read = read_member(json, 0, name, p); !read) return std::unexpected(std::move(read.error()));
    }
  }
  return complete(std::move(p));
}

}  // namespace waggle
