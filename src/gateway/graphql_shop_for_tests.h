#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/graphql_front.h"
#include "gateway/http_shared.h"
#include "schema/contract.h"

namespace waggle {

/// Answers with what the test has put into `answers`, at once; otherwise when the test says so.
class shop_service final : public service {
 public:
  static constexpr std::string_view sdl = R"sdl(
schema @service(name: "shop.v1.Shop") { query: Query mutation: Mutation subscription: Subscription }
type Query { a(n: Int): Int b: Int sure: Int! any: Any }
type Mutation { put(n: Int): Int must: Int! }
type Subscription { ticks(from: Int): Any since(n: Int! = 1): Any }
scalar Any
)sdl";

  shop_service() : about(std::make_shared<const contract>(compile_contract(sdl, "shop.graphql").value.value())) {}

  void ask(service_call& call) override {
    const service_request& r = call.request;
    asked.push_back(r.method + r.input);
    cursors.push_back(r.stream_cursor.value_or("none"));
    seen = r.context;
    if (auto& ready = answers[r.method]; !ready.empty()) {
      call.response.output = std::move(ready.front());
      ready.pop_front();
      return call.finish();
    }
    waiting.push_back(&call);
    call.stoppable(this, [](void* self, service_call& c, error why) {
      auto& me = *static_cast<shop_service*>(self);
      ++me.stopped;
      if (me.stop_is_ignored) return;
      std::erase(me.waiting, &c);
      c.finish(std::move(why));
    });
  }
  void refuse(service_call& call, error why) override {
    refused.push_back(call.request.method);
    call.finish(std::move(why));
  }
  [[nodiscard]] const contract& description() const override { return *about; }

  /// Lets the oldest pending call answer.
  void let_go(result<std::string> answer) {
    service_call* const call = waiting.front();
    waiting.erase(waiting.begin());
    call->response.output = std::move(answer);
    call->finish();
  }

  std::shared_ptr<const contract> about;
  std::map<std::string, std::deque<result<std::string>>, std::less<>> answers;
  std::vector<std::string> asked;    // method and payload
  std::vector<std::string> cursors;  // of each call
  std::vector<std::string> refused;  // methods
  std::vector<service_call*> waiting;
  request_context seen;
  int stopped = 0;
  bool stop_is_ignored = false;
};

/// A node's core with that service and an endpoint of it.
class graphql_shop : public testing::Test {
 protected:
  graphql_shop() {
    directory.put("shop.v1.Shop", shop);
    front.replace(endpoints_of(shop));
    shared.loop = &loop;
    shared.graphql = &front;
    shared.settings.graphql = true;
  }
  static std::shared_ptr<const graphql_endpoints> endpoints_of(const shop_service& s) {
    const std::vector<std::shared_ptr<const contract>> one{s.about};
    graphql_endpoints made;
    made.all = graphql::endpoint::make(one, true).value();
    made.by_service.emplace("shop.v1.Shop", graphql::endpoint::make(one, false).value());
    return std::make_shared<const graphql_endpoints>(std::move(made));
  }
  /// Time passes, in steps in which timers can start others.
  void pass(duration time) {
    clock.advance(time);
    while (loop.poll() > 0) {
    }
  }
  static error failure(error_code code, std::optional<std::chrono::milliseconds> retry_after = std::nullopt) {
    error e;
    e.code = code;
    e.whose = fault::host;
    e.message = "no luck";
    e.retry_after = retry_after;
    return e;
  }
  static result<std::string> failed(error_code code,
                                    std::optional<std::chrono::milliseconds> retry_after = std::nullopt) {
    return std::unexpected(failure(code, retry_after));
  }

  manual_clock clock;
  core_loop loop{0, clock};
  service_directory directory;
  http_stats stats;
  shop_service shop;
  graphql_front front;
  http_shared shared{clock, directory, stats};
};

}  // namespace waggle
