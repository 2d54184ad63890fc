#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "gateway/document_cache.h"

namespace waggle {

/// GraphQL on one core: its endpoints, its settings, its documents.
struct graphql_front {
  graphql_settings settings;
  std::shared_ptr<const graphql_endpoints> endpoints;
  document_cache documents{settings};

  /// `/graphql`, where `service` is empty, or `/graphql/{service}`; null where there is none.
  [[nodiscard]] std::shared_ptr<const graphql::endpoint> find(std::string_view service) const {
    if (!endpoints) return nullptr;
    if (service.empty()) return endpoints->all;
    const auto at = endpoints->by_service.find(service);
    return at == endpoints->by_service.end() ? nullptr : at->second;
  }
  /// Services have come or gone.
  void replace(std::shared_ptr<const graphql_endpoints> now) {
    endpoints = std::move(now);
    documents.clear();
  }
};

}  // namespace waggle
