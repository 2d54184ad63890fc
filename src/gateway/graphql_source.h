#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "gateway/graphql_operation.h"
#include "gateway/http_reply.h"
#include "gateway/subscription.h"

namespace waggle {

/// The responses of one operation, whatever its kind: one of a query or mutation, one for each item of a subscription's stream.
/// Used on one core.
class graphql_source {
 public:
  using waker = void (*)(void* self);
  struct response {
    std::string json;
    std::string cursor;  ///< a subscription can go on behind it; empty: it cannot be told where
    /// A subscription has come to nothing: `{"errors":[…]}`, and nothing follows.
    bool no_stream = false;
  };

  /// Begins at once. `cursor`: where a subscription is to go on; empty: its beginning. `shared` has a loop.
  /// `again`: a stream's caller may lose its right (subscription.h).
  graphql_source(http_shared& shared, graphql_start begun, request_context context, std::string cursor,
                 identify_again again = {});
  ~graphql_source();
  graphql_source(const graphql_source&) = delete;
  graphql_source& operator=(const graphql_source&) = delete;

  /// From now on `on_more(self)` tells that `next` has something to say. Not called from within its functions.
  void listen(void* self, waker on_more);
  [[nodiscard]] std::optional<response> next();
  /// It may go on without end.
  [[nodiscard]] bool is_subscription() const { return operation_ == nullptr; }
  /// Bytes of a query's or mutation's response that `next` has not given yet.
  [[nodiscard]] std::size_t held() const { return answer_ ? answer_->size() : 0; }
  /// Nothing comes any more.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  static void answered(void* self, std::string json);

  std::shared_ptr<const graphql::prepared_document> document_;
  std::optional<graphql::execution> items_;  // of a subscription
  std::shared_ptr<graphql_operation> operation_;
  std::shared_ptr<subscription> stream_;
  std::optional<std::string> answer_;
  answer_memory* memory_ = nullptr;
  held_answers held_;  // of `answer_`
  void* self_ = nullptr;
  waker wake_ = nullptr;
  bool told_ = false;  // an item
  bool ended_ = false;
};

/// Responses as server-sent events (graphql-sse, "distinct connections mode"): `next` for each, with the cursor as its id, then
/// `complete`. A comment now and then shows both sides that the other is there.
class graphql_events final : public reply_stream {
 public:
  graphql_events(http_shared& shared, graphql_start begun, request_context context, std::string cursor,
                 identify_again again = {});

  [[nodiscard]] std::string take() override;
  [[nodiscard]] bool ended() const override { return ended_; }
  void drain() override;
  void abort() override;

 private:
  void on_quiet();

  core_loop& loop_;
  std::unique_ptr<graphql_source> source_;
  std::string ready_;
  timer quiet_{this, [](void* self) { static_cast<graphql_events*>(self)->on_quiet(); }};
  bool ended_ = false;
};

}  // namespace waggle
