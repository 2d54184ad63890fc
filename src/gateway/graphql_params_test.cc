#include "gateway/graphql_params.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace waggle {
namespace {

using testing::HasSubstr;

const std::string hash(64, 'a');

std::string json_problem(std::string_view json) {
  const auto p = read_graphql_json(json);
  if (p) return "none";
  EXPECT_EQ(p.error().code, error_code::invalid_argument);
  EXPECT_EQ(p.error().whose, fault::caller);
  return p.error().message;
}
std::string url_problem(std::string_view url) {
  const auto p = read_graphql_url(url);
  return p ? "none" : p.error().message;
}

TEST(graphql_params, a_json_body) {
  const auto p = read_graphql_json(
      R"( {"variables": {"a": [1, "}"]}, "operationName":"Q","query":"{ \"\u0061\" }", "other": 1, "other": 2} )");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->query, R"({ "a" })");
  EXPECT_EQ(p->operation_name, "Q");
  EXPECT_EQ(p->variables, R"({"a": [1, "}"]})");
  EXPECT_EQ(p->document_id, "");
  EXPECT_EQ(p->sha256, "");
}

TEST(graphql_params, null_is_as_good_as_absent) {
  const auto p = read_graphql_json(R"({"query":"{a}","variables":null,"operationName":null,"extensions":null})");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->variables + p->operation_name, "");
  EXPECT_THAT(json_problem(R"({"query":null})"), HasSubstr("there is no query"));
}

TEST(graphql_params, what_is_no_request) {
  EXPECT_EQ(json_problem(""), "the body is not JSON: it is empty");
  EXPECT_THAT(json_problem("{query: \"{a}\"}"), HasSubstr("the body is not JSON: at byte 1: expected"));
  EXPECT_THAT(json_problem("{\"query\":\"{a}\"} x"), HasSubstr("the body is not JSON: at byte 16: "));
  EXPECT_THAT(json_problem("{\"query\":\"\xFF\"}"), HasSubstr("the body is not JSON: at byte "));
  EXPECT_THAT(json_problem(std::string(1000, '[')), HasSubstr("the body is not JSON"));
  EXPECT_THAT(json_problem(R"([{"query":"{a}"}])"), HasSubstr("batches"));
  EXPECT_THAT(json_problem("1"), HasSubstr("must be a JSON object"));
  EXPECT_THAT(json_problem("{}"), HasSubstr("there is no query"));
  EXPECT_THAT(json_problem(R"({"query":""})"), HasSubstr("there is no query"));
  EXPECT_THAT(json_problem(R"({"query":"{a}","documentId":"x"})"), HasSubstr("not both"));
}

TEST(graphql_params, wrong_types) {
  EXPECT_EQ(json_problem(R"({"query":1})"), "query must be a string");
  EXPECT_EQ(json_problem(R"({"query":"{a}","operationName":{}})"), "operationName must be a string");
  EXPECT_EQ(json_problem(R"({"documentId":true})"), "documentId must be a string");
  EXPECT_EQ(json_problem(R"({"query":"{a}","variables":"{}"})"), "variables must be an object");
  EXPECT_EQ(json_problem(R"({"query":"{a}","variables":[]})"), "variables must be an object");
  EXPECT_EQ(json_problem(R"({"query":"{a}","extensions":[]})"), "extensions must be an object");
}

TEST(graphql_params, a_member_that_comes_twice_is_refused) {
  EXPECT_EQ(json_problem(R"({"query":"{a}","query":"{b}"})"), "query is there twice");
  EXPECT_EQ(json_problem(R"({"query":"{a}","qu\u0065ry":"{b}"})"), "query is there twice");
  EXPECT_EQ(json_problem(R"({"query":"{a}","variables":null,"variables":{}})"), "variables is there twice");
  EXPECT_EQ(url_problem("query=a&query=b"), "the parameter query is there twice");
  EXPECT_EQ(url_problem("query=&query=b"), "the parameter query is there twice");
}

TEST(graphql_params, the_hash_of_a_document) {
  const auto of = [](std::string_view stored) {
    return fmt::format(R"({{"extensions":{{"x":1,"persistedQuery":{}}}}})", stored);
  };
  const auto p = read_graphql_json(of(fmt::format(R"({{"version":1,"sha256Hash":"{}"}})", hash)));
  ASSERT_TRUE(p);
  EXPECT_EQ(p->sha256, hash);
  for (const std::string& bad :
       {std::string("null"), std::string(R"("x")"), fmt::format(R"({{"sha256Hash":"{}"}})", hash),
        fmt::format(R"({{"version":2,"sha256Hash":"{}"}})", hash), fmt::format(R"({{"version":1}})"),
        fmt::format(R"({{"version":1,"sha256Hash":"{}"}})", hash.substr(1)),
        fmt::format(R"({{"version":1,"sha256Hash":"{}A"}})", hash.substr(1))})
    EXPECT_THAT(json_problem(of(bad)), HasSubstr("extensions.persistedQuery")) << bad;
}

TEST(graphql_params, a_cursor_is_bounded) {
  const auto of = [](std::size_t bytes) {
    return fmt::format(R"({{"query":"{{a}}","extensions":{{"cursor":"{}"}}}})", std::string(bytes, 'x'));
  };
  EXPECT_EQ(read_graphql_json(of(4096))->cursor.size(), 4096U);
  EXPECT_EQ(json_problem(of(4097)), "extensions.cursor has 4097 bytes; at most 4096");
  EXPECT_EQ(url_problem("query=a&extensions={\"cursor\":\"" + std::string(4097, 'x') + "\"}"),
            "extensions.cursor has 4097 bytes; at most 4096");
}

TEST(graphql_params, a_urls_parameters) {
  const auto p = read_graphql_url(
      "x=%zz&query=%7B+a%20%7D&operationName=Q&variables=%7B%22a%22:1%7D&&extensions={\"persistedQuery\":"
      "{\"version\":1,\"sha256Hash\":\"" +
      hash + "\"}}");
  ASSERT_TRUE(p) << p.error().message;
  EXPECT_EQ(p->query, "{ a }");
  EXPECT_EQ(p->operation_name, "Q");
  EXPECT_EQ(p->variables, R"({"a":1})");
  EXPECT_EQ(p->sha256, hash);
  EXPECT_EQ(read_graphql_url("documentId=d%2F1&query")->document_id, "d/1");
}

TEST(graphql_params, bad_urls) {
  EXPECT_THAT(url_problem(""), HasSubstr("there is no query"));
  EXPECT_THAT(url_problem("query"), HasSubstr("there is no query"));
  EXPECT_THAT(url_problem("query=%2"), HasSubstr("percent-encoded"));
  EXPECT_THAT(url_problem("query=a&variables={"), HasSubstr("the parameter variables is not JSON: at byte 1: "));
  EXPECT_EQ(url_problem("query=a&variables=1"), "variables must be an object");
  EXPECT_EQ(url_problem("query=a&extensions=1"), "extensions must be an object");
  EXPECT_EQ(url_problem("query=a&variables=null&operationName="), "none");
}

}  // namespace
}  // namespace waggle
