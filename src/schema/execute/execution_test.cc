#include "schema/execute/execution.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "schema/execute/introspection.h"

namespace waggle::graphql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr std::string_view shop = R"sdl(
"what the shop sells"
schema @service(name: "shop.v1.Items") { query: Query mutation: Mutation subscription: Subscription }
type Query {
  item(id: ID!, tags: [String!] = ["a"], filter: Filter): Item
  sure: Item!
  items: [Item!]
  grid: [[Int!]]
  things: [Thing]
  node: Node
  any: Any
  number: Int
  ratio: Float
  flag: Boolean
  color: Color
  bare(filter: Filter = {color: RED}): String @bare
  hidden: String @internal
}
type Mutation { add(name: String!): Item! drop(id: ID!): Boolean }
type Subscription { prices(from: Int! = 0): Item! }
input Filter { color: Color, max: Float, ids: [ID!] }
enum Color { RED GREEN @deprecated(reason: "faded") }
scalar Any
interface Node { id: ID! }
union Thing = Item | Place
type Item implements Node { id: ID! name: String! price: Float peer: Item peers: [Item!]! }
type Place implements Node { id: ID! lat: Float! }
)sdl";

std::shared_ptr<const contract> service(std::string_view sdl) {
  compiled_contract c = compile_contract(sdl, "f");
  for (const diagnostic& d : c.findings)
    if (d.level == diagnostic::severity::error) ADD_FAILURE() << to_string(d);
  return std::make_shared<const contract>(std::move(*c.value));
}

std::shared_ptr<const endpoint> endpoint_of(std::string_view sdl) {
  const std::vector<std::shared_ptr<const contract>> one{service(sdl)};
  return endpoint::make(one, false).value();
}

std::shared_ptr<const prepared_document> prepared(std::shared_ptr<const endpoint> of, std::string_view text) {
  auto d = std::make_shared<prepared_document>(std::move(of), std::string(text));
  findings found(d->text, "q");
  d->doc = parse_executable(d->text, {}, found);
  for (const diagnostic& f : found.take()) ADD_FAILURE() << to_string(f);
  d->plan();
  return d;
}

std::shared_ptr<const prepared_document> prepared(std::string_view text) {
  static const std::shared_ptr<const endpoint> of = endpoint_of(shop);
  return prepared(of, text);
}

error guest_error(error_code code, std::string message) { return fail(code, fault::guest, std::move(message)).error(); }

execution begun(std::string_view text, std::string_view variables = {}) {
  auto run = execution::begin({.document = prepared(text), .operation_name = {}, .variables = variables});
  if (!run) ADD_FAILURE() << error_response(run.error(), text, false);
  return std::move(run.value());
}

/// The response where the calls answer in this order.
std::string response(std::string_view text, const std::vector<result<std::string>>& answers,
                     std::string_view variables = {}) {
  execution run = begun(text, variables);
  EXPECT_THAT(run.calls(), SizeIs(answers.size()));
  for (std::size_t i = 0; i < answers.size(); ++i) run.answered(i, answers[i]);
  return run.finish();
}

std::string refused(std::string_view text, std::string_view variables = {}, std::string_view operation_name = {}) {
  const auto document = prepared(text);
  const auto run = execution::begin({.document = document, .operation_name = operation_name, .variables = variables});
  return run ? "not refused" : error_response(run.error(), text, false);
}

std::string payload(std::string_view text, std::string_view variables = {}) {
  execution run = begun(text, variables);
  return run.calls().empty() ? "no call" : run.calls().front().payload;
}

// --- §6.1: which operation, and its variables ---

TEST(executing_requests_6_1, the_only_operation_needs_no_name) {
  EXPECT_EQ(response("query A{number}", {"1"}), R"({"data":{"number":1}})");
}

TEST(executing_requests_6_1, of_several_operations_the_name_must_say_which) {
  EXPECT_THAT(refused("query A{number} query B{flag}"), HasSubstr("operationName must say which one"));
  EXPECT_THAT(refused("query A{number} query B{flag}", {}, "C"), HasSubstr("no operation C"));
  EXPECT_EQ(refused("query A{number} query B{flag}", {}, "B"), "not refused");
  EXPECT_THAT(refused("fragment F on Item{id}"), HasSubstr("only fragments"));
  EXPECT_THAT(refused("query A{number}", {}, "B"), Not(HasSubstr("\"data\"")));
}

TEST(coercing_variables_6_1_2, a_missing_or_unfit_value_is_an_error_at_its_definition) {
  EXPECT_EQ(refused("query($id: ID!, $t: [String!]) {item(id: $id, tags: $t) {id}}", R"({"t":[1]})"),
            R"({"errors":[{"message":"variable $t[0]: expected String!, got 1","locations":[{"line":1,"column":17}],)"
            R"("extensions":{"code":"invalid_argument","fault":"caller"}},)"
            R"({"message":"variable $id: is missing: ID! must be given","locations":[{"line":1,"column":7}],)"
            R"("extensions":{"code":"invalid_argument","fault":"caller"}}]})");
}

TEST(coercing_variables_6_1_2, what_is_no_object_is_refused_and_unknown_names_are_ignored) {
  constexpr std::string_view text = "query($id: ID!) {item(id: $id) {id}}";
  EXPECT_THAT(refused(text, "[]"), HasSubstr("must be an object"));
  EXPECT_THAT(refused(text, "{"), HasSubstr("no JSON"));
  EXPECT_THAT(refused(text, "null"), HasSubstr("$id"));
  EXPECT_EQ(payload(text, R"({"x":{"y":[]},"id":5,"z":null})"), R"({"id":"5"})");
}

TEST(coercing_variables_6_1_2, defaults_count_where_no_value_is_given_and_not_for_null) {
  constexpr std::string_view text = R"(query($t: [String!] = ["d"]) {item(id: 1, tags: $t) {id}})";
  EXPECT_EQ(payload(text), R"({"id":1,"tags":["d"]})");
  EXPECT_EQ(payload(text, R"({"t":null})"), R"({"id":1,"tags":null})");
  EXPECT_EQ(payload("query($t: [String!]) {item(id: 1, tags: $t) {id}}"), R"({"id":1})");
}

TEST(coercing_variables_6_1_2, types_that_no_variable_can_have_are_refused) {
  EXPECT_THAT(refused("query($x: Item) {number}"), HasSubstr("none that a variable can have"));
  EXPECT_THAT(refused("query($x: Nope) {number}"), HasSubstr("none that a variable can have"));
  EXPECT_THAT(refused("query($x: WagglePool) {number}"), HasSubstr("none that a variable can have"));
}

// --- §6.4.1: arguments become the payload ---

TEST(coercing_arguments_6_4_1, literals_become_json) {
  EXPECT_EQ(payload(R"({item(id: 12345678901234567890, tags: "x", filter: {color: RED, max: 1.50, ids: []}) {id}})"),
            R"({"id":12345678901234567890,"tags":"x","filter":{"color":"RED","max":1.50,"ids":[]}})");
  EXPECT_EQ(payload("{item(id: \"\"\"a\n\"b\\ c\"\"\") {id}}"), R"({"id":"a\n\"b\\ c"})");
}

TEST(coercing_arguments_6_4_1, variables_within_literals_are_put_in_or_left_out) {
  constexpr std::string_view text =
      "query($c: Color, $i: ID, $m: Float) {item(id: 1, tags: [], filter: {color: $c, max: $m, ids: [$i]}) {id}}";
  EXPECT_EQ(payload(text, R"({"c":"RED","m":2e0})"),
            R"({"id":1,"tags":[],"filter":{"color":"RED","max":2e0,"ids":[null]}})");
  EXPECT_EQ(payload(text), R"({"id":1,"tags":[],"filter":{"ids":[null]}})");
}

TEST(coercing_arguments_6_4_1, a_bare_methods_payload_is_the_value_itself) {
  EXPECT_EQ(payload("{bare(filter: {max: 1})}"), R"({"max":1})");
  EXPECT_EQ(payload("{bare}"), R"({"color":"RED"})");
  EXPECT_EQ(payload("{bare(filter: null)}"), "null");
}

TEST(coercing_arguments_6_4_1, null_for_what_cannot_be_null_is_an_error_of_the_field) {
  execution run = begun("query($n: Int = 1) {number}");
  EXPECT_THAT(run.calls(), SizeIs(1));
  execution failing = begun("mutation($n: String = \"x\") {add(name: $n) {id}}", R"({"n":null})");
  EXPECT_THAT(failing.calls(), IsEmpty());
  EXPECT_EQ(failing.finish(), R"({"errors":[{"message":"the argument name of add cannot be null",)"
                              R"("locations":[{"line":1,"column":39}],"path":["add"],)"
                              R"("extensions":{"code":"invalid_argument","fault":"caller"}}],"data":null})");
}

// --- §6.2.3.1: CreateSourceEventStream ---

// The stream ended at once, and nobody was told why.
TEST(creating_source_event_stream_6_2_3_1, null_for_what_cannot_be_null_is_a_request_error) {
  EXPECT_EQ(refused("subscription($n: Int = 1) {prices(from: $n) {id}}", R"({"n":null})"),
            R"({"errors":[{"message":"the argument from of prices cannot be null",)"
            R"("locations":[{"line":1,"column":41}],"path":["prices"],)"
            R"("extensions":{"code":"invalid_argument","fault":"caller"}}]})");
}

// 900 uses of 900 kB came to 810 MB.
TEST(coercing_arguments_6_4_1, each_use_of_a_variable_counts_before_it_is_copied) {
  const std::string variables = fmt::format(R"({{"i":"{}"}})", std::string(900'000, 'x'));
  const auto uses = [](std::size_t n) {
    std::string all;
    for (std::size_t i = 0; i < n; ++i) all += "$i ";
    return all;
  };
  EXPECT_EQ(payload(fmt::format("query($i: ID!) {{item(id: 1, tags: [{}]) {{id}}}}", uses(4)), variables).size(),
            4 * 900'002 + 21U);
  const std::string often =
      refused(fmt::format("query($i: ID!) {{item(id: 1, filter: {{ids: [{}]}}) {{id}}}}", uses(900)), variables);
  EXPECT_THAT(often, HasSubstr("more than 4194304 bytes with each variable put in wherever it is used"));
  EXPECT_THAT(often, HasSubstr(R"("locations":[{"line":1,"column":17}])"));
  EXPECT_THAT(often, HasSubstr(R"("code":"resource_exhausted","fault":"caller")"));
  std::string fields;
  for (int i = 0; i < 5; ++i) fields += fmt::format("f{}: item(id: $i) {{id}} ", i);
  EXPECT_THAT(refused("query($i: ID!) {" + fields + "}", variables), HasSubstr("resource_exhausted"));
  EXPECT_EQ(response("query($i: String!) {__type(name: $i) {name}}", {}, variables), R"({"data":{"__type":null}})");
}

// --- §6.3.2: collecting fields ---

TEST(collecting_fields_6_3_2, the_order_is_the_selections_and_extra_members_are_left_out) {
  EXPECT_EQ(response("{item(id: 1) {name b: id id __typename}}", {R"({"id":"1","x":{},"name":"n"})"}),
            R"({"data":{"item":{"name":"n","b":"1","id":"1","__typename":"Item"}}})");
}

TEST(collecting_fields_6_3_2, fields_with_one_response_name_are_merged) {
  EXPECT_EQ(response("{item(id: 1) {id peer {id}} item(id: 1) {peer {name} ...F}} fragment F on Item {peer {price}}",
                     {R"({"id":"1","peer":{"id":"2","name":"p"}})"}),
            R"({"data":{"item":{"id":"1","peer":{"id":"2","name":"p","price":null}}}})");
}

TEST(collecting_fields_6_3_2, skip_and_include_decide) {
  constexpr std::string_view text =
      "query($y: Boolean!) {number @skip(if: $y) flag @include(if: $y) ...@include(if: $y) {ratio} a: ratio @skip(if: "
      "true)}";
  EXPECT_EQ(response(text, {"true", "1.5"}, R"({"y":true})"), R"({"data":{"flag":true,"ratio":1.5}})");
  EXPECT_EQ(response(text, {"3"}, R"({"y":false})"), R"({"data":{"number":3}})");
  EXPECT_EQ(response("{number @skip(if: true)}", {}), R"({"data":{}})");
}

TEST(collecting_fields_6_3_2, type_conditions_hold_for_the_type_and_what_it_is_part_of) {
  EXPECT_EQ(response("{things {__typename ...on Node {id} ...on Place {lat} ...on Item {name}}}",
                     {R"([{"__typename":"Place","id":"p","lat":1.5},null,{"name":"n","id":"i","__typename":"Item"}])"}),
            R"({"data":{"things":[{"__typename":"Place","id":"p","lat":1.5},null,)"
            R"({"__typename":"Item","id":"i","name":"n"}]}})");
}

TEST(collecting_fields_6_3_2, an_endless_chain_of_fragments_ends) {
  EXPECT_EQ(response("{item(id: 1) {...A}} fragment A on Item {id ...B} fragment B on Item {name ...A}",
                     {R"({"id":"1","name":"n"})"}),
            R"({"data":{"item":{"id":"1","name":"n"}}})");
}

// --- §6.4.3: value completion ---

TEST(value_completion_6_4_3, scalars_keep_their_bytes) {
  EXPECT_EQ(response("{any}", {R"( {"a" : 12345678901234567890.50, "b":"\u00e9"} )"}),
            R"({"data":{"any":{"a" : 12345678901234567890.50, "b":"\u00e9"}}})");
  EXPECT_EQ(response("{ratio}", {"1.500e0"}), R"({"data":{"ratio":1.500e0}})");
  EXPECT_EQ(response("{item(id: 1) {id name}}", {R"({"id":98765432109876543210,"name":"\ud83d\ude00"})"}),
            R"({"data":{"item":{"id":"98765432109876543210","name":"\ud83d\ude00"}}})");
  EXPECT_EQ(response("{number}", {"1e3"}), R"({"data":{"number":1000}})");
}

class misfit : public testing::TestWithParam<std::pair<std::string_view, std::string_view>> {};
TEST_P(misfit, is_null_with_an_error) {
  const auto [field, answer] = GetParam();
  const std::string said = response(fmt::format("{{{}}}", field), {std::string(answer)});
  EXPECT_THAT(said, HasSubstr(R"("code":"internal","fault":"guest")"));
  EXPECT_THAT(said, testing::EndsWith(":null}}"));
}
INSTANTIATE_TEST_SUITE_P(
    value_completion_6_4_3, misfit,
    testing::Values(std::pair{"number", "1.5"}, std::pair{"number", "2147483648"}, std::pair{"number", "\"1\""},
                    std::pair{"number", "true"}, std::pair{"number", "[1]"}, std::pair{"number", "{"},
                    std::pair{"number", ""}, std::pair{"number", "1 2"}, std::pair{"ratio", "1e999"},
                    std::pair{"flag", "0"}, std::pair{"color", "\"PINK\""}, std::pair{"color", "1"},
                    std::pair{"any", "\"\\ud800\""}, std::pair{"any", "\"\xff\""}, std::pair{"any", "[1,]"},
                    std::pair{"any", "{\"a\":1,}"}, std::pair{"any", "nul"}, std::pair{"any", "01"},
                    std::pair{"grid", "1"}, std::pair{"item(id:1){id}", "[]"}, std::pair{"item(id:1){id}", "\"x\""},
                    std::pair{"node{id}", R"({"id":"1"})"}, std::pair{"node{id}", R"({"__typename":1})"},
                    std::pair{"node{id}", R"({"__typename":"Nope"})"},
                    std::pair{"node{id}", R"({"__typename":"Node"})"}));

TEST(value_completion_6_4_3, members_are_found_in_any_order_the_last_of_a_name_counts) {
  EXPECT_EQ(response("{item(id: 1) {id name price}}", {R"({"price":1,"\u006eame":"n","id":"1","id":"2"})"}),
            R"({"data":{"item":{"id":"2","name":"n","price":1}}})");
}

// --- §6.4.4: errors and null bubbling ---

TEST(handling_errors_6_4_4, null_goes_up_to_the_nearest_field_that_can_be_null) {
  EXPECT_EQ(response("{items {id peers {name}}}", {R"([{"id":"1","peers":[{"name":"a"},{"name":null}]}])"}),
            R"({"errors":[{"message":"shop.v1.Items answered null for the field name, which cannot be null",)"
            R"("locations":[{"line":1,"column":19}],"path":["items",0,"peers",1,"name"],)"
            R"("extensions":{"code":"internal","fault":"guest"}}],"data":{"items":null}})");
  EXPECT_THAT(response("{grid}", {"[[1,null],null,[2]]"}), HasSubstr(R"("data":{"grid":[null,null,[2]]}})"));
  EXPECT_THAT(response("{number sure {id}}", {"1", "{}"}), HasSubstr(R"("data":null})"));
}

TEST(handling_errors_6_4_4, a_services_error_is_told_with_code_fault_and_details) {
  error e = guest_error(error_code::not_found, "no \"x\"");
  e.details = R"({"k":[1]})";
  e.retry_after = std::chrono::milliseconds(5);
  e.debug = "trap";
  EXPECT_EQ(response("{number flag}", {std::unexpected(e), "true"}),
            R"({"errors":[{"message":"no \"x\"","locations":[{"line":1,"column":2}],"path":["number"],)"
            R"("extensions":{"code":"not_found","fault":"guest","details":{"k":[1]},"retryAfterMs":5}}],)"
            R"("data":{"number":null,"flag":true}})");
  auto run = execution::begin({.document = prepared("{number}"), .with_debug = true});
  run->answered(0, std::unexpected(e));
  EXPECT_THAT(run->finish(), HasSubstr(R"("debug":"trap")"));
}

TEST(handling_errors_6_4_4, violations_are_extensions) {
  error e = guest_error(error_code::invalid_argument, "m");
  e.violations.push_back({"a.b", 3, "wrong", ""});
  e.violation_count = 4;
  EXPECT_THAT(response("{number}", {std::unexpected(e)}),
              HasSubstr(R"("count":4,"violations":[{"path":"a.b","offset":3,"message":"wrong"}])"));
}

TEST(handling_errors_6_4_4, a_mutation_is_lost_once_data_is_null) {
  execution run = begun("mutation {drop(id: 1) add(name: \"a\") {id} b: drop(id: 2)}");
  ASSERT_THAT(run.calls(), SizeIs(3));
  run.answered(0, std::unexpected(guest_error(error_code::aborted, "x")));
  EXPECT_FALSE(run.lost());
  run.answered(1, std::unexpected(guest_error(error_code::aborted, "y")));
  EXPECT_TRUE(run.lost());
  const std::string said = run.finish();
  EXPECT_THAT(said, HasSubstr(R"("data":null)"));
  EXPECT_THAT(said, HasSubstr(R"("path":["drop"])"));
  EXPECT_THAT(said, HasSubstr(R"("path":["add"])"));
  EXPECT_THAT(said, Not(HasSubstr("not called")));
}

// --- calls ---

TEST(root_calls, say_service_method_and_response_name) {
  execution run = begun("{a: number __typename flag}");
  EXPECT_EQ(run.kind(), operation::query);
  ASSERT_THAT(run.calls(), SizeIs(2));
  EXPECT_EQ(run.calls()[0].service, "shop.v1.Items");
  EXPECT_EQ(run.calls()[0].method, "number");
  EXPECT_EQ(run.calls()[0].response_name, "a");
  EXPECT_EQ(run.calls()[0].payload, "{}");
  run.answered(1, "false");
  run.answered(0, "7");
  EXPECT_EQ(run.finish(), R"({"data":{"a":7,"__typename":"Query","flag":false}})");
}

TEST(subscriptions_6_2_3, each_item_becomes_a_response) {
  execution run = begun("subscription {prices(from: 3) {id price}}");
  ASSERT_THAT(run.calls(), SizeIs(1));
  EXPECT_EQ(run.calls()[0].payload, R"({"from":3})");
  EXPECT_EQ(run.respond_item(R"({"id":"1","price":2})"), R"({"data":{"prices":{"id":"1","price":2}}})");
  EXPECT_THAT(run.respond_item("{}"), testing::EndsWith(R"("data":null})"));
  EXPECT_EQ(run.respond_item(R"({"id":"2"})"), R"({"data":{"prices":{"id":"2","price":null}}})");
}

TEST(subscriptions_6_2_3, a_stream_that_could_not_be_made_is_a_request_error) {
  execution run = begun("subscription {p: prices {id}}");
  const std::string said = run.respond_no_stream(guest_error(error_code::not_found, "no such thing"));
  EXPECT_THAT(said, testing::StartsWith(R"({"errors":[{"message":"no such thing")"));
  EXPECT_THAT(said, HasSubstr(R"("path":["p"])"));
  EXPECT_THAT(said, testing::EndsWith("}]}"));
  EXPECT_THAT(said, Not(HasSubstr("\"data\"")));
}

// --- bounds ---

TEST(execution_bounds, a_response_that_grows_without_end_is_refused) {
  std::string text = "{item(id: 1) {...F0}}";
  for (int i = 0; i < 40; ++i)
    text += fmt::format(" fragment F{0} on Item {{a: peer {{...F{1}}} b: peer {{...F{1}}}}}", i, i + 1);
  text += " fragment F40 on Item {id}";
  std::string answer = R"({"id":"1"})";
  for (int i = 0; i < 40; ++i) answer = fmt::format(R"({{"peer":{}}})", answer);
  const auto document = prepared(text);
  auto run = execution::begin({.document = document, .limits = {.response_bytes = 100'000}});
  run->answered(0, answer);
  const std::string said = run->finish();
  EXPECT_THAT(said, HasSubstr("resource_exhausted"));
  EXPECT_THAT(said, testing::EndsWith(R"("data":null})"));
  EXPECT_LT(said.size(), 1000);
}

TEST(execution_bounds, answers_are_bounded_together) {
  const auto document = prepared("{a: any b: any c: any}");
  auto run = execution::begin({.document = document, .limits = {.response_bytes = 1000}});
  const std::string large = '"' + std::string(1998, 'x') + '"';
  run->answered(0, large);
  run->answered(1, large);
  EXPECT_FALSE(run->full());
  run->answered(2, large);
  EXPECT_TRUE(run->full());
  const std::string said = run->finish();
  EXPECT_THAT(said, HasSubstr("the answers of the services are too much: more than 4000 bytes"));
  EXPECT_THAT(said, HasSubstr("resource_exhausted"));
  EXPECT_THAT(said, testing::EndsWith(R"("data":null})"));
}

TEST(execution_bounds, a_streams_items_are_bounded_each_for_itself) {
  const auto document = prepared("subscription {prices {id}}");
  auto run = execution::begin({.document = document, .limits = {.response_bytes = 100}});
  const std::string item = R"({"id":"1","name":")" + std::string(250, 'x') + "\"}";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run->respond_item(item), R"({"data":{"prices":{"id":"1"}}})");
  EXPECT_THAT(run->respond_item('"' + std::string(500, 'x') + '"'), HasSubstr("resource_exhausted"));
  EXPECT_EQ(run->respond_item(item), R"({"data":{"prices":{"id":"1"}}})");
}

TEST(execution_bounds, answers_that_are_too_deep_are_refused) {
  EXPECT_THAT(response("{any}", {std::string(300, '[') + std::string(300, ']')}), HasSubstr("at most 200 levels"));
}

TEST(execution_bounds, plans_by_type_do_not_explode_with_fragments_on_interfaces) {
  std::string text = "{node {";
  for (int i = 0; i < 60; ++i) text += fmt::format("...on Item {{peer {{ x{}: id ...on Node {{", i);
  text += "id";
  for (int i = 0; i < 60; ++i) text += "}}}";
  text += "}}";
  auto d = std::make_shared<prepared_document>(endpoint_of(shop), text);
  findings found(d->text, "q");
  d->doc = parse_executable(d->text, {.depth = 1000}, found);
  d->plan();
  auto run = execution::begin({.document = d});
  run->answered(0, R"({"__typename":"Item","peer":{"id":"1"}})");
  EXPECT_THAT(run->finish(), HasSubstr(R"({"data":{"node":{"peer":{"x0":"1","peer":null}}}})"));
}

TEST(execution_bounds, documents_that_are_not_valid_do_no_harm) {
  for (const std::string_view text :
       {"{nope}", "{item}", "{item(id: 1)}", "{number {x}}", "{...Nope}", "{...on Nope{a}}", "{item(id: $x) {id}}",
        "{number @skip}", "{number @skip(if: $x)}", "{hidden}", "{__schema}", "{__type{name}}",
        "{__type(name:1){name}}", "{__type(name:\"Item\"){fields}}", "{item(id:1,id:2,z:3){id:name id}}",
        "subscription{__typename}", "subscription{prices{id} b:prices{id}}", "query($a:Int,$a:Int){number}",
        "mutation{__schema{types{name}}}"}) {
    const auto document = prepared(text);
    auto run = execution::begin({.document = document});
    if (!run) continue;
    for (std::size_t i = 0; i < run->calls().size(); ++i) run->answered(i, "1");
    EXPECT_THAT(run->finish(), testing::StartsWith("{")) << text;
  }
}

// --- §4 ---

TEST(introspection_4, types_hold_what_the_contract_says) {
  EXPECT_EQ(response(R"({__type(name: "Color") {kind enumValues {name}
      all: enumValues(includeDeprecated: true) {name isDeprecated deprecationReason}}})",
                     {}),
            R"({"data":{"__type":{"kind":"ENUM","enumValues":[{"name":"RED"}],)"
            R"("all":[{"name":"RED","isDeprecated":false,"deprecationReason":null},)"
            R"({"name":"GREEN","isDeprecated":true,"deprecationReason":"faded"}]}}})");
  EXPECT_EQ(response(R"(query($n: String!) {__type(name: $n) {name inputFields {name defaultValue type {kind name}}}})",
                     {}, R"({"n":"Filter"})"),
            R"({"data":{"__type":{"name":"Filter","inputFields":[)"
            R"({"name":"color","defaultValue":null,"type":{"kind":"ENUM","name":"Color"}},)"
            R"({"name":"max","defaultValue":null,"type":{"kind":"SCALAR","name":"Float"}},)"
            R"({"name":"ids","defaultValue":null,"type":{"kind":"LIST","name":null}}]}}})");
}

TEST(introspection_4, neither_internal_methods_nor_waggles_own_types_are_there) {
  const std::string all = response("{__schema {description types {name fields {name}} directives {name}}}", {});
  EXPECT_THAT(all, HasSubstr("what the shop sells"));
  EXPECT_THAT(all, Not(HasSubstr("hidden")));
  EXPECT_THAT(all, Not(HasSubstr("Waggle")));
  EXPECT_THAT(all, Not(HasSubstr("service")));
  EXPECT_EQ(response(R"({__type(name: "WagglePool") {name}})", {}), R"({"data":{"__type":null}})");
}

TEST(introspection_4, is_seen_wherever_it_is_asked_for) {
  EXPECT_TRUE(prepared("{a: __schema {types {name}}}")->introspects);
  EXPECT_TRUE(prepared("{...F} fragment F on Query {... {__type(name: \"x\") {name}}}")->introspects);
  EXPECT_FALSE(prepared("{__typename number}")->introspects);
}

TEST(introspection_4, a_selection_that_goes_round_is_bounded) {
  std::string text = "{__schema {types {fields {type {...F0}}}}}";
  for (int i = 0; i < 30; ++i)
    text += fmt::format(" fragment F{} on __Type {{fields {{type {{...F{}}}}} b: fields {{type {{...F{}}}}}}}", i,
                        i + 1, i + 1);
  text += " fragment F30 on __Type {name}";
  EXPECT_THAT(response(text, {}), HasSubstr("resource_exhausted"));
}

}  // namespace
}  // namespace waggle::graphql
