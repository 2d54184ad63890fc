#pragma once
#include <memory>

#include "gateway/http_exchange.h"
#include "schema/execute/endpoint.h"

namespace waggle {

/// Answers a request at `/graphql` or `/graphql/{service}` (GraphQL over HTTP): calls `reply(self, …)` once, perhaps before it
/// returns, and gives who can be stopped until then; null where the reply was given. `asked` is the endpoint; `body` as it came.
[[nodiscard]] std::shared_ptr<request_handler> answer_graphql(http_shared& shared, const http_head& head,
                                                              std::string body,
                                                              std::shared_ptr<const graphql::endpoint> asked,
                                                              request_context context, void* self,
                                                              void (*reply)(void* self, http_reply reply));

}  // namespace waggle
