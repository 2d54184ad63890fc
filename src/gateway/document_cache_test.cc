#include "gateway/document_cache.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gateway/graphql_shop_for_tests.h"
#include "gateway/sha256.h"

namespace waggle {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string hash_of(std::string_view text) {
  std::string out;
  for (const char c : sha256(text)) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

class DocumentCache : public graphql_shop {
 protected:
  auto find(const graphql_params& p) { return cache().find(front.endpoints->all, p); }
  document_cache& cache() { return front.documents; }
  /// The refusal's response.
  std::string problem(const graphql_params& p) {
    const auto found = find(p);
    return found ? "none" : found.error().response;
  }
  static graphql_params text(std::string query) { return {.query = std::move(query)}; }
  static graphql_params id(std::string document_id) { return {.document_id = std::move(document_id)}; }
  static graphql_params hashed(std::string query, std::string hash) {
    return {.query = std::move(query), .sha256 = std::move(hash)};
  }
  void store(stored_documents all) { front.settings.stored = std::make_shared<const stored_documents>(std::move(all)); }
  /// A document of about so many bytes.
  static std::string large(std::size_t bytes, int number) {
    return fmt::format("{{a}}#{}{}", number, std::string(bytes, 'x'));
  }
};

TEST_F(DocumentCache, the_same_text_is_prepared_once) {
  const auto first = find(text("{ a }")).value();
  EXPECT_EQ(find(text("{ a }")).value(), first);
  EXPECT_NE(find(text("{a}")).value(), first);
}

TEST_F(DocumentCache, each_endpoint_has_its_own) {
  const auto first = find(text("{a}")).value();
  const auto other = cache().find(front.find("shop.v1.Shop"), text("{a}")).value();
  EXPECT_NE(other, first);
  EXPECT_EQ(other->of, front.find("shop.v1.Shop"));
}

TEST_F(DocumentCache, a_replaced_endpoint_is_not_kept) {
  const auto first = find(text("{a}")).value();
  const std::weak_ptr<const graphql::endpoint> old = front.endpoints->all;
  front.replace(endpoints_of(shop));
  const auto second = find(text("{a}")).value();
  EXPECT_NE(second, first);
  EXPECT_EQ(second->of, front.endpoints->all);
  EXPECT_EQ(first->of, old.lock()) << "who has begun with it goes on with it";
}

TEST_F(DocumentCache, the_number_is_bounded_and_the_oldest_goes) {
  const std::weak_ptr<const graphql::prepared_document> oldest = find(text("{a}#0")).value();
  const std::weak_ptr<const graphql::prepared_document> used = find(text("{a}#1")).value();
  for (std::size_t i = 2; i < document_cache::most_documents; ++i) std::ignore = find(text(fmt::format("{{a}}#{}", i)));
  EXPECT_FALSE(oldest.expired());
  std::ignore = find(text("{a}#0"));
  std::ignore = find(text("{a}#1"));
  std::ignore = find(text("{a}#new"));
  std::ignore = find(text("{a}#newer"));
  EXPECT_FALSE(oldest.expired());
  EXPECT_FALSE(used.expired());
  for (std::size_t i = 0; i < document_cache::most_documents; ++i) std::ignore = find(text(fmt::format("{{b}}#{}", i)));
  EXPECT_TRUE(oldest.expired());
  EXPECT_TRUE(used.expired());
  EXPECT_TRUE(find(text("{a}#0")));
}

// A text counts twice: it is its own key, too.
TEST_F(DocumentCache, the_memory_is_bounded) {
  const std::weak_ptr<const graphql::prepared_document> oldest = find(text(large(400'000, 0))).value();
  for (int i = 1; i < 20; ++i) EXPECT_TRUE(find(text(large(400'000, i))));
  EXPECT_FALSE(oldest.expired());
  EXPECT_TRUE(find(text(large(400'000, 20))));
  EXPECT_TRUE(oldest.expired());
  EXPECT_THAT(problem(text(large(1 << 20, 7))), HasSubstr("the limit is 1048576"));
}

// The tree of a text of short names takes many times its bytes.
TEST_F(DocumentCache, what_is_short_and_takes_much_counts_as_that) {
  const auto fields = [](int id) {
    std::string out = fmt::format("query Q{} {{", id);
    for (int i = 0; i < 9'000; ++i) out += "a ";
    return out + "}";
  };
  front.settings.limits.root_fields = 9'000;
  const std::weak_ptr<const graphql::prepared_document> oldest = find(text(fields(0))).value();
  for (int i = 1; i < 12; ++i) EXPECT_TRUE(find(text(fields(i))));
  EXPECT_FALSE(oldest.expired());
  EXPECT_TRUE(find(text(fields(12))));
  EXPECT_TRUE(oldest.expired());
  std::string words = "#";
  for (int i = 0; i < 30'000; ++i) words += "a ";
  const std::weak_ptr<const graphql::prepared_document> largest = find(text(words + "\n{a}")).value();
  EXPECT_TRUE(largest.expired()) << "a quarter of the whole is not worth it";
}

TEST_F(DocumentCache, what_does_not_fit_is_refused_and_forgotten) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(problem(text("{ nope }")), StartsWith(R"({"errors":[{"message":"Query has no field nope)"));
    EXPECT_THAT(problem(text("{ nope }")), HasSubstr(R"("locations":[{"line":1,"column":3}])"));
    EXPECT_THAT(problem(text("{ a")), HasSubstr(R"("code":"invalid_argument","fault":"caller")"));
  }
  front.settings.limits.root_fields = 1;
  EXPECT_EQ(problem(text("{a}")), "none");
  EXPECT_THAT(problem(text("{a b}")), HasSubstr("root"));
  front.settings.limits.tokens = 5;
  EXPECT_THAT(problem(text("{a x:a y:a z:a}")), HasSubstr("token"));
}

TEST_F(DocumentCache, introspection_can_be_switched_off) {
  EXPECT_EQ(problem(text("{__schema{description}}")), "none");
  front.settings.introspection = false;
  cache().clear();
  EXPECT_THAT(problem(text("{__schema{description}}")), HasSubstr("permission_denied"));
  EXPECT_THAT(problem(text("{...F} fragment F on Query{__type(name:\"A\"){name}}")), HasSubstr("introspection"));
  EXPECT_EQ(problem(text("{__typename a}")), "none");
}

TEST_F(DocumentCache, stored_documents_are_asked_for_by_their_ids) {
  EXPECT_THAT(problem(id("one")), HasSubstr(R"(there is no stored document \"one\")"));
  store({{"one", "{a}"}, {"bad", "{nope}"}});
  EXPECT_EQ(find(id("one")).value()->text, "{a}");
  EXPECT_EQ(find(id("one")).value(), find(text("{a}")).value());
  const auto unknown = find(id("two" + std::string(1000, 'x')));
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(unknown.error().unknown_document);
  EXPECT_LT(unknown.error().response.size(), 300U);
  EXPECT_THAT(problem(id("bad")), HasSubstr("nope"));
}

TEST_F(DocumentCache, only_stored_ones_where_the_operator_wants_it) {
  const std::string known = hash_of("{b}");
  store({{"one", "{a}"}, {known, "{b}"}});
  front.settings.only_stored = true;
  EXPECT_EQ(problem(id("one")), "none");
  EXPECT_EQ(find(hashed("", known)).value()->text, "{b}");
  EXPECT_EQ(find(hashed("{a}", known)).value()->text, "{b}") << "what is stored counts";
  EXPECT_THAT(problem(text("{a}")), HasSubstr("only stored documents"));
  EXPECT_THAT(problem(hashed("{a}", hash_of("{a}"))), HasSubstr("only stored documents"));
  EXPECT_THAT(problem(hashed("", hash_of("{a}"))), HasSubstr("permission_denied")) << "its text would not help";
  EXPECT_THAT(problem(id("two")), HasSubstr(R"("code":"not_found")"));
}

TEST_F(DocumentCache, apollos_automatic_persisted_queries) {
  const std::string known = hash_of("{a}");
  const auto first = find(hashed("", known));
  ASSERT_FALSE(first);
  EXPECT_TRUE(first.error().unknown_document);
  EXPECT_THAT(first.error().response, HasSubstr(R"("message":"PersistedQueryNotFound")"));
  EXPECT_THAT(first.error().response, HasSubstr(R"("code":"PERSISTED_QUERY_NOT_FOUND")"));
  EXPECT_EQ(problem(hashed("{a}", known)), "none");
  EXPECT_EQ(find(hashed("", known)).value()->text, "{a}");
  front.replace(endpoints_of(shop));
  EXPECT_EQ(find(hashed("", known)).value()->text, "{a}") << "hashes outlive the endpoints";
}

TEST_F(DocumentCache, a_hash_that_is_not_the_texts_is_refused_even_where_the_text_is_known) {
  const std::string other = hash_of("{b}");
  EXPECT_EQ(problem(text("{a}")), "none");
  EXPECT_THAT(problem(hashed("{a}", other)), HasSubstr("is not the SHA-256"));
  EXPECT_THAT(problem(hashed("", other)), HasSubstr("PersistedQueryNotFound"));
}

// It was remembered unchecked where the stored text had been asked for before.
TEST_F(DocumentCache, the_hash_of_a_stored_document_is_not_given_to_another_text) {
  const std::string known = hash_of("{b}");
  store({{known, "{b}"}});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(find(hashed("{a}", known)).value()->text, "{b}");
  front.settings.stored = nullptr;
  EXPECT_THAT(problem(hashed("", known)), HasSubstr("PersistedQueryNotFound"));
}

TEST_F(DocumentCache, a_document_that_does_not_fit_leaves_no_hash) {
  EXPECT_THAT(problem(hashed("{nope}", hash_of("{nope}"))), HasSubstr("nope"));
  EXPECT_THAT(problem(hashed("", hash_of("{nope}"))), HasSubstr("PersistedQueryNotFound"));
}

TEST_F(DocumentCache, hashes_are_bounded_too) {
  const std::string first = large(900'000, 0);
  EXPECT_EQ(problem(hashed(first, hash_of(first))), "none");
  for (int i = 1; i < 6; ++i) {
    const std::string next = large(900'000, i);
    EXPECT_EQ(problem(hashed(next, hash_of(next))), "none");
  }
  EXPECT_THAT(problem(hashed("", hash_of(first))), HasSubstr("PersistedQueryNotFound"));
}

}  // namespace
}  // namespace waggle
