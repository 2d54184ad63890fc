#pragma once
#include <memory>

#include "gateway/http_exchange.h"
#include "schema/execute/endpoint.h"

namespace waggle {

/// Does the client ask for a WebSocket?
[[nodiscard]] bool wants_websocket(const http_head& head);

/// Opens a WebSocket that speaks `graphql-transport-ws` (the protocol of npm's graphql-ws): operations of any kind, several at a time,
/// subscriptions among them. Or says why not. `context` is what each operation's calls get; `service` as in graphql_front::find:
/// each operation gets the endpoint of its time. A client
/// may also say who it is in `connection_init`'s payload: `{"authorization": "Bearer …"}`.
[[nodiscard]] http_reply open_graphql_ws(http_shared& shared, const http_head& head, std::string_view service,
                                         request_context context);

}  // namespace waggle
