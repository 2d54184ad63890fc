#include "schema/describe/openapi.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "schema/describe/json_schema.h"

namespace waggle::graphql {
namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view error_schema = "connect.error";
constexpr std::size_t positions_of_method = 50;  // what GET and POST have beside their types
constexpr std::string_view idempotency_key = "Idempotency-Key";

struct failure {
  unsigned status;
  std::string_view codes;  ///< those that have it: docs/errors.md
};
constexpr std::array<failure, 13> failures = {{{400, "invalid_argument, failed_precondition, out_of_range"},
                                               {401, "unauthenticated"},
                                               {403, "permission_denied"},
                                               {404, "not_found"},
                                               {405, "unimplemented: the wrong HTTP method"},
                                               {409, "already_exists, aborted"},
                                               {415, "invalid_argument: the wrong content type"},
                                               {429, "resource_exhausted"},
                                               {499, "canceled"},
                                               {500, "unknown, internal, data_loss"},
                                               {501, "unimplemented"},
                                               {503, "unavailable"},
                                               {504, "deadline_exceeded"}}};

struct parameter {
  std::string_view name;
  std::string_view description;
  std::string_view schema;  ///< JSON
};
constexpr std::array<parameter, 3> header_parameters = {
    {{"Connect-Protocol-Version", "The version of Connect's protocol.", R"({"const": "1"})"},
     {"Connect-Timeout-Ms", "How long the caller waits, in milliseconds.",
      R"({"type": "integer", "minimum": 0, "maximum": 9999999999})"},
     {idempotency_key, "Doing it twice with the same payload and key is doing it once.", R"({"type": "string"})"}}};
constexpr std::array<parameter, 4> answer_headers = {
    {{"Server-Timing", "Milliseconds in the queue, in the guest, and for the node's own work.",
      R"({"type": "string"})"},
     {"waggle-receipt", "What the request cost: a dictionary of RFC 9651.", R"({"type": "string"})"},
     {"waggle-fault", "Whose doing the error is.", R"({"enum": ["caller", "guest", "host", "overload"]})"},
     {"Retry-After", "Seconds after which trying again may help.", R"({"type": "integer", "minimum": 0})"}}};

json_tree object() { return {}; }

json_tree reference(std::string_view kind, std::string_view name) {
  return object().add("$ref", fmt::format("#/components/{}/{}", kind, name));
}

json_tree json_content(json_tree media) { return object().add(json_type, std::move(media)); }

json_tree error_type() {
  json_tree codes = json_tree::array();
  for (int i = 1; i <= 16; ++i) codes.push(to_string(static_cast<error_code>(i)));
  json_tree detail = object();
  detail.add("type", "object");
  detail.add(
      "properties",
      object()
          .add("type", object().add("type", "string").add("examples", json_tree::array({"waggle.v1.Violations"})))
          .add("value", object().add("type", "string").add("description", "`debug` in base64 without padding."))
          .add("debug", object()));
  detail.add("required", json_tree::array({"type", "value"}));
  json_tree out = object();
  out.add("description", "An error in the form of Connect's protocol.");
  out.add("type", "object");
  out.add("properties", object()
                            .add("code", object().add("type", "string").add("enum", std::move(codes)))
                            .add("message", object().add("type", "string"))
                            .add("details", object().add("type", "array").add("items", std::move(detail))));
  out.add("required", json_tree::array({"code", "message"}));
  return out;
}

/// What a caller may show who it is with.
constexpr std::array<std::string_view, 2> credentials = {"token", "apiKey"};

json_tree security_schemes() {
  return object()
      .add("token", object()
                        .add("type", "http")
                        .add("scheme", "bearer")
                        .add("bearerFormat", "JWT")
                        .add("description", "A token of an issuer that the node's operator trusts."))
      .add("apiKey", object()
                         .add("type", "apiKey")
                         .add("in", "header")
                         .add("name", "X-Api-Key")
                         .add("description", "A key that the node's operator gave out."));
}

/// One way in is enough: each scope with each kind of credentials.
json_tree ways_in(const std::vector<std::string>& scopes) {
  json_tree ways = json_tree::array();
  for (const std::string_view kind : credentials) {
    if (scopes.empty()) ways.push(object().add(kind, json_tree::array()));
    for (const std::string& scope : scopes) ways.push(object().add(kind, json_tree::array({scope})));
  }
  return ways;
}

json_tree components(json_tree schemas, bool idempotency, bool identity) {
  json_tree parameters = object();
  for (const parameter& p : header_parameters)
    if (idempotency || p.name != idempotency_key)
      parameters.add(p.name, object()
                                 .add("name", p.name)
                                 .add("in", "header")
                                 .add("description", p.description)
                                 .add("schema", json_tree::raw(p.schema)));
  json_tree headers = object();
  for (const parameter& p : answer_headers)
    headers.add(p.name, object().add("description", p.description).add("schema", json_tree::raw(p.schema)));
  json_tree responses = object();
  for (const failure& f : failures)
    responses.add(fmt::format("error.{}", f.status),
                  object()
                      .add("description", f.codes)
                      .add("headers", object()
                                          .add("waggle-fault", reference("headers", "waggle-fault"))
                                          .add("Retry-After", reference("headers", "Retry-After")))
                      .add("content", json_content(object().add("schema", reference("schemas", error_schema)))));
  schemas.add(error_schema, error_type());
  json_tree out = object()
                      .add("schemas", std::move(schemas))
                      .add("parameters", std::move(parameters))
                      .add("headers", std::move(headers))
                      .add("responses", std::move(responses));
  if (identity) out.add("securitySchemes", security_schemes());
  return out;
}

/// What GET and POST have in common.
json_tree operation_of(const described_method& m, std::string_view tag, std::string_view id) {
  const std::string_view described = m.about->description;
  const std::string_view first = described.substr(0, described.find('\n'));
  json_tree out = object();
  out.add("operationId", id);
  out.add("summary", first.empty() ? m.about->signature : first);
  add_description(out, first == described ? std::string_view{} : described, m.defined->directives);
  out.add("tags", json_tree::array({tag}));
  if (m.about->auth) out.add("security", ways_in(*m.about->auth));
  return out;
}

json_tree responses_of(const method& m) {
  json_tree answered = object();
  answered.add("description", "The answer.");
  answered.add("headers", object()
                              .add("Server-Timing", reference("headers", "Server-Timing"))
                              .add("waggle-receipt", reference("headers", "waggle-receipt")));
  answered.add("content", json_content(object().add("schema", reference("schemas", fmt::format("{}.answer", m.name)))));
  json_tree out = object();
  out.add("200", std::move(answered));
  for (const failure& f : failures)
    out.add(fmt::format("{}", f.status), reference("responses", fmt::format("error.{}", f.status)));
  return out;
}

json_tree payload_media(const method& m) {
  json_tree out = object();
  out.add("schema", reference("schemas", fmt::format("{}.payload", m.name)));
  if (has_example(m)) out.add("example", json_tree::raw(m.example));
  return out;
}

json_tree post(const described_method& m, std::string_view tag) {
  json_tree parameters = json_tree::array();
  parameters.push(reference("parameters", "Connect-Protocol-Version"));
  parameters.push(reference("parameters", "Connect-Timeout-Ms"));
  if (m.about->idempotent) parameters.push(reference("parameters", idempotency_key));
  json_tree out = operation_of(m, tag, m.about->name);
  out.add("parameters", std::move(parameters));
  // An absent body is {}.
  const bool required = m.about->bare || std::ranges::any_of(m.defined->arguments, [](const input_value& v) {
                          return v.type.non_null() && v.default_value.empty();
                        });
  out.add("requestBody", object().add("required", required).add("content", json_content(payload_media(*m.about))));
  out.add("responses", responses_of(*m.about));
  return out;
}

json_tree get(const described_method& m, std::string_view tag) {
  const auto in_query = [](std::string_view name, bool required) {
    return object().add("name", name).add("in", "query").add("required", required);
  };
  json_tree parameters = json_tree::array();
  parameters.push(reference("parameters", "Connect-Timeout-Ms"));
  parameters.push(in_query("connect", false).add("schema", object().add("const", "v1")));
  parameters.push(in_query("encoding", true).add("schema", object().add("const", "json")));
  parameters.push(in_query("message", true)
                      .add("description", "The payload: JSON, percent-encoded.")
                      .add("content", json_content(payload_media(*m.about))));
  json_tree out = operation_of(m, tag, fmt::format("{}.get", m.about->name));
  out.add("parameters", std::move(parameters));
  out.add("responses", responses_of(*m.about));
  return out;
}

}  // namespace

std::optional<std::string> openapi(const contract& c) {
  schema_maker make(c.parsed->index, schema_maker::dialect::openapi);
  json_tree paths = object();
  json_tree schemas = object();
  bool idempotency = false;
  bool identity = false;
  for (const described_method& m : methods_of(c)) {
    if (m.about->internal || m.about->kind == operation::subscription) continue;
    const std::size_t scopes = m.about->auth ? m.about->auth->size() : 0;
    if (!make.spend(positions_of_method + 4 * scopes)) return std::nullopt;
    identity = identity || m.about->auth.has_value();
    idempotency = idempotency || m.about->idempotent;
    json_tree path = object();
    if (m.about->kind == operation::query) path.add("get", get(m, c.name));
    path.add("post", post(m, c.name));
    paths.add(fmt::format("/{}/{}", c.name, m.about->name), std::move(path));
    schemas.add(fmt::format("{}.payload", m.about->name), make.payload(m));
    schemas.add(fmt::format("{}.answer", m.about->name), make.answer(*m.defined));
  }
  make.add_types(schemas);
  if (!make.whole()) return std::nullopt;

  json_tree info = object();
  info.add("title", c.name);
  info.add("version", c.version.empty() ? "0" : c.version);
  json_tree tag = object().add("name", c.name);
  if (!c.description.empty()) {
    info.add("description", c.description);
    tag.add("description", c.description);
  }
  json_tree out = object();
  out.add("openapi", "3.1.0");
  out.add("info", std::move(info));
  out.add("servers", json_tree::array({object().add("url", "/")}));
  out.add("security", json_tree::array());
  out.add("tags", json_tree::array({std::move(tag)}));
  out.add("paths", std::move(paths));
  out.add("components", components(std::move(schemas), idempotency, identity));
  return out.print();
}

}  // namespace waggle::graphql
