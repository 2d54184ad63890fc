#include "gateway/jwt.h"

#include <algorithm>
#include <cmath>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "core/ascii.h"
#include "core/base64.h"
#include "gateway/sha256.h"
#include "gateway/token_json.h"

namespace waggle {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;
using std::chrono::seconds;

constexpr std::size_t header_depth = 8;
constexpr std::size_t longest_header = 4096;
constexpr std::size_t most_scopes = 200;
/// Seconds since 1970: up to the year 9999.
constexpr double last_date = 253402300799;

std::unexpected<error> refused(std::string message) {
  auto made = fail(error_code::unauthenticated, fault::caller, std::move(message));
  made.error().cause = failure_cause::credentials;
  return made;
}

/// `text` as it may stand in an error message: short and printable.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 32)) out += c > ' ' && c < 0x7F && c != '"' && c != '\\' ? c : '?';
  return text.size() > 32 ? out + "…" : out;
}

std::string date(double since_1970) {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(static_cast<std::time_t>(since_1970)));
}

double count(wall_time t) { return std::chrono::duration<double>(t.time_since_epoch()).count(); }

/// A NumericDate (RFC 7519 §2): absent, or a number; an error where it is anything else.
result<std::optional<double>> read_date(const object& claims, std::string_view name) {
  element e;
  if (claims.at_key(name).get(e)) return std::nullopt;
  double since_1970 = 0;
  if (e.is_string() || e.get_double().get(since_1970) || !(since_1970 >= 0 && since_1970 <= last_date))
    return refused(fmt::format("the token's {} is no date in seconds since 1970", name));
  return since_1970;
}

std::optional<std::string_view> read_text(const object& o, std::string_view name) {
  std::string_view text;
  if (o.at_key(name).get_string().get(text)) return std::nullopt;
  return text;
}

/// `aud` is a text or a list of texts (RFC 7519 §4.1.3).
bool is_for(const object& claims, std::string_view audience) {
  element e;
  if (claims.at_key("aud").get(e)) return false;
  std::string_view text;
  if (!e.get_string().get(text)) return text == audience;
  simdjson::dom::array list;
  if (e.get_array().get(list)) return false;
  bool found = false;
  for (const element item : list) {
    if (item.get_string().get(text)) return false;
    found = found || text == audience;
  }
  return found;
}

/// `scope` (RFC 8693 §4.2), else `scp` or `scopes`, which are lists, or texts like it.
std::vector<std::string> read_scopes(const object& claims) {
  std::vector<std::string> all;
  const auto add_words = [&all](std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find(' '), text.size());
      if (end > 0) all.emplace_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  };
  for (const std::string_view name : {"scope", "scp", "scopes"}) {
    element e;
    if (claims.at_key(name).get(e)) continue;
    std::string_view text;
    simdjson::dom::array list;
    if (!e.get_string().get(text))
      add_words(text);
    else if (!e.get_array().get(list))
      for (const element item : list)
        if (!item.get_string().get(text) && !text.empty()) all.emplace_back(text);
  }
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  return all;
}

/// Without white space, otherwise as it came.
std::string without_white_space(const std::string& json) {
  std::string out(json.size() + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t size = 0;
  if (simdjson::minify(json.data(), json.size(), out.data(), size)) size = 0;
  out.resize(size);
  return out;
}

result<void> check_dates(const object& claims, const token_rules& rules, double now, double& expires) {
  const double leeway = static_cast<double>(rules.leeway.count());
  const auto exp = read_date(claims, "exp");
  if (!exp) return std::unexpected(exp.error());
  if (!*exp) return refused("the token has no exp: one that never expires is not taken");
  if (now >= **exp + leeway) return refused("the token expired at " + date(**exp));
  for (const std::string_view name : {"nbf", "iat"}) {
    const auto from = read_date(claims, name);
    if (!from) return std::unexpected(from.error());
    if (*from && **from > now + leeway)
      return refused(fmt::format("the token is for later: its {} is {}, here it is {}", name, date(**from), date(now)));
  }
  expires = **exp + leeway;
  return {};
}

/// Everything of the header that matters (RFC 7515 §4.1, RFC 8725 §3).
result<void> read_header(const std::string& text, jwt& into) {
  simdjson::dom::parser parser;
  object header;
  if (!parse_strict_object(parser, text, header_depth, header))
    return refused("the token's header is no JSON object whose names differ");
  const auto alg = read_text(header, "alg");
  if (!alg) return refused("the token's header has no alg");
  const auto how = signature_algorithm_from(*alg);
  if (!how)
    return refused(fmt::format("the token's algorithm is \"{}\"; RS256, ES256 and EdDSA are taken", shown(*alg)));
  into.how = *how;
  element e;
  if (!header.at_key("crit").get(e))
    return refused("the token has crit: it wants something to be understood that is not known here");
  if (!header.at_key("b64").get(e)) return refused("the token has b64: only payloads in base64 are taken");
  if (!header.at_key("zip").get(e) || !header.at_key("enc").get(e) || !header.at_key("cty").get(e))
    return refused("the token is encrypted, compressed or holds another one: only signed ones are taken");
  if (!header.at_key("typ").get(e)) {
    const auto typ = read_text(header, "typ");
    std::string_view name = typ.value_or("");
    if (constexpr std::string_view media = "application/"; equal_ignoring_case(name.substr(0, media.size()), media))
      name.remove_prefix(media.size());
    if (!equal_ignoring_case(name, "JWT") && !equal_ignoring_case(name, "at+jwt"))
      return refused(fmt::format("the token's typ is \"{}\"; JWT and at+jwt are taken", shown(name)));
  }
  if (!header.at_key("kid").get(e)) {
    const auto kid = read_text(header, "kid");
    if (!kid || kid->empty()) return refused("the token's kid is no text");
    into.kid = *kid;
  }
  return {};
}

}  // namespace

result<jwt> parse_jwt(std::string_view token) {
  if (token.size() > jwt::longest)
    return refused(fmt::format("the token has {} bytes, at most {} are taken", token.size(), jwt::longest));
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return refused("the token is no signed JWT: three parts with points between");
  const auto header = exact_base64url(token.substr(0, first));
  auto payload = exact_base64url(token.substr(first + 1, second - first - 1));
  auto signature = exact_base64url(token.substr(second + 1));
  if (!header || !payload || !signature) return refused("the token is not in base64url without padding (RFC 7515 §2)");
  if (header->size() > longest_header)
    return refused(fmt::format("the token's header has more than {} bytes", longest_header));
  jwt made;
  if (auto ok = read_header(*header, made); !ok) return std::unexpected(std::move(ok.error()));
  made.signed_part = token.substr(0, second);
  made.signature = *std::move(signature);
  made.payload = *std::move(payload);
  return made;
}

result<verified_claims> read_claims(const std::string& payload, const token_rules& rules, wall_time now) {
  simdjson::dom::parser parser;
  object claims;
  if (payload.size() > caller::longest_claims)
    return refused(fmt::format("the token's claims have more than {} bytes", caller::longest_claims));
  if (!parse_strict_object(parser, payload, caller::deepest_claims, claims))
    return refused(fmt::format(
        "the token's claims are no JSON object whose names differ, whose numbers fit 64 bits, nested at most {} deep",
        caller::deepest_claims));
  const auto issuer = read_text(claims, "iss");
  if (!issuer) return refused("the token has no iss, which says who made it");
  if (*issuer != rules.issuer)
    return refused(fmt::format("the token's iss is \"{}\"; taken are those of {}", shown(*issuer), rules.issuer));
  if (!is_for(claims, rules.audience))
    return refused(fmt::format("the token is not for here: its aud would have to be or hold \"{}\"", rules.audience));
  double expires = 0;
  if (auto ok = check_dates(claims, rules, count(now), expires); !ok) return std::unexpected(std::move(ok.error()));
  const auto subject = read_text(claims, "sub");
  if (!subject || subject->empty()) return refused("the token has no sub, which says whom it is about");

  auto who = std::make_shared<caller>();
  who->issuer = *issuer;
  who->subject = *subject;
  who->scopes = read_scopes(claims);
  if (who->scopes.size() > most_scopes)
    return refused(fmt::format("the token has {} scopes, at most {} are taken", who->scopes.size(), most_scopes));
  who->claims = without_white_space(payload);
  who->key = "jwt:" + base64_encode(sha256(fmt::format("{}:{}{}", issuer->size(), *issuer, *subject)));
  return verified_claims{std::move(who),
                         std::chrono::sys_seconds(seconds(static_cast<std::int64_t>(std::ceil(expires))))};
}

}  // namespace waggle
