#include "schema/execute/validate.h"

#include <functional>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "schema/language/parser.h"

namespace waggle::graphql {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view sdl = R"(
directive @many(x: Int) repeatable on FIELD | QUERY
directive @once on FIELD | VARIABLE_DEFINITION
scalar Any
enum Color { RED GREEN }
input Point { x: Int! y: Int! = 0 tags: [String!] next: Point color: Color any: Any }
input Pick @oneOf { id: ID name: String }
interface Pet { name(loud: Boolean): String! friend: Pet }
interface Named { title: String }
type Dog implements Pet { name(loud: Boolean): String! friend: Pet barks: Boolean! id: ID! self: Dog }
type Cat implements Pet { name(loud: Boolean): String! friend: Pet meows: Int! id: Int! self: Cat }
type Rock { weight: Float }
union Animal = Dog | Cat
type Query {
  dog: Dog pet: Pet animal: Animal rock: Rock pets(first: Int! = 10, after: ID): [Pet!]! at(point: Point!, color: Color): Int
  pick(by: Pick!): Dog lists(of: [[Int!]]): Int any(of: Any): Int float(f: Float): Int points(all: [Point]): Int
}
type Subscription { ticks(n: Int): Int! tocks: Int! }
)";

const query_schema& a_schema(bool sensitive = false) {
  const auto make = [](bool with_sensitive) {
    const auto parsed = std::make_shared<parsed_schema>(sdl);
    findings found(parsed->text, "s");
    parsed->doc = parse(parsed->text, {}, found);
    parsed->index = index_schema(parsed->doc, false, found);
    for (const diagnostic& d : found.take()) ADD_FAILURE() << to_string(d);
    return query_schema(parsed, with_sensitive);
  };
  static const query_schema made = make(false);
  static const query_schema secret = make(true);
  return sensitive ? secret : made;
}

std::vector<std::string> messages(std::string_view text, bool sensitive = false) {
  findings found(text, "q");
  const executable_document doc = parse_executable(text, {}, found);
  EXPECT_FALSE(found.has_errors()) << text.substr(0, 200);
  validate(a_schema(sensitive), doc, found);
  std::vector<std::string> out;
  for (const diagnostic& d : found.take()) out.push_back(to_string(d));
  return out;
}

class valid_request : public testing::TestWithParam<std::string_view> {};
TEST_P(valid_request, without_a_finding) { EXPECT_THAT(messages(GetParam()), IsEmpty()); }
INSTANTIATE_TEST_SUITE_P(
    rules_5, valid_request,
    testing::Values(
        "{dog{name}}", "query A{dog{id}} query B{dog{id}}", "subscription{ticks}",
        "subscription{a:ticks(n:1) a:ticks(n:1)}",
        "subscription{...on Subscription{...F}} fragment F on Subscription{ticks}",
        "{__typename __schema{types{name}} __type(name:\"Dog\"){fields(includeDeprecated:true){name}}}",
        "{animal{__typename ...on Dog{barks} ...on Pet{name} ...{...on Cat{meows}}}}",
        // §5.3.2: no object is both a Dog and a Cat.
        "{pet{...on Dog{n:name(loud:true) x:barks} ...on Cat{n:name(loud:false) x2:meows}}}",
        "{pet{...on Dog{x:self{name}} ...on Cat{x:self{y:id}}}}", "{dog{name(loud:true) name(loud:true)}}",
        "{at(point:{x:1 y:2}) at(point:{y:2 x:1})}",
        "{dog{...F ...F}} fragment F on Dog{name self{...G}} fragment G on Dog{name}", "{pets{name}}",
        "{pets(first:1 after:4){name}}", "{at(point:{x:1 tags:\"t\" next:{x:2} color:RED any:{k:[1 \"s\"]}})}",
        "{lists(of:1) l:lists(of:[1 [2]]) m:lists(of:[null])}", "{float(f:1)}", "{points(all:{x:1})}",
        "{pick(by:{id:1}){id}}", "query($i:ID!){pick(by:{id:$i}){id}}",
        // §5.8.5, IsNonNullPosition: a default is as good as !.
        "query($i:ID=\"d\"){pick(by:{id:$i}){id}}", "query($n:Int){pets(first:$n){name}}",
        "query($n:Int=5){at(point:{x:$n})}", "query($n:Int){at(point:{x:1 y:$n})}", "query($x:Int!){lists(of:[[$x]])}",
        "query($p:[Point!]!){points(all:$p)}", "query($v:Int $w:Boolean){any(of:{k:$v l:[$w]})}",
        "query Q($n:Int=3@once){a:pets(first:$n){name}...F} fragment F on Query{b:pets(first:$n){name}}",
        "query @many @many(x:1){dog@many@many@once{id}}", "query($b:Boolean!){dog@skip(if:$b)@include(if:true){id}}"));

struct wrong {
  std::string_view text;
  std::string_view message;
};
class invalid_request : public testing::TestWithParam<wrong> {};
TEST_P(invalid_request, at_the_place) {
  EXPECT_THAT(messages(GetParam().text), ElementsAre(std::string(GetParam().message))) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(
    operations_5_2, invalid_request,
    testing::Values(
        wrong{"mutation{a}", "q:1:1: error: there are no mutations here: the schema has no such root (§5.2.1.1)"},
        wrong{"query A{dog{id}} query A{dog{id}}", "q:1:24: error: operation A is there twice (§5.2.2.1)"},
        wrong{"query A{dog{id}}{dog{id}}",
              "q:1:17: error: an operation without a name stands alone in its document; name each one (§5.2.3.1)"},
        wrong{"subscription S{ticks tocks}",
              "q:1:22: error: subscription S selects ticks and tocks; a subscription has exactly one field at its root "
              "(§5.2.4.1)"},
        wrong{"subscription S{ticks ...F} fragment F on Subscription{b:ticks}",
              "q:1:55: error: subscription S selects ticks and b; a subscription has exactly one field at its root "
              "(§5.2.4.1)"},
        wrong{"subscription{__typename}",
              "q:1:14: error: the subscription selects __typename; a subscription has exactly one field of its own at "
              "its root "
              "(§5.2.4.1)"},
        wrong{"subscription{...F} fragment F on Subscription{...on Subscription{__typename}}",
              "q:1:66: error: the subscription selects __typename; a subscription has exactly one field of its own at "
              "its root "
              "(§5.2.4.1)"},
        wrong{"subscription{ticks@skip(if:true)}",
              "q:1:19: error: the subscription has @skip at its root; a subscription has exactly one field there "
              "(§5.2.4.1)"}));
INSTANTIATE_TEST_SUITE_P(
    fields_5_3, invalid_request,
    testing::Values(
        wrong{"{dog{nam}}", "q:1:6: error: Dog has no field nam; did you mean name? (§5.3.1)"},
        wrong{"{pet{meows}}", "q:1:6: error: Pet has no field meows; use a fragment on Cat (§5.3.1)"},
        wrong{"{animal{name}}", "q:1:9: error: Animal has no field name; use a fragment on Cat (§5.3.1)"},
        wrong{"{rock{__schema{types{name}}}}", "q:1:7: error: Rock has no field __schema (§5.3.1)"},
        wrong{"{dog{name{x}}}",
              "q:1:6: error: name is of the type String!, which has no fields; remove its selection (§5.3.3)"},
        wrong{"{dog}", "q:1:2: error: dog is of the type Dog; select fields of it: dog { … } (§5.3.3)"},
        wrong{"{dog{x:name x:barks}}",
              "q:1:13: error: x in the answer would be String! at one place and Boolean! at another; give one of them "
              "another "
              "name, as in other: barks (§5.3.2)"},
        wrong{
            "{dog{x:friend{name} x:self{name}}}",
            "q:1:21: error: x in the answer would be friend and self; give one of them another name, as in other: self "
            "(§5.3.2)"},
        wrong{"{pet{name(loud:true) ...on Dog{name}}}",
              "q:1:32: error: name in the answer is asked for with different arguments; give one of them another name, "
              "as in "
              "other: name (§5.3.2)"},
        // The types of answers agree also where no object has both.
        wrong{"{pet{...on Dog{x:id} ...on Cat{x:id}}}",
              "q:1:32: error: x in the answer would be ID! at one place and Int! at another; give one of them another "
              "name, as "
              "in other: id (§5.3.2)"},
        wrong{"{pet{...on Dog{s:self{x:id}} ...on Cat{s:self{x:id}}}}",
              "q:1:47: error: x in the answer would be ID! at one place and Int! at another; give one of them another "
              "name, as "
              "in other: id (§5.3.2)"},
        wrong{"{dog{...F self{n:name}}} fragment F on Dog{self{n:barks}}",
              "q:1:49: error: n in the answer would be String! at one place and Boolean! at another; give one of them "
              "another "
              "name, as in other: barks (§5.3.2)"}));
INSTANTIATE_TEST_SUITE_P(
    arguments_5_4, invalid_request,
    testing::Values(
        wrong{"{pets(frist:1){name}}", "q:1:7: error: pets has no argument frist; did you mean first? (§5.4.1)"},
        wrong{"{dog@many(y:1){id}}", "q:1:11: error: @many has no argument y; did you mean x? (§5.4.1)"},
        wrong{"{pets(first:1 first:2){name}}", "q:1:15: error: argument first of pets is given twice (§5.4.2)"},
        wrong{"{at}", "q:1:2: error: at needs point: Point! (§5.4.3)"},
        wrong{"{dog@skip{id}}", "q:1:5: error: @skip needs if: Boolean! (§5.4.3)"}));
INSTANTIATE_TEST_SUITE_P(
    fragments_5_5, invalid_request,
    testing::Values(
        wrong{"{dog{...F}} fragment F on Dog{id} fragment F on Dog{id}",
              "q:1:44: error: fragment F is there twice (§5.5.1.1)"},
        wrong{"{dog{...on Dogg{id}}}", "q:1:12: error: type Dogg is not defined; did you mean Dog? (§5.5.1.2)"},
        wrong{
            "{dog{...on Color{id}}}",
            "q:1:12: error: Color is of the kind enum; a fragment is on an object type, interface or union (§5.5.1.3)"},
        wrong{"{dog{id}} fragment F on Dog{id}", "q:1:20: error: no operation uses fragment F; remove it (§5.5.1.4)"},
        wrong{"{dog{...Fo}}", "q:1:9: error: fragment Fo is not defined (§5.5.2.1)"},
        wrong{"{dog{...F}} fragment F on Dog{self{...F}}", "q:1:36: error: fragment F spreads itself (§5.5.2.2)"},
        wrong{"{dog{...F}} fragment F on Dog{self{...G}} fragment G on Dog{id ...F}",
              "q:1:64: error: fragment F spreads itself by way of G (§5.5.2.2)"},
        wrong{"{dog{...on Cat{id}}}", "q:1:6: error: this fragment is on Cat, and no Dog is one (§5.5.2.3)"},
        wrong{"{pet{...on Named{title}}}", "q:1:6: error: this fragment is on Named, and no Pet is one (§5.5.2.3)"},
        wrong{"{rock{...F}} fragment F on Pet{name}",
              "q:1:7: error: fragment F is on Pet, and no Rock is one (§5.5.2.3)"}));
INSTANTIATE_TEST_SUITE_P(
    values_5_6, invalid_request,
    testing::Values(
        wrong{"{pets(first:\"1\"){name}}", "q:1:13: error: first of pets: expected Int, found \"1\" (§5.6.1)"},
        wrong{"{pets(first:null){name}}", "q:1:13: error: first of pets: expected Int!, found null (§5.6.1)"},
        wrong{"{pets(first:2147483648){name}}",
              "q:1:13: error: first of pets: expected Int, found 2147483648; an Int has 32 bits (§5.6.1)"},
        wrong{"{lists(of:[[1 null]])}", "q:1:15: error: of of lists[0][1]: expected Int!, found null (§5.6.1)"},
        wrong{
            "{at(point:{x:1} color:\"RED\")}",
            "q:1:23: error: color of at: expected Color, found \"RED\"; values of enums stand without quotes (§5.6.1)"},
        wrong{"{at(point:{x:1 color:REED})}",
              "q:1:22: error: point of at.color: Color has no value REED; did you mean RED? (§5.6.1)"},
        wrong{"{at(point:1)}", "q:1:11: error: point of at: expected Point, found 1 (§5.6.1)"},
        wrong{"{at(point:{x:1 z:2})}", "q:1:16: error: point of at: Point has no field z; did you mean x? (§5.6.2)"},
        wrong{"{at(point:{x:1 x:2})}", "q:1:16: error: point of at: x is given twice (§5.6.3)"},
        wrong{"{any(of:[{k:1 k:2}])}", "q:1:15: error: of of any[0]: k is given twice (§5.6.3)"},
        wrong{"{at(point:{x:1 next:{y:1}})}", "q:1:21: error: point of at.next: x: Int! is missing (§5.6.4)"},
        wrong{"{pick(by:{id:1 name:\"n\"}){id}}",
              "q:1:10: error: by of pick: Pick is @oneOf: give exactly one field, and not null (§5.6.1)"},
        wrong{"{pick(by:{id:null}){id}}",
              "q:1:10: error: by of pick: Pick is @oneOf: give exactly one field, and not null (§5.6.1)"},
        wrong{"query($n:Int=\"x\"){pets(first:$n){name}}",
              "q:1:14: error: default of n: expected Int, found \"x\" (§5.6.1)"}));
INSTANTIATE_TEST_SUITE_P(
    directives_5_7, invalid_request,
    testing::Values(wrong{"{dog@onse{id}}",
                          "q:1:5: error: directive @onse is not defined; did you mean @once? (§5.7.1)"},
                    wrong{"query @once{dog{id}}", "q:1:7: error: @once cannot stand on QUERY (§5.7.2)"},
                    wrong{"query($n:Int@many){pets(first:$n){name}}",
                          "q:1:13: error: @many cannot stand on VARIABLE_DEFINITION (§5.7.2)"},
                    wrong{"{dog@once@once{id}}", "q:1:10: error: @once stands here twice (§5.7.3)"}));
INSTANTIATE_TEST_SUITE_P(
    variables_5_8, invalid_request,
    testing::Values(
        wrong{"query($n:Int $n:Int){pets(first:$n){name}}", "q:1:14: error: $n is defined twice in the query (§5.8.1)"},
        wrong{"query($n:Colr){any(of:$n)}",
              "q:1:10: error: $n: type Colr is not defined; did you mean Color? (§5.8.2)"},
        wrong{"query($n:Dog){any(of:[$n])}",
              "q:1:10: error: $n: Dog is of the kind object type; a variable is a scalar, enum or input type (§5.8.2)"},
        wrong{"query Q($num:Int){pets(first:$num){name} any(of:$nun)}",
              "q:1:49: error: $nun is not defined by query Q; did you mean $num? (§5.8.3)"},
        wrong{"query Q{...F} fragment F on Query{any(of:[$v])}",
              "q:1:43: error: $v is not defined by query Q (§5.8.3)"},
        wrong{"query Q($v:Int){dog{id}}", "q:1:9: error: $v is not used in query Q (§5.8.4)"},
        wrong{"query($s:String){pets(first:$s){name}}",
              "q:1:29: error: $s is of the type String and stands where Int! is expected (§5.8.5)"},
        wrong{"query($n:Int){at(point:{x:$n})}",
              "q:1:27: error: $n is of the type Int and stands where Int! is expected (§5.8.5)"},
        wrong{"query($n:Int=null){at(point:{x:$n})}",
              "q:1:32: error: $n is of the type Int and stands where Int! is expected (§5.8.5)"},
        wrong{"query($n:Int){lists(of:$n)}",
              "q:1:24: error: $n is of the type Int and stands where [[Int!]] is expected (§5.8.5)"},
        wrong{"query($n:[Int]){lists(of:[$n])}",
              "q:1:27: error: $n is of the type [Int] and stands where [Int!] is expected (§5.8.5)"},
        wrong{"query($i:ID){pick(by:{id:$i}){id}}",
              "q:1:26: error: $i is of the type ID and stands where ID is expected, as the field of a @oneOf input it "
              "must not "
              "be null "
              "(§5.8.5)"}));

TEST(validate, reports_the_errors_of_all_rules_together) {
  EXPECT_THAT(messages("query($a:Int){dog{nam @onse x:id x:name ...F}} fragment G on Rock{weight}"),
              testing::SizeIs(6));
}

// `{echo(pin: "SECRET1")}` was told: expected Int, found "SECRET1".
TEST(validate, quotes_no_values_where_some_are_sensitive) {
  for (const char* text :
       {R"({any(of:{a:"SECRET",a:1}) at(point:"SECRET")})", R"({at(point:{x:"SECRET",y:[SECRET]})})",
        R"({at(point:{x:1,color:SECRET})})", R"({at(point:{x:1,color:"SECRET"})})", R"({at(point:{x:1,SECRET:1})})",
        R"({at(point:{x:1,SECRET:{a:1,a:2}})})", R"({any(of:{SECRET:{SECRET:1,SECRET:2}})})",
        R"({pets(first:"SECRET"){name}})", R"(query($n:Int="SECRET"){float(f:$n)})", R"({float(f:{SECRET:1})})"}) {
    const std::vector<std::string> all = messages(text, true);
    EXPECT_FALSE(all.empty()) << text;
    for (const std::string& m : all) EXPECT_THAT(m, testing::Not(HasSubstr("SECRET"))) << text;
  }
  EXPECT_THAT(messages(R"({at(point:{x:"SECRET"})})", true),
              ElementsAre("q:1:14: error: point of at.x: expected Int, found a string (§5.6.1)"));
}

// --- documents that mean harm ---

std::string times(std::size_t n, const std::function<std::string(std::size_t)>& part) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += part(i);
  return out;
}

TEST(hostile_request, whose_fragments_double_at_each_step_is_looked_at_once) {
  const std::string text =
      "{dog{...F0}}" +
      times(60,
            [](std::size_t i) {
              return fmt::format(" fragment F{} on Dog{{a:self{{...F{}}} b:self{{...F{}}}}}", i, i + 1, i + 1);
            }) +
      " fragment F60 on Dog{id}";
  EXPECT_THAT(messages(text), IsEmpty());
}

TEST(hostile_request, whose_fragments_spread_the_next_one_twice_is_looked_at_once) {
  const std::string text =
      "{dog{...F0}}" +
      times(60, [](std::size_t i) { return fmt::format(" fragment F{} on Dog{{...F{} ...F{}}}", i, i + 1, i + 1); }) +
      " fragment F60 on Dog{id}";
  EXPECT_THAT(messages(text), IsEmpty());
}

TEST(hostile_request, with_ten_thousand_equal_fields_or_aliases_is_valid) {
  EXPECT_THAT(messages("{" + times(10'000, [](std::size_t) { return "dog{id name}"; }) + "}"), IsEmpty());
  EXPECT_THAT(messages("{" + times(10'000, [](std::size_t i) { return fmt::format("a{}:dog{{id}}", i); }) + "}"),
              IsEmpty());
}

TEST(hostile_request, that_is_a_chain_of_very_many_fragments_needs_no_stack) {
  const std::size_t length = 50'000;
  const std::string text =
      "{dog{...F0}}" +
      times(length, [](std::size_t i) { return fmt::format(" fragment F{} on Dog{{self{{...F{}}}}}", i, i + 1); }) +
      fmt::format(" fragment F{} on Dog{{id}}", length);
  EXPECT_THAT(messages(text), IsEmpty());
}

TEST(hostile_request, whose_fragments_spread_themselves_in_every_way_ends) {
  const std::string text =
      "{dog{...F0}}" + times(40, [](std::size_t i) {
        return fmt::format(" fragment F{} on Dog{{", i) +
               times(40,
                     [&](std::size_t k) { return fmt::format("a{}:self{{...F{} ...F{}}}", k % 7, k, (i + k) % 40); }) +
               "}";
      });
  EXPECT_THAT(messages(text), Contains(HasSubstr("(§5.5.2.2)")));
}

TEST(hostile_request, whose_operations_share_what_is_large_is_refused_in_time) {
  const std::string uses = times(2'000, [](std::size_t i) { return fmt::format("a{}:any(of:$v) ", i); });
  const std::string text = "fragment F on Query{" + uses + "}" +
                           times(2'000, [](std::size_t i) { return fmt::format("query Q{}($v:Any){{...F}} ", i); });
  EXPECT_THAT(messages(text), Contains(HasSubstr("in too many ways to be checked")));
}

/// Of the n-th letter from the end, as an automaton that can be in very many sets of states.
TEST(hostile_request, whose_fields_meet_in_very_many_sets_is_refused_in_time) {
  const std::size_t n = 24;
  const std::string text =
      "{dog{...S0}}" + times(2 * n, [&](std::size_t i) {
        return fmt::format(" fragment S{0} on Dog{{id a:self{{...S{1} ...T{1}_0}} b:self{{...S{1}}}}}", i, i + 1) +
               times(std::min(i, n), [&](std::size_t k) {
                 return fmt::format(" fragment T{}_{} on Dog{{id a:self{{...T{}_{}}} b:self{{...T{}_{}}}}}", i, k,
                                    i + 1, k + 1, i + 1, k + 1);
               });
      });
  EXPECT_THAT(messages(text), Contains(HasSubstr("in too many ways to be checked")));
}

}  // namespace
}  // namespace waggle::graphql
