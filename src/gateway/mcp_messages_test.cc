#include "gateway/mcp_messages.h"

#include <gmock/gmock.h>

namespace waggle {
namespace {

using testing::HasSubstr;
using testing::Not;

int code_of(std::string text) {
  const auto read = read_mcp_message(text);
  return read ? 0 : read.error().code;
}

TEST(mcp_messages, requests_notifications_and_responses_are_told_apart) {
  std::string text =
      " {\"jsonrpc\":\"2.0\",\"id\": \"a\\\"b\" ,\"method\":\"tools/list\",\"params\": {\"cursor\":\"c\"} } \n";
  auto read = read_mcp_message(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->what, mcp_message::kind::request);
  EXPECT_EQ(read->id, R"("a\"b")");
  EXPECT_EQ(read->method, "tools/list");
  EXPECT_EQ(read->params, R"({"cursor":"c"})");
  EXPECT_EQ(read_mcp_params(read->params)->cursor, "c");

  text = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
  read = read_mcp_message(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->what, mcp_message::kind::notification);

  for (const char* answer : {R"({"jsonrpc":"2.0","id":1,"result":{}})", R"({"jsonrpc":"2.0","id":null,"error":{}})"}) {
    text = answer;
    read = read_mcp_message(text);
    ASSERT_TRUE(read) << answer;
    EXPECT_EQ(read->what, mcp_message::kind::response);
  }
}

TEST(mcp_messages, what_is_no_message_of_json_rpc_is_told_by_its_code) {
  EXPECT_EQ(code_of(""), mcp_parse_error);
  EXPECT_EQ(code_of("{"), mcp_parse_error);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":[1,}]}})"), mcp_parse_error);
  EXPECT_EQ(code_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}"), mcp_parse_error);
  EXPECT_EQ(code_of(std::string(5000, '[') + std::string(5000, ']')), mcp_parse_error);
  EXPECT_EQ(code_of("3"), mcp_invalid_request);
  EXPECT_EQ(code_of(R"({"id":1,"method":"ping"})"), mcp_invalid_request);
  EXPECT_EQ(code_of(R"({"jsonrpc":"1.0","id":1,"method":"ping"})"), mcp_invalid_request);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":null,"method":"ping"})"), mcp_invalid_request);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":{},"method":"ping"})"), mcp_invalid_request);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1})"), mcp_invalid_request);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":7})"), mcp_invalid_request);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"})"), mcp_invalid_request);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":")" + std::string(300, 'x') + R"(","method":"ping"})"),
            mcp_invalid_request);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})"), mcp_invalid_params);
}

/// 2025-06-18, changelog: batches were removed.
TEST(mcp_messages, batches_are_refused) {
  std::string text = R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])";
  const auto read = read_mcp_message(text);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, mcp_invalid_request);
  EXPECT_THAT(read.error().message, HasSubstr("batches"));
}

/// The message's text is kept, because what is read points into it.
struct call_of {
  explicit call_of(std::string_view params)
      : text(std::string(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":)").append(params) + "}") {
    message = read_mcp_message(text);
    read = read_mcp_params(message ? message->params : std::string_view());
  }
  std::string text;
  std::expected<mcp_message, mcp_problem> message;
  std::expected<mcp_params, mcp_problem> read;
};

TEST(mcp_messages, arguments_go_to_the_service_as_they_stand) {
  const call_of call(
      R"({"_meta":{"x":1},"name":"t","arguments": {"n": 1.00, "big": 123456789012345678901234567890}  })");
  ASSERT_TRUE(call.read);
  EXPECT_EQ(call.read->name, "t");
  EXPECT_EQ(payload_of(tool{}, *call.read), R"({"n": 1.00, "big": 123456789012345678901234567890})");
  EXPECT_EQ(payload_of(tool{}, mcp_params{}), "{}");
}

TEST(mcp_messages, a_bare_payload_is_the_argument_value) {
  const tool bare{.name = "t", .wraps_payload = true};
  EXPECT_EQ(payload_of(bare, *call_of(R"({"arguments":{"value": [1, 2] }})").read), "[1, 2]");
  EXPECT_EQ(payload_of(bare, *call_of(R"({"arguments":{"value":null}})").read), "null");
  for (const char* params : {R"({"arguments":{}})", R"({"arguments":{"value":1,"value":2}})",
                             R"({"arguments":{"x":1}})", R"({"arguments":3})", "{}"}) {
    const call_of call(params);
    ASSERT_TRUE(call.read) << params;
    EXPECT_FALSE(payload_of(bare, *call.read)) << params;
  }
}

TEST(mcp_messages, params_of_the_wrong_type_are_invalid) {
  for (const char* params :
       {R"({"name":1})", R"({"cursor":null})", R"({"name":"a","name":"b"})", R"({"arguments":{},"arguments":{}})"}) {
    const call_of call(params);
    ASSERT_FALSE(call.read) << params;
    EXPECT_EQ(call.read.error().code, mcp_invalid_params) << params;
  }
}

TEST(mcp_messages, the_version_asked_for_is_spoken_or_the_newest) {
  EXPECT_THAT(initialize_result("2025-06-18", "do it"), HasSubstr(R"("protocolVersion":"2025-06-18")"));
  EXPECT_THAT(initialize_result("1999-01-01", ""), HasSubstr(R"("protocolVersion":"2025-11-25")"));
  EXPECT_THAT(initialize_result("1999-01-01", "say \"x\""), HasSubstr(R"("instructions":"say \"x\"")"));
}

TEST(mcp_messages, an_answer_comes_as_text_and_as_a_value) {
  EXPECT_EQ(answer_result(tool{}, R"({"a":"b"})"),
            R"({"content":[{"type":"text","text":"{\"a\":\"b\"}"}],"structuredContent":{"a":"b"}})");
  EXPECT_EQ(answer_result(tool{.wraps_answer = true}, "[1]"),
            R"({"content":[{"type":"text","text":"{\"result\":[1]}"}],"structuredContent":{"result":[1]}})");
  EXPECT_THAT(*answer_result(tool{}, "7"), Not(HasSubstr("structuredContent")));
  EXPECT_FALSE(answer_result(tool{}, R"(1},"isError":true)"));
}

TEST(mcp_messages, an_error_says_code_message_and_each_violation) {
  error e;
  e.code = error_code::invalid_argument;
  e.message = "2 violations";
  e.violations = {{"from.x", 17, "no such field", "y"}, {"", 0, "too much", ""}};
  e.violation_count = 3;
  e.retry_after = std::chrono::milliseconds(20);
  e.debug = "hidden";
  EXPECT_EQ(
      failure_result(e, false),
      R"({"content":[{"type":"text","text":"invalid_argument: 2 violations\n- from.x: no such field; did you mean y?\n- the arguments: too much\n- and 1 more\ntry again after 20 ms"}],"isError":true})");
  EXPECT_THAT(failure_result(e, true), HasSubstr("hidden"));
}

TEST(mcp_messages, accept_must_allow_json) {
  for (const char* fine : {"", "application/json, text/event-stream", "*/*", "text/event-stream, application/*;q=0.5",
                           "Application/JSON;charset=utf-8;q=0.001"})
    EXPECT_TRUE(accepts_json(fine)) << fine;
  for (const char* wrong :
       {"text/event-stream", "text/html", "application/json;q=0", "application/json; q=0.0, text/*"})
    EXPECT_FALSE(accepts_json(wrong)) << wrong;
}

}  // namespace
}  // namespace waggle
