#include "state/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "state/state_for_tests.h"

namespace waggle {
namespace {

using namespace testing_state;
using testing::HasSubstr;

class archive : public state_on {
 protected:
  std::vector<std::string> exported(std::string_view service = {}) {
    std::vector<std::string> lines;
    const auto n = export_state(*keeper->view(), service, [&](std::string_view l) { lines.emplace_back(l); });
    EXPECT_EQ(n.value(), lines.size());
    return lines;
  }
  result<std::size_t> import(std::vector<std::string> lines) {
    std::size_t at = 0;
    return import_state(*keeper, [&]() -> std::optional<std::string> {
      if (at == lines.size()) return std::nullopt;
      return lines[at++];
    });
  }
};
INSTANTIATE_TEST_SUITE_P(stores, archive, both_stores, store_name);

TEST_P(archive, what_is_exported_can_be_imported) {
  put("a", "1");
  put("b\n\"\xC3\xA9", "{\"x\" :\n[1.50,123456789012345678901234567890,-0e+999]}");
  put("soon", "\"s\"", 60'000);
  auto t = begin(nullptr, {}, "other.v1.Service");
  ASSERT_TRUE(t->put("a", "2"));
  ASSERT_TRUE(commit(t));
  t.reset();
  const auto lines = exported();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], "{\"service\":\"other.v1.Service\",\"key\":\"a\",\"value\":2}\n");
  EXPECT_EQ(exported("shop.v1.Orders").size(), 3U);
  for (const auto& l : lines) EXPECT_EQ(std::count(l.begin(), l.end(), '\n'), 1);

  keeper.reset();
  std::filesystem::remove_all(folder.path / "state");
  open({});
  EXPECT_EQ(value("a"), "-");
  EXPECT_EQ(import(lines).value(), 4U);
  EXPECT_EQ(exported(), lines);
  clock.advance(std::chrono::minutes(1));
  EXPECT_EQ(import(lines).value(), 3U) << "without what has expired";
}

TEST_P(archive, an_expiry_stays_what_it_is_while_time_goes_on) {
  const std::string line = "{\"service\":\"a.A\",\"key\":\"k\",\"value\":1,\"expires\":4000000000000}\n";
  std::size_t given = 0;
  const auto read = [&]() -> std::optional<std::string> {
    clock.advance(std::chrono::milliseconds(1));
    if (given == 2) return std::nullopt;
    return ++given == 1 ? "{\"service\":\"a.A\",\"key\":\"first\",\"value\":1}" : line;
  };
  EXPECT_EQ(import_state(*keeper, read).value(), 2U);
  EXPECT_THAT(exported(), testing::Contains(line));
}

TEST_P(archive, thousands_of_entries_go_in_several_transactions) {
  std::vector<std::string> lines;
  for (int i = 0; i < 2500; ++i)
    lines.push_back("{\"service\":\"a.A\",\"key\":\"" + std::to_string(i) + "\",\"value\":null}");
  EXPECT_EQ(import(lines).value(), 2500U);
  EXPECT_EQ(exported("a.A").size(), 2500U);
}

TEST_P(archive, a_line_that_is_none_is_named) {
  const std::string good = R"({"service":"a.A","key":"k","value":1})";
  for (const std::string bad :
       {"x", "{}", "[]", R"({"service":"a.A","key":"k"})", R"({"service":"","key":"k","value":1})",
        R"({"service":"a.A","key":"k","value":1} 2)", R"({"service":"a.A","key":"k","value":[1,}]})",
        R"({"service":"a.A","key":"k","value":01})", R"({"service":"a.A","key":"k","value":1x})",
        R"({"service":"a.A","key":"k","value":1,"more":1})", R"({"service":"a.A","key":"","value":1})",
        R"({"service":"a\u0000A","key":"k","value":1})"}) {
    const auto done = import({good, "", bad});
    EXPECT_EQ(code_of(done), "invalid_argument caller") << bad;
    EXPECT_THAT(done ? "" : done.error().message, HasSubstr("line 3"));
  }
}

TEST_P(archive, a_check_tells_the_services_or_the_wrong_line_and_imports_nothing) {
  const auto check = [this](std::vector<std::string> lines) {
    return check_archive(*keeper,
                         [lines = std::move(lines), at = std::size_t{0}]() mutable -> std::optional<std::string> {
                           if (at == lines.size()) return std::nullopt;
                           return lines[at++];
                         });
  };
  const std::string a = R"({"service":"a.A","key":"k","value":1})";
  const std::string b = R"({"service":"b.B","key":"k","value":1})";
  EXPECT_EQ(check({b, "", a, b}).value(), (std::set<std::string>{"a.A", "b.B"}));
  EXPECT_THAT(exported(), testing::IsEmpty());
  const auto bad = check({a, b, "", "{}"});
  EXPECT_EQ(code_of(bad), "invalid_argument caller");
  EXPECT_THAT(bad ? "" : bad.error().message, HasSubstr("line 4"));
  // What would be refused later, when the old entries are gone already.
  const std::string large(1025, 'k');
  for (const std::string& line :
       {R"({"service":"a.A","key":"","value":1})" + std::string(),
        R"({"service":"a.A","key":")" + large + R"(","value":1})",
        R"({"service":"a.A","key":"k","value":")" + std::string(1U << 20, 'v') + "\"}",
        R"({"service":"a.A","key":"k","value":1,"expires":253402300800000})" + std::string()}) {
    const auto refused = check({a, line});
    EXPECT_FALSE(refused) << line.substr(0, 100);
    EXPECT_THAT(refused ? "" : refused.error().message, HasSubstr("line 2"));
  }
  EXPECT_TRUE(check({R"({"service":"a.A","key":"k","value":1,"expires":253402300799999})"}));
  EXPECT_THAT(exported(), testing::IsEmpty());
}

}  // namespace
}  // namespace waggle
