#include "host/contracts.h"

#include <gmock/gmock.h>

namespace waggle {
namespace {

TEST(HostContracts, AllCompileWithoutFindingsAndAreTheNodesOwn) {
  EXPECT_GE(host_contracts().size(), 4U);
  for (const host_contract& c : host_contracts()) {
    const auto compiled = compile_contract(c.sdl, c.file);
    EXPECT_THAT(compiled.findings, testing::IsEmpty()) << to_string(compiled.findings.front());
    ASSERT_TRUE(compiled.value);
    EXPECT_TRUE(compiled.value->name.starts_with("waggle.")) << compiled.value->name;
    EXPECT_EQ(compiled_host_contract(c.file)->name, compiled.value->name);
  }
}

}  // namespace
}  // namespace waggle
