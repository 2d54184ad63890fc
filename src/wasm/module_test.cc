// Loading modules into the engines: what is refused, the cache, the pool or not.
#include "wasm/module.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

namespace waggle {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string translated(const std::string& wat) {
  wasm_byte_vec_t binary;
  if (auto* e = wasmtime_wat2wasm(wat.data(), wat.size(), &binary)) throw std::runtime_error(message_of(*error_ptr(e)));
  std::string out(binary.data, binary.size);
  wasm_byte_vec_delete(&binary);
  return out;
}

std::string guest(const std::string& name) {
  std::ifstream in(std::string(WAGGLE_GUESTS) + "/" + name + ".wasm", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

constexpr std::uint64_t memory = 64 << 20;

struct Module : testing::Test {
  Module() {
    folder = fs::temp_directory_path() / ("waggle-module-test-" + std::to_string(::getpid()));
    auto cache = module_cache::open(folder);
    if (!cache) throw std::runtime_error(cache.error().message);
    auto made = engines::make({.slots = 10}, *std::move(cache));
    if (!made) throw std::runtime_error(made.error().message);
    all = *std::move(made);
  }
  ~Module() override { fs::remove_all(folder); }

  result<std::shared_ptr<const module>> load(const std::string& bytes) {
    report = {};
    report.on_compile = [this] { ++compilations; };
    return module::load(*all, std::as_bytes(std::span(bytes)), memory, report);
  }
  error refused(const std::string& bytes) {
    const auto loaded = load(bytes);
    if (loaded) throw std::runtime_error("it was loaded");
    EXPECT_EQ(loaded.error().code, error_code::invalid_argument);
    EXPECT_EQ(loaded.error().whose, fault::guest);
    return loaded.error();
  }

  fs::path folder;
  std::unique_ptr<engines> all;
  load_report report;
  int compilations = 0;
};

TEST_F(Module, IsRefusedWithAllReasonsAtOnce) {
  const error e = refused(translated(R"((module
    (import "env" "missing" (func (param i32) (result i64)))
    (import "waggle" "log" (func (param i32)))
    (import "waggle" "call" (func))
    (import "wasi_snapshot_preview1" "fd_teleport" (func))
    (func (export "allocate") (param i64) (result i32) (i32.const 0))
    (func (export "_initialize") (result i32) (i32.const 0))
    (global (export "deallocate") i32 (i32.const 0))
    (memory 1))
  )"));
  EXPECT_EQ(e.violation_count, e.violations.size());
  std::string all_of_them;
  for (const violation& v : e.violations) all_of_them += v.message + "\n";
  for (const char* part :
       {"no export `memory`", "no export `handle_request`", "`allocate` is `func (i64) -> i32`", "`_initialize` is",
        "`deallocate` is `global`", "env.missing", "(func (i32) -> i64): nothing here offers it",
        "waggle.log` (func (i32)): its type here is `func (i32, i32, i32)`",
        "waggle.call` (func ()): its type here is `func (i32, i32, i32, i32, i32, i32, i32, i32) -> i64`",
        "fd_teleport"}) {
    EXPECT_THAT(all_of_them, HasSubstr(part));
    EXPECT_THAT(e.message, HasSubstr(part));
  }
  EXPECT_EQ(e.violations.size(), 9U);
}

TEST_F(Module, OfManyReasonsTheFirstFiftyAreGivenAndAllAreCounted) {
  std::string wat = "(module";
  for (int i = 0; i < 300; ++i) wat += " (import \"env\" \"f" + std::to_string(i) + "\" (func))";
  const error e = refused(translated(wat + ")"));
  EXPECT_EQ(e.violations.size(), 50U);
  EXPECT_EQ(e.violation_count, 304U);
}

TEST_F(Module, ThatBeginsWithMoreMemoryThanItsServiceMayHaveIsRefused) {
  const std::string rest = R"((func (export "allocate") (param i32) (result i32) (i32.const 0))
    (func (export "deallocate") (param i32))
    (func (export "handle_request") (param i32 i32 i32 i32) (result i64) (i64.const 0)))";
  EXPECT_TRUE(load(translated("(module (memory (export \"memory\") 1024) " + rest + ")")));
  EXPECT_THAT(refused(translated("(module (memory (export \"memory\") 1025) " + rest + ")")).message,
              HasSubstr("the limit of this service is 64 MiB"));
  EXPECT_THAT(refused(translated("(module (memory (export \"memory\") 32769) " + rest + ")")).message,
              HasSubstr("2 GiB"));
}

TEST_F(Module, ACommandIsToldToBecomeAReactor) {
  EXPECT_THAT(refused(guest("hostile/command")).message, AllOf(HasSubstr("_start"), HasSubstr("reactor")));
}

TEST_F(Module, ShapeTellsWhatIsInIt) {
  const auto loaded = load(guest("sleepy"));
  ASSERT_TRUE(loaded) << loaded.error().message;
  const module_shape& s = (*loaded)->shape();
  EXPECT_TRUE(s.uses_wasi);
  EXPECT_FALSE(s.has_initialize);
  EXPECT_GT(s.memory_min_bytes, 0U);
  EXPECT_THAT(s.imports, Contains(testing::Field(&module_shape::item::name, "poll_oneoff")));
  EXPECT_THAT(s.exports, Contains(testing::Field(&module_shape::item::type, "func (i32, i32, i32, i32) -> i64")));
  const std::string unfit = guest("hostile/import_and_export");
  const auto shape = shape_of(*all, std::as_bytes(std::span(unfit)));
  ASSERT_TRUE(shape);
  EXPECT_FALSE(reasons_against(*shape, memory).empty());
}

TEST_F(Module, IsCompiledOnceAndThenComesFromTheCache) {
  ASSERT_TRUE(load(guest("echo")));
  EXPECT_FALSE(report.from_cache);
  EXPECT_EQ(compilations, 1);
  ASSERT_TRUE(load(guest("echo")));
  EXPECT_TRUE(report.from_cache);
  EXPECT_EQ(compilations, 1);
  EXPECT_THAT(report.warnings, IsEmpty());
}

TEST_F(Module, ADamagedCacheEntryIsReportedAndCompiledAgain) {
  ASSERT_TRUE(load(guest("echo")));
  ASSERT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
  const fs::path entry = fs::directory_iterator(folder)->path();
  {
    std::fstream file(entry, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(entry) / 2));
    file.put('\x55').put('\xaa').put('\x55');
  }
  ASSERT_TRUE(load(guest("echo")));
  EXPECT_FALSE(report.from_cache);
  EXPECT_EQ(compilations, 2);
  EXPECT_EQ(report.warnings.size(), 1U);
  ASSERT_TRUE(load(guest("echo")));
  EXPECT_TRUE(report.from_cache);
}

TEST_F(Module, WhatTheEngineRefusesThoughTheChecksumIsRightIsCompiledAgainAndReplaced) {
  const std::string bytes = guest("echo");
  const std::string rubbish = "not what a compiler made";
  ASSERT_TRUE(all->cache()->store(make_cache_key(std::as_bytes(std::span(bytes)), all->fingerprint(), WAGGLE_VERSION),
                                  std::as_bytes(std::span(rubbish))));
  const auto loaded = load(bytes);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_FALSE(report.from_cache);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("refused by the engine")));
  EXPECT_TRUE(report.why_not_pooled.empty()) << report.why_not_pooled;
  ASSERT_TRUE(load(bytes));
  EXPECT_TRUE(report.from_cache) << "the bad entry is still there";
}

TEST_F(Module, OneThatDoesNotFitTheSlotsOfThePoolRunsOnDemandBesideThoseThatDo) {
  const auto small = load(guest("echo"));
  ASSERT_TRUE(small);
#ifndef WAGGLE_TSAN
  EXPECT_TRUE(report.pooled);
  EXPECT_EQ(&(*small)->engine(), &all->pooled());
#endif
  const auto large = load(guest("hostile/table_large"));
  ASSERT_TRUE(large) << large.error().message;
#ifndef WAGGLE_TSAN
  EXPECT_FALSE(report.pooled);
  EXPECT_THAT(report.why_not_pooled, HasSubstr("table"));
#endif
  EXPECT_EQ(&(*large)->engine(), &all->on_demand());
}

TEST_F(Module, NoSlotsAreRefused) {
  const auto none = engines::make({.slots = 0}, std::nullopt);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, error_code::invalid_argument);
}

TEST(Engines, WorkWithoutACacheAndShareTheirCode) {
  const auto first = engines::make({.slots = 1}, std::nullopt);
  const auto second = engines::make({.slots = 5}, std::nullopt);
  ASSERT_TRUE(first && second);
  EXPECT_EQ((*first)->fingerprint(), (*second)->fingerprint());
#ifndef WAGGLE_TSAN
  EXPECT_EQ((*first)->slots(), 1U);
#endif
  load_report report;
  const std::string bytes = guest("echo");
  EXPECT_TRUE(module::load(**first, std::as_bytes(std::span(bytes)), memory, report));
  EXPECT_FALSE(report.from_cache);
}

}  // namespace
}  // namespace waggle
