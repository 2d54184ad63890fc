// Any bytes behind the preface of HTTP/2, in pieces, with calls that answer at once, later, or when they are stopped. What must
// hold: no crash, what is kept stays bounded, nothing is left when the connection is lost.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "gateway/http2_session.h"
#include "schema/contract.h"

namespace {

using namespace waggle;

class fuzz_service final : public service {
 public:
  fuzz_service() {
    contract_.name = "t.T";
    contract_.sdl = "type Query { q: String }";
    for (const char* name : {"q", "wait", "fail"}) {
      method m;
      m.name = name;
      m.kind = name[0] == 'q' || name[0] == 'w' ? operation::query : operation::mutation;
      contract_.methods.emplace(name, m);
    }
  }

  void ask(service_call& call) override {
    if (call.request.method == "wait") {
      pending.push_back(&call);
      return call.stoppable(this, [](void* self, service_call& c, error why) {
        auto& me = *static_cast<fuzz_service*>(self);
        if (me.stubborn) return;
        std::erase(me.pending, &c);
        c.finish(std::move(why));
      });
    }
    if (call.request.method == "fail") {
      error e;
      e.message = call.request.input;
      return call.finish(std::move(e));
    }
    call.response.output = call.request.input;
    call.finish();
  }
  [[nodiscard]] const contract& description() const override { return contract_; }

  void let_one_go() {
    service_call* const call = pending.back();
    pending.pop_back();
    call->response.output = "0";
    call->finish();
  }

  std::vector<service_call*> pending;
  bool stubborn = false;

 private:
  contract contract_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = std::size_t{data[0]} * 8 + 1;
  manual_clock clock;
  service_directory directory;
  fuzz_service target;
  target.stubborn = (data[1] & 1) != 0;
  directory.put("t.T", target);
  http_stats stats;
  http_shared shared(clock, directory, stats);
  shared.settings.header_limit = 2048;
  shared.settings.body_limit = 4096;
  http2_session session(shared, nullptr, [](void*) {});
  const auto take = [&] {
    for (int turns = 0;; ++turns) {
      if (turns > 100'000) std::abort();
      session.proceed();
      if (!session.has_output()) return;
      const std::size_t n = session.output()[0].size();
      if (n > (std::size_t{64} << 10)) std::abort();
      session.sent(std::min<std::size_t>(n, 5000));
    }
  };
  const std::string bytes =
      std::string(http2_session::preface) + std::string(reinterpret_cast<const char*>(data) + 2, size - 2);
  std::string_view rest = bytes;
  while (!rest.empty() && !session.over()) {
    const auto space = session.space();
    if (space.empty()) std::abort();
    const std::size_t n = std::min({piece, rest.size(), space.size()});
    std::memcpy(space.data(), rest.data(), n);
    rest.remove_prefix(n);
    session.received(n);
    take();
    if (target.pending.size() > 200) std::abort();
    if ((data[1] & 2) != 0 && !target.pending.empty()) target.let_one_go();
    if ((data[1] & 4) != 0) clock.advance(std::chrono::seconds(1));
    if (session.waiting() == byte_session::waits::nothing && !session.over()) std::abort();
  }
  if ((data[1] & 8) != 0) {
    session.drain();
    take();
  }
  if ((data[1] & 16) != 0) {
    session.timed_out();
    take();
  }
  session.abort();
  while (!target.pending.empty()) target.let_one_go();
  if (session.asking() || session.has_output() || !session.over()) std::abort();
  return 0;
}
