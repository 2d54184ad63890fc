#include "schema/contract.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "schema/prelude.h"

namespace waggle {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::SizeIs;

std::vector<std::string> findings_of(std::string_view sdl) {
  std::vector<std::string> out;
  for (const diagnostic& d : compile_contract(sdl, "f.graphql").findings) out.push_back(to_string(d));
  return out;
}
contract compiled(std::string_view sdl) {
  compiled_contract c = compile_contract(sdl, "f.graphql");
  for (const diagnostic& d : c.findings)
    if (d.level == diagnostic::severity::error) ADD_FAILURE() << to_string(d);
  return std::move(c.value).value_or(contract{});
}
/// A service with one method and what else is given.
std::string service(std::string_view rest, std::string_view directive = R"(name: "a.v1.A")") {
  return "extend schema @service(" + std::string(directive) + ")\ntype Query { ok: Int }\n" + std::string(rest);
}

TEST(contract, reads_the_example_of_the_documentation) {
  const contract c = compiled(R"(
extend schema @service(name: "auth.users.v1.Users", version: "1.2.0", memoryMb: 64, timeoutMs: 5000,
                       pool: {min: 1, max: 9, queue: 10, idleMs: 0, maxRequests: 7, isolation: FRESH})
type Query { "finds one" getUser(id: ID!): User @timeout(ms: 200) }
type Mutation { createUser(input: CreateUser! = {name: "x"}, n: Int = 1): User! nightly: Boolean @internal }
type Subscription { users: User }
type User { id: ID! }
input CreateUser { name: String! }
)");
  EXPECT_EQ(c.name, "auth.users.v1.Users");
  EXPECT_EQ(c.version, "1.2.0");
  EXPECT_EQ(c.memory_mb, 64U);
  EXPECT_EQ(c.timeout, std::chrono::seconds(5));
  EXPECT_FALSE(c.singleton);
  EXPECT_EQ(c.pool.min, 1U);
  EXPECT_EQ(c.pool.max, 9U);
  EXPECT_EQ(c.pool.queue, 10U);
  EXPECT_EQ(c.pool.idle.count(), 0);
  EXPECT_EQ(c.pool.max_requests, 7U);
  EXPECT_TRUE(c.pool.fresh);
  EXPECT_THAT(c.methods, ElementsAre(Key("createUser"), Key("getUser"), Key("nightly"), Key("users")));
  const method& get = *c.find("getUser");
  EXPECT_EQ(get.kind, operation::query);
  EXPECT_EQ(get.timeout, std::chrono::milliseconds(200));
  EXPECT_EQ(get.description, "finds one");
  EXPECT_EQ(get.signature, "getUser(id: ID!): User");
  EXPECT_FALSE(get.internal);
  EXPECT_EQ(c.find("createUser")->signature, R"(createUser(input: CreateUser! = {name: "x"}, n: Int = 1): User!)");
  EXPECT_EQ(c.find("createUser")->kind, operation::mutation);
  EXPECT_TRUE(c.find("nightly")->internal);
  EXPECT_EQ(c.find("users")->kind, operation::subscription);
  EXPECT_EQ(c.find("nothing"), nullptr);
}

TEST(contract, keeps_the_text_it_was_made_from) {
  const std::string sdl = service("");
  EXPECT_EQ(compiled(sdl).sdl, sdl);
}

TEST(contract, reads_schema_definitions_like_extensions) {
  const contract c = compiled(R"("what it does" schema @service(name: "A") { query: Reads }
type Reads { a: Int } type Mutation { b: Int })");
  EXPECT_EQ(c.name, "A");
  EXPECT_EQ(c.description, "what it does");
  EXPECT_THAT(c.methods, ElementsAre(Key("a")));  // §3.3.1: with a definition only what it names is a root
}

TEST(contract, an_extension_can_name_roots) {
  EXPECT_THAT(
      compiled("extend schema @service(name: \"A\") { query: Q }\ntype Q { a: Int } type Mutation { b: Int }").methods,
      ElementsAre(Key("a"), Key("b")));
}

TEST(contract, methods_come_from_type_extensions_too) {
  EXPECT_THAT(compiled(service("extend type Query { more: Int }")).methods, ElementsAre(Key("more"), Key("ok")));
}

TEST(contract, mutations_alone_are_a_service) {
  EXPECT_EQ(compiled("extend schema @service(name: \"A\") type Mutation { a: Int }").methods.size(), 1U);
}

TEST(contract, what_is_not_written_has_the_prelude_s_defaults) {
  const contract c = compiled(service(""));
  const pool_settings defaults;
  EXPECT_EQ(c.pool.max, defaults.max);
  EXPECT_FALSE(c.timeout);
  EXPECT_FALSE(c.memory_mb);
  // The struct's defaults and the prelude's are the same.
  const std::string_view text = graphql::prelude_text();
  for (const std::string& line :
       {"min: Int! = " + std::to_string(defaults.min), "max: Int! = " + std::to_string(defaults.max),
        "queue: Int! = " + std::to_string(defaults.queue), "idleMs: Int! = " + std::to_string(defaults.idle.count()),
        "maxRequests: Int! = " + std::to_string(defaults.max_requests)})
    EXPECT_THAT(std::string(text), HasSubstr(line + "\n"));
}

TEST(contract, the_preludes_parse_whole) {
  EXPECT_EQ(graphql::prelude().definitions.size(), 13U);
  EXPECT_EQ(graphql::built_ins().definitions.size(), 13U);
  EXPECT_EQ(graphql::okra_prelude().definitions.size(), 13U);
}

TEST(contract, without_service_there_is_a_note) {
  const auto c = compile_contract("type Query { a: Int }", "f");
  ASSERT_TRUE(c.value);
  EXPECT_EQ(c.value->name, "");
  ASSERT_EQ(c.findings.size(), 1U);
  EXPECT_EQ(c.findings[0].level, diagnostic::severity::note);
  EXPECT_EQ(c.findings[0].line, 0U);
}

TEST(contract, without_methods_is_an_error) {
  for (const std::string_view sdl : {"", "type T { a: Int }", "extend schema @service(name: \"A\")"})
    EXPECT_THAT(findings_of(sdl), ElementsAre(HasSubstr("f.graphql: error: no methods"))) << sdl;
}

TEST(contract, may_repeat_the_prelude_s_directives) {
  EXPECT_THAT(findings_of(service("\"my words\" directive @timeout(\"too\" ms: Int!) on FIELD_DEFINITION")), IsEmpty());
  EXPECT_THAT(findings_of(service("directive @auth(scopes: [String!]) on FIELD_DEFINITION | SCHEMA")), IsEmpty());
}

TEST(contract, knows_the_specification_s_directives_and_link) {
  EXPECT_THAT(findings_of(R"(
schema @service(name: "A") @link(url: "https://a") @link(url: "https://b", import: ["@key", {name: "x", as: "y"}], for: SECURITY) { query: Q }
type Q { a(x: Int @deprecated): Int @deprecated(reason: "b") e: E s: S }
enum E { A @deprecated } input I @oneOf { a: Int @deprecated } scalar S @specifiedBy(url: "u"))"),
              IsEmpty());
}

TEST(contract, checks_the_file_s_own_directives) {
  EXPECT_THAT(findings_of(service(
                  "directive @d(a: [E!] = [], i: I) repeatable on OBJECT enum E { X } input I { n: Int! m: Float }\n"
                  "type T @d @d(a: X) @d(a: [X, X], i: {n: 1, m: 2}) { a: Int }")),
              IsEmpty());
  EXPECT_THAT(findings_of(service("directive @d(a: [E!], i: I) on OBJECT enum E { LEFT } input I { number: Int! }\n"
                                  "type T @d(a: [LEFT, LEFTT, null], i: {numbr: 1}) { a: Int }")),
              ElementsAre(AllOf(HasSubstr("f.graphql:4:21:"),
                                HasSubstr("a of @d[1]: E has no value LEFTT; did you mean LEFT?")),
                          HasSubstr("a of @d[2]: expected [E!], found null"), HasSubstr("i of @d: number is missing"),
                          HasSubstr("i of @d: I has no field numbr; did you mean number?")));
}

struct wrong {
  std::string_view sdl;
  std::string_view message;
};
class schema_errors : public testing::TestWithParam<wrong> {};
TEST_P(schema_errors, one_at_its_place) {
  const auto found = findings_of(GetParam().sdl);
  ASSERT_EQ(found.size(), 1U) << testing::PrintToString(found);
  EXPECT_THAT(found[0], HasSubstr(GetParam().message));
  EXPECT_FALSE(compile_contract(GetParam().sdl, "").value);
}
INSTANTIATE_TEST_SUITE_P(
    names, schema_errors,
    testing::Values(
        wrong{"type Query { a: Int }\ntype Mutation { b: Int a: Int }",
              "f.graphql:2:24: error: there is a method a already, a query"},
        wrong{"type Query { a: Int a: Int }", ":1:21: error: there is a method a already"},
        wrong{"type Query { a: UUID }",
              ":1:17: error: type UUID is not defined; define it: scalar UUID @specifiedBy(url: "
              "\"https://scalars.graphql.org/chillicream/uuid.html\")"},
        wrong{"type Query { a: JSON }", "type JSON is not defined; define it: scalar JSON (§3.3)"},
        wrong{"type Query { a: Bool }", "type Bool is not defined; did you mean Boolean?"},
        wrong{"type Query { a: Void }", "type Void is not defined (§3.3)"},
        wrong{"type Query { a(e: E = \"A\"): Int } enum E { A }",
              "expected E, found \"A\"; values of enums stand without quotes"},
        wrong{"type Query { a(n: Int = 3000000000): Int }", "found 3000000000; an Int has 32 bits"},
        wrong{"type Query { a: Strng }", ":1:17: error: type Strng is not defined; did you mean String?"},
        wrong{"type Query { a(b: User): Int }\ninput Users { a: Int }",
              ":1:19: error: type User is not defined; did you mean Users?"},
        wrong{"type Query { a: Int }\ntype T implements I { a: Int }", "type I is not defined"},
        wrong{"type Query { a: U } union U = A", "type A is not defined"},
        wrong{"type Query { a: Int } extend type T { a: Int }", "type T is extended but not defined"},
        wrong{"type Query { a: Date }", "type Date is not defined"},
        wrong{"type Query { a: Int } type T { a: Int } input T { a: Int }", ":1:47: error: type T is defined twice"},
        wrong{"type Query { a: Int } scalar Int", "Int is built in and cannot be defined"},
        wrong{"type Query { a: Int } scalar WaggleX", "names that begin with Waggle are waggle's own"},
        wrong{"type Query { a: Int } extend enum WaggleIsolation { X }", "waggle's own"},
        wrong{"type Query { a: Int } directive @d on FIELD directive @d on FIELD", "directive @d is defined twice"},
        wrong{"type Query { a: Int } directive @timeout(ms: Int) on FIELD_DEFINITION",
              "@timeout is waggle's own and implied; leave this definition out or write directive @timeout(ms: Int!) "
              "on FIELD_DEFINITION"},
        wrong{"schema { query: Q query: Q }type Q { a: Int }", ":1:19: error: the query root is Q already"},
        wrong{"schema { query: Q } schema { mutation: M } type Q { a: Int } type M { b: Int }",
              "the schema is defined twice"},
        wrong{"schema { query: Qu } type Que { a: Int }", ":1:17: error: type Qu is not defined; did you mean Que?"},
        wrong{"schema { query: S } scalar S", "S is of the kind scalar; a root must be an object type"},
        wrong{"service A { a: Int } service B { b: Int }",
              ":1:22: error: a file describes one service; put B into a file of its own"},
        wrong{"@okra(namespace: \"a\")\ntype Query { a: Int }", ":1:1: error: @okra without a service"}));
INSTANTIATE_TEST_SUITE_P(
    directives, schema_errors,
    testing::Values(
        wrong{"type Query { a: Int @timeout(ms: \"x\") }", ":1:34: error: ms of @timeout: expected Int!, found \"x\""},
        wrong{"type Query { a: Int @timeout(ms: 1.0) }", "expected Int!, found 1.0"},
        wrong{"type Query { a: Int @timeout(ms: 3000000000) }", "expected Int!, found 3000000000"},
        wrong{"type Query { a: Int @timeout(ms: null) }", "expected Int!, found null"},
        wrong{"type Query { a: Int @timeout(ms: 0) }", "ms is 0; it must be at least 1"},
        wrong{"type Query { a: Int @timeout(ms: -5) }", ":1:34: error: ms is -5; it must be at least 1"},
        wrong{"type Query { a: Int @timeout }", ":1:21: error: @timeout needs ms: Int!"},
        wrong{"type Query { a: Int @timeout(ms: 1, mss: 2) }",
              ":1:37: error: @timeout has no argument mss; did you mean ms?"},
        wrong{"type Query { a: Int @timeout(ms: 1, ms: 2) }", ":1:37: error: argument ms of @timeout is given twice"},
        wrong{"type Query { a: Int @internal @internal }", ":1:31: error: @internal stands here twice"},
        wrong{"type Query @internal { a: Int }", "@internal cannot stand on OBJECT, only on FIELD_DEFINITION"},
        wrong{"type Query { a(b: Int @timeout(ms: 1)): Int }", "@timeout cannot stand on ARGUMENT_DEFINITION"},
        wrong{"type Query { a: Int @timout(ms: 1) }", "directive @timout is not defined; did you mean @timeout?"},
        wrong{"type Query { a: Int @zzz }", "directive @zzz is not defined"},
        wrong{"type Query { a: Int @skip(if: true) }", "@skip cannot stand on FIELD_DEFINITION"},
        wrong{"type Query { a(b: Int, c: Int): Int @bare }", "@bare is for methods of one argument; a has 2"},
        wrong{"type Query { a: Int } extend schema @okra(namespace: \"a\")", "directive @okra is not defined"},
        wrong{"schema @service(name: \"A\") { query: Q } extend schema @service(name: \"A\") type Q { a: Int }",
              ":1:55: error: @service stands here twice"}));
INSTANTIATE_TEST_SUITE_P(
    auth, schema_errors,
    testing::Values(
        wrong{R"(type Query { a: Int @auth(scopes: [""]) })", ":1:36: error: \"\" is no scope: 1 to 255 visible"},
        wrong{R"(type Query { a: Int @auth(scopes: ["a b"]) })", "\"a b\" is no scope"},
        wrong{R"(type Query { a: Int @auth(scopes: ["a\\b"]) })", "is no scope"},
        wrong{R"(type Query { a: Int @auth(scopes: ["é"]) })", "is no scope"},
        wrong{R"(type Query { a: Int @auth(scopes: ["a", "b", "a"]) })", ":1:46: error: a stands here twice"},
        wrong{R"(type Query { a: Int @auth(scopes: [null]) })", "expected [String!], found null"},
        wrong{R"(type Query { a: Int @auth(scopes: [1]) })", "expected [String!], found 1"},
        wrong{R"(type Query { a: Int @auth(scope: "a") })", "did you mean scopes?"},
        wrong{R"(type Query { a: Int @auth @auth })", "@auth stands here twice"},
        wrong{R"(extend schema @auth @auth type Query { a: Int })", "@auth stands here twice"},
        wrong{R"(type Query @auth { a: Int })", "@auth cannot stand on OBJECT"},
        wrong{R"(type Query { a: A } type A { b: Int @auth })",
              ":1:37: error: @auth is for methods; A.b is part of an answer, and nothing would keep it from anybody"},
        wrong{R"(type Query { a: Int } interface I { b: Int @auth(scopes: "x") })", "@auth is for methods; I.b"},
        wrong{R"(type Query { me: Query b: Int @auth })",
              ":1:31: error: @auth is for methods; Query.b is part of an answer"},
        wrong{R"(type Query { a: [U] b: Int @auth } union U = Query)", "@auth is for methods; Query.b"},
        wrong{R"(type Query implements I { a: I b: Int @auth } interface I { a: I })",
              "@auth is for methods; Query.b"}));

INSTANTIATE_TEST_SUITE_P(
    uses, schema_errors,
    testing::Values(
        wrong{R"(extend schema @uses(services: ["a.B", "a.C", "a.B"]) type Query { a: Int })",
              ":1:46: error: a.B stands here twice"},
        wrong{R"(extend schema @uses(services: ["a.B"]) @uses(services: ["a.C"]) type Query { a: Int })",
              ":1:40: error: @uses stands here twice"},
        wrong{R"(extend schema @uses(services: ["a.b"]) type Query { a: Int })",
              "its last part must begin with a capital"},
        wrong{R"(extend schema @uses(services: "a..B") type Query { a: Int })", "\"a..B\" is no service name"},
        wrong{R"(extend schema @uses(services: [""]) type Query { a: Int })", "is no service name"},
        wrong{R"(extend schema @uses(services: [1]) type Query { a: Int })", "expected [String!]!, found 1"},
        wrong{R"(extend schema @uses(services: [null]) type Query { a: Int })", "expected [String!]!, found null"},
        wrong{R"(extend schema @uses(services: null) type Query { a: Int })", "expected [String!]!, found null"},
        wrong{R"(extend schema @uses type Query { a: Int })", "@uses needs services: [String!]!"},
        wrong{R"(extend schema @uses(services: [], service: "A") type Query { a: Int })", "did you mean services?"},
        wrong{R"(type Query { a: Int @uses(services: ["a.B"]) })", "@uses cannot stand on FIELD_DEFINITION"}));
INSTANTIATE_TEST_SUITE_P(
    schedule, schema_errors,
    testing::Values(
        wrong{"type Query { a: Int @schedule }", ":1:21: error: @schedule needs exactly one of cron and everyMs"},
        wrong{R"(type Query { a: Int @schedule(tz: "UTC") })", "exactly one of cron and everyMs"},
        wrong{R"(type Query { a: Int @schedule(cron: "* * * * *", everyMs: 1) })", "exactly one of cron and everyMs"},
        wrong{R"(type Query { a: Int @schedule(cron: null, everyMs: null) })", "exactly one of cron and everyMs"},
        wrong{R"(type Query { a: Int @schedule(cron: "* * * *") })",
              ":1:37: error: cron: a cron expression has five fields"},
        wrong{R"(type Query { a: Int @schedule(cron: "") })", "cron: a cron expression has five fields"},
        wrong{R"(type Query { a: Int @schedule(cron: "61 * * * *") })", "cron: \"61\" is no minute (0–59)"},
        wrong{R"(type Query { a: Int @schedule(cron: 5) })", "expected String, found 5"},
        wrong{"type Query { a: Int @schedule(everyMs: 0) }", "everyMs is 0; it must be at least 1"},
        wrong{"type Query { a: Int @schedule(everyMs: -1) }", "everyMs is -1"},
        wrong{"type Query { a: Int @schedule(everyMs: 2147483648) }", "expected Int, found 2147483648"},
        wrong{"type Query { a: Int @schedule(everyMs: 9, jitterMs: -1) }", "jitterMs is -1; it must be at least 0"},
        wrong{"type Query { a: Int @schedule(everyMs: 9, jitterMs: 9) }",
              ":1:53: error: jitterMs is 9; it must be less than everyMs, which is 9"},
        wrong{R"(type Query { a: Int @schedule(everyMs: 9, tz: "UTC") })",
              "tz is the time zone of cron; everyMs has none"},
        wrong{"type Query { a: Int @schedule(everyMs: 9, missed: TWICE) }", "WaggleMissed has no value TWICE"},
        wrong{"type Query { a: Int @schedule(everyMs: 9, missed: null) }", "expected WaggleMissed!, found null"},
        wrong{"type Query { a: Int @schedule(everyMs: 9, evryMs: 9) }", "did you mean everyMs?"},
        wrong{"type Query { a: Int @schedule(everyMs: 9) @schedule(everyMs: 8) }", "@schedule stands here twice"},
        wrong{"type Query { a(b: Int, c: Int!): Int @schedule(everyMs: 9) }",
              ":1:24: error: @schedule calls a without arguments, but c is required"},
        wrong{"type Query { a: Int } type Subscription { b: Int @idempotent }",
              "b is a subscription; @idempotent is for queries and mutations"},
        wrong{"type Query { a(b: Int): Int @bare @schedule(everyMs: 9) }",
              "@schedule calls a without arguments, but by @bare its payload is the argument itself"},
        wrong{"type Query { b: Int } type Subscription { a: Int @schedule(everyMs: 9) }",
              "a is a subscription; @schedule is for queries and mutations"},
        wrong{"type Query @schedule(everyMs: 9) { a: Int }", "@schedule cannot stand on OBJECT"}));

TEST(contract, reads_uses_schedules_and_singletons) {
  const contract c = compiled(R"(
extend schema @service(name: "a.B", singleton: true, pool: {min: 1, queue: 7}) @uses(services: ["a.C", "waggle.state.v1.State"])
type Query {
  nightly(x: Int, y: Int! = 3): Int @schedule(cron: "0 3 * * mon-fri", tz: "Europe/Berlin", jitterMs: 60000, missed: ONCE)
  poll: Int @internal @bare @schedule(everyMs: 1500, jitterMs: 1499)
  null: Int @schedule(cron: "* * * * *", everyMs: null, tz: null, jitterMs: null)
})");
  EXPECT_TRUE(c.singleton);
  EXPECT_EQ(c.pool.min, 1U);
  EXPECT_EQ(c.pool.max, 1U);
  EXPECT_EQ(c.pool.queue, 7U);
  EXPECT_THAT(c.uses, ElementsAre("a.C", "waggle.state.v1.State"));
  const schedule_settings& nightly = *c.find("nightly")->schedule;
  EXPECT_EQ(nightly.cron, "0 3 * * mon-fri");
  EXPECT_EQ(nightly.time_zone, "Europe/Berlin");
  EXPECT_EQ(nightly.every.count(), 0);
  EXPECT_EQ(nightly.jitter, std::chrono::minutes(1));
  EXPECT_TRUE(nightly.once_when_missed);
  const schedule_settings& poll = *c.find("poll")->schedule;
  EXPECT_EQ(poll.cron, "");
  EXPECT_EQ(poll.every.count(), 1500);
  EXPECT_EQ(poll.jitter.count(), 1499);
  EXPECT_FALSE(poll.once_when_missed);
  EXPECT_EQ(c.find("null")->schedule->time_zone, "UTC");
  EXPECT_THAT(compiled(service("", R"(name: "A") @uses(services: "a.C")")).uses, ElementsAre("a.C"));
  EXPECT_THAT(compiled(service("", R"(name: "A") @uses(services: [])")).uses, IsEmpty());
  EXPECT_FALSE(compiled(service("")).find("ok")->schedule);
}

TEST(contract, reads_who_may_call) {
  const contract c = compiled(R"(extend schema @service(name: "a.v1.A") @auth(scopes: ["b", "a"])
    type Query { service: Int own: Int @auth(scopes: "c:d/e") any: Int @auth none: Int @auth(scopes: []) })");
  using scopes = std::vector<std::string>;
  EXPECT_EQ(c.find("service")->auth, (scopes{"a", "b"}));
  EXPECT_EQ(c.find("own")->auth, scopes{"c:d/e"});
  EXPECT_EQ(c.find("any")->auth, scopes{});
  EXPECT_EQ(c.find("none")->auth, scopes{});
  EXPECT_EQ(compiled(service("")).find("ok")->auth, std::nullopt);
}

TEST(contract, scopes_are_bounded) {
  std::string sdl = "type Query { a: Int @auth(scopes: [";
  for (int i = 0; i < 101; ++i) sdl += fmt::format("\"s{}\",", i);
  EXPECT_THAT(findings_of(sdl + "]) }"), ElementsAre(HasSubstr("at most 100 scopes")));
  EXPECT_THAT(findings_of("type Query { a: Int @auth(scopes: \"" + std::string(256, 's') + "\") }"),
              ElementsAre(HasSubstr("is no scope")));
}

TEST(contract, uses_are_bounded) {
  std::string names;
  for (int i = 0; i < 200'000; ++i) names += " \"A" + std::to_string(i) + "\"";
  EXPECT_THAT(findings_of(service("", "name: \"A\") @uses(services: [" + names + "]")),
              ElementsAre(HasSubstr("a service can use at most 1000 others")));
}

TEST(contract, asking_for_nothing_is_available) {
  EXPECT_THAT(findings_of(service("", R"(name: "A", singleton: false)")), IsEmpty());
}

class service_errors : public testing::TestWithParam<wrong> {};
TEST_P(service_errors, one_at_its_place) {
  const auto found = findings_of(service("", GetParam().sdl));
  ASSERT_EQ(found.size(), 1U) << testing::PrintToString(found);
  EXPECT_THAT(found[0], HasSubstr(GetParam().message));
}
INSTANTIATE_TEST_SUITE_P(
    service, service_errors,
    testing::Values(wrong{R"(name: "a.b")",
                          R"(f.graphql:1:30: error: service name "a.b": its last part must begin with a capital)"},
                    wrong{R"(name: "")", "is no service name"}, wrong{R"(name: "a..B")", "is no service name"},
                    wrong{R"(name: "a.B.")", "is no service name"}, wrong{R"(name: ".B")", "is no service name"},
                    wrong{R"(name: "1a.B")", "is no service name"}, wrong{R"(name: "a b.B")", "is no service name"},
                    wrong{R"(name: "a/B")", "is no service name"}, wrong{R"(name: "\u00e9.B")", "is no service name"},
                    wrong{R"(name: "a._B")", "must begin with a capital"},
                    wrong{R"(version: "1")", "@service needs name: String!"},
                    wrong{R"(name: 1)", "name of @service: expected String!, found 1"},
                    wrong{R"(name: "A", nme: 1)", "did you mean name?"},
                    wrong{R"(name: "A", memoryMb: 0)", "memoryMb is 0; it must be from 1 to 2048"},
                    wrong{R"(name: "A", memoryMb: 2049)", "from 1 to 2048"},
                    wrong{R"(name: "A", timeoutMs: 0)", "timeoutMs is 0"},
                    wrong{R"(name: "A", timeoutMs: true)", "expected Int, found true"}));
INSTANTIATE_TEST_SUITE_P(
    singleton, service_errors,
    testing::Values(wrong{R"(name: "A", singleton: true, pool: {max: 2})",
                          ":1:64: error: max of a singleton's pool: a singleton is one; max can only be 1"},
                    wrong{R"(name: "A", singleton: true, pool: {max: 8})", "max can only be 1"},
                    wrong{R"(name: "A", singleton: true, pool: {min: 2})", "min can only be 0 or 1"},
                    wrong{R"(name: "A", singleton: true, pool: {min: 9})", "min is 9, more than max, which is 8"},
                    wrong{R"(name: "A", singleton: true, pool: {isolation: FRESH})", "FRESH would lose its memory"},
                    wrong{R"(name: "A", singleton: true, pool: {maxRequests: 5})", "never replaced while it is sound"},
                    wrong{R"(name: "A", singleton: 1)", "expected Boolean!, found 1"},
                    wrong{R"(name: "A", singleton: null)", "expected Boolean!, found null"},
                    wrong{R"(name: "A", singleton: true, singleton: true)", "singleton of @service is given twice"}));
INSTANTIATE_TEST_SUITE_P(
    pool, service_errors,
    testing::Values(wrong{R"(name: "A", pool: {min: 3, max: 2})", ":1:47: error: min is 3, more than max, which is 2"},
                    wrong{R"(name: "A", pool: {min: 9})", "min is 9, more than max, which is 8"},
                    wrong{R"(name: "A", pool: {max: 0})", "max is 0; it must be from 1"},
                    wrong{R"(name: "A", pool: {min: -1})", "min is -1; it must be from 0"},
                    wrong{R"(name: "A", pool: {queue: -1})", "queue is -1"},
                    wrong{R"(name: "A", pool: {idleMs: -1})", "idleMs is -1"},
                    wrong{R"(name: "A", pool: {maxRequests: -1})", "maxRequests is -1"},
                    wrong{R"(name: "A", pool: {max: "8"})", "pool of @service.max: expected Int!, found"},
                    wrong{R"(name: "A", pool: {max: null})", "expected Int!, found null"},
                    wrong{R"(name: "A", pool: {mx: 1})", "WagglePool has no field mx; did you mean max?"},
                    wrong{R"(name: "A", pool: {max: 1, max: 2})", "max is given twice"},
                    wrong{R"(name: "A", pool: {isolation: FRSH})",
                          "WaggleIsolation has no value FRSH; did you mean FRESH?"},
                    wrong{R"(name: "A", pool: {isolation: "FRESH"})", "expected WaggleIsolation!, found"},
                    wrong{R"(name: "A", pool: 8)", "expected WagglePool, found 8"}));

TEST(contract, reports_everything_in_the_order_of_the_text) {
  EXPECT_THAT(
      findings_of("extend schema @service(name: \"a\")\ntype Query {\n  a: Strin @timeout(ms: 0)\n  b: Int @x\n}"),
      ElementsAre(HasSubstr(":1:30:"), HasSubstr(":3:6:"), HasSubstr(":3:25:"), HasSubstr(":4:10:")));
}

TEST(contract, after_an_error_of_the_language_nothing_else_is_said) {
  EXPECT_THAT(findings_of("type A { b }\ntype Query { a: A c: Nothing }"), SizeIs(1));
}

}  // namespace
}  // namespace waggle
