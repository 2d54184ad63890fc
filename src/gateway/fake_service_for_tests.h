#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/service.h"
#include "schema/contract.h"

namespace waggle {

/// `test.v1.Echo`: queries `echo` (answers its input), `wait` (until it is stopped or let go); mutations `set` (as echo),
/// `hidden` (@internal), `boom` (fails with `failure`), `big` (answers `big_answer`); bare mutation `raw`.
class fake_service final : public service {
 public:
  fake_service() {
    contract_.name = "test.v1.Echo";
    contract_.sdl = "type Query { echo(text: String): String }\n";
    for (const char* name : {"echo", "wait"}) add(name, operation::query);
    for (const char* name : {"set", "hidden", "boom", "raw", "big"}) add(name, operation::mutation);
    add("watch", operation::subscription);
    contract_.methods["hidden"].internal = true;
    contract_.methods["raw"].bare = true;
  }

  void ask(service_call& call) override {
    ++asked;
    seen = call.request.context;
    inputs.push_back(call.request.input);
    if (call.request.method == "wait") {
      waiting.push_back(&call);
      call.stoppable(this, [](void* self, service_call& c, error why) {
        auto& me = *static_cast<fake_service*>(self);
        ++me.stopped;
        if (me.stop_is_ignored) return;
        std::erase(me.waiting, &c);
        c.finish(std::move(why));
      });
      return;
    }
    if (call.request.method == "boom") return call.finish(failure);
    call.response.output = call.request.method == "big" ? big_answer : call.request.input;
    call.response.cost = cost;
    call.finish();
  }

  [[nodiscard]] std::optional<error> refuses() const override { return full; }
  [[nodiscard]] const contract& description() const override { return contract_; }

  void describe(std::shared_ptr<const descriptions> made) { contract_.described = std::move(made); }

  /// Lets the oldest pending call answer.
  void let_go(std::string answer) {
    service_call* call = waiting.front();
    waiting.erase(waiting.begin());
    call->response.output = std::move(answer);
    call->finish();
  }

  std::optional<error> full;  ///< what every request is refused with
  int asked = 0;
  int stopped = 0;
  bool stop_is_ignored = false;
  error failure;
  receipt cost;
  std::string big_answer;
  request_context seen;
  std::vector<std::string> inputs;
  std::vector<service_call*> waiting;

 private:
  void add(const char* name, operation kind) {
    method m;
    m.name = name;
    m.kind = kind;
    contract_.methods.emplace(name, std::move(m));
  }

  contract contract_;
};

}  // namespace waggle
