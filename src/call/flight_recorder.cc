#include "call/flight_recorder.h"

#include <algorithm>
#include <limits>

#include "schema/redact.h"

namespace waggle {
namespace {

/// Of one failure.
constexpr std::size_t most_text = 8192;
constexpr std::size_t most_message = 2048;
constexpr std::size_t most_name = 100;
/// A longer text that does not fit the contract is not looked at again.
constexpr std::size_t most_unfit = std::size_t{64} << 10;
/// Of one service on one core. Behind that a failure is remembered like a success: whoever floods a node with wrong
/// requests shall not make it work for each of them.
constexpr unsigned most_failures_a_second = 100;
/// Of a ring.
constexpr std::size_t first_places = 4;

std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  text.resize(most);
  return text + "…";
}

std::size_t size_of(const recorded_failure& f) {
  return f.message.size() + f.details.size() + f.input.size() + f.answer.size() + f.log.size() + f.backtrace.size() +
         f.callers.size() + f.traceparent.size();
}

recorded_failure describe(const flight_recorder::done& d, const error& e) {
  recorded_failure f;
  const service_response& r = d.call.response;
  const service_request& asked = d.call.request;
  secrets hidden;
  const auto keep = [&](std::optional<shown_value> v) {
    if (!v) return std::string();
    if (v->hidden.complete() || has_sensitive(*d.asked)) hidden.add(v->hidden);
    return std::move(v->text);
  };
  // Values that nobody has looked at, or that are gone: a layer that could not give them back has left nothing.
  const auto unseen = [&] {
    if (has_sensitive(*d.asked)) hidden.lose();
  };
  if (d.asked != nullptr && !asked.input.empty() && (d.admitted || asked.input.size() <= most_unfit))
    f.input = keep(show_payload(*d.asked, asked.input, d.admitted, most_text));
  else if (d.asked != nullptr && d.input_bytes > 0)
    unseen();
  if (d.asked != nullptr && !r.unfit.empty() && r.unfit.size() <= most_unfit)
    f.answer = keep(show_answer(*d.asked, r.unfit, false, most_text));
  else if (d.asked != nullptr && !r.unfit.empty())
    unseen();
  // Who says a secret twice may say it in a place that the contract does not mark.
  f.input = hidden.taken_from(std::move(f.input));
  f.answer = hidden.taken_from(std::move(f.answer));
  // What is wrong with a request otherwise is said in words of our own.
  const bool ours = e.whose == fault::caller && e.cause != failure_cause::payload;
  f.message = cut(ours && !hidden.complete() ? e.message : hidden.taken_from(e.message), most_message);
  const std::string details = e.details.empty() ? violations_json(e) : e.details;
  if (details.size() <= most_text) {
    f.details = hidden.taken_from(details);
    if (f.details != details) f.details = json_quote(f.details);  // a number may have become a word
  }
  f.log = hidden.taken_from(r.log);
  f.backtrace = cut(hidden.taken_from(e.debug), most_text);
  if (d.path != nullptr) f.callers = cut(to_string(*d.path), most_message);
  f.traceparent = asked.context.trace.traceparent();
  return f;
}

}  // namespace

flight_recorder::flight_recorder(const clock_source& time, limits most)
    : time_(time), most_(most), share_(most.bytes / 2) {
  most_.requests = std::min(most_.requests, share_ / sizeof(entry));
}

flight_recorder::~flight_recorder() = default;

flight_recorder::journal& flight_recorder::open(const contract& about) {
  auto& j = journals_[about.name];
  if (!j) j = std::make_unique<journal>(*this, about.name);
  ++j->versions_;
  j->forgotten_ = false;
  return *j;
}

void flight_recorder::close(journal& j, const contract& about) {
  j.keep_names(about);
  --j.versions_;
  if (j.forgotten_) forget(std::string(j.service_));
}

void flight_recorder::forget(std::string_view service) {
  const auto at = journals_.find(service);
  if (at == journals_.end()) return;
  journal& j = *at->second;
  j.end();
  j.forgotten_ = true;
  if (j.versions_ == 0) journals_.erase(at);
}

bool flight_recorder::take_for_ring(std::size_t bytes, const journal& j) {
  while (ring_bytes_ + bytes > share_) {
    if (order_.empty() || order_.front() == &j) return false;
    journal& oldest = *order_.front();
    if (!j.ring_.empty() && oldest.last() >= j.first()) return false;
    oldest.end();
  }
  ring_bytes_ += bytes;
  return true;
}

bool flight_recorder::take_for_failure(std::size_t bytes) {
  if (bytes > share_) return false;
  while (failure_bytes_ + bytes > share_) drop(failures_.front());
  failure_bytes_ += bytes;
  return true;
}

void flight_recorder::drop(failure& f) {
  f.of->more = nullptr;
  failure_bytes_ -= f.bytes;
  failures_.erase(f.self);
}

std::vector<recorded_request> flight_recorder::recent(std::string_view service, bool failed_only,
                                                      std::size_t first) const {
  std::vector<recorded_request> all;
  const auto at = journals_.find(service);
  if (at == journals_.end()) return all;
  const journal& j = *at->second;
  for (std::size_t i = j.ring_.size(); i > 0 && all.size() < first; --i) {
    const entry& e = j.ring_[(j.next_ + i - 1) % j.ring_.size()];
    if (e.code != 0 || !failed_only) all.push_back(show(e));
  }
  return all;
}

recorded_request flight_recorder::show(const entry& e) const {
  recorded_request r{.id = e.id,
                     .method = {},
                     .ended = time_.wall() - std::chrono::duration_cast<wall_time::duration>(time_.now() - e.ended),
                     .input_bytes = e.input_bytes,
                     .output_bytes = e.output_bytes,
                     .total = e.total,
                     .cost = e.cost,
                     .code = e.code,
                     .whose = e.whose,
                     .failure = {}};
  if (e.method != nullptr) r.method = *e.method;
  if (e.more == nullptr) return r;
  r.failure = e.more->what;
  if (e.method == nullptr) r.method = e.more->method;
  return r;
}

bool flight_recorder::journal::begin() {
  const std::size_t places = std::min(first_places, owner_.most_.requests);
  if (places == 0 || forgotten_ || !owner_.take_for_ring(places * sizeof(entry), *this)) return false;
  ring_.reserve(places);
  self_ = owner_.order_.insert(owner_.order_.end(), this);
  return true;
}

/// A full ring, to twice its size.
bool flight_recorder::journal::grow() {
  const std::size_t places = std::min(2 * ring_.size(), owner_.most_.requests);
  if (places == ring_.size() || !owner_.take_for_ring((places - ring_.size()) * sizeof(entry), *this)) return false;
  std::ranges::rotate(ring_, ring_.begin() + static_cast<std::ptrdiff_t>(next_));
  next_ = 0;
  ring_.reserve(places);
  for (entry& e : ring_)
    if (e.more != nullptr) e.more->of = &e;
  return true;
}

void flight_recorder::journal::end() {
  if (ring_.empty()) return;
  for (entry& e : ring_)
    if (e.more != nullptr) owner_.drop(*e.more);
  owner_.ring_bytes_ -= ring_.capacity() * sizeof(entry);
  owner_.order_.erase(self_);
  std::vector<entry>().swap(ring_);
  next_ = 0;
  names_.clear();
}

time_point flight_recorder::journal::last() const { return ring_[(next_ + ring_.size() - 1) % ring_.size()].ended; }

void flight_recorder::journal::failed(entry& e, const done& d) {
  const error& why = d.call.response.output.error();
  e.output_bytes = 0;
  e.code = static_cast<std::uint8_t>(why.code);
  e.whose = why.whose;
  if (e.ended - second_ >= std::chrono::seconds(1)) {
    second_ = e.ended;
    in_second_ = 0;
  }
  if (++in_second_ > most_failures_a_second) return;
  failure f{.what = std::make_shared<const recorded_failure>(describe(d, why)), .method = {}, .of = &e, .self = {}};
  if (d.asked == nullptr) f.method = cut(d.call.request.method, most_name);
  f.bytes = sizeof(failure) + sizeof(recorded_failure) + size_of(*f.what) + f.method.size();
  if (!owner_.take_for_failure(f.bytes)) return;
  e.more = &owner_.failures_.emplace_back(std::move(f));
  e.more->self = std::prev(owner_.failures_.end());
}

/// The contract is about to go, and its methods' names with it.
void flight_recorder::journal::keep_names(const contract& about) {
  std::set<std::string, std::less<>> kept;
  std::set<const std::string*> going;
  for (const auto& [id, m] : about.methods) going.insert(&m.name);
  for (entry& e : ring_) {
    if (e.method == nullptr) continue;
    const auto ours = names_.find(*e.method);
    if ((ours != names_.end() && &*ours == e.method) || going.contains(e.method))
      e.method = &*kept.insert(*e.method).first;
  }
  names_.swap(kept);
}

}  // namespace waggle
