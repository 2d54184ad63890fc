// Any bytes as a connection's input: in pieces, with calls that answer at once, later, or when they are stopped. What must
// hold: no crash, the input buffer stays bounded, every answer is HTTP, and the same bytes in other pieces give the same
// answers.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "core/ascii.h"
#include "gateway/connect.h"
#include "gateway/encoding.h"
#include "gateway/http_session.h"

namespace {

using namespace waggle;

class fuzz_service final : public service {
 public:
  fuzz_service() {
    contract_.name = "t.T";
    contract_.sdl = "type Query { q: String }";
    for (const char* name : {"q", "m", "wait", "fail", "hidden"}) {
      method m;
      m.name = name;
      m.kind = name[0] == 'q' || name[0] == 'w' ? operation::query : operation::mutation;
      m.internal = name[0] == 'h';
      contract_.methods.emplace(name, m);
    }
  }

  void ask(service_call& call) override {
    if (call.request.method == "hidden") std::abort();
    if (call.request.method == "wait") {
      pending = &call;
      return call.stoppable(this, [](void* self, service_call& c, error why) {
        static_cast<fuzz_service*>(self)->pending = nullptr;
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
    call.finish();
  }
  [[nodiscard]] const contract& description() const override { return contract_; }

  service_call* pending = nullptr;

 private:
  contract contract_;
};

/// Everything that comes out for `bytes`, given `piece` at a time.
std::string run(std::string_view bytes, std::size_t piece) {
  manual_clock clock;
  service_directory directory;
  fuzz_service target;
  directory.put("t.T", target);
  http_stats stats;
  http_shared shared(clock, directory, stats);
  shared.settings.header_limit = 2048;
  shared.settings.body_limit = 4096;
  shared.settings.show_debug = true;
  std::string out;
  http_session session(shared, nullptr, [](void*) {});
  const auto take = [&] {
    for (;;) {
      session.proceed();
      if (session.asking()) {
        if (target.pending == nullptr) std::abort();
        target.pending->response.output = "0";
        std::exchange(target.pending, nullptr)->finish();
        continue;
      }
      if (!session.has_output()) break;
      for (const std::string_view part : session.output()) out += part;
      session.sent(session.output()[0].size() + session.output()[1].size());
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
