#pragma once
#include <string>
#include <string_view>

#include "core/call.h"

namespace waggle {

/// What is known of an answer before its bytes are made.
struct http_answer {
  unsigned status = 200;
  std::string_view content_type = "application/json";  ///< empty: none
  std::size_t length = 0;
  bool has_length = true;  ///< else what follows ends with its last chunk, or the connection
  bool chunked = false;
  std::string_view date;          ///< IMF-fixdate
  const receipt* cost = nullptr;  ///< of answers that came from a service
  std::string_view headers;       ///< whole lines
  std::string_view connection;    ///< "close", "keep-alive", or nothing to say
};

/// The fields, as whole lines, at the end of `out`; `connection` is the framing's.
void write_fields(std::string& out, const http_answer& a);

/// Status line and fields, with the empty line behind them, at the end of `out`.
void write_head(std::string& out, const http_answer& a);

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
[[nodiscard]] std::string http_date(std::int64_t unix_seconds);

}  // namespace waggle
