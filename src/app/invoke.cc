#include <unistd.h>

#include <iostream>
#include <iterator>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "app/commands.h"
#include "app/one_service.h"

namespace waggle {

int invoke(const configuration& c, const invoke_options& o) {
  int status = exit_fine;
  const auto one = one_service::load(c, o.target, status);
  if (!one) return status;
  std::string input = o.input;
  if (input == "-") input.assign(std::istreambuf_iterator<char>(std::cin), {});
  const service_response answer = one->ask(o.method, std::move(input));
  if (!answer.output) {
    fmt::print(stderr, "{}\n", to_json(answer.output.error(), c.dev));
    return exit_failed;
  }
  fmt::print("{}\n", *answer.output);
  return exit_fine;
}

}  // namespace waggle
