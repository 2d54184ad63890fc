#include "app/targets.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/read_file.h"
#include "wasm/wasm_binary.h"

namespace waggle {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string empty_module("\0asm\1\0\0\0", 8);

std::string packed(std::string_view schema) {
  const auto bytes = pack_schema(std::as_bytes(std::span(empty_module)), schema).value();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class targets : public testing::Test {
 protected:
  targets() {
    char name[] = "/tmp/waggle-targets-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~targets() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

  std::string folder_;
};

TEST_F(targets, a_schema_beside_the_module) {
  const std::string module = write("greeter.wasm", empty_module);
  write("greeter.graphql", "type Query { a: Int }");
  const auto read = read_target(module);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->module, module);
  EXPECT_EQ(read->bytes, empty_module);
  EXPECT_EQ(read->schema, "type Query { a: Int }");
  EXPECT_EQ(read->schema_file, path("greeter.graphql"));
  EXPECT_THAT(read->files, ElementsAre(module, path("greeter.graphql")));
  EXPECT_THAT(read->warnings, IsEmpty());
}

TEST_F(targets, an_okra_schema_beside_the_module) {
  const std::string module = write("greeter.wasm", empty_module);
  write("greeter.okra.gql", "service A {}");
  const auto read = read_target(module);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->schema, "service A {}");
  EXPECT_EQ(read->schema_file, path("greeter.okra.gql"));
}

TEST_F(targets, of_two_schemas_beside_the_module_graphql_counts) {
  const std::string module = write("a.wasm", empty_module);
  write("a.graphql", "1");
  write("a.okra.gql", "2");
  const auto read = read_target(module);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->schema, "1");
  ASSERT_THAT(read->warnings, SizeIs(1));
  EXPECT_EQ(read->warnings[0].file, path("a.okra.gql"));
  EXPECT_THAT(read->files, SizeIs(3));
}

TEST_F(targets, a_schema_inside_counts_and_a_difference_is_a_warning) {
  const std::string module = write("a.wasm", packed("inside"));
  EXPECT_THAT(read_target(module)->warnings, IsEmpty());
  write("a.graphql", "inside\r\n");
  EXPECT_THAT(read_target(module)->warnings, IsEmpty());
  write("a.graphql", "beside");
  const auto read = read_target(module);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->schema, "inside");
  EXPECT_EQ(read->schema_file, module);
  ASSERT_THAT(read->warnings, SizeIs(1));
  EXPECT_EQ(read->warnings[0].file, path("a.graphql"));
  EXPECT_EQ(read->warnings[0].level, diagnostic::severity::warning);
  EXPECT_THAT(read->warnings[0].message, HasSubstr("differs"));
}

TEST_F(targets, a_module_without_a_schema_is_an_error_that_says_where_it_was_looked_for) {
  const std::string module = write("a.wasm", empty_module);
  const auto read = read_target(module);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().file, module);
  EXPECT_THAT(read.error().message, HasSubstr(path("a.graphql")));
  EXPECT_THAT(read.error().message, HasSubstr(path("a.okra.gql")));
}

TEST_F(targets, files_that_are_no_module) {
  write("a.graphql", "x");
  EXPECT_FALSE(read_target(write("a.wasm", "")));
  EXPECT_FALSE(read_target(write("a.wasm", "hello")));
  EXPECT_FALSE(read_target(write("a.wasm", empty_module + "\xff")));
  EXPECT_FALSE(read_target(path("missing.wasm")));
  const auto other = read_target(path("a.graphql"));
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr(".wasm"));
}

TEST_F(targets, a_schema_that_is_not_text_or_too_long) {
  const std::string module = write("a.wasm", empty_module);
  const std::string schema = write("a.graphql", "type \xff");
  const auto read = read_target(module);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().file, schema);
  EXPECT_THAT(read.error().message, HasSubstr("at byte 5"));
  write("a.graphql", std::string(max_schema_bytes, ' '));
  EXPECT_TRUE(read_target(module));
  write("a.graphql", std::string(max_schema_bytes + 1, ' '));
  EXPECT_FALSE(read_target(module));
}

TEST_F(targets, a_byte_order_mark_is_left_out) {
  EXPECT_EQ(read_schema_file(write("a.graphql", "\xEF\xBB\xBFtype A")).value(), "type A");
}

TEST_F(targets, a_folder_holds_its_modules_in_order_and_not_those_below) {
  write("b.wasm", empty_module);
  write("a.wasm", empty_module);
  write(".hidden.wasm", empty_module);
  write("a.graphql", "");
  fs::create_directories(path("c.wasm"));
  fs::create_directories(path("below"));
  write("below/d.wasm", empty_module);
  EXPECT_THAT(find_modules(folder_).value(), ElementsAre(path("a.wasm"), path("b.wasm")));
}

TEST_F(targets, a_folder_without_modules_is_an_error) {
  write("a.graphql", "");
  EXPECT_THAT(find_modules(folder_).error().message, HasSubstr("no .wasm"));
  EXPECT_THAT(find_modules(path("missing")).error().message, HasSubstr("not there"));
  EXPECT_THAT(find_modules(path("a.graphql")).error().message, HasSubstr("no target"));
}

TEST_F(targets, all_that_can_be_read_and_an_error_for_each_that_cannot) {
  write("a.wasm", packed("a"));
  write("b.wasm", "not wasm");
  write("c.wasm", empty_module);
  const std::vector<std::string> paths = {path("a.wasm"), folder_, path("missing"), folder_ + "/./a.wasm"};
  const auto found = read_targets(paths);
  ASSERT_THAT(found.targets, SizeIs(1));
  EXPECT_EQ(found.targets[0].schema, "a");
  ASSERT_THAT(found.errors, SizeIs(3));
  EXPECT_EQ(found.errors[0].file, path("b.wasm"));
  EXPECT_EQ(found.errors[1].file, path("c.wasm"));
  EXPECT_EQ(found.errors[2].file, path("missing"));
}

using read_bounded = targets;

TEST_F(read_bounded, up_to_the_limit) {
  const std::string file = write("f", "12345");
  EXPECT_EQ(read_file(file, 5).value(), "12345");
  EXPECT_EQ(read_file(file, 6).value(), "12345");
  EXPECT_THAT(read_file(file, 4).error(), HasSubstr("longer than 4 bytes"));
  EXPECT_EQ(read_file(write("f", ""), 0).value(), "");
}

TEST_F(read_bounded, a_file_of_no_known_size) {
  EXPECT_FALSE(read_file("/proc/self/maps", 1 << 24).value().empty());
  EXPECT_FALSE(read_file("/proc/self/maps", 16));
}

TEST_F(read_bounded, what_is_no_file_is_refused_without_waiting) {
  EXPECT_THAT(read_file(folder_, 1).error(), HasSubstr("folder"));
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(read_file(path("pipe"), 1).error(), HasSubstr("regular"));
  EXPECT_THAT(read_file("/dev/zero", 1).error(), HasSubstr("regular"));
  EXPECT_THAT(read_file(path("missing"), 1).error(), HasSubstr("No such file"));
}

}  // namespace
}  // namespace waggle
