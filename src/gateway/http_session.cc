#include "gateway/http_session.h"

#include <algorithm>
#include <cstring>
#include <ctime>

#include <fmt/format.h>

#include "gateway/answer_head.h"
#include "gateway/encoding.h"
#include "gateway/gzip.h"

namespace waggle {
namespace {

constexpr std::size_t first_input = 4096;
constexpr std::size_t kept_input =
    std::size_t{64} * 1024;  // the memory of a larger payload or answer is given back after it
constexpr std::size_t worth_gzip = 1024;
// Longer answers would hold the core for milliseconds: they go out as they are.
constexpr std::size_t longest_gzip = std::size_t{64} * 1024;
constexpr std::size_t no_limit = std::size_t{1} << 62;  // of what is our own

error canceled() {
  error e;
  e.code = error_code::canceled;
  e.whose = fault::caller;
  e.message = "the caller has gone";
  return e;
}

/// So much of the body of a request that was refused is read and thrown away; for more the connection is not worth it.
constexpr std::uint64_t longest_skip = std::uint64_t{64} * 1024;

std::string fields_of(const error& e) {
  std::string out = fmt::format("waggle-fault: {}\r\n", to_string(e.whose));
  if (e.retry_after)
    out += fmt::format("Retry-After: {}\r\n", std::max<std::int64_t>(0, (e.retry_after->count() + 999) / 1000));
  return out;
}

/// Whether an answer is compressed depends on the request.
constexpr std::string_view vary = "Vary: Accept-Encoding\r\n";

}  // namespace

std::string_view http_shared::date() {
  if (const time_point now = time.now(); now >= date_until_) {
    date_ = http_date(std::time(nullptr));
    date_until_ = now + std::chrono::milliseconds(500);
  }
  return date_;
}

http_session::http_session(http_shared& shared, void* self, waker on_answer)
    : shared_(shared),
      self_(self),
      on_answer_(on_answer),
      parser_(shared.settings.header_limit, shared.settings.body_limit),
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
  if (asking_) stop_call();
}

void http_session::proceed() {
  inside_ = true;
  while (!over_ && !asking_ && !has_output()) {
    if (skip_ > 0 && !skip()) break;
    const auto step = parser_.feed({input_.get() + begin_, end_ - begin_}, call_.request.input);
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
  inside_ = false;
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
  if (body_.capacity() > kept_input)
    std::string().swap(body_);
  else
    body_.clear();
  body_size_ = sent_ = 0;
  if (!keep_) over_ = true;
}

http_session::waits http_session::waiting() const {
  if (asking_) return waits::answer;
  if (has_output()) return waits::send;
  if (over_) return waits::nothing;
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

void http_session::abort() {
  over_ = true;
  keep_ = false;
  head_.clear();
  body_.clear();
  body_size_ = sent_ = 0;
  if (asking_) stop_call();
}

void http_session::stop_call() {
  // It may finish at once; whoever calls this looks at the outcome.
  const bool was_inside = std::exchange(inside_, true);
  call_.stop(canceled());
  inside_ = was_inside;
}

void http_session::on_head() {
  const http_head& head = parser_.head();
  const auto left = parser_.body_left();
  if (left && *left <= end_ - begin_) return;                    // the body is here already
  const bool on_hold = head.expects_continue && begin_ == end_;  // for our word that the body is wanted
  auto route = find_route(head, true, shared_.directory, shared_.settings, shared_.loopback);
  std::optional<error> full;
  if (route && route->what == http_route::kind::call) full = route->target->refuses();
  if (full || (!route && on_hold)) {
    ++requests_;
    http_stats::add(shared_.stats.requests);
    // Who waits may send the body all the same, or not: RFC 9110 §10.1.1.
    keep_ = !on_hold && left && *left <= longest_skip && head.keep_alive && !shared_.draining;
    skip_ = keep_ ? *left : 0;
    gzip_ = false;
    if (!full) return refuse(route.error());
    call_.request.method = route->of->name;
    call_.request.context = {};
    call_.request.context.trace = trace_context::parse(head.traceparent).value_or(trace_context{});
    prepare();
    return route->target->refuse(call_, *std::move(full));
  }
  if (on_hold) head_ = "HTTP/1.1 100 Continue\r\n\r\n";
}

void http_session::on_request() {
  ++requests_;
  http_stats::add(shared_.stats.requests);
  http_head& head = parser_.head();
  keep_ = head.keep_alive && !shared_.draining;
  gzip_ = !head.accept_encoding.empty() && accepts_gzip(head.accept_encoding);
  const auto route =
      find_route(head, !call_.request.input.empty(), shared_.directory, shared_.settings, shared_.loopback);
  if (!route) return refuse(route.error());
  if (route->what == http_route::kind::call) return ask(*route);
  if (route->what == http_route::kind::contract)
    return answer_page(
        {200, std::string(route->content_type), route->gzipped ? gunzip(*route->text, no_limit).bytes : *route->text});
  if (shared_.pages)
    if (auto found = shared_.pages(route->path)) return answer_page(std::move(*found));
  error e;
  e.code = error_code::not_found;
  e.whose = fault::caller;
  e.message = "there is nothing at this path";
  refuse({std::move(e), 0, {}});
}

void http_session::ask(const http_route& route) {
  const time_point now = parser_.head().connect_timeout.empty() ? time_point{} : shared_.time.now();
  if (auto filled = fill_request(parser_.head(), *route.of, now, shared_.settings.body_limit, call_.request); !filled)
    return refuse(filled.error());
  prepare();
  route.target->ask(call_);
}

/// Of the call what is the same for each.
void http_session::prepare() {
  call_.request.id = shared_.next_id++;
  call_.response = {};
  call_.then(this, answered);
  asking_ = true;
}

void http_session::answered(void* self, service_call&) noexcept {
  auto& s = *static_cast<http_session*>(self);
  s.asking_ = false;
  s.answer_call();
  if (!s.inside_) s.on_answer_(s.self_);
}

void http_session::answer_call() {
  if (over_) return;  // aborted meanwhile
  if (ended_) keep_ = false;
  if (shared_.draining) keep_ = false;
  auto& output = call_.response.output;
  if (output) return answer(200, "application/json", std::move(*output), &call_.response.cost, {});
  const error& e = output.error();
  answer(http_status(e.code), "application/json", connect_error_json(e, shared_.settings.show_debug),
         &call_.response.cost, fields_of(e));
}

void http_session::answer_page(page p) {
  if (p.gzipped) {
    if (gzip_)
      p.headers += "Content-Encoding: gzip\r\n";
    else
      p.body = gunzip(p.body, no_limit).bytes;
    gzip_ = false;
    if (p.body.size() < worth_gzip) p.headers += vary;  // longer ones have it from `answer`
  }
  answer(p.status, p.content_type, std::move(p.body), nullptr, std::move(p.headers));
}

void http_session::refuse(const http_refusal& why) {
  answer(why.status != 0 ? why.status : http_status(why.why.code), "application/json",
         connect_error_json(why.why, shared_.settings.show_debug), nullptr, fields_of(why.why) + why.headers);
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
  refuse({std::move(e), 0, {}});
}

void http_session::refuse_text(unsigned status, std::string_view text) {
  keep_ = false;
  http_stats::add(shared_.stats.bad_requests);
  answer(status, "text/plain; charset=utf-8", std::string(text) + "\n", nullptr, {});
}

void http_session::answer(unsigned status, std::string_view content_type, std::string body, const receipt* cost,
                          std::string headers) {
  const http_head& head = parser_.head();
  if (body.size() >= worth_gzip) {
    headers += vary;
    if (gzip_ && body.size() <= longest_gzip)
      if (auto small = gzip(body)) {
        body = std::move(*small);
        headers += "Content-Encoding: gzip\r\n";
      }
  }
  http_answer a;
  a.status = status;
  a.content_type = content_type;
  a.length = body.size();
  a.date = shared_.date();
  a.cost = cost;
  a.headers = headers;
  if (!keep_)
    a.connection = "close";
  else if (head.version == 10)
    a.connection = "keep-alive";
  head_.clear();
  write_head(head_, a);
  body_ = std::move(body);
  body_size_ = head.verb == http_verb::head ? 0 : body_.size();
  sent_ = 0;
  http_stats::add(shared_.stats.answers[std::min(status / 100, 5U)]);
  // Ready for the next request.
  parser_.reset();
  if (call_.request.input.capacity() > kept_input)
    std::string().swap(call_.request.input);
  else
    call_.request.input.clear();
}

}  // namespace waggle
