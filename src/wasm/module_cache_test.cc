#include "wasm/module_cache.h"

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace waggle {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::span<const std::byte> bytes(std::string_view s) { return std::as_bytes(std::span(s)); }
std::string text(const std::vector<std::byte>& b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }
cache_key key(std::string_view module) { return make_cache_key(bytes(module), 7, "config"); }

class ModuleCache : public ::testing::Test {
 protected:
  ModuleCache() {
    std::string name = (fs::temp_directory_path() / "waggle-cache-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    folder_ = root_ / "data" / "modules";
  }
  ~ModuleCache() override { fs::remove_all(root_); }

  module_cache open(std::uint64_t max = module_cache::default_total_bytes) {
    auto cache = module_cache::open(folder_, max);
    if (!cache) throw std::runtime_error(cache.error().message);
    return std::move(*cache);
  }
  std::string why_none(const fs::path& folder) {
    auto cache = module_cache::open(folder);
    if (cache) return "it was opened";
    EXPECT_EQ(cache.error().whose, fault::host);
    return cache.error().message;
  }
  fs::path file_of(std::string_view module) { return folder_ / cache_file_name(key(module)); }
  std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const fs::path& file, std::string_view content) {
    std::ofstream(file, std::ios::binary) << content;
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  }
  void used_at(std::string_view module, long seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, file_of(module).c_str(), times, 0), 0);
  }
  std::ptrdiff_t files() { return std::distance(fs::directory_iterator(folder_), {}); }

  /// The entry of "m" with these bytes in its file is rejected for this reason, and is gone.
  void expect_rejected(module_cache& cache, std::string_view reason) {
    auto got = cache.load(key("m"));
    EXPECT_FALSE(got.content);
    EXPECT_THAT(got.rejected, HasSubstr(std::string(reason)));
    EXPECT_FALSE(fs::exists(fs::symlink_status(file_of("m"))));
    EXPECT_EQ(cache.load(key("m")).rejected, "");
  }

  fs::path root_, folder_;
};

TEST_F(ModuleCache, KeysDifferWithModuleEngineAndConfiguration) {
  const cache_key k = make_cache_key(bytes("m"), 1, "c");
  EXPECT_EQ(k, make_cache_key(bytes("m"), 1, "c"));
  EXPECT_NE(k, make_cache_key(bytes("n"), 1, "c"));
  EXPECT_NE(k, make_cache_key(bytes("m"), 1ULL << 63 | 1, "c"));
  EXPECT_NE(k, make_cache_key(bytes("m"), 1, "d"));
  EXPECT_EQ(cache_file_name(k).size(), 64 + 6U);
}

TEST_F(ModuleCache, StoresAndLoadsAlsoInAnotherProcessesView) {
  auto cache = open();
  EXPECT_FALSE(cache.load(key("m")).content);
  ASSERT_TRUE(cache.store(key("m"), bytes("code")));
  ASSERT_TRUE(cache.store(key("empty"), {}));
  auto other = open();
  EXPECT_EQ(text(other.load(key("m")).content.value()), "code");
  EXPECT_EQ(text(other.load(key("empty")).content.value()), "");
  ASSERT_TRUE(other.store(key("m"), bytes("newer")));
  EXPECT_EQ(text(cache.load(key("m")).content.value()), "newer");
  EXPECT_EQ(cache.load(key("m")).rejected, "");
  EXPECT_EQ(files(), 2);
}

TEST_F(ModuleCache, FolderAndEntriesAreOursAlone) {
  auto cache = open();
  ASSERT_TRUE(cache.store(key("m"), bytes("code")));
  struct stat s {};
  ASSERT_EQ(::stat(folder_.c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 0700U);
  ASSERT_EQ(::stat(file_of("m").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 0600U);
}

TEST_F(ModuleCache, NoCacheWhereTheFolderIsNotPrivate) {
  fs::create_directories(folder_);
  for (mode_t mode : {0750U, 0705U, 0770U, 0702U, 0755U}) {
    ASSERT_EQ(::chmod(folder_.c_str(), mode), 0);
    EXPECT_THAT(why_none(folder_), HasSubstr("group or by everybody"));
  }
  ASSERT_EQ(::chmod(folder_.c_str(), 0700), 0);
  EXPECT_TRUE(module_cache::open(folder_));
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(folder_.c_str(), 12345, 12345), 0);
    EXPECT_THAT(why_none(folder_), HasSubstr("another user"));
  }
}

TEST_F(ModuleCache, NoCacheBehindASymbolicLink) {
  fs::create_directories(folder_);
  ASSERT_EQ(::chmod(folder_.c_str(), 0700), 0);
  fs::create_directory_symlink(folder_, root_ / "link");
  EXPECT_THAT(why_none(root_ / "link"), HasSubstr("symbolic link"));
  EXPECT_THAT(why_none(root_ / "link/"), HasSubstr("symbolic link"));
  EXPECT_THAT(why_none(root_ / "link" / "."), HasSubstr("symbolic link"));
}

TEST_F(ModuleCache, NoCacheWhereAFileIsInTheWay) {
  write(root_ / "file", "x");
  EXPECT_THAT(why_none(root_ / "file"), HasSubstr("cannot be opened"));
  EXPECT_THAT(why_none(root_ / "file" / "modules"), HasSubstr("cannot be made"));
}

TEST_F(ModuleCache, EveryTruncationIsRejectedAndRemoved) {
  auto cache = open();
  ASSERT_TRUE(cache.store(key("m"), bytes("some code")));
  const std::string good = read(file_of("m"));
  for (std::size_t n = 0; n < good.size(); ++n) {
    write(file_of("m"), good.substr(0, n));
    expect_rejected(cache, n < 88 ? "cut off" : "length");
  }
  write(file_of("m"), good + "x");
  expect_rejected(cache, "length");
  write(file_of("m"), good);
  EXPECT_EQ(text(cache.load(key("m")).content.value()), "some code");
}

TEST_F(ModuleCache, EveryFlippedBitIsRejected) {
  auto cache = open();
  ASSERT_TRUE(cache.store(key("m"), bytes("some code")));
  const std::string good = read(file_of("m"));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    write(file_of("m"), bad);
    expect_rejected(cache, bit / 8 < 88 ? "compiled anew" : "altered");
  }
}

TEST_F(ModuleCache, AnEntryOfAnotherKeyIsRejected) {
  auto cache = open();
  ASSERT_TRUE(cache.store(key("n"), bytes("other code")));
  fs::rename(file_of("n"), file_of("m"));
  expect_rejected(cache, "entry of another module");
}

TEST_F(ModuleCache, EntriesThatOthersCouldWriteAreRejected) {
  auto cache = open();
  ASSERT_TRUE(cache.store(key("m"), bytes("code")));
  ASSERT_EQ(::chmod(file_of("m").c_str(), 0620), 0);
  expect_rejected(cache, "group");
  if (::geteuid() == 0) {
    ASSERT_TRUE(cache.store(key("m"), bytes("code")));
    ASSERT_EQ(::chown(file_of("m").c_str(), 12345, 12345), 0);
    expect_rejected(cache, "another user");
  }
}

TEST_F(ModuleCache, SymbolicLinksAndPipesAreNotFollowed) {
  auto cache = open();
  ASSERT_TRUE(cache.store(key("m"), bytes("code")));
  fs::rename(file_of("m"), root_ / "elsewhere");
  fs::create_symlink(root_ / "elsewhere", file_of("m"));
  expect_rejected(cache, "symbolic link");
  EXPECT_TRUE(fs::exists(root_ / "elsewhere"));
  ASSERT_EQ(::mkfifo(file_of("m").c_str(), 0600), 0);
  expect_rejected(cache, "not a file");
}

TEST_F(ModuleCache, ADirectoryInAnEntrysPlaceIsReportedNotFatal) {
  auto cache = open();
  fs::create_directory(file_of("m"));
  EXPECT_THAT(cache.load(key("m")).rejected, HasSubstr("not a file"));
  EXPECT_FALSE(cache.store(key("m"), bytes("code")));
  EXPECT_EQ(files(), 1);  // no temporary file is left
}

TEST_F(ModuleCache, StoringReplacesALinkInsteadOfWritingThroughIt) {
  auto cache = open();
  write(root_ / "victim", "untouched");
  fs::create_symlink(root_ / "victim", file_of("m"));
  ASSERT_TRUE(cache.store(key("m"), bytes("code")));
  EXPECT_EQ(read(root_ / "victim"), "untouched");
  EXPECT_EQ(text(cache.load(key("m")).content.value()), "code");
}

TEST_F(ModuleCache, TheLeastRecentlyUsedGoFirst) {
  auto cache = open(3 * (88 + 10) + 10);
  for (const char* m : {"a", "b", "c"}) ASSERT_TRUE(cache.store(key(m), bytes("0123456789")));
  used_at("a", 1000);
  used_at("b", 2000);
  used_at("c", 3000);
  ASSERT_TRUE(cache.load(key("a")).content);  // just used
  ASSERT_TRUE(cache.store(key("d"), bytes("0123456789")));
  EXPECT_TRUE(cache.load(key("a")).content);
  EXPECT_FALSE(cache.load(key("b")).content);
  EXPECT_TRUE(cache.load(key("c")).content);
  EXPECT_TRUE(cache.load(key("d")).content);
}

TEST_F(ModuleCache, WhatDoesNotFitAtAllIsNotStored) {
  auto cache = open(200);
  ASSERT_TRUE(cache.store(key("a"), bytes("0123456789")));
  auto stored = cache.store(key("b"), bytes(std::string(113, 'x')));
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, error_code::resource_exhausted);
  EXPECT_TRUE(cache.load(key("a")).content);
  ASSERT_TRUE(cache.store(key("b"), bytes(std::string(112, 'x'))));
  EXPECT_TRUE(cache.load(key("b")).content);
  EXPECT_FALSE(cache.load(key("a")).content);
}

TEST_F(ModuleCache, OnlyOldTemporaryFilesAreCleanedUp) {
  auto cache = open();
  write(folder_ / "tmp-old", "x");
  write(folder_ / "tmp-new", "x");
  write(folder_ / "README", "x");
  fs::last_write_time(folder_ / "tmp-old", fs::file_time_type::clock::now() - std::chrono::hours(2));
  ASSERT_TRUE(cache.store(key("m"), bytes("code")));
  EXPECT_FALSE(fs::exists(folder_ / "tmp-old"));
  EXPECT_TRUE(fs::exists(folder_ / "tmp-new"));
  EXPECT_TRUE(fs::exists(folder_ / "README"));
}

TEST_F(ModuleCache, AFolderThatWasMovedAwayStaysTheOneThatWasChecked) {
  auto cache = open();
  fs::rename(folder_, root_ / "moved");
  fs::create_directory(folder_);  // somebody else's now
  ASSERT_TRUE(cache.store(key("m"), bytes("code")));
  EXPECT_EQ(files(), 0);
  EXPECT_TRUE(cache.load(key("m")).content);
}

TEST_F(ModuleCache, TwoRacingOnOneKeyNeverSeeAMixture) {
  auto one = open();
  auto two = open();
  const std::string a(100'000, 'a'), b(70'000, 'b');
  std::atomic<int> seen{0};
  auto run = [&](module_cache& cache, const std::string& mine) {
    for (int i = 0; i < 50; ++i) {
      EXPECT_TRUE(cache.store(key("m"), bytes(mine)));
      auto got = cache.load(key("m"));
      EXPECT_EQ(got.rejected, "");
      if (got.content) {
        EXPECT_TRUE(text(*got.content) == a || text(*got.content) == b);
        ++seen;
      }
    }
  };
  std::jthread other([&] { run(two, b); });
  run(one, a);
  other.join();
  EXPECT_EQ(seen, 100);
  EXPECT_EQ(files(), 1);
}

}  // namespace
}  // namespace waggle
