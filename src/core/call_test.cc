#include "core/call.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waggle {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

error gone() { return fail(error_code::canceled, fault::caller, "gone").error(); }

/// A layer that writes down that it saw the answer, and passes it on.
struct layer {
  std::string name;
  std::vector<std::string>& seen;
  bool last = false;

  static void back(void* self, service_call& call) noexcept {
    auto& me = *static_cast<layer*>(self);
    me.seen.push_back(me.name);
    if (!me.last) call.finish();
  }
};

/// A layer that holds the call and can be told to stop.
struct holder {
  std::vector<std::string> stopped;
  static void stop(void* self, service_call& call, error why) {
    static_cast<holder*>(self)->stopped.push_back(why.message);
    call.finish(std::move(why));
  }
};

TEST(service_call, steps_run_last_in_first_out) {
  std::vector<std::string> seen;
  layer gateway{"gateway", seen, true}, chain{"chain", seen}, actor{"actor", seen};
  service_call call;
  for (layer* l : {&gateway, &chain, &actor}) call.then(l, layer::back);
  call.finish();
  EXPECT_THAT(seen, ElementsAre("actor", "chain", "gateway"));
}

TEST(service_call, a_step_may_send_the_call_down_again) {
  struct retry {
    int left = 2;
    static void back(void* self, service_call& call) noexcept {
      auto& me = *static_cast<retry*>(self);
      if (me.left-- > 0) call.then(self, back);
      call.finish();
    }
  } again;
  std::vector<std::string> seen;
  layer gateway{"gateway", seen, true};
  service_call call;
  call.then(&gateway, layer::back);
  call.then(&again, retry::back);
  call.finish();
  EXPECT_EQ(again.left, -1);
  EXPECT_THAT(seen, ElementsAre("gateway"));
}

TEST(service_call, the_first_step_may_destroy_the_call) {
  auto call = std::make_unique<service_call>();
  service_call& same = *call;
  same.then(&call,
            [](void* self, service_call&) noexcept { static_cast<std::unique_ptr<service_call>*>(self)->reset(); });
  same.finish();
  EXPECT_EQ(call, nullptr);
}

TEST(service_call, finish_with_an_error_makes_it_the_answer) {
  std::vector<std::string> seen;
  layer gateway{"gateway", seen, true};
  service_call call;
  call.response.output = "\"half\"";
  call.then(&gateway, layer::back);
  call.finish(gone());
  ASSERT_FALSE(call.response.output);
  EXPECT_EQ(call.response.output.error().code, error_code::canceled);
  EXPECT_THAT(seen, ElementsAre("gateway"));
}

TEST(service_call, stop_reaches_who_holds_the_call) {
  std::vector<std::string> seen;
  layer gateway{"gateway", seen, true};
  holder h;
  service_call call;
  call.then(&gateway, layer::back);
  call.stoppable(&h, holder::stop);
  call.stop(gone());
  EXPECT_THAT(h.stopped, ElementsAre("gone"));
  EXPECT_THAT(seen, ElementsAre("gateway"));
}

TEST(service_call, stop_without_a_holder_has_no_effect) {
  service_call call;
  call.stop(gone());
  EXPECT_TRUE(call.response.output);
}

TEST(service_call, stop_after_finish_has_no_effect) {
  std::vector<std::string> seen;
  layer gateway{"gateway", seen, true};
  holder h;
  service_call call;
  call.then(&gateway, layer::back);
  call.stoppable(&h, holder::stop);
  call.finish();
  call.stop(gone());
  EXPECT_THAT(h.stopped, IsEmpty());
  EXPECT_THAT(seen, ElementsAre("gateway"));
}

TEST(service_call, the_holder_may_change) {
  std::vector<std::string> seen;
  layer gateway{"gateway", seen, true};
  holder first, second;
  service_call call;
  call.then(&gateway, layer::back);
  call.stoppable(&first, holder::stop);
  call.stoppable(&second, holder::stop);
  call.stop(gone());
  EXPECT_THAT(first.stopped, IsEmpty());
  EXPECT_THAT(second.stopped, ElementsAre("gone"));
}

#ifndef NDEBUG
TEST(service_call_death, more_steps_than_there_is_room_for) {
  std::vector<std::string> seen;
  layer l{"l", seen};
  service_call call;
  for (int i = 0; i < 6; ++i) call.then(&l, layer::back);
  EXPECT_DEATH(call.then(&l, layer::back), "max_steps");
}
#endif

}  // namespace
}  // namespace waggle
