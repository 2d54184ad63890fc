#include <random>

#include <gmock/gmock.h>

#include "schema/redact.h"
#include "schema/values/json_scan.h"

namespace waggle {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view sdl = R"(
type Query {
  pay(card: Card!, note: String, tags: [String!], pin: Int @sensitive, data: JSON, kind: Kind, keys: [String!] @sensitive): Paid
  token(value: JSON @sensitive): JSON @bare
  find: Found
}
scalar JSON
enum Kind { DEBIT CREDIT }
input Card { number: String! @sensitive, holder: String, next: Card }
type Paid { id: ID!, receipt: String @sensitive, card: Seen }
type Seen { last: String @sensitive, holder: String }
union Found = Paid | Seen
)";

const contract& about() {
  static const contract c = [] {
    auto compiled = compile_contract(sdl, "t.graphql");
    if (!compiled.value) throw std::runtime_error(to_string(compiled.findings.front()));
    return *std::move(compiled.value);
  }();
  return c;
}
shown_value payload(std::string_view method, const std::string& json, bool fits = true, std::size_t most = 10'000) {
  return show_payload(*about().find(method), json, fits, most).value_or(shown_value{.text = "nothing", .hidden = {}});
}

TEST(redact, hides_what_the_contract_marks_and_nothing_else) {
  EXPECT_EQ(
      payload("pay",
              R"({ "card" : {"number":"4111","holder":"Ada","next":{"number":"5222"}}, "note":"n", "pin":1234 })")
          .text,
      R"({"card":{"number":"[redacted]","holder":"Ada","next":{"number":"[redacted]"}},"note":"n","pin":"[redacted]"})");
  EXPECT_EQ(
      payload("pay", R"({"card":{"number":""},"keys":["a",["b"]],"data":{"card":{"number":1}},"kind":"DEBIT"})").text,
      R"({"card":{"number":"[redacted]"},"keys":"[redacted]","data":{"card":{"number":1}},"kind":"DEBIT"})");
  EXPECT_EQ(payload("token", R"({"a":["S3CRET"]})").text, R"("[redacted]")");
  const auto answer = show_answer(*about().find("pay"),
                                  R"({"id":"7","receipt":"R","card":{"last":"4111","holder":"Ada"}})", true, 1000);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->text, R"({"id":"7","receipt":"[redacted]","card":{"last":"[redacted]","holder":"Ada"}})");
}

TEST(redact, finds_the_type_of_an_answer_wherever_it_stands) {
  const method& m = *about().find("find");
  EXPECT_EQ(show_answer(m, R"({"last":"4111","holder":"Ada","__typename":"Seen"})", true, 1000)->text,
            R"({"last":"[redacted]","holder":"Ada","__typename":"Seen"})");
  EXPECT_EQ(show_answer(m, R"({"last":"4111","holder":"Ada"})", false, 1000)->text, R"("[unfit]")");
  EXPECT_EQ(show_answer(m, R"({"__typename":"Card","last":"4111"})", false, 1000)->text, R"("[unfit]")");
}

TEST(redact, what_does_not_fit_is_hidden_unless_it_stands_where_its_sort_belongs) {
  for (const auto& [json, shown] : std::vector<std::pair<std::string, std::string>>{
           {R"({"crad":{"number":"4111"},"note":"n"})", R"({"[unfit]":"[unfit]","note":"n"})"},
           {R"({"card":"4111"})", R"({"card":"[unfit]"})"},
           {R"({"card":{"nmuber":"4111","holder":"Ada"}})", R"({"card":{"[unfit]":"[unfit]","holder":"Ada"}})"},
           {R"({"note":{"number":"4111"},"tags":["a",4111,"b"],"kind":"4111"})",
            R"({"note":"[unfit]","tags":["a","[unfit]","b"],"kind":"[unfit]"})"},
           {R"({"tags":"one"})", R"({"tags":"one"})"},
           {R"("4111")", R"("[unfit]")"},
           {R"({"card":null})", R"({"card":null})"}})
    EXPECT_EQ(payload("pay", json, false).text, shown) << json;
}

TEST(redact, nothing_is_kept_of_what_is_not_json) {
  for (const std::string bad : {R"({"note":"x","card":{"number":"4"111"}})", R"({"note":"x")", "", "\xff", "{}{}"})
    EXPECT_EQ(payload("pay", bad, false).text, "nothing") << bad;
}

TEST(redact, a_long_text_is_cut_at_a_character) {
  const std::string json = R"({"note":"äääääääääää","card":{"number":"4111 1111"}})";
  for (std::size_t most = 0; most < json.size() + 12; ++most) {
    const shown_value v = payload("pay", json, true, most);
    EXPECT_LE(v.text.size(), most + 3);
    EXPECT_EQ(v.cut, v.text.ends_with("…"));
    EXPECT_FALSE(find_json_problem("\"" + std::string(v.text.size(), ' ') + "\"", 9));
    EXPECT_EQ(v.hidden.taken_from("of 4111 1111"), "of [redacted]") << most;
    EXPECT_THAT(v.text, Not(HasSubstr("4111")));
  }
}

TEST(redact, knows_which_methods_have_something_to_hide) {
  EXPECT_TRUE(has_sensitive(*about().find("pay")));
  const auto open = compile_contract("type Query { find(name: String): Int }", "t.graphql");
  EXPECT_FALSE(has_sensitive(*open.value->find("find")));
}

TEST(redact, every_item_of_a_long_list_is_hidden_elsewhere) {
  std::string keys;
  for (int i = 1000; i < 1500; ++i) keys += (keys.empty() ? "\"key-" : ",\"key-") + std::to_string(i) + "\"";
  const shown_value v = payload("pay", R"({"keys":[)" + keys + "]}");
  EXPECT_EQ(v.hidden.taken_from("no key-1000, no key-1499"), "no [redacted], no [redacted]");
}

TEST(redact, what_was_hidden_is_taken_out_of_other_texts) {
  const shown_value v = payload("pay", R"({"card":{"number":"4111\u002d22"},"pin":123456,"keys":["4111","abc",true]})");
  EXPECT_EQ(v.hidden.taken_from("card 4111-22 of 4111, pin 123456 abc 12345"),
            "card [redacted] of [redacted], pin [redacted] abc 12345");
  EXPECT_EQ(v.hidden.taken_from("nothing to see"), "nothing to see");
  const auto unfit = payload("pay", R"({"crad":{"number":"5222-33"},"note":"n"})", false);
  EXPECT_EQ(unfit.hidden.taken_from("card 5222-33"), "card [redacted]");
}

// Random JSON over the contract's own names, fitting or not: marked positions hold S3CRET, and none of it is ever shown.
class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}
  std::string value(int depth, bool secret) {
    switch (random_() % (depth > 4 ? 4 : 7)) {
      case 0: return secret ? "\"S3CRET\"" : "\"open\"";
      case 1: return secret ? "7357" : "1";
      case 2: return "null";
      case 3: return secret ? R"("\u0053\u0033CRET")" : "true";
      case 4: return "[" + value(depth + 1, secret) + ", " + value(depth + 1, secret) + "]";
      default: return object(depth + 1, secret);
    }
  }
  std::string object(int depth, bool secret) {
    static constexpr std::array<std::string_view, 11> names = {"card", "note", "tags",   "pin",     "kind", "number",
                                                               "keys", "next", "holder", "receipt", "numbr"};
    std::string out = "{";
    for (auto n = random_() % 4; n > 0; --n) {
      const std::string_view name = names.at(random_() % names.size());
      // What a careless caller sends: the secret's name in a place where the contract has none is secret as well.
      const bool marked =
          secret || name == "pin" || name == "number" || name == "keys" || name == "receipt" || name == "numbr";
      out += (out.size() > 1 ? "," : "") + ("\"" + std::string(name) + "\" :" + value(depth, marked));
    }
    return out + "}";
  }
  /// What `pay` takes.
  std::string payload() {
    std::string out = "{\"card\": " + card(0);
    for (const std::string_view more :
         {R"("note":"open")", R"("tags":["open", "open"])", R"("pin":7357)", R"("kind":"DEBIT")",
          R"("keys": ["S3CRET", "\u0053\u0033CRET"])", R"("data":{"number":[1, {"pin":null}]})", R"("note":null)"})
      if (random_() % 2 == 0 && !(more.ends_with("null") && out.find("note") != std::string::npos))
        out += "," + std::string(more);
    return out + "}";
  }

 private:
  std::string card(int depth) {
    std::string out = R"({"number" :"S3CRET")";
    if (random_() % 2 == 0) out += R"(,"holder":"open")";
    if (depth < 4 && random_() % 2 == 0) out += R"(,"next":)" + card(depth + 1);
    return out + "}";
  }

  std::minstd_rand random_;
};

TEST(redact, no_secret_is_ever_shown) {
  payload_limits limits;
  int fitted = 0;
  for (unsigned seed = 1; seed < 20'000; ++seed) {
    Maker maker(seed);
    std::string json = seed % 10 == 0 ? maker.payload() : maker.object(0, false);
    const method& m = *about().find("pay");
    const bool fits = check_payload(m, json, limits).has_value();
    fitted += fits ? 1 : 0;
    const auto v = show_payload(m, json, fits, seed % 200 + 20);
    ASSERT_TRUE(v) << json;
    ASSERT_THAT(v->text, Not(HasSubstr("S3CRET"))) << json;
    ASSERT_THAT(v->text, Not(HasSubstr("7357"))) << json;
    ASSERT_THAT(v->text, Not(HasSubstr("\\u0053"))) << json;
    if (!v->cut) {
      ASSERT_FALSE(find_json_problem(v->text, 100)) << json << "\n" << v->text;
    }
  }
  EXPECT_GE(fitted, 1999);
}

}  // namespace
}  // namespace waggle
