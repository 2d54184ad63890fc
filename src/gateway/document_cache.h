#pragma once
#include <chrono>
#include <cstddef>
#include <expected>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/call.h"
#include "gateway/graphql_params.h"
#include "schema/execute/endpoint.h"
#include "schema/execute/prepared_document.h"
#include "schema/execute/request_limits.h"

namespace waggle {

/// Documents that the operator has stored, by their ids. Immutable, shared by all cores.
using stored_documents = std::map<std::string, std::string, std::less<>>;

/// What the operator may set about GraphQL (docs/graphql.md).
struct graphql_settings {
  bool introspection = true;
  bool graphiql = false;  ///< the page is served
  graphql::request_limits limits;
  std::chrono::milliseconds timeout{30'000};  ///< of a whole request
  std::shared_ptr<const stored_documents> stored;
  bool only_stored = false;  ///< no others
};

/// The endpoints of a node. Immutable; replaced as a whole when services come and go.
struct graphql_endpoints {
  std::shared_ptr<const graphql::endpoint> all;  ///< `/graphql`; null where there is no service
  std::map<std::string, std::shared_ptr<const graphql::endpoint>, std::less<>> by_service;
};

/// Why a document is not executed.
struct document_refusal {
  std::string response;           ///< `{"errors":[…]}`
  bool unknown_document = false;  ///< its text is wanted: it is not stored (yet)
};

/// The documents of late, parsed and checked. One per core, used on it only. Bounded by number and by the memory that they are
/// thought to take; the one that was not used for longest goes.
class document_cache {
 public:
  static constexpr std::size_t most_documents = 1000;
  static constexpr std::size_t most_memory = std::size_t{16} << 20;  ///< of documents
  static constexpr std::size_t most_bytes = std::size_t{4} << 20;    ///< of the texts that are known by their hashes

  /// `settings` outlives it.
  explicit document_cache(const graphql_settings& settings) : settings_(settings) {}
  document_cache(const document_cache&) = delete;
  document_cache& operator=(const document_cache&) = delete;

  /// The document that is asked for: by its text, by the id of a stored one, or by its hash (Apollo's automatic persisted queries).
  [[nodiscard]] std::expected<std::shared_ptr<const graphql::prepared_document>, document_refusal> find(
      const std::shared_ptr<const graphql::endpoint>& asked, const graphql_params& params);

  /// Forgets the documents, which hold their endpoints. Hashes are kept.
  void clear();

 private:
  using prepared = std::shared_ptr<const graphql::prepared_document>;
  struct entry {
    std::string key;  // of the endpoint and the text
    prepared document;
    std::size_t memory = 0;
  };
  [[nodiscard]] std::expected<prepared, document_refusal> prepare(const std::shared_ptr<const graphql::endpoint>& asked,
                                                                  std::string_view text);
  void remember(std::string key, prepared document);
  void remember_hash(const std::string& hash, const std::string& text);

  const graphql_settings& settings_;
  std::list<entry> entries_;  // the last used first
  std::unordered_map<std::string_view, std::list<entry>::iterator> by_key_;
  std::size_t memory_ = 0;
  struct hashed {
    std::string hash;
    std::string text;
  };
  std::list<hashed> hashed_;
  std::unordered_map<std::string_view, std::list<hashed>::iterator> by_hash_;
  std::size_t hashed_bytes_ = 0;
};

/// `{"errors":[{"message":…,"extensions":{"code":…,"fault":…}}]}` for an error of the request as a whole.
[[nodiscard]] std::string graphql_error(const error& why, bool show_debug);

}  // namespace waggle
