#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/host_call_for_tests.h"
#include "host/http_service.h"

namespace waggle {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

/// `openssl s_server` with a certificate for localhost that it made itself.
class tls_server {
 public:
  tls_server() {
    std::string pattern = (fs::temp_directory_path() / "waggle-tls-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    const std::string make = fmt::format(
        "cd {} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem >made 2>&1",
        folder_.string());
    if (std::system(make.c_str()) != 0) return;
    std::array<int, 2> out{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0) return;
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(out[1], STDOUT_FILENO);
      ::dup2(::open("/dev/null", O_RDWR), STDERR_FILENO);
      if (::chdir(folder_.c_str()) == 0)
        ::execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "cert.pem", "-key", "key.pem",
                 "-www", nullptr);
      ::_exit(127);
    }
    ::close(out[1]);
    // It says ACCEPT 127.0.0.1:PORT when it is ready.
    std::string said;
    char c = 0;
    while (::read(out[0], &c, 1) == 1) {
      said += c;
      if (c != '\n') continue;
      if (const std::size_t at = said.find("ACCEPT 127.0.0.1:"); at != std::string::npos) {
        port = std::stoi(said.substr(at + 17));
        break;
      }
    }
    read_end_ = out[0];
  }
  ~tls_server() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    if (read_end_ >= 0) ::close(read_end_);
    fs::remove_all(folder_);
  }
  tls_server(const tls_server&) = delete;
  tls_server& operator=(const tls_server&) = delete;

  [[nodiscard]] std::string certificate() const { return (folder_ / "cert.pem").string(); }
  int port = 0;

 private:
  fs::path folder_;
  pid_t child_ = -1;
  int read_end_ = -1;
};

std::string get(http_client_settings settings, const std::string& url) {
  manual_clock clock;
  core_loop core(0, clock);
  http_client client(std::move(settings));
  http_service http(core, client);
  service_grants g;
  g.http.hosts = {"*:*"};
  g.http.private_addresses = true;
  testing_host::guest_call c("get", fmt::format(R"({{"url":"{}"}})", url), testing_host::guest("A", g));
  http.ask(c.call);
  while (!c.done)
    if (core.poll() == 0) std::this_thread::yield();
  return c.text();
}

TEST(HttpTls, OnlyATrustedCertificateOfThisNameWillDo) {
  const tls_server server;
  ASSERT_NE(server.port, 0) << "needs the program openssl";
  const auto refused = AllOf(HasSubstr(R"("code":"unavailable")"), HasSubstr("SSL"),
                             AnyOf(HasSubstr("certificate"), HasSubstr("subject name")));
  const std::string url = fmt::format("https://localhost:{}/", server.port);
  EXPECT_THAT(get({}, url), refused);
  EXPECT_THAT(get({.ca_file = server.certificate()}, url), HasSubstr(R"("status":200)"));
  const std::string resolve = fmt::format("other.example:{}:127.0.0.1", server.port);
  EXPECT_THAT(get({.ca_file = server.certificate(), .resolve = {resolve}},
                  fmt::format("https://other.example:{}/", server.port)),
              refused);
  EXPECT_THAT(get({.ca_file = server.certificate()}, fmt::format("http://localhost:{}/", server.port)),
              HasSubstr(R"("code":"unavailable")"))
      << "nor is it spoken to without TLS";
}

}  // namespace
}  // namespace waggle
