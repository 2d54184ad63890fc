// The HTTP server of waggle with a service that answers at once: what HTTP costs without a guest.
// empty_server PORT: one core, until it is killed.
#include <cstdio>
#include <cstdlib>

#include "gateway/http_server.h"
#include "schema/contract.h"

namespace {

using namespace waggle;

class empty final : public service {
 public:
  explicit empty(contract about) : about_(std::move(about)) {}
  void ask(service_call& call) override {
    if (call.response.output)
      call.response.output->assign(call.request.input);
    else
      call.response.output = call.request.input;
    call.finish();
  }
  [[nodiscard]] const contract& description() const override { return about_; }

 private:
  contract about_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto compiled = compile_contract(
      "schema @service(name: \"bench.Echo\") { query: Query } scalar JSON type Query { echo(text: String): JSON }",
      "bench");
  steady_clock_source clock;
  core_loop core(0, clock);
  empty service(*compiled.value);
  service_directory directory;
  directory.put("bench.Echo", service);
  http_server server(core, directory, {});
  if (const auto ok = server.listen("127.0.0.1", static_cast<std::uint16_t>(std::atoi(argv[1]))); !ok) {
    std::fprintf(stderr, "%s\n", ok.error().message.c_str());
    return 1;
  }
  core.run();
}
