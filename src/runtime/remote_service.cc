#include "runtime/remote_service.h"

#include <utility>

namespace waggle {

/// A request on the other core. It is let go when every message that names it has come back.
struct remote_service::crossing {
  remote_service* home = nullptr;
  service_call* outer = nullptr;  // null: nobody waits here any more
  service_call call;              // the other core's, until it is back
  unsigned messages = 0;          // under way
  bool over = false;              // the other core's: it has been answered there
};

remote_service::remote_service(core_loop& here, core_loop& there, service& target)
    : here_(here), there_(there), target_(target) {}

remote_service::~remote_service() = default;

void remote_service::ask(service_call& call) {
  if (free_.empty()) {
    all_.push_back(std::make_unique<crossing>());
    all_.back()->home = this;
    free_.push_back(all_.back().get());
  }
  crossing& c = *free_.back();
  free_.pop_back();
  ++open_;
  c.outer = &call;
  c.messages = 1;
  c.over = false;
  c.call.request = std::move(call.request);
  c.call.request.context.calling.reset();  // it is of this core
  c.call.response.cost = {};
  c.call.effects.reset();
  c.call.began = call.began;
  c.call.waiting_since = c.call.ended = {};
  call.held.at = &c;
  call.stoppable(this, [](void*, service_call& outer, error why) {
    auto& crossed = *static_cast<crossing*>(outer.held.at);
    remote_service& me = *crossed.home;
    crossed.outer = nullptr;
    ++crossed.messages;
    me.there_.post([&crossed, why] {
      if (!crossed.over) crossed.call.stop(why);
      crossed.home->here_.post([&crossed] { crossed.home->let_go(crossed); });
    });
    outer.ended = me.here_.now();
    outer.finish(std::move(why));
  });
  there_.post([&c] {
    c.call.then(&c, [](void* self, service_call&) noexcept {
      auto& done = *static_cast<crossing*>(self);
      done.over = true;
      done.home->here_.post([&done] { done.home->answered(done); });
    });
    c.home->target_.ask(c.call);
  });
}

void remote_service::answered(crossing& c) {
  service_call* const outer = std::exchange(c.outer, nullptr);
  if (outer != nullptr) {
    outer->response = std::move(c.call.response);
    outer->request.input = std::move(c.call.request.input);
    outer->effects = std::move(c.call.effects);
    outer->began = c.call.began;
    outer->ended = here_.now();
  }
  let_go(c);
  if (outer != nullptr) outer->finish();
}

void remote_service::let_go(crossing& c) {
  if (--c.messages > 0) return;
  c.call.request = {};
  c.call.effects.reset();
  free_.push_back(&c);
  if (--open_ == 0 && drained_) here_.post(std::exchange(drained_, nullptr));
}

void remote_service::drain(std::function<void()> done) {
  drained_ = std::move(done);
  if (open_ == 0) here_.post(std::exchange(drained_, nullptr));
}

}  // namespace waggle
