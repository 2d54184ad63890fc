#include "app/log_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <spdlog/logger.h>

namespace waggle {
namespace {

/// A pipe of two pages, a log that writes into it and waits for nobody.
class LogSink : public testing::Test {
 protected:
  LogSink() {
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(ends[1], F_SETPIPE_SZ, 8192), 8192);
    log = std::make_unique<spdlog::logger>("test", std::make_shared<log_sink>(ends[1], std::chrono::milliseconds(0)));
    log->set_pattern("%v");
  }
  ~LogSink() override {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  std::string read() {
    std::array<char, 65536> buffer;
    const ssize_t n = ::read(ends[0], buffer.data(), buffer.size());
    return {buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
  }

  std::array<int, 2> ends{};
  std::unique_ptr<spdlog::logger> log;
};

TEST_F(LogSink, lines_come_through) {
  log->info("one");
  log->warn("two");
  EXPECT_EQ(read(), "one\ntwo\n");
}

TEST_F(LogSink, a_reader_that_stopped_holds_up_nobody_and_is_told_later) {
  log->info(std::string(8191, 'x'));
  for (int i = 0; i < 10; ++i) log->info("lost");
  EXPECT_EQ(read(), std::string(8191, 'x') + "\n");
  log->info("here");
  log->info("and here");
  EXPECT_EQ(read(), "lines of the log that are lost here, for nobody read them: 10\nhere\nand here\n");
}

TEST_F(LogSink, half_a_line_is_ended_before_the_next) {
  log->info(std::string(10'000, 'x'));
  EXPECT_EQ(read(), std::string(8192, 'x'));
  log->info("here");
  EXPECT_EQ(read(), "\nlines of the log that are lost here, for nobody read them: 1\nhere\n");
}

TEST_F(LogSink, without_a_reader_it_loses_lines_and_nothing_else) {
  std::signal(SIGPIPE, SIG_IGN);
  ::close(std::exchange(ends[0], -1));
  log->info("nobody is there");
  log->info("still nobody");
}

}  // namespace
}  // namespace waggle
