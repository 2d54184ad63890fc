#pragma once
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "gateway/byte_session.h"

namespace waggle {

/// What a test says to a session and hears from it, without a socket.
struct wire_for_tests {
  std::size_t sip;               ///< so many bytes at most leave at a time, as on a slow socket
  std::size_t most_waiting = 0;  ///< the longest output that was seen

  /// Everything that comes out.
  std::string take(byte_session& session) {
    std::string out;
    for (;;) {
      session.proceed();
      if (!session.has_output()) return out;
      while (session.has_output()) {
        const auto parts = session.output();
        const std::string_view part = parts[0].empty() ? parts[1] : parts[0];
        most_waiting = std::max(most_waiting, part.size());
        out += part.substr(0, sip);
        session.sent(std::min(sip, part.size()));
      }
    }
  }

  /// Gives bytes in pieces of this length and takes everything that comes out, before them and after each piece.
  std::string give(byte_session& session, std::string_view bytes, std::size_t piece) {
    std::string out = take(session);
    while (!bytes.empty()) {
      const auto space = session.space();
      if (space.empty()) break;
      const std::size_t n = std::min({piece, bytes.size(), space.size()});
      std::memcpy(space.data(), bytes.data(), n);
      bytes.remove_prefix(n);
      session.received(n);
      out += take(session);
    }
    return out;
  }
};

}  // namespace waggle
