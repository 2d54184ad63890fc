// Every guest of tests/guests/hostile, one after the other, on one core with a neighbour that must not notice.
#include <gmock/gmock.h>
#include <simdjson.h>
#include <spdlog/spdlog.h>

#include <regex.h>

#include "runtime/node_for_tests.h"

namespace waggle {
namespace {

using namespace testing_node;

/// The real time, until one guest has had a second of it: then an hour passes at once, for whom no time-out is short.
class impatient_clock final : public clock_source {
 public:
  [[nodiscard]] time_point now() const override {
    const auto real = std::chrono::steady_clock::now();
    return real + skipped_ + (real - since_ > std::chrono::seconds(1) ? duration(std::chrono::hours(1)) : duration(0));
  }
  [[nodiscard]] bool manual() const override { return true; }  // timers run when the test polls
  void next_guest() {
    skipped_ = now() - std::chrono::steady_clock::now();
    since_ = std::chrono::steady_clock::now();
  }

 private:
  duration skipped_{0};
  time_point since_ = std::chrono::steady_clock::now();
};

struct expectation {
  std::string name, method, input, phase, code, whose, message, output;
};

std::vector<expectation> manifest() {
  simdjson::dom::parser parser;
  const std::string text = file(std::string(WAGGLE_GUESTS) + "/hostile/manifest.json");
  std::vector<expectation> all;
  for (const simdjson::dom::element e : parser.parse(text).get_array()) {
    const auto get = [&](const char* key) {
      std::string_view value;
      return e[key].get_string().get(value) ? std::string() : std::string(value);
    };
    all.push_back({get("name"), get("method"), get("input"), get("phase"), get("code"), get("fault"), get("message"),
                   get("output")});
  }
  return all;
}

bool found(const std::string& pattern, const std::string& in) {
  regex_t compiled;
  if (regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0) throw std::runtime_error(pattern);
  const bool yes = regexec(&compiled, in.c_str(), 0, nullptr, 0) == 0;
  regfree(&compiled);
  return yes;
}

void expect_error(const error& e, const expectation& x) {
  EXPECT_EQ(to_string(e.code), x.code) << e.message;
  EXPECT_EQ(to_string(e.whose), x.whose) << e.message;
  EXPECT_TRUE(found(x.message, e.message) || found(x.message, e.debug)) << e.message << "\n"
                                                                        << e.debug << "\nwanted: " << x.message;
  EXPECT_LT(e.message.size(), 20'000U);
}

TEST(HostileGuests, EndAsTheManifestSaysAndTheirNeighbourDoesNotNotice) {
  spdlog::set_level(spdlog::level::off);  // some write millions of lines
  impatient_clock clock;
  core_loop core(0, clock);
  core_loop* cores[] = {&core};
  const auto neighbour =
      deploy(cores, "echo", {}, R"(schema @service(name: "test.Echo", pool: {idleMs: 0}) { query: Query }
    scalar JSON
    type Query { echo(text: String): JSON })");
  const auto all = manifest();
  ASSERT_GT(all.size(), 100U);
  for (const expectation& x : all) {
    SCOPED_TRACE(x.name);
    clock.next_guest();
    const std::string base = std::string(WAGGLE_GUESTS) + "/hostile/" + x.name;
    auto about = compile_contract(file(base + ".graphql"), x.name + ".graphql");
    ASSERT_TRUE(about.value);
    const std::string bytes = file(base + ".wasm");
    load_report report;
    deployment_settings settings;
    if (about.value->memory_mb) settings.instances.memory_bytes = std::uint64_t{*about.value->memory_mb} << 20;
    const auto code =
        module::load(shared_engines(), std::as_bytes(std::span(bytes)), settings.instances.memory_bytes, report);
    if (x.phase == "load") {
      EXPECT_FALSE(code) << "was loaded";
      if (!code) expect_error(code.error(), x);
      continue;
    }
    ASSERT_TRUE(code) << code.error().message;
    auto guest = std::make_unique<deployment>(
        testing_node::with_calls(cores), std::make_shared<const contract>(*std::move(about.value)), *code, settings);
    for (int again = 0; again < 3; ++again) {
      const auto r = ask(core, guest->on(0), x.method, x.input);
      if (x.phase == "ok") {
        ASSERT_TRUE(r.output) << r.output.error().message;
        EXPECT_EQ(*r.output, x.output);
      } else {
        EXPECT_FALSE(r.output) << *r.output;
        if (!r.output) expect_error(r.output.error(), x);
        if (!r.output && r.output.error().code == error_code::deadline_exceeded) break;  // once is slow enough
      }
    }
    const auto fine = ask(core, neighbour->on(0), "echo", R"({"text":"still here"})");
    ASSERT_TRUE(fine.output) << fine.output.error().message;
    bool gone = false;
    guest->retire([&] { gone = true; });
    while (!gone) core.poll();
    EXPECT_EQ(guest->workers(), 0U);
  }
  EXPECT_EQ(neighbour->view(0).pool.started.get(), 1U) << "the neighbour's instance did not live on";
  EXPECT_EQ(failed(*neighbour), 0U);
}

}  // namespace
}  // namespace waggle
