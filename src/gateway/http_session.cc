#include "gateway/http_session.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "gateway/answer_head.h"

namespace waggle {
namespace {

constexpr std::size_t first_input = 4096;
constexpr std::size_t kept_output = std::size_t{64} * 1024;  // the memory of a larger answer is given back after it
/// So much of the body of a request that was refused is read and thrown away; for more the connection is not worth it.
constexpr std::uint64_t longest_skip = std::uint64_t{64} * 1024;

}  // namespace

http_session::http_session(http_shared& shared, void* self, waker on_more)
    : shared_(shared),
      self_(self),
      on_more_(on_more),
      parser_(shared.settings.header_limit, shared.settings.body_limit),
      exchange_(shared, this, replied),
      max_input_(shared.settings.header_limit + first_input) {}

std::span<char> http_session::space() {
  if (over_) return {};
  if (begin_ == end_) begin_ = end_ = 0;
  if (capacity_ - end_ < first_input / 4 && capacity_ < max_input_) {
    const std::size_t wanted = std::min(std::max(capacity_ * 2, first_input), max_input_);
    std::unique_ptr<char[]> larger(new char[wanted]);
    if (end_ > begin_) std::memcpy(larger.get(), input_.get() + begin_, end_ - begin_);
    input_ = std::move(larger);
    capacity_ = wanted;
    end_ -= begin_;
    begin_ = 0;
  } else if (capacity_ - end_ < first_input / 4 && begin_ > 0) {
    std::memmove(input_.get(), input_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return {input_.get() + end_, capacity_ - end_};
}

void http_session::received(std::size_t n) {
  end_ += n;
  http_stats::add(shared_.stats.bytes_in, n);
}

void http_session::end_of_input() {
  ended_ = true;
  if (stream_ != nullptr) return abort();
  if (!exchange_.asking()) return;
  exchange_.stop();
  if (!exchange_.asking()) answer();
}

void http_session::proceed() {
  while (!over_ && !exchange_.asking() && !has_output()) {
    if (stream_ != nullptr) {
      proceed_stream();
      if (stream_ != nullptr) break;
      continue;
    }
    if (skip_ > 0 && !skip()) break;
    const auto step = parser_.feed({input_.get() + begin_, end_ - begin_}, exchange_.body());
    begin_ += step.used;
    if (step.now == http_parser::state::need_more) {
      if (ended_)
        over_ = true;  // what is there is no whole request
      else if (input_full())
        refuse_bytes(http_parser::state::header_too_large);
      break;
    }
    if (step.now == http_parser::state::head)
      on_head();
    else if (step.now == http_parser::state::done)
      on_request();
    else
      refuse_bytes(step.now);
  }
}

/// What the stream has for the client, and the client for it.
void http_session::proceed_stream() {
  if (!chunked_ && end_ > begin_) {
    stream_->received({input_.get() + begin_, end_ - begin_});
    begin_ = end_;
  }
  std::string bytes = stream_->take();
  const bool last = stream_->ended();
  if (bytes.empty() && !last) return;
  head_.clear();
  if (chunked_ && !bytes.empty()) head_ = fmt::format("{:x}\r\n", bytes.size());
  body_ = std::move(bytes);
  if (chunked_ && !body_.empty()) body_ += "\r\n";
  if (chunked_ && last) body_ += "0\r\n\r\n";
  body_size_ = body_.size();
  held_.set(shared_.settings.answers.get(), body_size_ < worth_counting ? 0 : body_size_);
  sent_ = 0;
  if (!last) return;
  end_stream();
  if (!has_output() && !keep_) over_ = true;
}

void http_session::end_stream() {
  stream_->listen(nullptr, nullptr);
  stream_.reset();
  if (!chunked_ || shared_.draining) keep_ = false;
}

/// Throws away what has come of a body that is not wanted. True where the next request may follow.
bool http_session::skip() {
  const std::size_t here = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, end_ - begin_));
  begin_ += here;
  skip_ -= here;
  if (skip_ > 0 ? ended_ : shared_.draining) over_ = true;
  return skip_ == 0 && !over_;
}

std::array<std::string_view, 2> http_session::output() const {
  const std::string_view head = head_;
  const std::string_view body = std::string_view(body_).substr(0, body_size_);
  return {head.substr(std::min(sent_, head.size())), body.substr(sent_ - std::min(sent_, head.size()))};
}

void http_session::sent(std::size_t n) {
  sent_ += n;
  http_stats::add(shared_.stats.bytes_out, n);
  if (has_output()) return;
  head_.clear();
  held_.give_back();
  if (body_.capacity() > kept_output)
    std::string().swap(body_);
  else
    body_.clear();
  body_size_ = sent_ = 0;
  if (!keep_ && stream_ == nullptr) over_ = true;
}

http_session::waits http_session::waiting() const {
  if (exchange_.asking()) return waits::answer;
  if (has_output()) return waits::send;
  if (over_) return waits::nothing;
  if (stream_ != nullptr) return waits::stream;
  if (parser_.head_done() || skip_ > 0) return waits::body;
  if (parser_.started() || begin_ != end_) return waits::head;
  return requests_ == 0 ? waits::first : waits::idle;
}

void http_session::timed_out() {
  const waits what = waiting();
  if (what == waits::head)
    refuse_text(408, "the request's head took too long");
  else if (what == waits::body && skip_ == 0)
    refuse_text(408, "the request's body took too long");
  else if (what == waits::send)
    abort();
  else
    over_ = true;
}

void http_session::drain() {
  if (stream_ != nullptr) stream_->drain();
}

void http_session::abort() {
  over_ = true;
  keep_ = false;
  head_.clear();
  body_.clear();
  held_.give_back();
  body_size_ = sent_ = 0;
  if (stream_ != nullptr) {
    stream_->abort();
    end_stream();
  }
  exchange_.stop();
}

void http_session::on_head() {
  const http_head& head = parser_.head();
  const auto left = parser_.body_left();
  if (left && *left <= end_ - begin_) return;                    // the body is here already
  const bool on_hold = head.expects_continue && begin_ == end_;  // for our word that the body is wanted
  if (exchange_.refuses(head, on_hold)) {
    ++requests_;
    http_stats::add(shared_.stats.requests);
    // Who waits may send the body all the same, or not: RFC 9110 §10.1.1.
    keep_ = !on_hold && left && *left <= longest_skip && head.keep_alive && !shared_.draining;
    skip_ = keep_ ? *left : 0;
    return answer();
  }
  if (on_hold) head_ = "HTTP/1.1 100 Continue\r\n\r\n";
}

void http_session::on_request() {
  ++requests_;
  http_stats::add(shared_.stats.requests);
  http_head& head = parser_.head();
  keep_ = head.keep_alive && !shared_.draining;
  exchange_.begin(head);
  if (!exchange_.asking()) answer();
}

void http_session::replied(void* self) {
  auto& s = *static_cast<http_session*>(self);
  if (!s.over_) s.answer();  // else aborted meanwhile
  s.on_more_(s.self_);
}

void http_session::answer() {
  if (ended_ || shared_.draining) keep_ = false;
  answer(std::move(exchange_.reply()));
}

void http_session::refuse_bytes(http_parser::state why) {
  using state = http_parser::state;
  ++requests_;
  if (why == state::header_too_large) return refuse_text(431, "the request line and the fields are too long");
  if (why == state::unsupported_coding) return refuse_text(501, "the only transfer coding is chunked");
  if (why == state::unknown_expectation) return refuse_text(417, "the only expectation is 100-continue");
  if (why != state::body_too_large) return refuse_text(400, "this is not HTTP/1.1 as RFC 9112 has it");
  keep_ = false;
  http_stats::add(shared_.stats.bad_requests);
  error e;
  e.code = error_code::resource_exhausted;
  e.whose = fault::caller;
  e.message = fmt::format("the body is longer than the limit of {} bytes", shared_.settings.body_limit);
  exchange_.refuse(parser_.head(), {std::move(e), 0, {}});
  answer();
}

void http_session::refuse_text(unsigned status, std::string_view text) {
  keep_ = false;
  http_stats::add(shared_.stats.bad_requests);
  answer(
      {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::string(text) + "\n", .headers = {}});
}

void http_session::answer(http_reply reply) {
  const http_head& head = parser_.head();
  chunked_ = reply.stream != nullptr && reply.status != 101 && head.version == 11;
  if (reply.stream != nullptr && !chunked_) keep_ = false;  // its end is the connection's
  http_answer a;
  a.status = reply.status;
  a.content_type = reply.content_type;
  a.length = reply.body.size();
  a.chunked = chunked_;
  a.has_length = reply.stream == nullptr;
  a.date = shared_.date();
  a.cost = reply.cost ? &*reply.cost : nullptr;
  a.headers = reply.headers;
  if (reply.status == 101)
    a.connection = "Upgrade";
  else if (!keep_)
    a.connection = "close";
  else if (head.version == 10)
    a.connection = "keep-alive";
  head_.clear();
  write_head(head_, a);
  body_ = std::move(reply.body);
  held_ = std::move(reply.held);
  body_size_ = head.verb == http_verb::head ? 0 : body_.size();
  sent_ = 0;
  http_stats::add(shared_.stats.answers[std::min(reply.status / 100, 5U)]);
  stream_ = std::move(reply.stream);
  if (stream_ != nullptr && (head.verb == http_verb::head || ended_)) {  // nobody wants it
    stream_->abort();
    stream_.reset();
  }
  if (stream_ != nullptr) stream_->listen(self_, on_more_);
  if (stream_ != nullptr && shared_.draining) stream_->drain();  // `drain` was called before it was there
  // Ready for the next request.
  parser_.reset();
  exchange_.reset();
}

}  // namespace waggle
