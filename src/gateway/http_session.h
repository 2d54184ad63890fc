#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gateway/byte_session.h"
#include "gateway/http_exchange.h"
#include "gateway/http_parser.h"
#include "gateway/http_shared.h"

namespace waggle {

/// HTTP/1.1 on one connection: framing only, what is asked and answered is the exchange's. Requests are answered in order, one
/// at a time; what comes meanwhile is kept, up to the size of the input buffer.
class http_session final : public byte_session {
 public:
  http_session(http_shared& shared, void* self, waker on_more);

  [[nodiscard]] std::span<char> space() override;
  void received(std::size_t n) override;
  /// A pending call is told that its caller is gone (like Go's server, unlike a half-open use of TCP); its answer is still
  /// given out. A stream is over.
  void end_of_input() override;
  void proceed() override;
  /// Head and body.
  [[nodiscard]] std::array<std::string_view, 2> output() const override;
  [[nodiscard]] bool has_output() const override { return sent_ < head_.size() + body_size_; }
  void sent(std::size_t n) override;
  [[nodiscard]] waits waiting() const override;
  /// Gives output (408) or is over.
  void timed_out() override;
  void drain() override;
  void abort() override;
  [[nodiscard]] bool over() const override { return over_; }
  [[nodiscard]] bool asking() const override { return exchange_.asking() || stream_ != nullptr; }
  [[nodiscard]] std::uint64_t requests() const override { return requests_; }

 private:
  void on_head();
  bool skip();
  void on_request();
  void proceed_stream();
  static void replied(void* self);
  void refuse_bytes(http_parser::state why);
  void refuse_text(unsigned status, std::string_view text);
  /// Frames the exchange's reply.
  void answer();
  void answer(http_reply reply);
  void end_stream();
  [[nodiscard]] bool input_full() const { return end_ - begin_ >= max_input_; }

  http_shared& shared_;
  void* self_;
  waker on_more_;
  http_parser parser_;
  http_exchange exchange_;
  std::shared_ptr<reply_stream> stream_;  // what follows the present answer's head

  std::unique_ptr<char[]> input_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t max_input_;

  std::string head_;
  std::string body_;
  held_answers held_;          // of the body
  std::size_t body_size_ = 0;  // of it, to be sent: nothing for HEAD
  std::size_t sent_ = 0;

  std::uint64_t requests_ = 0;
  std::uint64_t skip_ = 0;  // bytes of a body that is not looked at: its request was refused already
  bool chunked_ = false;    // the stream's bytes are framed
  bool keep_ = true;
  bool ended_ = false;
  bool over_ = false;
};

}  // namespace waggle
