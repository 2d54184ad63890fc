#include "gateway/http_server.h"

#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <unordered_set>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "gateway/http2_session.h"
#include "gateway/http_session.h"
#include "gateway/tls_session.h"
#include "gateway/tls_source.h"

namespace waggle {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using stream = asio::generic::stream_protocol;  // TCP or a Unix socket
using socket_type = asio::basic_stream_socket<stream, core_loop::executor_type>;
using acceptor_type = asio::basic_socket_acceptor<stream, core_loop::executor_type>;
using sys_error = boost::system::error_code;

/// How many pipelined requests a connection may have answered before others get their turn; and so many bytes.
constexpr unsigned max_turns = 16;
constexpr std::size_t max_sent = std::size_t{64} * 1024;
/// A peer that is gone without a word is noticed after two minutes: a stream with nothing to say has no other time limit.
constexpr int probe_after = 60;  // seconds
constexpr int probe_every = 15;
constexpr int probes = 4;
constexpr int unanswered = 120'000;  // milliseconds, of bytes that were sent
/// How long a connection without a request may stay open when the node drains.
constexpr duration last_call = std::chrono::milliseconds(100);

/// Connections inherit it from their listener (tcp(7)). Where a kernel does not know an option, it is left out.
void watch_peers(acceptor_type& listener) {
  using asio::detail::socket_option::integer;
  sys_error ec;
  listener.set_option(asio::socket_base::keep_alive(true), ec);
  listener.set_option(integer<IPPROTO_TCP, TCP_KEEPIDLE>(probe_after), ec);
  listener.set_option(integer<IPPROTO_TCP, TCP_KEEPINTVL>(probe_every), ec);
  listener.set_option(integer<IPPROTO_TCP, TCP_KEEPCNT>(probes), ec);
  listener.set_option(integer<IPPROTO_TCP, TCP_USER_TIMEOUT>(unanswered), ec);
}

/// What the connections of a server share. It lives until the last handler of the last one is gone.
class http_server::state : public std::enable_shared_from_this<state> {
 public:
  state(core_loop& on, const service_directory& directory, http_settings settings, operator_pages pages)
      : loop(on), shared(on.time(), directory, stats), acceptor(on.io()), next(on.io()) {
    shared.settings = std::move(settings);
    shared.pages = std::move(pages);
    shared.loop = &on;
    shared.next_id = (std::uint64_t{on.index()} << 48) + 1;
    if (shared.settings.for_operator) shared.next_id += std::uint64_t{1} << 47;  // not those of the core's other server
  }

  void accept();
  void gone(connection& c);
  void drain();
  void close();
  void tell_when_done();
  void stop_listening();

  core_loop& loop;
  http_stats stats;
  http_shared shared;
  acceptor_type acceptor;
  socket_type next;
  std::uint16_t port = 0;
  std::string path;  // of a Unix socket
  std::unordered_set<connection*> open;
  bool accepting = false;
  bool ending = false;  // closed, or draining after the grace
  core_loop::job done;
  std::array<char, 4096> scrap{};  // what nobody reads any more
  timer retry{this, [](void* self) { static_cast<state*>(self)->accept(); }};
  timer grace{this, [](void* self) { static_cast<state*>(self)->drain(); }};
};

/// A session and its socket. Its handlers, its pending call and nobody else keep it.
class http_server::connection : public boost::intrusive_ref_counter<connection, boost::thread_unsafe_counter> {
 public:
  connection(std::shared_ptr<state> of, socket_type socket)
      : state_(std::move(of)), socket_(std::move(socket)), session_(open_session()) {}

  void start();
  void close();
  void drain();

 private:
  using pointer = boost::intrusive_ptr<connection>;
  std::unique_ptr<byte_session> open_session();
  bool look_at_preface(std::string_view first);
  std::span<char> free_space() { return session_->space().subspan(held_); }
  void pump();
  bool send();
  void read();
  void watch();
  void on_read(sys_error ec, std::size_t n);
  void on_answer();
  void linger();
  void set_timer();
  void on_timer();
  [[nodiscard]] duration limit(byte_session::waits what) const;

  std::shared_ptr<state> state_;
  socket_type socket_;
  std::unique_ptr<byte_session> session_;
  std::span<char> space_;  // where to receive
  timer timer_{this, [](void* self) { static_cast<connection*>(self)->on_timer(); }};
  pointer pending_;  // itself, while a call is pending
  time_point due_ = time_point::max();
  time_point alarm_ = time_point::max();
  byte_session::waits waits_ = byte_session::waits::nothing;
  std::uint64_t seen_ = 0;
  std::size_t sent_ = 0;  // in this turn
  std::size_t held_ = 0;  // first bytes, in the session's space, that it was not told of yet
  bool looked_ = false;   // at the first bytes
  bool reading_ = false;
  bool sending_ = false;
  bool lingering_ = false;
  bool closed_ = false;
};

std::unique_ptr<byte_session> http_server::connection::open_session() {
  http_shared& shared = state_->shared;
  const auto woken = [](void* self) { static_cast<connection*>(self)->on_answer(); };
  if (shared.settings.tls == nullptr) return std::make_unique<http_session>(shared, this, woken);
  const auto inner = [&shared](bool http2, void* self, byte_session::waker on_more) -> std::unique_ptr<byte_session> {
    if (http2) return std::make_unique<http2_session>(shared, self, on_more);
    return std::make_unique<http_session>(shared, self, on_more);
  };
  return std::make_unique<tls_session>(shared, shared.settings.tls->current(), inner, this, woken);
}

/// HTTP/2 without TLS is spoken where the client begins with it (RFC 9113 §3.3). False where it may yet turn out so.
bool http_server::connection::look_at_preface(std::string_view first) {
  if (looked_) return true;
  if (first.size() < http2_session::preface.size() && http2_session::preface.starts_with(first) &&
      state_->shared.settings.tls == nullptr)
    return false;
  looked_ = true;
  if (state_->shared.settings.tls != nullptr || !first.starts_with(http2_session::preface)) return true;
  auto other = std::make_unique<http2_session>(state_->shared, this,
                                               [](void* self) { static_cast<connection*>(self)->on_answer(); });
  const auto space = other->space();  // as large as the other's first
  first.copy(space.data(), space.size());
  session_ = std::move(other);
  if (state_->ending) session_->drain();  // the one before was told
  return true;
}

void http_server::connection::start() {
  sys_error ec;
  socket_.non_blocking(true, ec);
  socket_.set_option(tcp::no_delay(true), ec);  // not of a Unix socket, and not needed
  state_->open.insert(this);
  http_stats::add(state_->stats.connections_total);
  state_->stats.connections_open.store(state_->open.size(), std::memory_order_relaxed);
  pump();
}

/// Everything that can be done now, then waits for whatever comes first.
void http_server::connection::pump() {
  if (!session_->asking()) pending_ = nullptr;
  sent_ = 0;
  for (unsigned turn = 0; !closed_ && !lingering_ && !sending_; ++turn) {
    if (turn == max_turns || sent_ >= max_sent) {
      asio::post(socket_.get_executor(), [self = pointer(this)] { self->pump(); });
      break;
    }
    session_->proceed();
    if (session_->has_output()) {
      if (!send()) break;
      continue;
    }
    if (session_->asking()) {
      pending_ = this;
    } else if (session_->over()) {
      linger();
      break;
    }
    read();
    break;
  }
  set_timer();
}

/// False where the rest has to wait, or the connection is lost.
bool http_server::connection::send() {
  while (session_->has_output()) {
    const auto parts = session_->output();
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(parts[0]), asio::buffer(parts[1])};
    sys_error ec;
    const std::size_t n = socket_.write_some(buffers, ec);
    if (ec == asio::error::would_block) {
      sending_ = true;
      socket_.async_wait(socket_type::wait_write, [self = pointer(this)](sys_error gone) {
        self->sending_ = false;
        if (gone) return self->close();
        self->pump();
      });
      return false;
    }
    if (ec) {
      close();
      return false;
    }
    session_->sent(n);
    sent_ += n;
    // Progress: a new term. What waits for the client's next request waits on, whatever it is told meanwhile (PING's answers).
    if (waits_ == byte_session::waits::send) due_ = time_point::max();
  }
  return true;
}

void http_server::connection::read() {
  if (reading_ || closed_) return;
  space_ = lingering_ ? std::span<char>(state_->scrap) : free_space();
  if (space_.empty()) {
    // The client has to wait until the pending call is answered. A stream may have no end, and while nothing is read the client's
    // would not be seen.
    if (session_->waiting() == byte_session::waits::stream) watch();
    return;
  }
  reading_ = true;
  socket_.async_read_some(asio::buffer(space_.data(), space_.size()),
                          [self = pointer(this)](sys_error ec, std::size_t n) { self->on_read(ec, n); });
}

/// A stream is open, and what came behind its request fills the input. Who sends more is in error.
void http_server::connection::watch() {
  reading_ = true;
  socket_.async_wait(socket_type::wait_read, [self = pointer(this)](sys_error ec) {
    self->reading_ = false;
    if (self->closed_) return;
    if (ec) return self->on_read(ec, 0);
    if (self->session_->waiting() == byte_session::waits::stream && self->session_->space().empty())
      return self->close();
    self->read();
  });
}

void http_server::connection::on_read(sys_error ec, std::size_t n) {
  reading_ = false;
  if (closed_) return;
  if (ec == asio::error::operation_aborted) {
    // Drained while idle. What has arrived by now is still answered.
    space_ = free_space();
    n = socket_.read_some(asio::buffer(space_.data(), space_.size()), ec);
    if (ec == asio::error::would_block) {
      session_->timed_out();
      return pump();
    }
  }
  if (lingering_) {
    if (ec) return close();
    return read();
  }
  if (ec && ec != asio::error::eof) return close();
  const std::size_t arrived = std::exchange(held_, 0) + (ec ? 0 : n);
  if (!ec && !look_at_preface({space_.data() + n - arrived, arrived})) {
    held_ = arrived;
    return pump();
  }
  if (arrived > 0) session_->received(arrived);
  if (ec) session_->end_of_input();
  if (ec && session_->asking()) {
    if (session_->waiting() == byte_session::waits::stream) return close();  // it has more input than room for it
    return set_timer();                                                      // stopped; the answer will come
  }
  pump();
}

void http_server::connection::on_answer() {
  const pointer self(this);
  if (!session_->asking()) pending_ = nullptr;
  if (closed_ || sending_) return;
  if (!send()) return set_timer();
  // What was pipelined is looked at later: the service is still in the midst of finishing this call.
  asio::post(socket_.get_executor(), [self] { self->pump(); });
}

/// Our last answer is sent. Closing at once, with bytes unread, would reset the connection and take the answer away
/// from the client (RFC 9112 §9.6); so its end is waited for.
void http_server::connection::linger() {
  lingering_ = true;
  sys_error ec;
  socket_.shutdown(socket_type::shutdown_send, ec);
  if (ec) return close();
  due_ = time_point::max();
  read();
}

void http_server::connection::close() {
  if (closed_) return;
  const pointer self(this);
  closed_ = true;
  timer_.stop();
  sys_error ec;
  socket_.close(ec);
  session_->abort();
  pending_ = session_->asking() ? pointer(this) : nullptr;
  state_->gone(*this);
}

void http_server::connection::drain() {
  session_->drain();
  const auto what = session_->waiting();
  if (what == byte_session::waits::first) {
    // Its first request may be on the way: closing now would lose it, and the client could not tell whether it ran.
    due_ = std::min(due_, state_->loop.now() + last_call);
    alarm_ = due_;
    return state_->loop.start(timer_, due_);
  }
  if (what != byte_session::waits::idle)
    return asio::post(socket_.get_executor(), [self = pointer(this)] { self->pump(); });
  sys_error ec;
  if (reading_ && !lingering_) socket_.cancel(ec);
}

duration http_server::connection::limit(byte_session::waits what) const {
  const http_settings& s = state_->shared.settings;
  if (lingering_) return s.linger;
  switch (what) {
    case byte_session::waits::first: return state_->ending ? last_call : s.header_timeout;
    case byte_session::waits::head: return s.header_timeout;
    case byte_session::waits::idle: return s.idle_timeout;
    case byte_session::waits::body: return s.body_timeout;
    case byte_session::waits::send: return s.write_timeout;
    case byte_session::waits::answer:
    case byte_session::waits::stream:
    case byte_session::waits::nothing: break;
  }
  return duration::max();
}

/// The timer itself runs on while the time it stands for moves away; it looks again when it goes off.
void http_server::connection::set_timer() {
  if (closed_) return;
  const auto what = session_->waiting();
  if (what == waits_ && seen_ == session_->requests() && due_ != time_point::max()) return;
  waits_ = what;
  seen_ = session_->requests();
  const duration term = limit(what);
  due_ = term == duration::max() ? time_point::max() : state_->loop.now() + term;
  if (due_ == time_point::max() || (timer_.running() && alarm_ <= due_)) return;
  alarm_ = due_;
  state_->loop.start(timer_, due_);
}

void http_server::connection::on_timer() {
  const pointer self(this);
  if (due_ == time_point::max()) return;
  if (state_->loop.now() < due_) {
    alarm_ = due_;
    return state_->loop.start(timer_, due_);
  }
  due_ = time_point::max();
  if (lingering_ || (waits_ == byte_session::waits::send && session_->has_output())) return close();
  session_->timed_out();
  pump();
}

void http_server::state::accept() {
  if (accepting || ending || open.size() >= shared.settings.max_connections) return;
  accepting = true;
  acceptor.async_accept(next, [self = shared_from_this()](sys_error ec) {
    self->accepting = false;
    if (self->ending || ec == asio::error::operation_aborted) return;
    if (ec) {
      // Out of descriptors, mostly: try again when some may be free.
      spdlog::warn("http: cannot accept a connection: {}", ec.message());
      self->next = socket_type(self->loop.io());
      return self->loop.start_after(self->retry, std::chrono::milliseconds(100));
    }
    const boost::intrusive_ptr<connection> c(new connection(self, std::move(self->next)));
    self->next = socket_type(self->loop.io());
    c->start();
    self->accept();
  });
}

void http_server::state::gone(connection& c) {
  open.erase(&c);
  stats.connections_open.store(open.size(), std::memory_order_relaxed);
  if (ending)
    tell_when_done();
  else if (!accepting && acceptor.is_open())
    accept();
}

void http_server::state::tell_when_done() {
  if (open.empty() && done) asio::post(loop.io(), std::exchange(done, {}));
}

void http_server::state::drain() {
  if (ending) return;
  // Connections that wait in the kernel's queue would be reset with the listener: take them in first.
  sys_error ec;
  acceptor.non_blocking(true, ec);
  for (;;) {
    socket_type socket(loop.io());
    acceptor.accept(socket, ec);
    if (ec) break;
    const boost::intrusive_ptr<connection> c(new connection(shared_from_this(), std::move(socket)));
    c->start();
  }
  ending = true;
  stop_listening();
  const std::vector<connection*> all(open.begin(), open.end());
  for (connection* c : all)
    if (open.contains(c)) c->drain();
  tell_when_done();
}

void http_server::state::close() {
  ending = true;
  retry.stop();
  grace.stop();
  stop_listening();
  while (!open.empty()) (*open.begin())->close();
  tell_when_done();
}

void http_server::state::stop_listening() {
  sys_error ec;
  acceptor.close(ec);
  if (!path.empty()) ::unlink(std::exchange(path, {}).c_str());
}

http_server::http_server(core_loop& loop, const service_directory& directory, http_settings settings,
                         operator_pages pages, authenticator* identity, graphql_front* graphql)
    : state_(std::make_shared<state>(loop, directory, std::move(settings), std::move(pages))) {
  state_->shared.identity = identity;
  state_->shared.graphql = graphql;
  state_->shared.settings.graphql = graphql != nullptr;
}

http_server::~http_server() { close(); }

result<void> http_server::listen(const std::string& address, std::uint16_t port) {
  sys_error ec;
  const auto ip = asio::ip::make_address(address, ec);
  if (ec)
    return fail(error_code::invalid_argument, fault::host,
                fmt::format("{} is no IPv4 or IPv6 address to listen on", json_quote(address)));
  const tcp::endpoint at(ip, port);
  acceptor_type& a = state_->acceptor;
  using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  a.open(stream(at.protocol()), ec);
  if (!ec) a.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) a.set_option(reuse_port(true), ec);
  if (!ec) watch_peers(a);
  if (!ec) a.bind(at, ec);
  if (!ec) a.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) {
    const std::string why = ec.message();
    a.close(ec);
    return fail(error_code::unavailable, fault::host,
                fmt::format("cannot listen on {} port {}: {}", address, port, why));
  }
  tcp::endpoint real(ip, port);
  const stream::endpoint bound = a.local_endpoint(ec);
  if (!ec && bound.size() <= real.capacity()) std::memcpy(real.data(), bound.data(), bound.size());
  state_->port = real.port();
  const bool mapped = ip.is_v6() && ip.to_v6().is_v4_mapped();
  state_->shared.loopback =
      mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, ip.to_v6()).is_loopback() : ip.is_loopback();
  state_->accept();
  return {};
}

result<void> http_server::listen_local(const std::string& path) {
  const auto failed = [&](error_code code, std::string_view why) {
    return fail(code, fault::host, fmt::format("cannot listen on the socket {}: {}", path, why));
  };
  struct stat there {};
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return failed(error_code::unavailable, "its path is too long");
  const asio::local::stream_protocol::endpoint at(path);
  sys_error ec;
  if (::lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode))
      return failed(error_code::already_exists, "something else has this name; move it away");
    asio::basic_stream_socket<asio::local::stream_protocol, core_loop::executor_type> probe(state_->loop.io());
    probe.open({}, ec);
    probe.non_blocking(true, ec);
    probe.connect(at, ec);
    if (ec != asio::error::connection_refused)
      return failed(error_code::already_exists, ec && ec != asio::error::no_buffer_space
                                                    ? ec.message()
                                                    : "another process listens there; stop it first");
    if (::unlink(path.c_str()) != 0) return failed(error_code::unavailable, std::strerror(errno));
  }
  acceptor_type& a = state_->acceptor;
  ec = {};
  a.open(stream(at.protocol()), ec);
  // The mode of a socket becomes that of its file (unix(7)): there is no moment in which others could connect.
  if (!ec && ::fchmod(a.native_handle(), 0600) != 0) ec.assign(errno, boost::system::system_category());
  if (!ec) a.bind(at, ec);
  if (!ec) a.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) {
    const std::string why = ec.message();
    a.close(ec);
    return failed(error_code::unavailable, why);
  }
  state_->path = path;
  state_->shared.loopback = false;
  state_->accept();
  return {};
}

std::uint16_t http_server::port() const { return state_->port; }

void http_server::drain(duration grace, core_loop::job done) {
  state_->shared.draining = true;
  state_->done = std::move(done);
  if (grace <= duration::zero()) return state_->drain();
  state_->loop.start_after(state_->grace, grace);
}

void http_server::close() { state_->close(); }

const http_stats& http_server::stats() const { return state_->stats; }

}  // namespace waggle
