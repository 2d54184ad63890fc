#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/call.h"
#include "gateway/held_answers.h"

namespace waggle {

/// The part of an answer that comes little by little, or both ways of an upgraded connection. Used on one core. Whoever sends it
/// asks for more only when the last is sent, so that a slow client holds back whoever makes it.
class reply_stream {
 public:
  /// There is something to take. Not called from within the stream's own functions.
  using waker = void (*)(void* self);

  virtual ~reply_stream() = default;
  /// From now on `on_more(self)` tells of more. Null: nobody listens any more.
  void listen(void* self, waker on_more) { self_ = self, wake_ = on_more; }

  /// The bytes that are ready; none at present where it is empty.
  [[nodiscard]] virtual std::string take() = 0;
  /// Nothing comes after what was taken.
  [[nodiscard]] virtual bool ended() const = 0;
  /// Of an upgraded connection: what the client sent.
  virtual void received(std::string_view) {}
  /// The node drains: ends as soon as it can, properly.
  virtual void drain() = 0;
  /// The client is gone.
  virtual void abort() = 0;

 protected:
  void wake() {
    if (wake_ != nullptr) wake_(self_);
  }

 private:
  void* self_ = nullptr;
  waker wake_ = nullptr;
};

/// An answer, before its framing.
struct http_reply {
  unsigned status = 200;
  std::string_view content_type = "application/json";  ///< a literal; empty: none
  std::string body;
  std::string headers;          ///< whole lines, `Allow: POST\r\n`
  std::optional<receipt> cost;  ///< of answers that came from a service
  bool packed = false;          ///< the body is in gzip's format already, and kept so
  held_answers held = {};       ///< the body's memory, where that is counted
  /// What comes instead of a body; null: nothing. With status 101 the connection is its own from then on.
  std::shared_ptr<reply_stream> stream = {};
};

}  // namespace waggle
