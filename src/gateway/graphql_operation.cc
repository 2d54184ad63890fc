#include "gateway/graphql_operation.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace waggle {
namespace {

/// simdjson reads past the payload's end.
constexpr std::size_t padding = 64;
/// So many calls of a query are under way: one request must not fill the queue that everybody waits in.
constexpr std::size_t most_at_once = 8;

void add(receipt& all, const receipt& one) {
  all.queue = std::max(all.queue, one.queue);
  all.validate += one.validate;
  all.guest += one.guest;
  all.waited += one.waited;
  all.calls += one.calls + 1;
  all.commit = std::max(all.commit, one.commit);
  all.memory_kb += one.memory_kb;
  all.warm &= one.warm;
}

}  // namespace

graphql_operation::graphql_operation(http_shared& shared, graphql::execution execution, request_context context)
    : shared_(shared), execution_(std::move(execution)), context_(std::move(context)) {
  cost_.warm = true;
}

void graphql_operation::start(void* self, told done) {
  self_ = self;
  done_ = done;
  kept_ = shared_from_this();
  go_on();
}

/// Asks what may be asked now; when nothing is left, tells the response.
void graphql_operation::go_on() {
  const auto keep = kept_;
  const auto calls = execution_.calls();
  const bool one_by_one = execution_.kind() == operation::mutation;
  const std::size_t most = one_by_one ? 1 : most_at_once;
  starting_ = true;
  while (begun_ < calls.size() && !stopped_ && running_ < most && !execution_.full() &&
         !(one_by_one && execution_.lost())) {
    one_call& c = calls_.emplace_back();
    c.of = this;
    c.number = begun_++;
    ask(c);
  }
  starting_ = false;
  const bool more = begun_ < calls.size() && !execution_.lost() && !execution_.full();
  if (running_ > 0 || (more && !stopped_)) return;
  kept_.reset();
  if (stopped_ || done_ == nullptr) return;
  std::string response = execution_.finish();
  held_.give_back();
  std::exchange(done_, nullptr)(self_, std::move(response));
}

void graphql_operation::ask(one_call& c) {
  graphql::root_call& wanted = execution_.calls()[c.number];
  service* const target = shared_.directory.find(wanted.service);
  ++running_;
  c.running = true;
  c.call.then(&c, [](void* self, service_call&) noexcept {
    auto& back = *static_cast<one_call*>(self);
    back.of->answered(back);
  });
  if (target == nullptr) {  // it has gone since the endpoint was made
    error e;
    e.code = error_code::unavailable;
    e.whose = fault::host;
    e.message = fmt::format("{} is not on this node any more", wanted.service);
    return c.call.finish(std::move(e));
  }
  service_request& r = c.call.request;
  r.id = shared_.next_id++;
  r.method = wanted.method;
  r.input = std::move(wanted.payload);
  r.input.reserve(r.input.size() + padding);
  r.context = context_;
  target->ask(c.call);
}

void graphql_operation::answered(one_call& c) {
  c.running = false;
  --running_;
  add(cost_, c.call.response.cost);
  auto& output = c.call.response.output;
  if (output && !held_.take(shared_.settings.answers.get(), output->size()))
    output = std::unexpected(no_room_for_answer());
  if (!stopped_) execution_.answered(c.number, std::move(output));
  if (starting_) return;
  if (begun_ < execution_.calls().size() && !stopped_ && shared_.loop != nullptr) {
    // The service is still in the midst of finishing this call. Where none is running, the job alone keeps this: one that is
    // dropped ends it.
    auto self = running_ == 0 ? std::move(kept_) : kept_;
    if (std::exchange(posted_, true)) return;
    return shared_.loop->post([self = std::move(self)] {
      self->posted_ = false;
      self->kept_ = self;
      self->go_on();
    });
  }
  go_on();
}

void graphql_operation::stop() {
  const auto keep = shared_from_this();
  stopped_ = true;
  done_ = nullptr;
  for (one_call& c : calls_)
    if (c.running) c.call.stop(caller_gone());
}

std::expected<graphql_start, document_refusal> begin_graphql(graphql_front& front,
                                                             const std::shared_ptr<const graphql::endpoint>& asked,
                                                             const graphql_params& params, bool show_debug) {
  auto document = front.documents.find(asked, params);
  if (!document) return std::unexpected(std::move(document.error()));
  auto begun = graphql::execution::begin({.document = *document,
                                          .operation_name = params.operation_name,
                                          .variables = params.variables,
                                          .with_debug = show_debug,
                                          .limits = {}});
  if (!begun)
    return std::unexpected(
        document_refusal{.response = graphql::error_response(begun.error(), (*document)->text, show_debug)});
  return graphql_start{*std::move(document), *std::move(begun)};
}

}  // namespace waggle
