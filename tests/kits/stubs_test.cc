// The stubs of every.graphql, run on this machine: what goes out, and what is made of answers.
#include "every.h"

#include <iostream>

#include "waggle/config.h"
#include "waggle/http.h"
#include "waggle/log.h"
#include "waggle/state.h"

namespace every = test::stubs::v1::every;
using waggle::json;

static int passed = 0;
static int failed = 0;
static std::string sent;    // the last payload
static std::string called;  // service/method
static std::string answer = "null";

static void same(int line, const std::string& got, const std::string& wanted) {
  if (got == wanted) {
    ++passed;
    return;
  }
  ++failed;
  std::cout << "FAIL stubs_test.cc:" << line << ": " << got << "\n  wanted " << wanted << "\n";
}
#define SAME(got, wanted) same(__LINE__, got, wanted)
#define HOLDS(what) same(__LINE__, (what) ? "true" : #what, "true")

static void what_must_be_given_goes_out_in_order() {
  (void)every::scalars(1, 0.5, "a\"b", true, "7", 9007199254740993, "123456789012345678901234567890", "1.50",
                       "AQI=", "2026-01-31T00:00:00Z", waggle::list{1, json()}, every::Mood::NULL_);
  SAME(called, "test.stubs.v1.Every/scalars");
  SAME(sent,
       R"({"i":1,"f":0.5,"s":"a\"b","b":true,"id":"7","l":9007199254740993,"big":"123456789012345678901234567890",)"
       R"("d":"1.50","bytes":"AQI=","at":"2026-01-31T00:00:00Z","j":[1,null],"m":"NULL"})");
  (void)every::nothing();
  SAME(sent, "{}");
}

static void what_was_not_given_stays_away() {
  (void)every::options();
  SAME(sent, "{}");
  every::options_options o;
  o.i = 0;
  o.b = false;
  o.s = "";
  o.j = waggle::object{};
  o.e = {1};
  o.g = std::vector<std::int32_t>{};  // not the default
  o.any = json();                     // null is not the default either
  (void)every::options(o);
  SAME(sent, R"({"i":0,"s":"","b":false,"j":{},"e":[1],"g":[],"any":null})");
}

static void lists_keep_their_nulls() {
  every::lists_options o;
  o.a = {{1, std::nullopt}};
  o.c = {{std::vector<std::optional<std::int32_t>>{std::nullopt}, std::nullopt}};
  o.f = {{json(), 1}};
  every::Tree leaf;
  leaf.name = "leaf";
  o.i = {{leaf, std::nullopt}};
  (void)every::lists({2}, {{3}, {}}, {json()}, {"AQ=="}, o);
  SAME(
      sent,
      R"({"b":[2],"d":[[3],[]],"g":[null],"bytes":["AQ=="],"a":[1,null],"c":[[null],null],"f":[null,1],"i":[{"name":"leaf"},null]})");
}

static void types_may_come_back_to_themselves() {
  every::Tree leaf;
  leaf.name = "leaf";
  every::Tree tree;
  tree.name = "root";
  tree.next = leaf;
  tree.children = {{leaf, leaf}};
  tree.Mood_ = every::Mood::class_;
  const every::Tree copy = tree;
  (void)every::bare({copy});
  SAME(sent, R"([{"name":"root","children":[{"name":"leaf"},{"name":"leaf"}],"next":{"name":"leaf"},"Mood":"class"}])");
  every::Pick one;
  one.byTree = *tree.next;
  (void)every::pick(one);
  SAME(sent, R"({"one":{"byTree":{"name":"leaf"}}})");

  answer =
      R"({"name":"a","children":[{"name":"b"}],"maybe":[null,{"name":"c"}],"up":{"name":"d","up":{"name":"e"}},"sure":[]})";
  const auto read = every::bare({});
  HOLDS(!read.failed() && !read->maybe->at(0).has_value());
  SAME(read->children->at(0).name, "b");
  SAME(read->up->up->name, "e");
  HOLDS(!read->side && !read->up->up->up);
  answer = R"({"b":{"c":{"x":3}}})";  // without the end that non-null circles have not
  SAME(std::to_string((*every::circle())->b->c->x), "3");
}

static void bare_payloads_are_the_value() {
  answer = "null";
  (void)every::bareMaybe();
  SAME(sent, "null");
  (void)every::bareMaybe(0);
  SAME(sent, "0");
  (void)every::bareBytes("AQ==");
  SAME(sent, "\"AQ==\"");
}

static void answers_are_read_as_loosely_as_the_host_lets_them_pass() {
  answer =
      R"({"ri":1e3,"rf":2,"rs":"x","rb":true,"rid":12,"rl":9007199254740993,"rbig":123456789012345678901234567890,)"
      R"("rd":"1.50","rbytes":"AQI=","rat":"2026-01-31T00:00:00Z","rj":{"a":[1]},"rm":"newer","i":null})";
  const auto a = every::options();
  const every::Scalars& s = *a.value();
  SAME(std::to_string(s.ri), "1000");
  SAME(std::to_string(s.rl), "9007199254740993");
  SAME(s.rid, "12");
  SAME(s.rbig, "123456789012345678901234567890");
  SAME(s.rj.print(), R"({"a":[1]})");
  HOLDS(s.rf == 2 && s.rb && s.rm == every::Mood::unknown_ && !s.i && !s.m && !s.dd);
  answer = "null";
  HOLDS(!every::options().value());
  answer = "1.0";
  HOLDS(*every::long_() == 1);
  answer = R"(["light","DARK"])";
  HOLDS(every::shades(every::shade::DARK).value() ==
        (std::vector<every::shade>{every::shade::light, every::shade::DARK}));
}

static void an_interface_is_read_by_its_type() {
  answer =
      R"([{"__typename":"Dog","name":"Rex","barks":true,"best":{"name":"Tom","lives":7}},{"__typename":"raw","weight":2},)"
      R"({"__typename":"Ghost","fog":1}])";
  const auto pets = every::pets();
  const every::Pet& dog = pets->at(0);
  SAME(dog.typename_, "Dog");
  HOLDS(dog.as_Dog()->barks && dog.as_Dog()->best->lives == 7 && !dog.as_Cat());
  HOLDS(pets->at(1).as_raw()->weight == 2);
  SAME(pets->at(2).raw_["fog"].print(), "1");
  answer = R"({"__typename":"Cat","name":"Tom","raw":5,"lives":7,"owner":{"__typename":"Dog","name":"Rex"}})";
  const auto named = every::named();
  SAME(named.value()->name, "Tom");
  SAME((*named)->owner->name, "Rex");
}

static void failures_say_what_they_are_and_can_be_passed_on() {
  waggle::fake_calls() = [](std::string_view, std::string_view, const json&) -> waggle::reply {
    return waggle::error("not_found", std::string(5000, 'x'), waggle::object{{"a", 1}});
  };
  const auto a = waggle::state::get("k");
  HOLDS(a.failed() && !a.value());
  SAME(a.code(), "not_found");
  SAME(a.message(), std::string(5000, 'x'));
  SAME(a.details().print(), R"({"a":1})");
  const waggle::reply on = a.error();
  SAME(on.print().substr(0, 40), R"({"error":{"code":"not_found","message":")");
}

static void the_hosts_services_read_well() {
  answer = R"({"key":"k","value":{"n":1},"version":4})";
  const auto entry = waggle::state::get("k");
  SAME(called + sent, R"(waggle.state.v1.State/get{"key":"k"})");
  HOLDS(entry.value() && entry.value()->version == 4 && entry.value()->value["n"].integer() == 1);
  answer = "true";
  waggle::state::put_options put;
  put.value = waggle::object{{"n", 2}};
  put.ifVersion = entry.value()->version;
  HOLDS(*waggle::state::put("k", put));
  SAME(sent, R"({"key":"k","value":{"n":2},"ifVersion":4})");
  waggle::state::Op op;
  op.delete_ = waggle::state::Delete{"k", {}};
  (void)waggle::state::write({op});
  SAME(sent, R"({"ops":[{"delete":{"key":"k"}}]})");
  (void)waggle::log_service::write("done");
  SAME(called + sent, R"(waggle.log.v1.Log/write{"message":"done"})");
  answer = R"({"status":204,"headers":[{"name":"a","value":"b"}],"url":"https://a/"})";
  SAME(waggle::http::get("https://a/")->headers.at(0).value, "b");
  answer = "\"" + std::string(5000, 'x') + "\"";  // longer than the first buffer
  SAME(waggle::config::secret("k").value().value(), std::string(5000, 'x'));
}

static waggle::reply letters(const json& in) {
  const std::string at = waggle::cursor();
  if (at == "end") return waggle::stream().done();
  return waggle::stream().item(in["a"]).item(nullptr).cursor("before").cursor(at + "x").after_ms(500);
}
WAGGLE_METHOD(letters);

static void a_streams_answer_has_what_was_said() {
  const auto answer_at = [](const json& cursor) {
    waggle::fake_context() = waggle::object{{"cursor", cursor}};
    return waggle::method::handle("letters", R"({"a":[1]})").print();
  };
  SAME(answer_at(nullptr), R"({"items":[[1],null],"cursor":"x","afterMs":500})");
  SAME(answer_at(std::string(2000, 'y')),
       R"({"items":[[1],null],"cursor":")" + std::string(2000, 'y') + R"(x","afterMs":500})");
  SAME(answer_at("end"), R"({"items":[],"done":true})");
  SAME(json(waggle::stream()).print(), R"({"items":[]})");
  waggle::fake_context() = waggle::object{};
}

int main() {
  HOLDS(waggle::call("a.B", "c", json()).code() == "unavailable");  // where there is no fake
  waggle::fake_calls() = [](std::string_view service, std::string_view method, const json& in) -> waggle::reply {
    called = std::string(service) + "/" + std::string(method);
    sent = in.print();
    return json::parse(answer);
  };
  what_must_be_given_goes_out_in_order();
  what_was_not_given_stays_away();
  lists_keep_their_nulls();
  types_may_come_back_to_themselves();
  bare_payloads_are_the_value();
  answers_are_read_as_loosely_as_the_host_lets_them_pass();
  an_interface_is_read_by_its_type();
  the_hosts_services_read_well();
  failures_say_what_they_are_and_can_be_passed_on();
  a_streams_answer_has_what_was_said();
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed != 0;
}
