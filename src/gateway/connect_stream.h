#pragma once
#include <string>

#include "gateway/credentials.h"
#include "gateway/http_reply.h"
#include "gateway/http_shared.h"

namespace waggle {

/// A subscription by Connect's server streaming (connectrpc.com, "Streaming RPCs"): `body` is the one enveloped message with the
/// payload; each item becomes a message, the end or an error the last one. `again` as in subscription.h. `request` has method and context, whose deadline is the
/// stream's. `shared` has a loop.
[[nodiscard]] http_reply answer_connect_stream(http_shared& shared, std::string service, service_request request,
                                               std::string_view body, identify_again again = {});

/// The same, refused: the end and nothing before it.
[[nodiscard]] http_reply refuse_connect_stream(const error& why, bool show_debug);

}  // namespace waggle
