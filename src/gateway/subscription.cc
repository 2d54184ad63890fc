#include "gateway/subscription.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "schema/execute/json_tape.h"

namespace waggle {
namespace {

/// An answer without items is not asked for again at once, whatever it says: a guest must not make its node spin.
constexpr auto shortest_wait = std::chrono::milliseconds(10);
constexpr auto usual_wait = std::chrono::milliseconds(1000);
constexpr auto longest_wait = std::chrono::hours(1);
/// So often in a row an overloaded or restarting service is asked again.
constexpr unsigned most_failures = 8;
constexpr std::size_t deepest = 1000;

error bad_answer(std::string message) {
  error e;
  e.code = error_code::internal;
  e.whose = fault::guest;
  e.message = std::move(message);
  return e;
}

}  // namespace

subscription::subscription(core_loop& core, const service_directory& directory, std::uint64_t& next_id,
                           std::string service, service_request request, identify_again again)
    : core_(core),
      directory_(directory),
      next_id_(next_id),
      service_(std::move(service)),
      first_(std::move(request)),
      again_(std::move(again)),
      cursor_(first_.stream_cursor.value_or("")) {
  first_.stream_cursor.reset();  // each question takes it from `cursor_`
}

std::optional<stream_item> subscription::next() {
  if (taken_ == items_.size() && !ended_ && !stopped_ && kept_ == nullptr && !due_.running()) {
    if (wait_ > duration(0)) {
      core_.start_after(due_, wait_);
    } else {
      inside_ = true;
      poll();
      inside_ = false;
    }
  }
  if (taken_ == items_.size()) return std::nullopt;
  const place at = items_[taken_++];
  stream_item item{answer_.substr(at.begin, at.end - at.begin), {}};
  if (taken_ == items_.size()) {
    if (continues_) item.cursor = cursor_;
    forget();
  }
  return item;
}

/// Gives back the memory of the answer.
void subscription::forget() {
  std::string().swap(answer_);
  std::vector<place>().swap(items_);
  taken_ = 0;
}

void subscription::poll() {
  if (again_) {
    auto who = again_();
    if (!who) return end(std::move(who.error()));
    first_.context.caller = *std::move(who);
  }
  service* const target = directory_.find(service_);
  if (target == nullptr) {
    error e;
    e.code = error_code::unavailable;
    e.whose = fault::host;
    e.message = fmt::format("{} is not on this node any more", service_);
    return end(std::move(e));
  }
  call_.request = first_;
  call_.request.id = next_id_++;
  call_.request.stream_cursor = cursor_;
  call_.response = {};
  kept_ = shared_from_this();
  call_.then(this, [](void* self, service_call&) noexcept { static_cast<subscription*>(self)->answered(); });
  target->ask(call_);
}

void subscription::answered() {
  const auto keep = std::move(kept_);
  const service_request asked = std::exchange(call_.request, {});  // between two questions only `first_` keeps it
  if (stopped_) return;
  auto& output = call_.response.output;
  if (!output) {
    const error& e = output.error();
    if (!e.retry_after || ++failures_ > most_failures) return end(std::move(output.error()));
    wait_ = std::clamp<duration>(*e.retry_after, shortest_wait, longest_wait);
  } else {
    failures_ = 0;
    answer_ = std::move(*output);
    if (!read()) return;
  }
  if (items_.empty() && !ended_) {
    core_.start_after(due_, wait_);
  } else if (!inside_ && wake_ != nullptr) {
    wake_(self_);
  }
}

/// The call chain has checked that it fits; an operator may have switched that off.
bool subscription::read() {
  graphql::json_tape json;
  if (!json.read(answer_, deepest) || json[0].kind != graphql::json_kind::object) {
    end(bad_answer("the answer is no object with items"));
    return false;
  }
  const std::uint32_t list = json.find(0, "items");
  if (list == 0 || json[list].kind != graphql::json_kind::array) {
    end(bad_answer("the answer has no list of items"));
    return false;
  }
  for (std::uint32_t at = list + 1; at < json[list].next; at = json[at].next)
    items_.push_back({json[at].begin, json[at].end});
  items_.shrink_to_fit();
  continues_ = false;
  const auto is = [&](std::uint32_t at, graphql::json_kind kind) { return at != 0 && json[at].kind == kind; };
  if (const std::uint32_t at = json.find(0, "cursor"); is(at, graphql::json_kind::string)) {
    std::string decoded;
    cursor_ = json.string(at, decoded);
    if (cursor_.size() > longest_cursor) {
      end(bad_answer(fmt::format("the cursor has {} bytes; at most {}", cursor_.size(), longest_cursor)));
      return false;
    }
    continues_ = true;
  }
  wait_ = items_.empty() ? duration(usual_wait) : duration(0);
  if (const std::uint32_t at = json.find(0, "afterMs"); is(at, graphql::json_kind::number)) {
    const std::string_view text = json.raw(at);
    std::int64_t ms = 0;
    if (const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), ms); wrong == std::errc{})
      wait_ = std::clamp<std::chrono::milliseconds>(
          std::chrono::milliseconds(std::clamp<std::int64_t>(ms, 0, 3'600'000)),
          items_.empty() ? shortest_wait : std::chrono::milliseconds(0), longest_wait);
  }
  if (const std::uint32_t at = json.find(0, "done"); at != 0 && json.raw(at) == "true") {
    ended_ = true;
    wait_ = duration(0);
  }
  if (items_.empty()) forget();
  return true;
}

void subscription::end(std::optional<error> why) {
  forget();
  ended_ = true;
  why_ = std::move(why);
  if (!inside_ && wake_ != nullptr) wake_(self_);
}

void subscription::stop() {
  listen(nullptr, nullptr);
  stopped_ = true;
  forget();
  due_.stop();
  if (kept_ != nullptr) call_.stop(caller_gone());
}

}  // namespace waggle
