#pragma once
#include <functional>
#include <memory>

#include "core/caller.h"
#include "core/error.h"
#include "gateway/http_parser.h"
#include "gateway/http_shared.h"

namespace waggle {

/// Who asks, judged anew each time: a token may expire, a key be taken back while a stream or a WebSocket is open. Empty: nothing
/// was given, and there is nothing to judge. Used on one core.
using identify_again = std::function<result<std::shared_ptr<const caller>>()>;

/// By the fields of a request. `shared` outlives it.
[[nodiscard]] identify_again identify_again_by(const http_shared& shared, const http_head& head);
/// By the text of a field `Authorization`.
[[nodiscard]] identify_again identify_again_by(const http_shared& shared, std::string authorization);

}  // namespace waggle
