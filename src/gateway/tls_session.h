#pragma once
#include <functional>
#include <memory>
#include <string>

#include "gateway/byte_session.h"
#include "gateway/http_shared.h"
#include "gateway/tls_context.h"

struct ssl_st;
struct bio_st;

namespace waggle {

/// TLS's server side around another session, which is made when the handshake is done. OpenSSL with buffers of memory.
/// Takes from the inner session only while little that is encrypted waits to be sent, and gives it only what it has room for.
class tls_session final : public byte_session {
 public:
  /// `http2`: the client chose it (ALPN).
  using factory = std::function<std::unique_ptr<byte_session>(bool http2, void* self, waker on_more)>;

  tls_session(http_shared& shared, std::shared_ptr<const tls_context> context, factory make_inner, void* self,
              waker on_more);
  ~tls_session() override;

  [[nodiscard]] std::span<char> space() override;
  void received(std::size_t n) override;
  void end_of_input() override;
  void proceed() override;
  [[nodiscard]] std::array<std::string_view, 2> output() const override;
  [[nodiscard]] bool has_output() const override;
  void sent(std::size_t n) override;
  [[nodiscard]] waits waiting() const override;
  void timed_out() override;
  void drain() override;
  void abort() override;
  [[nodiscard]] bool over() const override;
  [[nodiscard]] bool asking() const override { return inner_ != nullptr && inner_->asking(); }
  [[nodiscard]] std::uint64_t requests() const override { return inner_ != nullptr ? inner_->requests() : 0; }

 private:
  static void woken(void* self);
  void handshake();
  bool decrypt();
  void encrypt();
  void fail(const char* what);
  [[nodiscard]] std::string_view encrypted() const;

  http_shared& shared_;
  std::shared_ptr<const tls_context> context_;
  factory make_inner_;
  void* self_;
  waker on_more_;
  std::unique_ptr<byte_session> inner_;  // once the handshake is done
  ssl_st* ssl_;
  bio_st* in_;   // ssl_'s
  bio_st* out_;  // ssl_'s
  std::unique_ptr<char[]> input_;
  std::size_t input_size_ = 0;
  std::size_t sent_ = 0;    // of `out_` or `plain_`
  std::string_view plain_;  // an answer without TLS; a literal
  bool filled_ = false;     // the first, small buffer
  bool begun_ = false;      // the first byte has come
  bool ended_ = false;      // nothing comes any more
  bool told_end_ = false;   // to the inner session
  bool said_bye_ = false;   // close_notify is written
  bool drained_ = false;    // `drain` was called
  bool failed_ = false;     // nothing is read or encrypted any more
  bool lost_ = false;       // aborted
};

}  // namespace waggle
