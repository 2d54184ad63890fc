#include "gateway/graphql_source.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace waggle {
namespace {

/// So much is put together before it is sent.
constexpr std::size_t enough = std::size_t{64} << 10;
constexpr auto quiet = std::chrono::seconds(15);

/// The cursor becomes one line of a server-sent event, or none: a line break would begin another field.
bool fits_a_line(std::string_view cursor) {
  return !cursor.empty() && cursor.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

/// JSON has line breaks between its parts only, where they mean nothing; guests' own scalars come as they wrote them.
std::string on_one_line(std::string json) {
  std::ranges::replace_if(
      json, [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return json;
}

}  // namespace

graphql_source::graphql_source(http_shared& shared, graphql_start begun, request_context context, std::string cursor,
                               identify_again again)
    : document_(std::move(begun.document)), memory_(shared.settings.answers.get()) {
  if (begun.execution.kind() != operation::subscription) {
    operation_ = std::make_shared<graphql_operation>(shared, std::move(begun.execution), std::move(context));
    operation_->start(this, answered);
    return;
  }
  items_ = std::move(begun.execution);
  const auto calls = items_->calls();
  if (calls.empty()) {  // all of it is skipped
    ended_ = true;
    return;
  }
  service_request request;
  request.method = calls.front().method;
  request.input = std::move(calls.front().payload);
  request.context = std::move(context);
  request.context.deadline.reset();
  request.stream_cursor = std::move(cursor);
  stream_ = std::make_shared<subscription>(*shared.loop, shared.directory, shared.next_id,
                                           std::string(calls.front().service), std::move(request), std::move(again));
}

graphql_source::~graphql_source() {
  if (operation_ != nullptr) operation_->stop();
  if (stream_ != nullptr) stream_->stop();
}

void graphql_source::listen(void* self, waker on_more) {
  self_ = self;
  wake_ = on_more;
  if (stream_ != nullptr) stream_->listen(self, on_more);
}

void graphql_source::answered(void* self, std::string json) {
  auto& s = *static_cast<graphql_source*>(self);
  s.answer_ = std::move(json);
  s.held_.set(s.memory_, s.answer_->size());
  if (s.wake_ != nullptr) s.wake_(s.self_);
}

std::optional<graphql_source::response> graphql_source::next() {
  if (ended_) return std::nullopt;
  if (stream_ == nullptr) {
    if (!answer_) return std::nullopt;
    ended_ = true;
    response last{.json = std::move(*answer_), .cursor = {}};
    answer_.reset();
    held_.give_back();
    return last;
  }
  if (auto item = stream_->next()) {
    told_ = true;
    return response{.json = items_->respond_item(std::move(item->json)), .cursor = std::move(item->cursor)};
  }
  if (!stream_->ended()) return std::nullopt;
  ended_ = true;
  if (!stream_->why()) return std::nullopt;
  if (!told_) return response{.json = items_->respond_no_stream(*stream_->why()), .cursor = {}, .no_stream = true};
  return response{.json = items_->respond_item(std::unexpected(*stream_->why())), .cursor = {}};
}

graphql_events::graphql_events(http_shared& shared, graphql_start begun, request_context context, std::string cursor,
                               identify_again again)
    : loop_(*shared.loop),
      source_(std::make_unique<graphql_source>(shared, std::move(begun), std::move(context), std::move(cursor),
                                               std::move(again))) {
  source_->listen(this, [](void* self) { static_cast<graphql_events*>(self)->wake(); });
  loop_.start_after(quiet_, quiet);
}

std::string graphql_events::take() {
  std::string out = std::exchange(ready_, {});
  while (!ended_ && out.size() < enough) {
    auto r = source_->next();
    if (r) {
      const std::string id = fits_a_line(r->cursor) ? fmt::format("id: {}\n", r->cursor) : "";
      fmt::format_to(std::back_inserter(out), "event: next\n{}data: {}\n\n", id, on_one_line(std::move(r->json)));
    } else if (source_->ended()) {
      out += "event: complete\ndata:\n\n";
      ended_ = true;
    } else {
      break;
    }
  }
  if (ended_)
    quiet_.stop();
  else if (!out.empty())
    loop_.start_after(quiet_, quiet);
  return out;
}

void graphql_events::on_quiet() {
  ready_ = ":\n\n";
  wake();
}

/// Without `complete`: clients come again, elsewhere, with the last id. What has an end of its own comes to it: a mutation would
/// have been done, and nobody told.
void graphql_events::drain() {
  if (source_ != nullptr && source_->is_subscription()) abort();
}

void graphql_events::abort() {
  quiet_.stop();
  ended_ = true;
  source_.reset();
}

}  // namespace waggle
