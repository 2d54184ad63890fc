#pragma once
#include <cstddef>
#include <deque>
#include <expected>
#include <memory>
#include <string>

#include "core/service.h"
#include "gateway/graphql_front.h"
#include "gateway/held_answers.h"
#include "gateway/http_shared.h"
#include "schema/execute/execution.h"

namespace waggle {

/// A query or mutation on its way: asks the services of its root fields (a query's eight at a time, a mutation's one after another)
/// and puts the response together. Used on one core; keeps itself while calls are under way.
class graphql_operation : public std::enable_shared_from_this<graphql_operation> {
 public:
  using told = void (*)(void* self, std::string response);

  /// `context` is what each call gets; its deadline is that of the whole.
  graphql_operation(http_shared& shared, graphql::execution execution, request_context context);

  /// Begins. `done(self, …)` is called once, perhaps before this returns.
  void start(void* self, told done);
  /// Nobody waits any more: `done` is not called.
  void stop();
  /// What all calls have cost together.
  [[nodiscard]] const receipt& cost() const { return cost_; }

 private:
  struct one_call {
    graphql_operation* of = nullptr;
    std::size_t number = 0;
    service_call call;
    bool running = false;
  };
  void ask(one_call& c);
  void answered(one_call& c);
  void go_on();

  http_shared& shared_;
  graphql::execution execution_;
  const request_context context_;
  std::deque<one_call> calls_;
  std::shared_ptr<graphql_operation> kept_;  // itself, while calls are under way
  receipt cost_;
  held_answers held_;  // those that have come, until the response is put together
  std::size_t begun_ = 0;
  std::size_t running_ = 0;
  void* self_ = nullptr;
  told done_ = nullptr;
  bool starting_ = false;
  bool posted_ = false;  // a job that goes on
  bool stopped_ = false;
};

/// What a document and its variables come to: something to execute, or a response that says why not.
struct graphql_start {
  std::shared_ptr<const graphql::prepared_document> document;
  graphql::execution execution;
};
[[nodiscard]] std::expected<graphql_start, document_refusal> begin_graphql(
    graphql_front& front, const std::shared_ptr<const graphql::endpoint>& asked, const graphql_params& params,
    bool show_debug);

}  // namespace waggle
