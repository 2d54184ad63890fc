#pragma once
#include "core/ascii.h"
#include "gateway/encoding.h"
#include "gateway/http2_session.h"
#include "gateway/http_exchange.h"

namespace waggle {

/// One request of an HTTP/2 connection and its reply. Part of http2_session, for its source alone.
class http2_session::stream {
 public:
  stream(http2_session& in, std::int32_t number) : of(in), id(number), exchange(in.shared_, this, on_reply) {
    head.version = 20;
  }
  ~stream() { end_reply(); }
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  /// A field of the head; nghttp2 has looked at what RFC 9113 §8.2 and §8.3 ask of it.
  void field(std::string_view name, std::string_view value) {
    if (name == ":method") {
      head.verb = value == "POST"      ? http_verb::post
                  : value == "GET"     ? http_verb::get
                  : value == "HEAD"    ? http_verb::head
                  : value == "OPTIONS" ? http_verb::options
                                       : http_verb::other;
    } else if (name == ":path") {
      head.target = value;
    } else if (name == ":authority" || name == "host") {
      malformed = malformed || (head.has_host && head.host != value);  // §8.3.1
      head.has_host = true;
      head.host = value;
    } else if (name == "content-length") {
      length = parse_digits(value, 18).value_or(std::uint64_t{1} << 62);
    } else if (name == "expect") {
      head.expects_continue = equal_ignoring_case(value, "100-continue");
      unknown_expectation = !head.expects_continue;
    } else if (!name.starts_with(':')) {
      set_field(head, name, value);
    }
  }

  /// What is to be sent. False where no body follows the head.
  bool give(http_reply reply) {
    reply_ = std::move(reply);
    if (head.verb == http_verb::head || reply_.status == 204) {
      end_reply();
      return false;
    }
    if (reply_.stream == nullptr) return !reply_.body.empty();
    reply_.stream->listen(this, on_more);
    return true;
  }
  /// The next bytes of the body; none where there are none at present.
  std::string_view take(std::size_t most) {
    if (taken_ == reply_.body.size() && reply_.stream != nullptr) {
      taken_ = 0;
      reply_.body = reply_.stream->take();
      const std::size_t size = reply_.body.size();
      reply_.held.set(of.shared_.settings.answers.get(), size < worth_counting ? 0 : size);
      if (reply_.stream->ended()) {
        reply_.stream->listen(nullptr, nullptr);
        reply_.stream.reset();
      }
    }
    const std::string_view next = std::string_view(reply_.body).substr(taken_, most);
    taken_ += next.size();
    return next;
  }
  [[nodiscard]] bool all_taken() const { return taken_ == reply_.body.size() && reply_.stream == nullptr; }
  [[nodiscard]] bool has_stream() const { return reply_.stream != nullptr; }
  void drain() {
    if (reply_.stream != nullptr) reply_.stream->drain();
  }
  /// Nobody takes the rest.
  void end_reply() {
    if (reply_.stream == nullptr) return;
    reply_.stream->listen(nullptr, nullptr);
    reply_.stream->abort();
    reply_.stream.reset();
  }

  /// The client could take something of the reply and does not.
  [[nodiscard]] bool stalled() const { return answered && !finished && !deferred && !closed; }
  /// Of one that is answered: to throw it away.
  [[nodiscard]] bool wants_body() const { return head_done && !input_done && !closed && (!answered || finished); }

  static void on_reply(void* self);
  static void on_more(void* self);

  http2_session& of;
  const std::int32_t id;
  http_head head;
  http_exchange exchange;
  std::size_t head_size = 0;
  std::uint64_t length = 0;  // what the client says of the body
  std::size_t received = 0;  // of the body, while it is not complete
  std::size_t skipped = 0;   // of a body that is not wanted
  time_point since{};        // the head was complete; then: something of the reply was taken
  bool queued = false;
  bool head_done = false;
  bool looked_at = false;  // before the body
  bool input_done = false;
  bool malformed = false;
  bool too_long = false;  // the head
  bool unknown_expectation = false;
  bool refused = false;  // the body
  bool begun = false;
  bool replied = false;  // the exchange has a reply, to be framed
  bool answered = false;
  bool deferred = false;  // there is nothing of the reply at present
  bool finished = false;  // the reply is framed to its end
  bool hurried = false;   // no more of the body is waited for
  bool closed = false;

 private:
  http_reply reply_;
  std::size_t taken_ = 0;  // of the body
};

}  // namespace waggle
