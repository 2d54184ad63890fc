#include "gateway/tls_session.h"

#include <algorithm>
#include <utility>

#include <openssl/bio.h>
#include <openssl/buffer.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>

namespace waggle {
namespace {

/// Of most connections, which are idle; and of those that fill it.
constexpr std::size_t first_input = std::size_t{4} * 1024;
constexpr std::size_t most_input = std::size_t{16} * 1024;
/// No more is encrypted while so much waits to be sent.
constexpr std::size_t most_output = std::size_t{32} * 1024;
constexpr std::size_t most_record = std::size_t{16} * 1024;
/// The memory of a larger buffer is given back when it is empty.
constexpr std::size_t kept_output = std::size_t{8} * 1024;

constexpr std::string_view spoken_plainly =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 53\r\nConnection: "
    "close\r\n\r\n"
    "this port speaks TLS only: write https:// in the URL\n";
static_assert(spoken_plainly.size() - spoken_plainly.find("\r\n\r\n") - 4 == 53);

}  // namespace

tls_session::tls_session(http_shared& shared, std::shared_ptr<const tls_context> context, factory make_inner,
                         void* self, waker on_more)
    : shared_(shared),
      context_(std::move(context)),
      make_inner_(std::move(make_inner)),
      self_(self),
      on_more_(on_more),
      ssl_(SSL_new(context_->get())),
      in_(BIO_new(BIO_s_mem())),
      out_(BIO_new(BIO_s_mem())) {
  if (ssl_ == nullptr || in_ == nullptr || out_ == nullptr) throw std::bad_alloc();
  SSL_set_bio(ssl_, in_, out_);
  SSL_set_accept_state(ssl_);
}

tls_session::~tls_session() {
  inner_.reset();
  SSL_free(ssl_);
}

std::span<char> tls_session::space() {
  // What is there comes first: the inner session has no room for it.
  if (failed_ || ended_ || BIO_ctrl_pending(in_) > 0) return {};
  if (input_ == nullptr) {
    input_size_ = filled_ ? most_input : first_input;
    input_.reset(new char[input_size_]);
  }
  return {input_.get(), input_size_};
}

void tls_session::received(std::size_t n) {
  if (!begun_ && n > 0) {
    begun_ = true;
    // A handshake begins with 22 (RFC 8446 §5.1), a request in plain HTTP with a method.
    if (input_[0] >= 'A' && input_[0] <= 'Z') {
      plain_ = spoken_plainly;
      return fail("plain HTTP");
    }
  }
  if (failed_) return;
  BIO_write(in_, input_.get(), static_cast<int>(n));
  if (n == input_size_ && !std::exchange(filled_, true)) input_.reset();  // the next one is larger
}

void tls_session::end_of_input() {
  ended_ = true;
  if (inner_ == nullptr) return fail("the client has gone");
  proceed();  // at once: while it asks a service, or has a stream open, nobody else would
}

void tls_session::proceed() {
  if (lost_) return;
  if (inner_ == nullptr && !failed_) handshake();
  while (inner_ != nullptr && !failed_ && !has_output()) {
    inner_->proceed();
    encrypt();
    if (has_output() || !decrypt()) break;
  }
  if (ended_ && !told_end_ && inner_ != nullptr && BIO_ctrl_pending(in_) == 0) {
    told_end_ = true;
    inner_->end_of_input();
    if (!inner_->asking()) inner_->proceed();
    encrypt();
  }
  if (!failed_ && inner_ != nullptr && inner_->over() && !inner_->asking() && !inner_->has_output() && !said_bye_) {
    said_bye_ = true;
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
  }
}

void tls_session::handshake() {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  if (done != 1) {
    if (SSL_get_error(ssl_, done) != SSL_ERROR_WANT_READ) return fail("the handshake");
    return;
  }
  const unsigned char* protocol = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_, &protocol, &length);
  inner_ = make_inner_(length == 2, this, woken);  // "h2"; the other is "http/1.1"
  make_inner_ = nullptr;
  if (drained_) inner_->drain();
}

/// Gives the inner session what has come. False where there is nothing, or no room.
bool tls_session::decrypt() {
  const auto space = inner_->space();
  if (space.empty()) return false;
  ERR_clear_error();
  std::size_t n = 0;
  const int done = SSL_read_ex(ssl_, space.data(), space.size(), &n);
  if (done == 1) {
    inner_->received(n);
    return true;
  }
  const int why = SSL_get_error(ssl_, done);
  if (why == SSL_ERROR_ZERO_RETURN) {  // close_notify
    ended_ = true;
    BIO_reset(in_);
  } else if (why != SSL_ERROR_WANT_READ) {
    fail("a record");
  }
  return false;
}

void tls_session::encrypt() {
  while (!failed_ && inner_->has_output() && encrypted().size() - sent_ < most_output) {
    const auto parts = inner_->output();
    const std::string_view part = parts[0].empty() ? parts[1] : parts[0];
    ERR_clear_error();
    std::size_t n = 0;
    if (SSL_write_ex(ssl_, part.data(), std::min(part.size(), most_record), &n) != 1) return fail("writing");
    inner_->sent(n);
  }
}

/// The alert, if there is one, is in `out_` already.
void tls_session::fail(const char* what) {
  const unsigned long code = ERR_peek_error();
  const char* text = code != 0 ? ERR_reason_error_string(code) : nullptr;
  spdlog::debug("tls: {}: {}", what, text != nullptr ? text : "no TLS");
  ERR_clear_error();
  failed_ = true;
  if (inner_ == nullptr)
    http_stats::add(shared_.stats.tls_failures);
  else
    inner_->abort();
}

std::string_view tls_session::encrypted() const {
  char* data = nullptr;
  const long n = BIO_get_mem_data(out_, &data);
  return {data, n > 0 ? static_cast<std::size_t>(n) : 0};
}

std::array<std::string_view, 2> tls_session::output() const {
  if (lost_) return {};
  return {(plain_.empty() ? encrypted() : plain_).substr(sent_), {}};
}

bool tls_session::has_output() const { return !output()[0].empty(); }

void tls_session::sent(std::size_t n) {
  sent_ += n;
  if (has_output()) return;
  sent_ = 0;
  plain_ = {};
  BUF_MEM* memory = nullptr;
  BIO_get_mem_ptr(out_, &memory);
  if (memory->max > kept_output) {
    BIO* const fresh = BIO_new(BIO_s_mem());
    if (fresh == nullptr) throw std::bad_alloc();
    SSL_set0_wbio(ssl_, fresh);  // frees the old one
    out_ = fresh;
  } else {
    BIO_reset(out_);
  }
  if (inner_ != nullptr) encrypt();
}

tls_session::waits tls_session::waiting() const {
  if (has_output()) return waits::send;
  if (failed_) return waits::nothing;
  if (inner_ == nullptr) return begun_ ? waits::head : waits::first;
  return inner_->waiting();
}

void tls_session::timed_out() {
  if (has_output()) return abort();
  if (inner_ == nullptr) return fail("the handshake took too long");
  inner_->timed_out();
}

void tls_session::drain() {
  drained_ = true;
  if (inner_ != nullptr) inner_->drain();
}

void tls_session::abort() {
  lost_ = failed_ = true;
  if (inner_ != nullptr) inner_->abort();
}

bool tls_session::over() const {
  if (failed_) return true;
  return inner_ != nullptr && inner_->over() && !inner_->has_output() && said_bye_;
}

/// The inner session has something.
void tls_session::woken(void* self) {
  auto& s = *static_cast<tls_session*>(self);
  if (!s.lost_ && !s.failed_) s.encrypt();
  s.on_more_(s.self_);
}

}  // namespace waggle
