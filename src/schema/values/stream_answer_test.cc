// What a subscription's method answers: `{"items":[…],"cursor","afterMs","done"}` (docs/subscriptions.md).
#include <gmock/gmock.h>

#include "schema/contract.h"

namespace waggle {
namespace {

using testing::HasSubstr;

class StreamAnswer : public testing::Test {
 protected:
  result<void> check(std::string_view name, std::string_view answer) {
    std::string text(answer);
    return check_answer(*about.find(name), text, payload_limits{});
  }
  std::string problem(std::string_view name, std::string_view answer) {
    const auto fits = check(name, answer);
    if (fits) return "none";
    EXPECT_EQ(fits.error().whose, fault::guest);
    std::string all = fits.error().message;
    for (const violation& v : fits.error().violations) all += " | " + v.path + ": " + v.message;
    return all;
  }
  std::string ticks(std::string_view answer) { return problem("ticks", answer); }

  const contract about = compile_contract(R"sdl(
schema @service(name: "t.T") { query: Query subscription: Subscription }
type Query { a: Int }
type Subscription { ticks: Int! maybe: Int lists: [[String!]!]! things: Thing! named: Node secret: String @sensitive }
union Thing = A | B
interface Node { id: ID! }
type A implements Node { id: ID! a: Int! }
type B implements Node { id: ID! b: String }
)sdl",
                                          "t.graphql")
                             .value.value();
};

TEST_F(StreamAnswer, answers_that_fit) {
  EXPECT_EQ(ticks(R"({"items":[]})"), "none");
  EXPECT_EQ(ticks(R"({"items":[1,2],"cursor":"c","afterMs":100,"done":false})"), "none");
  EXPECT_EQ(ticks(R"({"done":true,"items":[1],"cursor":null,"afterMs":null})"), "none");
  EXPECT_EQ(problem("maybe", R"({"items":[1,null]})"), "none");
  EXPECT_EQ(problem("lists", R"({"items":[[["a"],[]],[]]})"), "none");
  EXPECT_EQ(problem("things", R"({"items":[{"__typename":"A","id":"1","a":1},{"__typename":"B","id":"2"}]})"), "none");
  EXPECT_EQ(problem("named", R"({"items":[{"__typename":"B","id":"2"},null]})"), "none");
}

TEST_F(StreamAnswer, envelopes_that_do_not_fit) {
  EXPECT_THAT(ticks("1"), HasSubstr("stream of Int!"));
  EXPECT_NE(ticks("null"), "none");
  EXPECT_NE(ticks("[1]"), "none");
  EXPECT_THAT(ticks("{}"), HasSubstr("items"));
  EXPECT_THAT(ticks(R"({"items":null})"), HasSubstr("items"));
  EXPECT_THAT(ticks(R"({"items":1})"), HasSubstr("items"));
  EXPECT_THAT(ticks(R"({"items":[],"cursor":1})"), HasSubstr("cursor"));
  EXPECT_THAT(ticks(R"({"items":[],"afterMs":"1"})"), HasSubstr("afterMs"));
  EXPECT_THAT(ticks(R"({"items":[],"afterMs":3000000000})"), HasSubstr("afterMs"));
  EXPECT_THAT(ticks(R"({"items":[],"done":"yes"})"), HasSubstr("done"));
}

TEST_F(StreamAnswer, items_that_do_not_fit_are_found_by_their_path) {
  EXPECT_THAT(ticks(R"({"items":[1,null]})"), HasSubstr("items[1]"));
  EXPECT_THAT(ticks(R"({"items":[1,"2"]})"), HasSubstr("items[1]"));
  EXPECT_THAT(problem("maybe", R"({"items":["x"]})"), HasSubstr("items[0]"));
  EXPECT_THAT(problem("lists", R"({"items":[[["a",1]]]})"), HasSubstr("items[0][0][1]"));
  EXPECT_THAT(problem("things", R"({"items":[{"id":"1","a":1}]})"), HasSubstr("items[0]"));
  EXPECT_THAT(problem("things", R"({"items":[{"__typename":"A","id":"1"}]})"), HasSubstr("items[0]"));
}

TEST_F(StreamAnswer, a_sensitive_item_is_not_quoted) {
  EXPECT_EQ(problem("secret", R"({"items":["hush"]})"), "none");
  EXPECT_THAT(problem("secret", R"({"items":[123456]})"), testing::Not(HasSubstr("123456")));
}

}  // namespace
}  // namespace waggle
