#include "gateway/api_keys.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "gateway/sha256.h"

namespace waggle {
namespace {

constexpr std::size_t longest_name = 255;
constexpr std::size_t hash_digits = 64;
constexpr std::size_t most_scopes = 200;
constexpr std::size_t longest_scope = 255;  // as in @auth

std::vector<std::string_view> words(std::string_view line) {
  constexpr std::string_view space = " \t\r";
  std::vector<std::string_view> all;
  for (;;) {
    const std::size_t begin = line.find_first_not_of(space);
    if (begin == std::string_view::npos) return all;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(space), line.size());
    all.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

/// 64 hexadecimal digits as 32 bytes; empty where it is anything else.
std::string hash_from(std::string_view text) {
  if (text.size() != hash_digits) return {};
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return {};
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::unexpected<error> broken(std::size_t line, std::string_view what) {
  return fail(error_code::invalid_argument, fault::host, fmt::format("{}: {}", line, what));
}

/// What is wrong with a scope; empty where it is fine. It is what a contract may ask for (RFC 6749 §3.3), but for what is meant
/// otherwise: with a comma two scopes are, and would be neither; behind a # is a comment, whose words would all be scopes.
std::string_view wrong_scope(std::string_view text) {
  if (text.contains(',')) return "has a comma: scopes are separated by spaces";
  if (text.starts_with('#')) return "begins with #: a comment has a line of its own";
  const bool fine = text.size() <= longest_scope &&
                    std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; });
  return fine ? "" : "is none: 1 to 255 visible characters of ASCII, no quotes or backslashes (RFC 6749 §3.3)";
}

std::string quoted_list(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& t : texts) out += (out.empty() ? "" : ",") + json_quote(t);
  return "[" + out + "]";
}

}  // namespace

result<api_keys> api_keys::read(std::string_view text) {
  if (text.size() > longest_text)
    return broken(1, fmt::format("the file has {} bytes, at most {} are read", text.size(), longest_text));
  api_keys made;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto parts = words(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (parts.empty() || parts.front().starts_with('#')) continue;
    // No word of it is repeated: it may be a key that should not be here.
    if (parts.size() < 2) return broken(number, "expected NAME SHA256 [SCOPE …]");
    // The columns are mixed up. Taken, the key itself would be what guests and their logs see.
    if (parts.front().starts_with(prefix))
      return broken(number, fmt::format("the first word begins with {}, as a key does: expected NAME SHA256 [SCOPE …], "
                                        "the caller's name, which guests see, and its key's hash",
                                        prefix));
    if (parts.front().size() > longest_name)
      return broken(number, fmt::format("a name has at most {} bytes", longest_name));
    const std::string hash = hash_from(parts[1]);
    if (hash.empty())
      return broken(
          number, "the second word is no SHA-256: 64 hexadecimal digits; the file has the keys' hashes, not the keys");
    if (parts.size() - 2 > most_scopes) return broken(number, fmt::format("at most {} scopes", most_scopes));
    for (std::size_t i = 2; i < parts.size(); ++i)
      if (const auto wrong = wrong_scope(parts[i]); !wrong.empty())
        return broken(number, fmt::format("scope {} {}", i - 1, wrong));
    auto who = std::make_shared<caller>();
    who->subject = parts.front();
    who->scopes.assign(parts.begin() + 2, parts.end());
    std::ranges::sort(who->scopes);
    who->scopes.erase(std::ranges::unique(who->scopes).begin(), who->scopes.end());
    who->claims = fmt::format(R"({{"sub":{},"scopes":{}}})", json_quote(who->subject), quoted_list(who->scopes));
    if (who->claims.size() > caller::longest_claims) return broken(number, "the scopes are too long");
    who->key = "key:" + who->subject;
    if (!made.by_hash_.emplace(hash, std::move(who)).second) return broken(number, "this hash stands in a line before");
  }
  return made;
}

std::shared_ptr<const caller> api_keys::find(std::string_view key) const {
  const auto at = by_hash_.find(sha256(key));
  return at == by_hash_.end() ? nullptr : at->second;
}

}  // namespace waggle
