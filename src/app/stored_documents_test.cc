#include "app/stored_documents.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

namespace waggle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;

class StoredDocuments : public testing::Test {
 protected:
  auto read(std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
    return read_stored_documents(path);
  }
  std::string problem(std::string_view text) {
    const auto all = read(text);
    if (all) return "none";
    EXPECT_EQ(all.error().code, error_code::invalid_argument);
    EXPECT_THAT(all.error().message, StartsWith(path + ": "));
    return all.error().message.substr(path.size() + 2);
  }
  ~StoredDocuments() override { std::filesystem::remove(path); }

  const std::string path =
      testing::TempDir() + "stored_" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".json";
};

TEST_F(StoredDocuments, ids_and_documents_as_relay_writes_them) {
  const auto all = read(R"( {"b":"{ b }","\u0061":"query Q { a(x: \"\\n\") }"} )");
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_THAT(**all, ElementsAre(Pair("a", R"(query Q { a(x: "\n") })"), Pair("b", "{ b }")));
  EXPECT_EQ(problem("{}"), "none");
}

TEST_F(StoredDocuments, apollos_manifest) {
  const auto all = read(R"({"format":"apollo-persisted-query-manifest","version":1,"operations":[
      {"id":"h1","name":"Q","type":"query","body":"query Q { a }"},{"body":"{ b }","id":"h2"}]})");
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_THAT(**all, ElementsAre(Pair("h1", "query Q { a }"), Pair("h2", "{ b }")));
}

TEST_F(StoredDocuments, ids_may_be_called_as_the_manifests_members) {
  const auto all = read(R"({"format":"{a}","operations":"{b}"})");
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ((*all)->size(), 2U);
}

TEST_F(StoredDocuments, bad_files_say_what_is_wrong) {
  EXPECT_THAT(problem(""), HasSubstr("is no JSON object"));
  EXPECT_THAT(problem("["), HasSubstr("is no JSON object"));
  EXPECT_THAT(problem("[]"), HasSubstr("is no JSON object"));
  EXPECT_EQ(problem(R"({"a":1})"), "\"a\" is no text");
  EXPECT_THAT(problem(R"({"a":"{ a"})"), StartsWith("\"a\" is no GraphQL: "));
  EXPECT_THAT(problem(R"({"a":""})"), StartsWith("\"a\" is no GraphQL: "));
  EXPECT_EQ(problem(R"({"format":"x","operations":[1]})"), "an operation has no id, or no body");
  EXPECT_EQ(problem(R"({"format":"x","operations":[{"id":"a"}]})"), "an operation has no id, or no body");
  EXPECT_EQ(problem(R"({"format":"x","operations":[{"id":1,"body":"{a}"}]})"), "an operation has no id, or no body");
  EXPECT_EQ(problem(R"({"format":"x","operations":[{"id":"a","body":{}}]})"), "\"a\" is no text");
}

TEST_F(StoredDocuments, a_file_that_cannot_be_read) {
  EXPECT_FALSE(read_stored_documents(path + ".none"));
  EXPECT_FALSE(read_stored_documents(testing::TempDir()));
}

}  // namespace
}  // namespace waggle
