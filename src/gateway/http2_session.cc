#include "gateway/http2_session.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>
#include <spdlog/spdlog.h>

#include "gateway/answer_head.h"
#include "gateway/encoding.h"
#include "gateway/http2_stream.h"

namespace waggle {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t max_streams = 100;
/// With those whose calls have been told to stop.
constexpr std::size_t max_kept = std::size_t{2} * max_streams;
/// Of most connections, which are idle; and of those that fill it.
constexpr std::size_t first_input = std::size_t{4} * 1024;
constexpr std::size_t most_input = std::size_t{16} * 1024;
/// So much input is looked at before its answers are sent: others want the core too.
constexpr std::size_t piece = 1024;
/// No more is framed while so much waits to be sent.
constexpr std::size_t most_output = std::size_t{32} * 1024;
constexpr std::uint32_t stream_window = 256U << 10;
constexpr std::int32_t connection_window = 1 << 20;
/// Unfinished bodies of one connection, in longest bodies.
constexpr std::size_t bodies = 4;
/// Beyond so many times the limit of a head its sender is no client with much to say.
constexpr std::size_t bomb = 8;
/// Streams that end before their answer: 100 a second, 500 at once (CVE-2023-44487, CVE-2025-8671).
constexpr duration reset_cost = milliseconds(10);
constexpr duration reset_burst = seconds(5);
/// Frames that ask for nothing, PING and the like: 1,000 a second, 2,000 at once.
constexpr duration idle_cost = milliseconds(1);
constexpr duration idle_burst = seconds(2);
constexpr duration look_period = milliseconds(500);

/// Sets a flag while it is there.
class holding {
 public:
  explicit holding(bool& flag) : flag_(flag), was_(std::exchange(flag, true)) {}
  ~holding() { flag_ = was_; }
  holding(const holding&) = delete;
  holding& operator=(const holding&) = delete;

 private:
  bool& flag_;
  bool was_;
};

std::string_view text(const std::uint8_t* bytes, std::size_t n) { return {reinterpret_cast<const char*>(bytes), n}; }

nghttp2_nv pair(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view s) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(s.data()));  // NOLINT: it is copied
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

/// Of nghttp2, from within mem_recv and mem_send: they only take notes.
struct http2_session::callbacks {
  static http2_session& of(void* self) { return *static_cast<http2_session*>(self); }
  static stream* find(nghttp2_session* session, std::int32_t id) {
    return static_cast<stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* hd, void* self) {
    const bool asks = hd->type == NGHTTP2_HEADERS || hd->type == NGHTTP2_CONTINUATION ||
                      hd->type == NGHTTP2_WINDOW_UPDATE || hd->type == NGHTTP2_RST_STREAM ||
                      (hd->type == NGHTTP2_DATA && (hd->length > 0 || (hd->flags & NGHTTP2_FLAG_END_STREAM) != 0));
    if (!asks) of(self).count_idle_frame();
    return 0;
  }

  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
    http2_session& s = of(self);
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    const std::int32_t id = frame->hd.stream_id;
    if (s.streams_.size() >= max_kept) {
      s.count_reset();
      return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    }
    auto made = std::make_unique<stream>(s, id);
    nghttp2_session_set_stream_user_data(session, id, made.get());
    s.streams_.emplace(id, std::move(made));
    s.head_ = id;
    return 0;
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_length, const std::uint8_t* value, std::size_t value_length, std::uint8_t,
                       void* self) {
    http2_session& s = of(self);
    stream* const to = find(session, frame->hd.stream_id);
    if (to == nullptr) return 0;
    to->head_size += name_length + value_length + 32;  // as §6.5.2 counts it
    const std::size_t limit = s.shared_.settings.header_limit;
    if (to->head_size > limit) {
      to->too_long = true;
      if (to->head_size > bomb * limit && !s.goaway_) {
        s.goaway_ = true;
        nghttp2_session_terminate_session(session, NGHTTP2_ENHANCE_YOUR_CALM);
      }
    } else if (!to->head_done) {  // a trailer changes nothing any more
      to->field(text(name, name_length), text(value, value_length));
    }
    return 0;
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
    http2_session& s = of(self);
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    stream* const to = find(session, frame->hd.stream_id);
    if (to == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && !to->head_done) {
      to->head_done = true;
      to->since = s.shared_.time.now();
      s.head_ = 0;
    }
    to->input_done = to->input_done || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_HEADERS || to->input_done) s.queue(*to);
    return 0;
  }

  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                     std::size_t length, void* self) {
    http2_session& s = of(self);
    stream* const to = find(session, id);
    if (to == nullptr) return 0;
    const std::size_t limit = s.shared_.settings.body_limit;
    if (to->answered || to->refused) {
      to->skipped += length;
      if (to->finished && to->skipped > bodies * limit) s.reset(*to, NGHTTP2_NO_ERROR);
      return 0;
    }
    to->received += length;
    s.buffered_ += length;
    to->refused = to->received > limit || s.buffered_ > bodies * limit;
    if (to->refused)
      s.queue(*to);
    else
      to->exchange.body().append(text(data, length));
    return 0;
  }

  static int on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
    if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) ||
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
      return 0;
    stream* const to = find(session, frame->hd.stream_id);
    if (to == nullptr) return 0;
    to->finished = true;
    if (to->input_done) return 0;
    // The rest of the body is not wanted. A reset without an error would say so (§8.1), but curl 7.88 and others take it for
    // one and lose the answer: so it is read and thrown away, within limits.
    http2_session& s = of(self);
    to->since = s.shared_.time.now();
    if (to->hurried || s.goaway_) s.reset(*to, NGHTTP2_NO_ERROR);
    return 0;
  }

  static int on_close(nghttp2_session* session, std::int32_t id, std::uint32_t, void* self) {
    http2_session& s = of(self);
    if (s.head_ == id) s.head_ = 0;
    stream* const to = find(session, id);
    if (to == nullptr) return 0;
    to->closed = true;
    if (!to->finished) s.count_reset();
    s.queue(*to);
    return 0;
  }

  static int on_invalid(nghttp2_session*, const nghttp2_frame*, int, void* self) {
    of(self).count_reset();
    return 0;
  }

  static ssize_t read(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t length, std::uint32_t* flags,
                      nghttp2_data_source* source, void* self) {
    auto& s = *static_cast<stream*>(source->ptr);
    s.since = of(self).framed_ = of(self).shared_.time.now();
    const auto bytes = s.take(length);
    if (bytes.empty() && !s.all_taken()) {
      s.deferred = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    std::memcpy(to, bytes.data(), bytes.size());
    if (s.all_taken()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(bytes.size());
  }

  static nghttp2_session_callbacks* all() {
    nghttp2_session_callbacks* made = nullptr;
    if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(made, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, on_close);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, on_invalid);
    return made;
  }
};

http2_session::http2_session(http_shared& shared, void* self, waker on_more)
    : shared_(shared), self_(self), on_more_(on_more), resets_(reset_burst), idle_frames_(idle_burst) {
  static const nghttp2_session_callbacks* const all = callbacks::all();
  if (nghttp2_session_server_new(&session_, all, this) != 0) throw std::bad_alloc();
  const std::array<nghttp2_settings_entry, 4> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(shared.settings.header_limit)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, connection_window);
  http_stats::add(shared_.stats.http2_connections);
}

http2_session::~http2_session() { nghttp2_session_del(session_); }

std::span<char> http2_session::space() {
  if (over_) return {};
  const std::size_t wanted = input_ == nullptr ? first_input : filled_ ? most_input : input_size_;
  if (wanted != input_size_) {
    std::unique_ptr<char[]> larger(new char[wanted]);
    if (end_ > begin_) std::memcpy(larger.get(), input_.get() + begin_, end_ - begin_);
    input_ = std::move(larger);
    input_size_ = wanted;
    end_ -= std::exchange(begin_, 0);
  } else if (begin_ > 0) {
    std::memmove(input_.get(), input_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  return {input_.get() + end_, input_size_ - end_};
}

void http2_session::received(std::size_t n) {
  end_ += n;
  filled_ = filled_ || end_ == input_size_;
  http_stats::add(shared_.stats.bytes_in, n);
}

void http2_session::proceed() {
  if (has_output() || over_) return;
  const holding busy(busy_);
  look_at_clock(false);
  for (;;) {
    settle();
    say_end();
    fill();
    if (has_output() || over_ || begin_ == end_) break;
    feed();
  }
  if (has_output() || over_) return;
  const bool done = nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
  if (done || (goaway_ && streams_.empty())) end();
}

void http2_session::feed() {
  const std::size_t some = std::min(piece, end_ - begin_);
  const ssize_t n =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(input_.get()) + begin_, some);
  if (n >= 0) {
    begin_ += static_cast<std::size_t>(n);
    return;
  }
  spdlog::debug("http/2: {}", nghttp2_strerror(static_cast<int>(n)));
  http_stats::add(shared_.stats.bad_requests);
  end();
}

/// What nghttp2's callbacks have noted.
void http2_session::settle() {
  while (!queue_.empty()) {
    for (const std::int32_t id : std::exchange(queue_, {}))
      if (const auto found = streams_.find(id); found != streams_.end()) look_at(*found->second);
  }
}

void http2_session::fill() {
  while (!over_ && out_.size() < most_output) {
    const std::uint8_t* data = nullptr;
    const ssize_t n = nghttp2_session_mem_send(session_, &data);
    if (n < 0) return end();
    if (n == 0) break;
    out_ += text(data, static_cast<std::size_t>(n));
  }
}

void http2_session::look_at(stream& s) {
  s.queued = false;
  if (s.closed) return let_go(s);
  if (std::exchange(s.replied, false)) return answer(s, std::move(s.exchange.reply()));
  if (s.answered) {
    if (!std::exchange(s.deferred, false)) return;
    s.since = shared_.time.now();
    nghttp2_session_resume_data(session_, s.id);
    return;
  }
  if (s.begun) return;
  if (s.head.target.empty()) s.head.target = "/";  // CONNECT: it comes out as a method that is not there
  if (s.malformed) return reset(s, NGHTTP2_PROTOCOL_ERROR);
  if (s.too_long) return refuse_text(s, 431, "the fields are too long");
  if (s.unknown_expectation) return refuse_text(s, 417, "the only expectation is 100-continue");
  const std::size_t limit = shared_.settings.body_limit;
  if (s.length > limit || s.received > limit)
    return refuse_body(s, fmt::format("the body is longer than the limit of {} bytes", limit));
  if (s.refused)
    return refuse_body(s, fmt::format("the unfinished bodies of this connection are together longer than {} bytes; "
                                      "send fewer at the same time",
                                      bodies * limit));
  if (s.input_done) return begin(s);
  if (!std::exchange(s.looked_at, true)) look_at_head(s);
}

/// The head is there, and the body is not.
void http2_session::look_at_head(stream& s) {
  const bool on_hold = s.head.expects_continue && s.received == 0;
  if (s.exchange.refuses(s.head, on_hold)) {
    ++requests_;
    http_stats::add(shared_.stats.requests);
    return answer(s, std::move(s.exchange.reply()));
  }
  s.exchange.body().reserve(std::min<std::size_t>(s.length, stream_window) + 64);  // simdjson's padding
  if (!on_hold) return;
  const nghttp2_nv go_on = pair(":status", "100");
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, s.id, nullptr, &go_on, 1, nullptr);
}

void http2_session::begin(stream& s) {
  ++requests_;
  http_stats::add(shared_.stats.requests);
  s.begun = true;
  buffered_ -= std::exchange(s.received, 0);
  s.exchange.begin(s.head);
  if (!s.exchange.asking()) answer(s, std::move(s.exchange.reply()));
}

void http2_session::answer(stream& s, http_reply reply) {
  drop_body(s);
  s.answered = true;
  s.since = shared_.time.now();
  if (reply.status == 101) {  // of an upgrade, which HTTP/2 does not have
    if (reply.stream != nullptr) reply.stream->abort();
    return reset(s, NGHTTP2_INTERNAL_ERROR);
  }
  http_answer a;
  a.status = reply.status;
  a.content_type = reply.content_type;
  a.length = reply.body.size();
  a.has_length = reply.stream == nullptr;
  a.date = shared_.date();
  a.cost = reply.cost ? &*reply.cost : nullptr;
  a.headers = reply.headers;
  fields_.clear();
  write_fields(fields_, a);
  const std::string status = std::to_string(reply.status);
  std::vector<nghttp2_nv> fields = {pair(":status", status)};
  for (std::string_view rest = fields_; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(line.size() + 2, rest.size()));
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos) fields.push_back(pair(line.substr(0, colon), line.substr(colon + 2)));
  }
  http_stats::add(shared_.stats.answers[std::min(reply.status / 100, 5U)]);
  const bool with_body = s.give(std::move(reply));
  if (shared_.draining) s.drain();  // `drain` was called before it was there
  nghttp2_data_provider body{{.ptr = &s}, callbacks::read};
  if (nghttp2_submit_response(session_, s.id, fields.data(), fields.size(), with_body ? &body : nullptr) != 0)
    reset(s, NGHTTP2_INTERNAL_ERROR);
}

void http2_session::refuse_text(stream& s, unsigned status, std::string_view why) {
  ++requests_;
  http_stats::add(shared_.stats.bad_requests);
  answer(
      s,
      {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::string(why) + "\n", .headers = {}});
}

void http2_session::refuse_body(stream& s, std::string message) {
  ++requests_;
  http_stats::add(shared_.stats.bad_requests);
  error e;
  e.code = error_code::resource_exhausted;
  e.whose = fault::caller;
  e.message = std::move(message);
  s.exchange.refuse(s.head, {std::move(e), 0, {}});
  answer(s, std::move(s.exchange.reply()));
}

void http2_session::drop_body(stream& s) {
  buffered_ -= std::exchange(s.received, 0);
  s.exchange.reset();
}

/// The stream is closed. It stays while its call does, whose input is the body: a guest that runs all the same is to get it.
void http2_session::let_go(stream& s) {
  buffered_ -= std::exchange(s.received, 0);
  s.end_reply();
  s.exchange.stop();
  if (!s.exchange.asking()) streams_.erase(s.id);
}

void http2_session::reset(stream& s, std::uint32_t code) {
  s.answered = true;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, s.id, code);
}

void http2_session::queue(stream& s) {
  if (!std::exchange(s.queued, true)) queue_.push_back(s.id);
}

void http2_session::stream::on_reply(void* self) {
  auto& s = *static_cast<stream*>(self);
  s.replied = true;
  s.of.queue(s);
  s.of.woken();  // it may be gone with this
}

void http2_session::stream::on_more(void* self) {
  auto& s = *static_cast<stream*>(self);
  if (!s.deferred) return;  // it is asked anyway
  s.of.queue(s);
  s.of.woken();
}

/// A reply has come, outside of our functions or within.
void http2_session::woken() {
  if (busy_) return;
  {
    const holding busy(busy_);
    settle();
    fill();
  }
  on_more_(self_);
}

std::array<std::string_view, 2> http2_session::output() const { return {std::string_view(out_).substr(sent_), {}}; }

void http2_session::sent(std::size_t n) {
  sent_ += n;
  http_stats::add(shared_.stats.bytes_out, n);
  if (has_output()) return;
  sent_ = 0;
  if (streams_.empty())
    std::string().swap(out_);
  else
    out_.clear();
}

bool http2_session::asking() const {
  return std::ranges::any_of(streams_, [](const auto& s) {
    return s.second->exchange.asking() || (s.second->has_stream() && !s.second->closed);
  });
}

http2_session::waits http2_session::waiting() const {
  if (has_output()) return waits::send;
  if (over_) return waits::nothing;
  bool body = false;
  bool asks = false;
  bool streams = false;
  for (const auto& [id, s] : streams_) {
    if (s->stalled()) return waits::send;
    body = body || s->wants_body();
    asks = asks || s->exchange.asking();
    streams = streams || s->has_stream();
  }
  if (head_ != 0) return waits::head;
  if (body) return waits::body;
  if (asks) return waits::answer;
  if (streams) return waits::stream;
  return requests_ == 0 ? waits::first : waits::idle;
}

void http2_session::timed_out() {
  const holding busy(busy_);
  const waits what = waiting();
  if (what == waits::send && has_output()) return abort();
  if (what == waits::send || what == waits::body) return look_at_clock(true);
  if (what == waits::nothing) over_ = true;
  if (what != waits::first && what != waits::idle && what != waits::head) return;
  if (what == waits::head) http_stats::add(shared_.stats.bad_requests);
  goaway_ = true;
  nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
}

/// The owner knows one time only, so those of the streams are looked at here, now and then.
void http2_session::look_at_clock(bool at_once) {
  if (streams_.empty()) return;
  const time_point now = shared_.time.now();
  if (!at_once && now < looked_ + look_period) return;
  looked_ = now;
  for (const auto& [id, s] : streams_) {
    if (s->wants_body() && now >= s->since + shared_.settings.body_timeout)
      end_body(*s);
    else if (s->stalled() && takes_more(*s))
      s->since = now;
    else if (s->stalled() && now >= s->since + shared_.settings.write_timeout)
      reset(*s, NGHTTP2_CANCEL);
  }
}

/// It waits for its turn behind other streams, or for the socket, not for the client to open a window.
bool http2_session::takes_more(const stream& s) const {
  if (nghttp2_session_get_stream_remote_window_size(session_, s.id) <= 0) return false;
  return nghttp2_session_get_remote_window_size(session_) > 0 ||
         shared_.time.now() < framed_ + shared_.settings.write_timeout;
}

/// It took too long, or the node drains.
void http2_session::end_body(stream& s) {
  s.hurried = true;
  if (s.answered)
    reset(s, NGHTTP2_NO_ERROR);
  else
    refuse_text(s, 408, "the request's body took too long");
}

void http2_session::drain() {
  const holding busy(busy_);
  for (const auto& [id, s] : streams_) {
    s->drain();
    if (s->has_stream() && s->deferred) queue(*s);  // it has ended, and nothing else would wake it
    if (s->wants_body() && s->answered) end_body(*s);
  }
  drained_ = true;
}

/// The node drains: the client is to use another connection (§6.8). The first request may be on its way when it does.
void http2_session::say_end() {
  if (over_ || goaway_) return;
  if (shared_.draining && !std::exchange(noticed_, true)) nghttp2_submit_shutdown_notice(session_);
  if (!drained_ || requests_ == 0) return;
  goaway_ = true;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
}

void http2_session::abort() {
  out_.clear();
  sent_ = 0;
  end();
}

/// Nothing is read or framed any more.
void http2_session::end() {
  over_ = true;
  const holding busy(busy_);
  for (const auto& [id, s] : streams_) {
    s->closed = true;
    queue(*s);
  }
  settle();
}

void http2_session::count_reset() {
  http_stats::add(shared_.stats.http2_resets);
  if (goaway_ || resets_.take(reset_cost, shared_.time.now()) == duration(0)) return;
  goaway_ = true;
  nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
}

void http2_session::count_idle_frame() {
  if (goaway_ || idle_frames_.take(idle_cost, shared_.time.now()) == duration(0)) return;
  goaway_ = true;
  nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
}

}  // namespace waggle
