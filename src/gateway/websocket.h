#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http_parser.h"

struct wslay_event_context;

namespace waggle {

/// The value of `Sec-WebSocket-Accept` for a request that opens a WebSocket (RFC 6455 §4.2.2); nothing where the request does
/// not open one properly.
[[nodiscard]] std::optional<std::string> websocket_accept(const http_head& head);

/// One WebSocket (RFC 6455), the server's side, without its socket: bytes in, text messages out of them, and the other way
/// round. Pings are answered. Used on one core.
class websocket {
 public:
  /// Runs within `received`, for each whole text message.
  using receiver = std::function<void(std::string_view text)>;

  /// Messages over `longest` bytes end it (1009).
  websocket(std::size_t longest, receiver on_text);
  ~websocket();
  websocket(const websocket&) = delete;
  websocket& operator=(const websocket&) = delete;

  void received(std::string_view bytes);
  void send(std::string_view text);
  void ping();
  /// Says why, and takes and sends no messages any more.
  void close(std::uint16_t code, std::string_view reason);
  /// The bytes to send.
  [[nodiscard]] std::string take();
  /// Both sides are done with it, or it is broken: nothing comes after what `take` gave.
  [[nodiscard]] bool ended() const { return broken_ || (closing_ && written_); }
  [[nodiscard]] bool closing() const { return closing_; }
  /// A part of a message is there, and more of it is to come.
  [[nodiscard]] bool unfinished() const { return unfinished_ && !closing_; }

 private:
  struct glue;
  wslay_event_context* context_ = nullptr;
  const std::size_t longest_;
  receiver on_text_;
  std::string text_;  // of the message under way: wslay would keep each fragment for itself
  std::string_view input_;
  std::string output_;
  bool control_ = false;  // the frame under way is a ping or the like
  bool unfinished_ = false;
  bool closing_ = false;
  bool written_ = false;  // the closing frame
  bool broken_ = false;
};

}  // namespace waggle
