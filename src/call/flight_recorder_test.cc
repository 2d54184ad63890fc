#include "call/flight_recorder.h"

#include <functional>
#include <list>

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "call/call_chain.h"
#include "schema/secrets.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// Answers as the test says.
struct inner_service final : service {
  explicit inner_service(const contract& c) : about(c) {}
  void ask(service_call& call) override { answer(call); }
  [[nodiscard]] const contract& description() const override { return about; }
  const contract& about;
  std::function<void(service_call&)> answer = [](service_call& c) {
    c.response.output = "1";
    c.finish();
  };
};

contract compiled(const std::string& name,
                  const std::string& methods = "pay(card: Card, note: String): Int other: Int") {
  spdlog::set_level(spdlog::level::off);
  auto made = compile_contract("schema @service(name: \"" + name + "\") { query: Query } type Query { " + methods +
                                   " } input Card { number: String! @sensitive }",
                               "t.graphql");
  if (!made.value) throw std::runtime_error(to_string(made.findings.front()));
  return *std::move(made.value);
}

constexpr std::string_view traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

struct Recorder : testing::Test {
  struct served {
    served(Recorder& on, const std::string& name,
           const std::string& methods = "pay(card: Card, note: String): Int other: Int")
        : about(compiled(name, methods)), inner(about), chain(on.core, about, inner, {.limits = {}}, &on.recorder) {}
    void ask(const std::string& method, std::string input = "{}", std::uint64_t id = 0) {
      service_call call;
      call.request.id = id;
      call.request.method = method;
      call.request.input = std::move(input);
      call.request.context.trace = *trace_context::parse(traceparent);
      call.then(nullptr, [](void*, service_call&) noexcept {});
      chain.ask(call);
    }
    void fail_with(error e, const std::string& log = "") {
      inner.answer = [e, log](service_call& c) {
        c.response.log = log;
        c.finish(e);
      };
    }
    contract about;
    inner_service inner;
    call_chain chain;
  };
  [[nodiscard]] std::vector<recorded_request> recent(std::string_view service, bool failed = false) const {
    return recorder.recent(service, failed, 1000);
  }

  manual_clock clock;
  core_loop core{0, clock};
  flight_recorder recorder{clock, {.requests = 4, .bytes = 100'000}};
};

error failure(std::string message, fault whose = fault::guest) {
  return fail(error_code::internal, whose, std::move(message)).error();
}

TEST_F(Recorder, RemembersTheLastRequestsOfEachServiceNewestFirst) {
  served one(*this, "a.One");
  served two(*this, "a.Two");
  for (std::uint64_t id = 1; id <= 6; ++id) {
    clock.advance(1s);
    one.ask("pay", R"({"note":"x"})", id);
  }
  two.ask("other", "", 9);
  const auto all = recent("a.One");
  ASSERT_THAT(all, ElementsAre(Field(&recorded_request::id, 6), Field(&recorded_request::id, 5),
                               Field(&recorded_request::id, 4), Field(&recorded_request::id, 3)));
  EXPECT_EQ(all[0].method, "pay");
  EXPECT_EQ(all[0].input_bytes, 12U);
  EXPECT_EQ(all[0].output_bytes, 1U);
  EXPECT_EQ(all[0].ended, clock.wall());
  EXPECT_EQ(all[1].ended, clock.wall() - 1s);
  EXPECT_EQ(all[0].code, 0);
  EXPECT_EQ(all[0].failure, nullptr);
  EXPECT_THAT(recorder.recent("a.One", false, 2), SizeIs(2));
  EXPECT_THAT(recent("a.One", true), IsEmpty());
  EXPECT_THAT(recent("a.Two"), ElementsAre(Field(&recorded_request::id, 9)));
  EXPECT_THAT(recent("a.None"), IsEmpty());
}

TEST_F(Recorder, AFailureLeavesWhatExplainsIt) {
  served one(*this, "a.One");
  error e = failure("trapped");
  e.debug = "unreachable\n  0: f";
  e.details = R"({"at":1})";
  one.fail_with(e, "info hello\nwarn oh\n");
  one.ask("pay", R"({"note":"x"})");
  const auto all = recent("a.One", true);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].code, 13);
  EXPECT_EQ(all[0].whose, fault::guest);
  ASSERT_NE(all[0].failure, nullptr);
  const recorded_failure& f = *all[0].failure;
  EXPECT_EQ(f.message, "trapped");
  EXPECT_EQ(f.details, R"({"at":1})");
  EXPECT_EQ(f.input, R"({"note":"x"})");
  EXPECT_EQ(f.log, "info hello\nwarn oh\n");
  EXPECT_EQ(f.backtrace, "unreachable\n  0: f");
  EXPECT_EQ(f.traceparent, traceparent);
}

TEST_F(Recorder, NothingSensitiveIsKeptNotEvenWhereTheGuestRepeatsIt) {
  served one(*this, "a.One");
  error e = failure("no card 4111-22");
  e.details = R"({"card":"4111-22","n":1})";
  e.debug = "4111-22";
  one.fail_with(e, "info got 4111-22\n");
  one.ask("pay", R"({"card":{"number":"4111-22"},"note":"n"})");
  one.inner.answer = [](service_call& c) {
    c.response.output = R"("4111-22")";  // does not fit
    c.finish();
  };
  one.ask("pay", R"({"card":{"number":"4111-22"},"note":"n"})");
  one.ask("pay", R"({"card":{"nummber":"4111-22"},"note":"n"})");
  one.ask("pay", R"({"card":"4111-22"})");
  one.ask("pay", R"({"card":{"number":"4111-22")");
  const auto all = recent("a.One", true);
  ASSERT_THAT(all, SizeIs(4));
  for (const auto& r : all) {
    ASSERT_NE(r.failure, nullptr);
    for (const std::string& text : {r.failure->message, r.failure->details, r.failure->input, r.failure->answer,
                                    r.failure->log, r.failure->backtrace})
      EXPECT_THAT(text, Not(HasSubstr("4111")));
  }
  EXPECT_EQ(all[0].failure->input, "");  // no JSON
  EXPECT_EQ(all[0].input_bytes, 27U);
  EXPECT_EQ(all[1].failure->input, R"({"card":"[unfit]"})");
  EXPECT_EQ(all[3].failure->input, R"({"card":{"number":"[redacted]"},"note":"n"})");
  EXPECT_EQ(all[3].failure->answer, R"("[unfit]")");
}

TEST_F(Recorder, ASecretOfSeveralLinesIsHiddenLineByLine) {
  served one(*this, "a.One");
  one.fail_with(failure("no"), "info MIIEvQIBADANB\nwarn bell\\x07\n");
  one.ask("pay", R"({"card":{"number":"-----BEGIN\nMIIEvQIBADANB\nbell\u0007"},"note":"n"})");
  EXPECT_EQ(recent("a.One", true)[0].failure->log, "info [redacted]\nwarn [redacted]\n");
}

TEST_F(Recorder, WhereNotAllSecretsAreKnownNothingOfWhatWasSaidIsKept) {
  served one(*this, "a.One");
  const std::string number(secrets::most_bytes + 1, '4');
  error e = failure("no card " + number.substr(0, 100));
  e.details = R"(["4444"])";
  e.debug = "trap";
  one.fail_with(e, "info 4444\n");
  one.ask("pay", R"({"card":{"number":")" + number + R"("},"note":"n"})");
  one.ask("pay", R"({"crad":{"number":")" + number + R"("},"kind":"4444"})");
  const auto all = recent("a.One", true);
  ASSERT_THAT(all, SizeIs(2));
  for (const auto& r : all) {
    EXPECT_THAT(r.failure->message, testing::StartsWith("[not kept: "));
    EXPECT_THAT(r.failure->details, testing::StartsWith("\"[not kept: "));
    for (const std::string& text : {r.failure->input, r.failure->log, r.failure->backtrace})
      EXPECT_THAT(text, testing::AnyOf("", testing::StartsWith("[not kept: ")));
  }
}

TEST_F(Recorder, WhatWasRefusedForOverloadPushesOutNothing) {
  served one(*this, "a.One");
  one.fail_with(failure("trapped"));
  one.ask("other");
  const std::size_t before = recorder.bytes();
  one.fail_with(failure("full", fault::overload));
  for (int i = 0; i < 10; ++i) one.ask("other");
  EXPECT_EQ(recorder.bytes(), before);
  const auto all = recent("a.One");
  ASSERT_THAT(all, SizeIs(1));
  ASSERT_NE(all[0].failure, nullptr);
  EXPECT_EQ(all[0].failure->message, "trapped");
}

TEST_F(Recorder, AFloodOfFailuresIsCountedNotKept) {
  flight_recorder large(clock, {.requests = 1000, .bytes = 10'000'000});
  const contract about = compiled("a.One");
  inner_service inner(about);
  call_chain chain(core, about, inner, {.limits = {}}, &large);
  for (int i = 0; i < 500; ++i) {
    service_call call;
    call.request.method = "nothing";
    call.then(nullptr, [](void*, service_call&) noexcept {});
    chain.ask(call);
  }
  const auto all = large.recent("a.One", true, 1000);
  EXPECT_THAT(all, SizeIs(500));
  EXPECT_EQ(std::ranges::count_if(all, [](const auto& r) { return r.failure != nullptr; }), 100);
  EXPECT_EQ(all.back().method, "nothing");
}

TEST_F(Recorder, StaysWithinItsBytesAndLetsTheOldestGo) {
  std::vector<std::unique_ptr<served>> all;
  for (int i = 0; i < 400; ++i) {
    clock.advance(1ms);
    all.push_back(std::make_unique<served>(*this, "a.S" + std::to_string(i)));
    all.back()->fail_with(failure("x"));
    for (int n = 0; n < 6; ++n)
      all.back()->ask("pay", "{\"note\":\"" + std::string(static_cast<std::size_t>(i) * 20, 'x') + "\"}");
    ASSERT_LE(recorder.bytes(), 100'000U);
  }
  EXPECT_THAT(recent("a.S0"), IsEmpty());
  EXPECT_THAT(recent("a.S399"), SizeIs(4));
  all.front()->ask("other");  // its ring is made again
  EXPECT_THAT(recent("a.S0"), SizeIs(1));
  for (const auto& s : all) recorder.forget(s->about.name);
  EXPECT_EQ(recorder.bytes(), 0U);
  all.front()->ask("other");
  EXPECT_THAT(recent("a.S0"), IsEmpty());
}

/// Many services on one recorder, asked in turns.
struct Crowd : Recorder {
  void serve(int services, std::size_t bytes) {
    many = std::make_unique<flight_recorder>(clock, flight_recorder::limits{.requests = 100, .bytes = bytes});
    for (int i = 0; i < services; ++i) {
      abouts.push_back(compiled("a.S" + std::to_string(i)));
      inners.push_back(std::make_unique<inner_service>(abouts.back()));
      chains.push_back(
          std::make_unique<call_chain>(core, abouts.back(), *inners.back(), chain_settings{.limits = {}}, many.get()));
    }
  }
  void ask(std::size_t i) {
    clock.advance(1us);
    service_call call;
    call.request.method = "other";
    call.then(nullptr, [](void*, service_call&) noexcept {});
    chains[i]->ask(call);
  }
  void trap(std::size_t i, std::size_t bytes = 100) {
    const auto well = std::exchange(inners[i]->answer, [bytes](service_call& c) {
      error e = failure("trapped");
      e.debug = std::string(bytes, 'x');
      c.finish(e);
    });
    ask(i);
    inners[i]->answer = well;
  }
  [[nodiscard]] std::vector<recorded_request> of(std::size_t i, bool failed = false) const {
    return many->recent("a.S" + std::to_string(i), failed, 1000);
  }
  std::unique_ptr<flight_recorder> many;
  std::list<contract> abouts;
  std::vector<std::unique_ptr<inner_service>> inners;
  std::vector<std::unique_ptr<call_chain>> chains;
};

TEST_F(Crowd, ManyServicesInTurnsShareWhatThereIs) {
  serve(50, 512 << 10);
  for (std::size_t i = 0; i < 50; ++i) trap(i);
  for (int n = 0; n < 11; ++n)
    for (std::size_t i = 0; i < 50; ++i) ask(i);
  for (std::size_t i = 0; i < 50; ++i) {
    ASSERT_THAT(of(i), SizeIs(12)) << i;
    ASSERT_THAT(of(i, true), SizeIs(1)) << i;
    ASSERT_NE(of(i, true)[0].failure, nullptr) << i;
  }
  for (int n = 0; n < 200; ++n)
    for (std::size_t i = 0; i < 50; ++i) ask(i);
  EXPECT_LE(many->bytes(), 512U << 10);
  for (std::size_t i = 0; i < 50; ++i) ASSERT_GE(of(i).size(), 16U) << i;
}

TEST_F(Crowd, ABusyServiceTakesThePlaceOfThoseThatAreIdle) {
  serve(300, 128 << 10);
  for (std::size_t i = 0; i < 300; ++i) ask(i);
  for (int n = 0; n < 150; ++n) ask(0);
  EXPECT_THAT(of(0), SizeIs(100));
  EXPECT_THAT(of(299), SizeIs(1)) << "the last of the others keeps its own";
}

TEST_F(Crowd, FailuresKeepTheirOrderAndTheirDetailsWhileTheRingGrows) {
  serve(1, 512 << 10);
  for (std::size_t n = 0; n < 130; ++n) {
    if (n % 3 == 0)
      trap(0, 10 + n);
    else
      ask(0);
  }
  const auto all = of(0);
  ASSERT_THAT(all, SizeIs(100));
  for (std::size_t i = 0; i < 100; ++i) {
    const std::size_t n = 129 - i;
    ASSERT_EQ(all[i].failure != nullptr, n % 3 == 0) << n;
    if (n % 3 == 0) {
      ASSERT_EQ(all[i].failure->backtrace.size(), 10 + n);
    }
  }
}

TEST_F(Crowd, AFailureThatIsLargerThanThereIsRoomTakesNothingFromOthers) {
  serve(2, 12'000);
  trap(0);
  ask(0);
  trap(1, 8'000);
  EXPECT_THAT(of(0), SizeIs(2));
  EXPECT_NE(of(0)[1].failure, nullptr);
  EXPECT_EQ(of(1)[0].failure, nullptr);
}

TEST_F(Recorder, KnowsWhoCalledWhereALayerTookTheRequestAway) {
  served one(*this, "a.One");
  one.inner.answer = [](service_call& c) {  // as a singleton's mailbox does
    service_request taken = std::move(c.request);
    c.request.input = std::move(taken.input);
    c.finish(failure("trapped"));
  };
  service_call call;
  call.request.method = "other";
  call.request.context.path =
      std::make_shared<const call_path>(call_path{.service = "a.Caller", .from = {}, .calls = {}});
  call.then(nullptr, [](void*, service_call&) noexcept {});
  one.chain.ask(call);
  one.ask("other");
  const auto all = recent("a.One");
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[1].failure->callers, "a.Caller");
  EXPECT_EQ(all[0].failure->callers, "");
}

TEST_F(Recorder, RequestsSurviveAReloadAndNotARemoval) {
  auto old = std::make_unique<served>(*this, "a.One");
  old->ask("pay", "{}", 1);
  {
    served fresh(*this, "a.One", "changed: Int");
    fresh.ask("changed", "{}", 2);
    old.reset();
    fresh.ask("changed", "{}", 3);
    EXPECT_THAT(recent("a.One"),
                ElementsAre(Field(&recorded_request::method, "changed"), Field(&recorded_request::method, "changed"),
                            Field(&recorded_request::method, "pay")));
  }
  served again(*this, "a.One");
  again.ask("other", "{}", 4);
  again.ask("other", "{}", 5);
  EXPECT_THAT(recent("a.One"),
              ElementsAre(Field(&recorded_request::method, "other"), Field(&recorded_request::method, "other"),
                          Field(&recorded_request::method, "changed"), Field(&recorded_request::method, "changed")));
  recorder.forget("a.One");
  EXPECT_THAT(recent("a.One"), IsEmpty());
  EXPECT_EQ(recorder.bytes(), 0U);
}

TEST_F(Recorder, WithoutRoomForOneRequestNothingIsKept) {
  flight_recorder none(clock, {.requests = 10, .bytes = 50});
  const contract about = compiled("a.One");
  inner_service inner(about);
  call_chain chain(core, about, inner, {.limits = {}}, &none);
  service_call call;
  call.request.method = "other";
  call.then(nullptr, [](void*, service_call&) noexcept {});
  chain.ask(call);
  EXPECT_THAT(none.recent("a.One", false, 10), IsEmpty());
}

}  // namespace
}  // namespace waggle
