#include "app/pages.h"

#include <algorithm>
#include <chrono>

#include "app/landing_page.h"
#include "app/services_json.h"
#include "app/web_files.h"
#include "gateway/connect.h"
#include "gateway/gzip.h"

namespace waggle {
namespace {

constexpr std::string_view html = "text/html; charset=utf-8";
constexpr std::string_view graphiql_path = "/graphiql";

/// Of every page: no other host, nobody's frame, no guessing of types. `policy`: the rest of the Content-Security-Policy.
std::string headers(std::string_view policy, std::string_view cache) {
  std::string out =
      "Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  out += policy;
  out +=
      "\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: "
      "same-origin\r\nCache-Control: ";
  out += cache;
  return out += "\r\n";
}

constexpr std::string_view landing_policy = "; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:";
/// Monaco makes style elements and attributes while it runs, and has its fonts in the style sheet.
constexpr std::string_view graphiql_policy =
    "; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' "
    "data:; "
    "connect-src 'self'";

page file(const web_file& f) {
  const bool ide = f.path == graphiql_path;
  return {.status = 200,
          .content_type = f.content_type,
          .body = std::string(f.gzipped),
          .headers = headers(ide ? graphiql_policy : "", f.hashed ? "public, max-age=31536000, immutable" : "no-cache"),
          .gzipped = true};
}

page not_bundled() {
  return {.status = 501,
          .content_type = html,
          .body =
              "<!doctype html><html lang=\"en\"><title>No GraphiQL</title><h1>GraphiQL is not in this build</h1>"
              "<p>It is bundled at build time by npm, which was not there or had no registry. "
              "Build again with Node.js 18 or later: <code>make build</code>. "
              "<code>POST /graphql</code> works without it.</p></html>\n",
          .headers = headers("", "no-cache"),
          .gzipped = false};
}

/// What is switched off, as every other path that leads nowhere is answered, but saying how it is switched on.
page off(std::string message) {
  const error why = fail(error_code::not_found, fault::caller, std::move(message)).error();
  return {.status = 404,
          .content_type = "application/json",
          .body = connect_error_json(why, false),
          .headers = error_fields(why)};
}

}  // namespace

node_pages::node_pages(const configuration& c, const clock_source& clock, lister list)
    : config_(c),
      clock_(clock),
      list_(std::move(list)),
      graphiql_(c.dev || c.graphql.graphiql),
      json_(std::max(1U, c.threads)) {}

std::optional<page> node_pages::find(unsigned core, std::string_view path) {
  if (path == "/" || path == "/services.json") {
    if (!config_.http.landing_page)
      return off("the landing page is off on this node; the operator can turn it on (http.landing_page)");
    return path == "/" ? landing() : services(core);
  }
  if (path == graphiql_path && !graphiql_)
    return off("GraphiQL is off on this node; the operator can turn it on (graphql.graphiql)");
  const bool of_graphiql = path.starts_with(graphiql_path);
  if (of_graphiql ? !graphiql_ : !config_.http.landing_page) return std::nullopt;
  const auto files = web_files();
  const auto* const found = std::ranges::find(files.data(), files.data() + files.size(), path, &web_file::path);
  if (found != files.data() + files.size()) return file(*found);
  if (path == graphiql_path) return not_bundled();
  return std::nullopt;
}

page node_pages::landing() {
  const shown_services now = list_(false);
  std::vector<std::shared_ptr<const contract>> of;
  for (const shown_service& s : now.first) of.push_back(s.about);
  std::shared_ptr<const std::string> made;
  {
    const std::lock_guard lock(mutex_);
    if (of == landing_of_ && now.count == landing_count_) made = landing_;
  }
  if (!made) {
    // Packed once, not for each who asks: with hundreds of services it is a megabyte.
    const landing_settings settings{.scheme = config_.tls.certificate == "off" ? "http" : "https",
                                    .address = to_string(config_.listen),
                                    .graphiql = graphiql_};
    auto packed = gzip(landing_page(landing_template(), now, settings));
    if (!packed) return {.status = 503, .content_type = "text/plain; charset=utf-8", .body = "no memory\n"};
    made = std::make_shared<const std::string>(*std::move(packed));
    const std::lock_guard lock(mutex_);
    landing_of_ = std::move(of);
    landing_count_ = now.count;
    landing_ = made;
  }
  return {.status = 200,
          .content_type = html,
          .body = *made,
          .headers = headers(landing_policy, "no-cache"),
          .gzipped = true};
}

page node_pages::services(unsigned core) {
  kept_json& kept = json_[core];
  if (const time_point now = clock_.now(); kept.text.empty() || now >= kept.until) {
    kept.text = services_json(list_(true));
    kept.until = now + std::chrono::seconds(1);
  }
  return {.status = 200,
          .content_type = "application/json",
          .body = kept.text,
          .headers = headers("", "no-store"),
          .gzipped = false};
}

}  // namespace waggle
