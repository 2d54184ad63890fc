#include "gateway/credentials.h"

#include <chrono>
#include <string>
#include <utility>

#include "gateway/authenticator.h"

namespace waggle {
namespace {

identify_again by(const http_shared& shared, std::string authorization, std::string api_key) {
  if (shared.identity == nullptr || (authorization.empty() && api_key.empty())) return {};
  return [identity = shared.identity, authorization = std::move(authorization), api_key = std::move(api_key)] {
    return identity->verify(authorization, api_key, std::chrono::system_clock::now());
  };
}

}  // namespace

identify_again identify_again_by(const http_shared& shared, const http_head& head) {
  return by(shared, head.authorization, head.api_key);
}

identify_again identify_again_by(const http_shared& shared, std::string authorization) {
  return by(shared, std::move(authorization), {});
}

}  // namespace waggle
