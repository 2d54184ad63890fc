#include "schema/describe/ecma_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waggle::graphql {
namespace {

using ::testing::Eq;
using ::testing::Optional;

struct row {
  const char* re2;
  const char* ecma;
};

TEST(EcmaPattern, SaysTheSameInTheOtherDialect) {
  for (const row& r : {
           row{"^[a-z]+$", "^[a-z]+$"},
           {R"(\Aab?\z)", "^ab?$"},
           {"a.b", "a[^\\n]b"},
           {R"(\s\S)", R"([\t\n\f\r ][^\t\n\f\r ])"},
           {R"([\s\d_])", R"([\t\n\f\r \d_])"},
           {"[[:alpha:]_]", "[A-Za-z_]"},
           {"[]a]", R"([\]a])"},
           {"[^]a]", R"([^\]a])"},
           {"[a-]", R"([a\-])"},
           {R"([\d-z])", R"([\d\-z])"},
           {"[-a]", R"([\-a])"},
           {"[a[b]", R"([a\[b])"},
           {"(?P<n>a)(?<m>b)(?:c)", "(a)(b)(?:c)"},
           {"a{2}b{2,}?c{2,3}", "a{2}b{2,}?c{2,3}"},
           {"a{,2}{", R"(a\{,2\}\{)"},
           {"a]}/", R"(a\]\}\/)"},
           {R"(\-\@\_\.\/)", R"(-@_\.\/)"},
           {R"([\-\@\.])", R"([\-@\.])"},
           {R"(\x41\x{1F600}\a)", R"(\x41\u{1F600}\x07)"},
           {R"(\pL\p{Lu}\p{^Lu}\P{Greek}\p{Any})", R"(\p{L}\p{Lu}\P{Lu}\P{Script=Greek}\p{Any})"},
           {"ä+[ä-ö]", "ä+[ä-ö]"},
           {"a*?b+?c??", "a*?b+?c??"},
           {"(|a)*", "(|a)*"},
       })
    EXPECT_THAT(ecma_pattern(r.re2), Optional(Eq(r.ecma))) << r.re2;
}

TEST(EcmaPattern, IsNotThereWhereItIsNotCertain) {
  for (const char* re2 :
       {"(?i)abc", "(?s:.)", "(?m)^a", R"(\Qa.b\E)", R"(\C)", "^*", R"(\b+)", R"([\S])", "[[:^alpha:]]", "a**", R"(\8)",
        R"(a\)", "[a", R"(\x4)", R"(\x{)", R"(\p{)", R"(\p{L&})", "(?P<a"})
    EXPECT_EQ(ecma_pattern(re2), std::nullopt) << re2;
}

}  // namespace
}  // namespace waggle::graphql
