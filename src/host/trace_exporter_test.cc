#include "host/trace_exporter.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <simdjson.h>

#include "host/http_server_for_tests.h"
#include "host/otlp.h"

namespace waggle {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_host::ok;
using testing_host::served;
using testing_host::test_server;

span example() {
  span s;
  s.at = {.trace_high = 0x0af7651916cd43dd, .trace_low = 0x8448eb211c80319c, .span = 0xb7ad6b7169203331, .flags = 1};
  s.from_outside = true;
  s.began = time_point(1s);
  s.ended = time_point(1s + 1500us);
  s.request = 17;
  s.cost.guest = 1200us;
  s.service = "shop.v1.Orders";
  s.version = "1.2";
  s.method = "place";
  return s;
}

std::string json_of(const span& s) {
  otlp_batch batch("node-1");
  batch.add(s, time_point(10s), wall_time(2'000'000'000s));
  EXPECT_EQ(batch.size(), 1U);
  std::string json = batch.take();
  EXPECT_EQ(batch.size(), 0U);
  simdjson::dom::parser parser;
  EXPECT_FALSE(parser.parse(simdjson::padded_string(json)).error()) << json;
  return json;
}

TEST(Otlp, ASpanIsOfItsServiceWithRpcsAttributes) {
  const std::string json = json_of(example());
  for (const char* part : {R"({"key":"service.name","value":{"stringValue":"shop.v1.Orders"}})",
                           R"({"key":"service.version","value":{"stringValue":"1.2"}})",
                           R"({"key":"service.instance.id","value":{"stringValue":"node-1"}})",
                           R"("traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331")",
                           R"("name":"shop.v1.Orders/place")", R"("kind":2)",
                           R"("startTimeUnixNano":"1999999991000000000","endTimeUnixNano":"1999999991001500000")",
                           R"({"key":"rpc.system.name","value":{"stringValue":"connectrpc"}})",
                           R"({"key":"rpc.method","value":{"stringValue":"shop.v1.Orders/place"}})",
                           R"({"key":"waggle.guest_us","value":{"intValue":"1200"}})"})
    EXPECT_THAT(json, HasSubstr(part));
  for (const char* part : {"parentSpanId", "status", "error.type"}) EXPECT_THAT(json, Not(HasSubstr(part)));
}

TEST(Otlp, ASubCallHasItsParent) {
  span s = example();
  s.parent = 0xabc;
  s.from_outside = false;
  EXPECT_THAT(json_of(s), testing::AllOf(HasSubstr(R"("parentSpanId":"0000000000000abc")"), HasSubstr(R"("kind":1)")));
}

TEST(Otlp, AnErrorIsAStatusWhereTheServiceFailed) {
  span s = example();
  s.code = error_code::internal;
  s.whose = fault::guest;
  s.message = "it \"trapped\"";
  EXPECT_THAT(json_of(s), testing::AllOf(HasSubstr(R"("status":{"code":2,"message":"it \"trapped\""})"),
                                         HasSubstr(R"({"key":"error.type","value":{"stringValue":"internal"}})"),
                                         HasSubstr(R"({"key":"waggle.fault","value":{"stringValue":"guest"}})")));
  s.message.clear();
  EXPECT_THAT(json_of(s), HasSubstr(R"("status":{"code":2}})"));
  s.code = error_code::not_found;
  EXPECT_THAT(json_of(s), testing::AllOf(HasSubstr(R"("stringValue":"not_found")"), Not(HasSubstr("status\":{"))));
  s.method.clear();
  EXPECT_THAT(json_of(s), HasSubstr(R"({"key":"rpc.method","value":{"stringValue":"_OTHER"}})"));
}

/// An exporter that sends to a server of the test's.
struct Exporter : testing::Test {
  void open(test_server::answer answer, std::size_t room = 64, std::chrono::milliseconds timeout = 5s) {
    collector = std::make_unique<test_server>(std::move(answer));
    trace_settings s;
    s.endpoint = "http://127.0.0.1:" + std::to_string(collector->port);
    s.room = room;
    s.timeout = timeout;
    s.batch = 8;
    s.every = 1ms;
    s.first_retry = s.longest_retry = 1ms;
    s.tries = 3;
    auto made = trace_exporter::open(s, 2, clock);
    ASSERT_TRUE(made) << made.error().message;
    exporter = *std::move(made);
  }
  void record(unsigned core = 0) {
    span* const s = exporter->lane(core).claim();
    if (s == nullptr) return;
    *s = example();
    exporter->lane(core).commit();
  }
  template <class Condition>
  void until(Condition holds) {
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (!holds() && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    EXPECT_TRUE(holds());
  }
  steady_clock_source clock;
  std::unique_ptr<test_server> collector;
  std::unique_ptr<trace_exporter> exporter;
};

TEST_F(Exporter, PostsWhatTheCoresHaveRecorded) {
  open([](const std::string&) { return ok("{}"); });
  record(0);
  record(1);
  until([&] { return exporter->stats().sent == 2; });
  EXPECT_THAT(collector->requests().front(), StartsWith("POST /v1/traces HTTP/1.1\r\n"));
  EXPECT_THAT(collector->requests().front(), HasSubstr("Content-Type: application/json\r\n"));
}

TEST_F(Exporter, AsksAgainWhileTheCollectorIsBusy) {
  open([n = 0](const std::string&) mutable {
    return ++n < 3 ? served{.bytes = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"} : ok("{}");
  });
  record();
  until([&] { return exporter->stats().sent == 1; });
  EXPECT_EQ(collector->requests().size(), 3U);
  EXPECT_EQ(exporter->stats().lost, 0U);
}

TEST_F(Exporter, GivesUpInTheEnd) {
  open([](const std::string&) { return served{.bytes = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"}; });
  record();
  until([&] { return exporter->stats().lost == 1; });
  EXPECT_EQ(collector->requests().size(), 3U);
}

TEST_F(Exporter, WhatIsRefusedIsNotSentAgain) {
  open([](const std::string&) { return served{.bytes = "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"}; });
  record();
  until([&] { return exporter->stats().lost == 1; });
  EXPECT_EQ(collector->requests().size(), 1U);
}

TEST_F(Exporter, APartialSuccessIsCounted) {
  open([](const std::string&) { return ok(R"({"partialSuccess":{"rejectedSpans":"1","errorMessage":"no"}})"); });
  record();
  until([&] { return exporter->stats().lost == 1; });
  EXPECT_EQ(exporter->stats().sent, 0U);
}

TEST_F(Exporter, NothingGrowsWhileTheCollectorSaysNothing) {
  open([](const std::string&) { return served{}; }, 4);
  record();
  collector->wait_for_requests(1);
  for (int i = 0; i < 10; ++i) record();
  EXPECT_EQ(exporter->stats().dropped, 6U);
  collector.reset();  // closes the connection: the batch fails
}

TEST_F(Exporter, SendsWhatIsThereAtItsEnd) {
  std::atomic<int> posts{0};
  open([&posts](const std::string&) {
    ++posts;
    return ok("{}");
  });
  for (int i = 0; i < 20; ++i) record();
  exporter.reset();
  EXPECT_GE(posts, 3);
}

TEST_F(Exporter, ACollectorThatHangsHoldsUpTheEndForOneTimeoutInAll) {
  open([](const std::string&) { return served{}; }, 64, 300ms);
  for (int i = 0; i < 64; ++i) record();
  collector->wait_for_requests(1);
  const auto begun = std::chrono::steady_clock::now();
  exporter.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 1500ms) << "8 batches wait";
}

TEST(TraceExporter, AnEndpointThatIsNoUrlIsAnError) {
  const steady_clock_source clock;
  for (const char* bad : {"localhost:4318", "ftp://x/", "http://user@x/", ""}) {
    const auto made = trace_exporter::open({.endpoint = bad, .node = {}}, 1, clock);
    ASSERT_FALSE(made) << bad;
    EXPECT_THAT(made.error().message, StartsWith("trace.endpoint")) << bad;
  }
}

}  // namespace
}  // namespace waggle
