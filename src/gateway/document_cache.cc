#include "gateway/document_cache.h"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "schema/execute/response_error.h"
#include "schema/execute/validate.h"
#include "schema/language/findings.h"

namespace waggle {
namespace {

constexpr std::size_t longest_text = std::size_t{1} << 20;

/// What a document takes in memory, tree and plan, as measured: a text of one-letter fields seventy times its size.
constexpr std::size_t memory_per_token = 150;
constexpr std::size_t memory_per_document = 2048;

/// Of its memory an estimate that is not too low: words and marks in strings and comments count as well.
std::size_t memory_of(std::string_view text) {
  std::size_t tokens = 0;
  bool in_word = false;
  for (const char c : text) {
    const bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    const bool blank = c <= ' ' || c == ',' || static_cast<unsigned char>(c) >= 0x80;
    tokens += word ? !in_word : !blank;
    in_word = word;
  }
  return memory_per_document + 2 * text.size() + memory_per_token * tokens;
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string out;
  for (unsigned i = 0; i < size; ++i) fmt::format_to(std::back_inserter(out), "{:02x}", digest[i]);
  return out;
}

document_refusal refuse(std::string message, error_code code = error_code::invalid_argument) {
  error e;
  e.code = code;
  e.whose = fault::caller;
  e.message = std::move(message);
  return {.response = graphql_error(e, false)};
}

/// What Apollo's clients look for, to send the text the next time.
document_refusal unknown_hash() {
  return {.response = R"({"errors":[{"message":"PersistedQueryNotFound",)"
                      R"("extensions":{"code":"PERSISTED_QUERY_NOT_FOUND","fault":"caller"}}]})",
          .unknown_document = true};
}

document_refusal refuse(const std::vector<diagnostic>& found) {
  std::string out = R"({"errors":[)";
  bool first = true;
  for (const diagnostic& d : found) {
    if (d.level != diagnostic::severity::error) continue;
    fmt::format_to(std::back_inserter(out), R"({}{{"message":{})", first ? "" : ",", json_quote(d.message));
    if (d.line > 0)
      fmt::format_to(std::back_inserter(out), R"(,"locations":[{{"line":{},"column":{}}}])", d.line, d.column);
    out += R"(,"extensions":{"code":"invalid_argument","fault":"caller"}})";
    first = false;
  }
  return {.response = out + "]}"};
}

std::string key_of(const graphql::endpoint& asked, std::string_view text) {
  return fmt::format("{}:{}", static_cast<const void*>(&asked), text);
}

}  // namespace

std::string graphql_error(const error& why, bool show_debug) {
  const graphql::response_error one{why, {}, {}};
  return graphql::error_response({&one, 1}, {}, show_debug);
}

std::expected<std::shared_ptr<const graphql::prepared_document>, document_refusal> document_cache::find(
    const std::shared_ptr<const graphql::endpoint>& asked, const graphql_params& params) {
  const std::string* text = &params.query;
  const stored_documents* const stored = settings_.stored.get();
  const std::string& id = params.document_id.empty() ? params.sha256 : params.document_id;
  if (stored != nullptr && !id.empty())
    if (const auto at = stored->find(id); at != stored->end()) text = &at->second;
  const bool is_stored = text != &params.query;
  if (!params.document_id.empty() && !is_stored) {
    document_refusal none =
        refuse(fmt::format("there is no stored document {}", json_quote(params.document_id.substr(0, 100))),
               error_code::not_found);
    none.unknown_document = true;
    return std::unexpected(std::move(none));
  }
  if (settings_.only_stored && !is_stored)
    return std::unexpected(refuse("only stored documents are executed on this node: send documentId, the id of one",
                                  error_code::permission_denied));
  if (!params.sha256.empty() && !is_stored) {
    if (params.query.empty()) {
      const auto at = by_hash_.find(params.sha256);
      if (at == by_hash_.end()) return std::unexpected(unknown_hash());
      hashed_.splice(hashed_.begin(), hashed_, at->second);
      text = &hashed_.front().text;
    } else if (sha256_hex(params.query) != params.sha256) {
      return std::unexpected(refuse("extensions.persistedQuery.sha256Hash is not the SHA-256 of the query"));
    }
  }
  std::string key = key_of(*asked, *text);
  if (const auto at = by_key_.find(key); at != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, at->second);
    if (!params.sha256.empty() && !params.query.empty() && !is_stored) remember_hash(params.sha256, params.query);
    return entries_.front().document;
  }
  auto made = prepare(asked, *text);
  if (!made) return made;
  if (!params.sha256.empty() && !params.query.empty() && !is_stored) remember_hash(params.sha256, params.query);
  remember(std::move(key), *made);
  return made;
}

std::expected<document_cache::prepared, document_refusal> document_cache::prepare(
    const std::shared_ptr<const graphql::endpoint>& asked, std::string_view text) {
  if (text.size() > longest_text)
    return std::unexpected(refuse(fmt::format("the document has {} bytes; the limit is {}", text.size(), longest_text),
                                  error_code::resource_exhausted));
  const auto made = std::make_shared<graphql::prepared_document>(asked, std::string(text));
  graphql::findings found(made->text, "");
  made->doc = graphql::parse_executable(made->text, graphql::source_limits_of(settings_.limits), found);
  if (!found.has_errors()) graphql::check_request_limits(made->doc, settings_.limits, found);
  if (!found.has_errors()) graphql::validate(asked->schema(), made->doc, found);
  if (found.has_errors()) return std::unexpected(refuse(found.take()));
  if (!settings_.introspection && graphql::asks_for_introspection(made->doc))
    return std::unexpected(
        refuse("introspection is switched off on this node (graphql.introspection)", error_code::permission_denied));
  made->plan();
  return made;
}

void document_cache::clear() {
  by_key_.clear();
  entries_.clear();
  memory_ = 0;
}

void document_cache::remember(std::string key, prepared document) {
  const std::size_t memory = memory_of(document->text);
  if (memory > most_memory / 4) return;
  memory_ += memory;
  entries_.push_front({std::move(key), std::move(document), memory});
  by_key_.emplace(entries_.front().key, entries_.begin());
  while (entries_.size() > most_documents || memory_ > most_memory) {
    memory_ -= entries_.back().memory;
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

void document_cache::remember_hash(const std::string& hash, const std::string& text) {
  if (by_hash_.contains(hash) || text.size() > most_bytes / 4) return;
  hashed_bytes_ += text.size();
  hashed_.push_front({hash, text});
  by_hash_.emplace(hashed_.front().hash, hashed_.begin());
  while (hashed_.size() > most_documents || hashed_bytes_ > most_bytes) {
    hashed_bytes_ -= hashed_.back().text.size();
    by_hash_.erase(hashed_.back().hash);
    hashed_.pop_back();
  }
}

}  // namespace waggle
