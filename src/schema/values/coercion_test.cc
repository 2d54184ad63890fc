// Payloads against the types of a contract: input coercion (§3.5–§3.12), what is reported, and answers.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "schema/contract.h"

namespace waggle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

contract compiled(std::string_view sdl) {
  compiled_contract c = compile_contract(sdl, "t.graphql");
  for (const diagnostic& d : c.findings) EXPECT_NE(d.level, diagnostic::severity::error) << to_string(d);
  EXPECT_TRUE(c.value);
  return c.value ? std::move(*c.value) : contract{};
}

/// What becomes of a payload; "refused" where it does not fit.
std::string coerced(const contract& c, std::string_view json) {
  std::string text(json);
  return check_payload(*c.find("m"), text, {}) ? text : "refused";
}
error refused(const contract& c, std::string_view json, payload_limits limits = {}) {
  std::string text(json);
  const auto r = check_payload(*c.find("m"), text, limits);
  EXPECT_FALSE(r) << json;
  EXPECT_EQ(text, json);
  return r ? error{} : r.error();
}
/// The value of one argument of this type.
std::string argument(std::string_view type, std::string_view json) {
  const contract c =
      compiled(fmt::format("type Query {{ m(v: {}): Int @bare }}\n"
                           "enum Color {{ RED GREEN }} input P {{ x: Int! = 3, y: [Int] }}\n"
                           "input One @oneOf {{ a: String b: Int }}\n"
                           "scalar Free scalar Strange @specifiedBy(url: \"https://e.org/x\")",
                           type));
  return coerced(c, json);
}

struct coercion {
  std::string_view type;
  std::string_view given;
  std::string_view becomes;  ///< empty: what was given
};
class coercions : public testing::TestWithParam<coercion> {};
TEST_P(coercions, by_the_specification) {
  const auto& [type, given, becomes] = GetParam();
  EXPECT_EQ(argument(type, given), becomes.empty() ? given : becomes) << type << " " << given;
}
constexpr std::string_view no = "refused";
INSTANTIATE_TEST_SUITE_P(
    section_3_5_1_int, coercions,
    testing::Values(coercion{"Int", "1"}, coercion{"Int", " 2147483647 "}, coercion{"Int", "-2147483648"},
                    coercion{"Int", "2147483648", no}, coercion{"Int", "-2147483649", no}, coercion{"Int", "1.0", "1"},
                    coercion{"Int", "1e3", "1000"}, coercion{"Int", "100e-2", "1"}, coercion{"Int", "-0", "0"},
                    coercion{"Int", "-0.0", "0"}, coercion{"Int", "1.5", no}, coercion{"Int", "1e10", no},
                    coercion{"Int", "1e999999999999", no}, coercion{"Int", "\"1\"", no}, coercion{"Int", "true", no},
                    coercion{"Int", "null"}, coercion{"Int!", "null", no}, coercion{"Int", "[]", no},
                    coercion{"Int", "{}", no}, coercion{"Int", "12345678901234567890", no}));
INSTANTIATE_TEST_SUITE_P(section_3_5_2_float, coercions,
                         testing::Values(coercion{"Float", "1"}, coercion{"Float", "1.50"}, coercion{"Float", "1e3"},
                                         coercion{"Float", "1e308"}, coercion{"Float", "1e309", no},
                                         coercion{"Float", "1e-999"}, coercion{"Float", "\"1\"", no},
                                         coercion{"Float", "1234567890123456789012345"}, coercion{"Float", "NaN", no}));
INSTANTIATE_TEST_SUITE_P(section_3_5_3_string, coercions,
                         testing::Values(coercion{"String", R"("")"},
                                         coercion{"String", R"("a\"\\\u00e9\ud83d\ude00")"},
                                         coercion{"String", "\"grüße 🐝 and a long tail of text\""},
                                         coercion{"String", R"("\ud800")", no}, coercion{"String", "\"\xFF\"", no},
                                         coercion{"String", "1", no}, coercion{"String", "\"a\nb\"", no},
                                         coercion{"String", "\"open", no}));
INSTANTIATE_TEST_SUITE_P(section_3_5_4_boolean, coercions,
                         testing::Values(coercion{"Boolean", "true"}, coercion{"Boolean", "false"},
                                         coercion{"Boolean", "1", no}, coercion{"Boolean", "\"true\"", no},
                                         coercion{"Boolean", "truer", no}));
INSTANTIATE_TEST_SUITE_P(section_3_5_5_id, coercions,
                         testing::Values(coercion{"ID", "\"x\""}, coercion{"ID", "4", "\"4\""},
                                         coercion{"ID", "4.0", "\"4\""}, coercion{"ID", "4.5", no},
                                         coercion{"ID", "-7", "\"-7\""}, coercion{"ID", "-0", "\"0\""},
                                         coercion{"ID", "12345678901234567890123", "\"12345678901234567890123\""},
                                         coercion{"ID", "1e2", "\"100\""}, coercion{"ID", "1e99999", no},
                                         coercion{"ID", "true", no}));
INSTANTIATE_TEST_SUITE_P(section_3_9_enums, coercions,
                         testing::Values(coercion{"Color", "\"RED\""}, coercion{"Color", R"("\u0052ED")"},
                                         coercion{"Color", "\"red\"", no}, coercion{"Color", "\"REDDER\"", no},
                                         coercion{"Color", "0", no}, coercion{"Color!", "null", no}));
INSTANTIATE_TEST_SUITE_P(section_3_11_lists, coercions,
                         testing::Values(coercion{"[Int]", "[1, 2]"}, coercion{"[Int]", "1", "[1]"},
                                         coercion{"[Int]", "null"}, coercion{"[Int]!", "null", no},
                                         coercion{"[Int!]", "[null]", no}, coercion{"[Int]", "[null]"},
                                         coercion{"[[Int]]", "[1, null]", "[[1], null]"},
                                         coercion{"[[Int]]", "1", "[[1]]"}, coercion{"[[Int!]!]", "[[1], null]", no},
                                         coercion{"[ID]", "[1, \"a\", 2.0]", "[\"1\", \"a\", \"2\"]"},
                                         coercion{"[Int]", "[1,]", no}, coercion{"[Int]", "[]"},
                                         coercion{"[Color]", "\"RED\"", "[\"RED\"]"},
                                         coercion{"[P]", "{}", "[{\"x\":3}]"}, coercion{"[Int]", "[\"a\"]", no}));
INSTANTIATE_TEST_SUITE_P(
    section_3_10_input_objects, coercions,
    testing::Values(coercion{"P", "{}", "{\"x\":3}"}, coercion{"P", "{\"x\": 4}"}, coercion{"P", "{\"x\": null}", no},
                    coercion{"P", "{\"y\": [1]}", "{\"y\": [1],\"x\":3}"},
                    coercion{"P", "{ \"y\" : 1 , \"x\" : 2.0 }", "{ \"y\" : [1] , \"x\" : 2 }"},
                    coercion{"P", R"({"\u0078": 1})"}, coercion{"P", R"({"x": 1, "x": 1})", no},
                    coercion{"P", R"({"x": 1, "\u0078": 1})", no}, coercion{"P", R"({"z": 1})", no},
                    coercion{"P", "[]", no}, coercion{"P", R"({"x": 1,})", no}, coercion{"P", R"({"x" 1})", no},
                    coercion{"P", R"({"x": 1)", no}, coercion{"P!", "null", no}, coercion{"P", "null"}));
INSTANTIATE_TEST_SUITE_P(section_3_10_1_one_of, coercions,
                         testing::Values(coercion{"One", R"({"a": "x"})"},
                                         coercion{"One", R"({"b": 1.0})", R"({"b": 1})"}, coercion{"One", "{}", no},
                                         coercion{"One", R"({"a": "x", "b": 1})", no},
                                         coercion{"One", R"({"a": null})", no},
                                         coercion{"One", R"({"a": "x", "b": null})", no}));
INSTANTIATE_TEST_SUITE_P(custom_scalars_pass_through, coercions,
                         testing::Values(coercion{"Free", R"({"a": [1, "x", null, 1e999]})"}, coercion{"Free!", "1.0"},
                                         coercion{"Free!", "null", no}, coercion{"Strange", "[[]]"},
                                         coercion{"Free", "[1", no}, coercion{"Free", "{\"a\"}", no}));

// §3.10: an explicit null stays null, a missing value takes the default.
TEST(arguments, null_and_missing_differ) {
  const contract c = compiled("type Query { m(a: Int = 3, b: String, c: [Int] = 1): Int }");
  EXPECT_EQ(coerced(c, "{}"), R"({"a":3,"c":[1]})");
  EXPECT_EQ(coerced(c, R"({"a":null,"b":null,"c":null})"), R"({"a":null,"b":null,"c":null})");
  EXPECT_EQ(coerced(c, R"( { "b" : "x" } )"), R"( { "b" : "x" ,"a":3,"c":[1]} )");
}

TEST(defaults, of_input_types_are_filled_in_with_their_own_defaults) {
  const contract c = compiled(
      "type Query { m(a: A = {}): Int } input A { b: B! = {y: 1} c: [ID!] = [1, \"x\"] }\n"
      "input B { x: Color = GREEN y: Int! z: Float = 1.50 n: Int = null } enum Color { RED GREEN }");
  EXPECT_EQ(coerced(c, "{}"), R"({"a":{"b":{"y":1,"x":"GREEN","z":1.50,"n":null},"c":["1","x"]}})");
  EXPECT_EQ(coerced(c, R"({"a":{"b":{"y":2},"c":[]}})"), R"({"a":{"b":{"y":2,"x":"GREEN","z":1.50,"n":null},"c":[]}})");
}

TEST(defaults, that_would_make_a_payload_too_long_are_the_callers_to_avoid) {
  const contract c =
      compiled("type Query { m(a: [A!]!): Int } input A { t: String = \"" + std::string(1000, 'x') + "\" }");
  payload_limits limits;
  limits.input_bytes = 4000;
  std::string many = R"({"a":[{})";
  for (int i = 0; i < 10; ++i) many += ",{}";
  const error e = refused(c, many + "]}", limits);
  EXPECT_EQ(e.code, error_code::resource_exhausted);
  EXPECT_EQ(e.whose, fault::caller);
}

TEST(defaults, may_make_a_payload_longer_than_it_is_in_the_end) {
  const contract c = compiled("type Query { m(a: A, n: Int): Int } input A { t: String = \"xxxxxxxxxx\" }");
  payload_limits limits;
  limits.input_bytes = 50;
  std::string json = R"({"a":{},"n":1.0000000000000000000000000000000000})";
  ASSERT_LE(json.size(), limits.input_bytes);
  EXPECT_TRUE(check_payload(*c.find("m"), json, limits));
  EXPECT_EQ(json, R"({"a":{"t":"xxxxxxxxxx"},"n":1})");
}

TEST(constraints, a_pattern_that_takes_long_is_not_tried_on_long_texts) {
  const contract c = compiled("type Query { m(s: String @constraint(pattern: \"[ab]*a[ab]{900}[ab]{900}c\")): Int }");
  EXPECT_EQ(refused(c, R"({"s":"abc"})").violations.at(0).message, "must match [ab]*a[ab]{900}[ab]{900}c");
  EXPECT_THAT(refused(c, R"({"s":")" + std::string(100'000, 'a') + "\"}").violations.at(0).message,
              HasSubstr("is too long to be matched"));
}

TEST(names, over_255_bytes_are_errors_of_the_contract) {
  EXPECT_TRUE(compile_contract("type Query { " + std::string(255, 'a') + ": Int }", "t").value);
  EXPECT_FALSE(compile_contract("type Query { " + std::string(256, 'a') + ": Int }", "t").value);
}

TEST(fields, of_one_type_are_bounded) {
  std::string sdl = "type Query { m(i: I): Int } input I {";
  for (int i = 0; i < 10'001; ++i) sdl += fmt::format(" f{}: Int", i);
  const compiled_contract c = compile_contract(sdl + " }", "t");
  EXPECT_FALSE(c.value);
  EXPECT_THAT(c.findings.at(0).message, HasSubstr("at most 10000 can be served"));
}

TEST(defaults, that_explode_are_an_error_of_the_contract) {
  std::string sdl = "type Query { m(a: A0 = {}): Int }\n";
  for (int i = 0; i < 40; ++i) sdl += fmt::format("input A{0} {{ l: A{1} = {{}} r: A{1} = {{}} }}\n", i, i + 1);
  sdl += "input A40 { x: Int = 1 }";
  const compiled_contract c = compile_contract(sdl, "t.graphql");
  EXPECT_FALSE(c.value);
  EXPECT_THAT(c.findings.at(0).message, HasSubstr("fills in too much"));
}

TEST(fields, in_any_order_and_over_sixty_four_are_found) {
  std::string sdl = "type Query { m(i: I!): Int }\ninput I {";
  for (int i = 0; i < 150; ++i)
    sdl += fmt::format(" field_with_a_long_name_{}: Int{}", i, i % 50 == 7 ? "!" : i == 149 ? " = 9" : "");
  const contract c = compiled(sdl + " }");
  std::string json;
  for (int i = 148; i >= 0; --i)
    json += fmt::format("{}\"field_with_a_long_name_{}\":{}", json.empty() ? "" : ",", i, i);
  EXPECT_EQ(coerced(c, "{\"i\":{" + json + "}}"), "{\"i\":{" + json + ",\"field_with_a_long_name_149\":9}}");
  const error e = refused(c, R"({"i":{"field_with_a_long_name_7":1, "field_with_a_long_name_57":1}})");
  ASSERT_EQ(e.violation_count, 1U);
  EXPECT_EQ(e.violations[0].path, "i.field_with_a_long_name_107");
}

TEST(violations, are_all_told_with_path_place_and_suggestion) {
  const contract c = compiled(
      "type Query { m(name: String!, from: P, colors: [Color!], n: Int): Int }\n"
      "input P { x: Int! y: Int } enum Color { RED GREEN }");
  const error e = refused(c, R"({"from":{"X":1,"y":"2"},"colors":["RED","GREN"],"n":2.5,"n":3})");
  EXPECT_EQ(e.code, error_code::invalid_argument);
  EXPECT_EQ(e.whose, fault::caller);
  std::vector<std::string> all;
  for (const violation& v : e.violations)
    all.push_back(fmt::format("{}@{} {} [{}]", v.path, v.offset, v.message, v.suggestion));
  EXPECT_THAT(all,
              ElementsAre("from.X@9 P has no field X [x]", "from.y@19 expected Int, got the string \"2\" []",
                          "from.x@8 is missing: Int! must be given []", "colors[1]@40 Color has no value GREN [GREEN]",
                          "n@52 expected Int (an integer from -2147483648 to 2147483647), got 2.5 []",
                          "n@56 is given twice []", "name@0 is missing: String! must be given []"));
  EXPECT_EQ(e.violation_count, 7U);
  EXPECT_EQ(e.message, "the payload of m does not fit the contract: from.X: P has no field X (and 6 more)");
}

TEST(violations, are_counted_behind_the_fiftieth) {
  const contract c = compiled("type Query { m(l: [Int]): Int }");
  std::string json = "{\"l\":[true";
  for (int i = 1; i < 1000; ++i) json += ",\"x\"";
  const error e = refused(c, json + "]}");
  EXPECT_EQ(e.violations.size(), 50U);
  EXPECT_EQ(e.violation_count, 1000U);
  EXPECT_EQ(e.violations[49].path, "l[49]");
}

TEST(sensitive, values_are_never_quoted) {
  const contract c = compiled(
      "type Query { m(password: String @sensitive @constraint(pattern: \"^[a-z]+$\"), card: Card @sensitive, e: E "
      "@sensitive, n: Int): Int }\n"
      "input Card { number: Int! } enum E { RED }");
  const error e =
      refused(c, R"({"password":"S3CRET","card":{"number":"S3CRET","S3CRET":1,"x":"S3CRET"},"e":"S3CRET","n":1})");
  EXPECT_EQ(e.violation_count, 5U);
  EXPECT_THAT(to_json(e), Not(HasSubstr("S3CRET")));
  EXPECT_THAT(to_json(refused(c, R"({"password":"a"S3CRET"})")), Not(HasSubstr("found S")));
}

TEST(sensitive, values_in_the_place_of_what_holds_them_are_not_quoted_either) {
  const contract c =
      compiled("type Query { m(card: Card, cards: [Card!], n: Int): Int } input Card { number: String! @sensitive }");
  for (const std::string_view bad : {R"({"card":"4111"})", R"({"cards":"4111"})", R"({"cards":[4111]})"}) {
    const error e = refused(c, bad);
    EXPECT_EQ(e.violation_count, 1U) << bad;
    EXPECT_THAT(to_json(e), Not(HasSubstr("4111")));
  }
  EXPECT_THAT(to_json(refused(c, R"({"n":"4111"})")), HasSubstr("4111"));
}

TEST(known_scalars, are_checked_where_specified_by_names_them) {
  const contract c = compiled(R"(type Query { m(l: Long, b: Big, d: Date, j: JSON): Int }
scalar Long @specifiedBy(url: "https://scalars.graphql.org/apollographql/long-v0.1")
scalar Big @specifiedBy(url: "https://scalars.graphql.org/waggle/big-int")
scalar Date @specifiedBy(url: "https://scalars.graphql.org/andimarek/local-date")
scalar JSON)");
  EXPECT_EQ(coerced(c, R"({"b":12345678901234567890})"), R"({"b":"12345678901234567890"})");
  EXPECT_EQ(coerced(c, R"({"b":"-12"})"), R"({"b":"-12"})");
  EXPECT_EQ(coerced(c, R"({"b":"x"})"), no);
  EXPECT_EQ(coerced(c, R"({"d":"2024-02-29"})"), R"({"d":"2024-02-29"})");
  EXPECT_EQ(coerced(c, R"({"d":"2023-02-29"})"), no);
  EXPECT_EQ(coerced(c, R"({"j":{"a":1e999}})"), R"({"j":{"a":1e999}})");
}

TEST(constraints, are_checked_on_places_items_and_scalars) {
  const contract c = compiled(
      R"(type Query { m(n: Int @constraint(min: 1, max: 10), s: String @constraint(minLength: 2, pattern: "^é"),
  l: [Int!] @constraint(min: 5, minItems: 2, uniqueItems: true), p: Price, i: [ID] @constraint(uniqueItems: true)): Int }
scalar Price @constraint(multipleOf: 0.1))");
  EXPECT_EQ(coerced(c, R"({"n":10,"s":"éa","l":[5,6],"p":0.3,"i":[1,"2"]})"),
            R"({"n":10,"s":"éa","l":[5,6],"p":0.3,"i":["1","2"]})");
  EXPECT_EQ(coerced(c, R"({"n":null,"s":null,"l":null,"p":null})"), R"({"n":null,"s":null,"l":null,"p":null})");
  for (const std::string_view bad :
       {R"({"n":0})", R"({"n":11})", R"({"s":"é"})", R"({"s":"ab"})", R"({"l":[5]})", R"({"l":5})", R"({"l":[4,6]})",
        R"({"l":[5,5.0]})", R"({"p":0.35})", R"({"i":[1,"1"]})"}) {
    const error e = refused(c, bad);
    EXPECT_EQ(e.violation_count, 1U) << bad;
  }
}

TEST(constraints, that_a_default_breaks_are_errors_of_the_contract) {
  const compiled_contract c = compile_contract("type Query { m(n: Int = 11 @constraint(max: 10)): Int }", "t.graphql");
  EXPECT_FALSE(c.value);
  EXPECT_THAT(c.findings.at(0).message, HasSubstr("the default of n does not fit"));
}

TEST(violations, of_wide_types_take_no_time_for_each_field_of_each_object) {
  std::string sdl = "type Query { m(l: [W]): Int } input W {";
  for (int i = 0; i < 3000; ++i) sdl += fmt::format(" f{}: Int!", i);
  const contract c = compiled(sdl + " }");
  std::string json = "{\"l\":[{}";
  for (int i = 1; i < 100'000; ++i) json += ",{}";
  const error e = refused(c, json + "]}");
  EXPECT_EQ(e.violation_count, 300'000'000U);
  EXPECT_EQ(e.violations.size(), 50U);
}

TEST(constraints, lists_within_lists_whose_items_must_differ_are_bounded) {
  const contract c =
      compiled("input R { r: [R!] @constraint(uniqueItems: true) s: String } type Query { m(v: R, bad: Int): Int }");
  std::string json = R"({"s":")" + std::string(10'000, 'x') + "\"}";
  for (int i = 0; i < 60; ++i) json = R"({"r":[)" + json + ",{}]}";
  EXPECT_EQ(refused(c, "{\"v\":" + json + "}").code, error_code::resource_exhausted);
  EXPECT_EQ(refused(c, "{\"v\":" + json + ",\"bad\":\"x\"}").code, error_code::resource_exhausted);
  EXPECT_EQ(refused(c, R"({"v":{"r":[{"r":[{"s":"a"},{"s":"\u0061"}]},{}]}})").violations.at(0).path, "v.r[0].r");
}

// --- answers

contract answering(std::string_view type) {
  return compiled(
      fmt::format("type Query {{ m: {} }}\n"
                  "interface Node {{ id: ID! }} union Thing = Dog | Cat\n"
                  "type Dog implements Node {{ id: ID! name: String friends: [Node!] }}\n"
                  "type Cat implements Node {{ id: ID! lives: Int! }}",
                  type));
}
bool answered(std::string_view type, std::string_view json) {
  const contract c = answering(type);
  std::string text(json);
  const auto r = check_answer(*c.find("m"), text, {});
  EXPECT_EQ(text, json) << "an answer is never rewritten";
  if (!r) {
    EXPECT_EQ(r.error().code, error_code::internal);
    EXPECT_EQ(r.error().whose, fault::guest);
  }
  return r.has_value();
}

TEST(answers, are_whole_values_of_their_type) {
  EXPECT_TRUE(answered("Dog", R"({"id":"1"})"));
  EXPECT_TRUE(answered("Dog", R"({"id":1,"name":null,"__typename":"Dog"})"));
  EXPECT_FALSE(answered("Dog", R"({"id":"1","__typename":"Cat"})"));
  EXPECT_FALSE(answered("Dog", R"({"name":"x"})"));
  EXPECT_FALSE(answered("Dog", R"({"id":"1","extra":1})"));
  EXPECT_FALSE(answered("Dog", R"({"id":"1","id":"1"})"));
  EXPECT_FALSE(answered("Dog!", "null"));
  EXPECT_TRUE(answered("Dog", "null"));
  EXPECT_FALSE(answered("[Int]", "1"));
  EXPECT_TRUE(answered("[Int]", "[1,null,2.0]"));
  EXPECT_FALSE(answered("Int", "2147483648"));
  EXPECT_FALSE(answered("String", "1"));
  EXPECT_FALSE(answered("Dog", ""));
}

TEST(answers, of_interfaces_and_unions_say_which_type_they_are) {
  EXPECT_TRUE(answered("Node", R"({"__typename":"Cat","id":"1","lives":9})"));
  EXPECT_TRUE(answered("Node", R"({"id":"1","lives":9,"__typename":"Cat"})"));
  EXPECT_TRUE(answered("Thing", R"({ "id" : "1", "lives":9, "\u005f_typename" : "C\u0061t" })"));
  EXPECT_FALSE(answered("Node", R"({"id":"1","lives":9})"));
  EXPECT_FALSE(answered("Node", R"({"__typename":"Bird","id":"1"})"));
  EXPECT_FALSE(answered("Node", R"({"__typename":"Dog","id":"1","lives":9})"));
  EXPECT_FALSE(answered("Node", R"({"__typename":1})"));
  EXPECT_TRUE(answered("Node", R"({"id":"1","friends":[{"lives":1,"id":"2","__typename":"Cat"}],"__typename":"Dog"})"));
  EXPECT_FALSE(answered("Node", R"({"id":"1","friends":[{"lives":1,"id":"2"}],"__typename":"Dog"})"));
}

TEST(answers, that_nest_types_that_are_named_last_take_no_quadratic_time) {
  std::string json = R"({"id":"1","__typename":"Dog"})";
  for (int i = 0; i < 60; ++i) json = R"({"id":"1","friends":[)" + json + R"(],"__typename":"Dog"})";
  EXPECT_TRUE(answered("Node", json));
}

}  // namespace
}  // namespace waggle
