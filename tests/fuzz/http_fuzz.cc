// Any bytes as a connection's input: in pieces, with calls that answer at once, later, or when they are stopped,
// over Connect, GraphQL and streams. What must
// hold: no crash, the input buffer stays bounded, every answer is HTTP, and the same bytes in other pieces give the same
// answers.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/ascii.h"
#include "gateway/connect.h"
#include "gateway/encoding.h"
#include "gateway/graphql_front.h"
#include "gateway/http_session.h"
#include "schema/contract.h"

namespace {

using namespace waggle;

constexpr std::string_view sdl = R"sdl(
schema @service(name: "t.T") { query: Query mutation: Mutation subscription: Subscription }
type Query { q(x: Int): Any wait: Any }
type Mutation { m(x: Int): Any fail: Any hidden: Any @internal }
type Subscription { s(x: Int): Any }
scalar Any
)sdl";

class fuzz_service final : public service {
 public:
  void ask(service_call& call) override {
    if (call.request.method == "hidden") std::abort();
    if (call.request.method == "wait") {
      pending.push_back(&call);
      return call.stoppable(this, [](void* self, service_call& c, error why) {
        std::erase(static_cast<fuzz_service*>(self)->pending, &c);
        c.finish(std::move(why));
      });
    }
    if (call.request.method == "fail") {
      error e;
      e.message = call.request.input;
      e.violations = {{call.request.input, 0, "", ""}};
      e.violation_count = 1;
      return call.finish(std::move(e));
    }
    call.response.output = call.request.input;
    if (call.request.stream_cursor) call.response.output = R"({"items":[1,"x"],"cursor":"c","done":true})";
    call.finish();
  }
  [[nodiscard]] const contract& description() const override { return *about(); }

  static const std::shared_ptr<const contract>& about() {
    static const auto compiled = std::make_shared<const contract>(compile_contract(sdl, "f").value.value());
    return compiled;
  }

  std::vector<service_call*> pending;
};

std::shared_ptr<const graphql_endpoints> endpoints() {
  static const auto made = [] {
    const std::vector<std::shared_ptr<const contract>> one{fuzz_service::about()};
    graphql_endpoints all;
    all.all = graphql::endpoint::make(one, true).value();
    all.by_service.emplace("t.T", graphql::endpoint::make(one, false).value());
    return std::make_shared<const graphql_endpoints>(std::move(all));
  }();
  return made;
}

/// Everything that comes out for `bytes`, given `piece` at a time.
std::string run(std::string_view bytes, std::size_t piece) {
  static manual_clock clock;
  static core_loop loop(0, clock);
  service_directory directory;
  fuzz_service target;
  directory.put("t.T", target);
  http_stats stats;
  http_shared shared(clock, directory, stats);
  shared.settings.header_limit = 2048;
  shared.settings.body_limit = 4096;
  shared.settings.show_debug = true;
  graphql_front front;
  front.replace(endpoints());
  shared.loop = &loop;
  shared.graphql = &front;
  shared.settings.graphql = true;
  std::string out;
  http_session session(shared, nullptr, [](void*) {});
  const auto take = [&] {
    for (;;) {
      session.proceed();
      if (session.has_output()) {
        for (const std::string_view part : session.output()) out += part;
        session.sent(session.output()[0].size() + session.output()[1].size());
        continue;
      }
      if (!session.asking()) break;
      if (target.pending.empty()) std::abort();
      service_call* const call = target.pending.back();
      target.pending.pop_back();
      call->response.output = "0";
      call->finish();
    }
  };
  while (!bytes.empty() && !session.over()) {
    const auto space = session.space();
    if (space.empty() || space.size() > 16384) std::abort();
    const std::size_t n = std::min({piece, bytes.size(), space.size()});
    std::memcpy(space.data(), bytes.data(), n);
    bytes.remove_prefix(n);
    session.received(n);
    take();
  }
  session.end_of_input();
  take();
  if (!session.over()) std::abort();
  if (!out.empty() && !out.starts_with("HTTP/1.1 ")) std::abort();
  return out;
}

/// What pieces may not change. A refusal in text ends the connection; whether a fault is seen before the head is complete,
/// and which of two is seen first, may depend on them.
std::string settled(std::string text) {
  for (std::size_t at = 0; (at = text.find("\r\nContent-Type: text/plain", at)) != std::string::npos; ++at) {
    const std::size_t start = text.rfind("HTTP/1.1 ", at);
    if (start != std::string::npos && (text[start + 9] == '4' || text[start + 9] == '5')) text.resize(at = start);
  }
  for (std::size_t at = 0; (at = text.find("\r\nDate: ", at)) != std::string::npos;) text.erase(at, 37);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = run(bytes, 1 << 20);
  const std::string pieces = run(bytes, std::size_t{data[0]} % 64 + 1);
  // Whether 100 Continue is said depends on whether the body is there already.
  if (to_lower(bytes).find("expect") == std::string::npos && settled(whole) != settled(pieces)) std::abort();
  return 0;
}
