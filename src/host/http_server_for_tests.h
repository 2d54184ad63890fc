#pragma once
// A server that answers what a test tells it to, right or wrong. Only for *_test.cc.
#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

namespace waggle::testing_host {

/// What the server does with one request.
struct served {
  std::string bytes;    ///< written as they are
  bool close = false;   ///< then the connection is closed
  std::string endless;  ///< else this is written again and again, until nobody reads
};

inline served ok(const std::string& body, const std::string& headers = "") {
  return {.bytes =
              "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body};
}
inline served moved(int status, const std::string& location) {
  return {.bytes = "HTTP/1.1 " + std::to_string(status) + " Moved\r\nContent-Length: 0\r\nLocation: " + location +
                   "\r\n\r\n"};
}

/// HTTP/1.1 on one address, on a thread of its own. Reads requests with Content-Length or without a body.
class test_server {
  using tcp = boost::asio::ip::tcp;

 public:
  /// `answer` runs on the server's thread; one without bytes leaves the request without an answer.
  using answer = std::function<served(const std::string& request)>;

  explicit test_server(answer how, const char* address = "127.0.0.1")
      : how_(std::move(how)), acceptor_(io_, {boost::asio::ip::make_address(address), 0}) {
    port = acceptor_.local_endpoint().port();
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~test_server() {
    io_.stop();
    thread_.join();
  }
  test_server(const test_server&) = delete;
  test_server& operator=(const test_server&) = delete;

  std::uint16_t port = 0;

  [[nodiscard]] std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::size_t connections() {
    const std::lock_guard lock(mutex_);
    return accepted_;
  }
  void wait_for_requests(std::size_t n) {
    wait([&] { return requests_.size() >= n; });
  }
  void wait_for_closed(std::size_t n) {
    wait([&] { return closed_ >= n; });
  }

 private:
  struct connection {
    explicit connection(tcp::socket s) : socket(std::move(s)) {}
    tcp::socket socket;
    std::string in;
    std::string out;
    std::string again;
    std::array<char, 4096> buffer{};
  };
  using shared_connection = std::shared_ptr<connection>;

  template <class Condition>
  void wait(Condition holds) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, holds);
  }

  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& bad, tcp::socket s) {
      if (bad) return;
      {
        const std::lock_guard lock(mutex_);
        ++accepted_;
      }
      read(std::make_shared<connection>(std::move(s)));
      accept();
    });
  }

  void read(const shared_connection& c) {
    c->socket.async_read_some(boost::asio::buffer(c->buffer),
                              [this, c](const boost::system::error_code& bad, std::size_t n) {
                                if (bad) return gone(*c);
                                c->in.append(c->buffer.data(), n);
                                const std::size_t head = c->in.find("\r\n\r\n");
                                if (head == std::string::npos) return read(c);
                                const std::size_t at = c->in.find("Content-Length: ");
                                const std::size_t body = at < head ? std::stoul(c->in.substr(at + 16)) : 0;
                                if (c->in.size() < head + 4 + body) return read(c);
                                const std::string request = c->in.substr(0, head + 4 + body);
                                c->in.erase(0, request.size());
                                {
                                  const std::lock_guard lock(mutex_);
                                  requests_.push_back(request);
                                }
                                changed_.notify_all();
                                served reply = how_(request);
                                c->out = std::move(reply.bytes);
                                c->again = std::move(reply.endless);
                                write(c, reply.close);
                              });
  }

  void write(const shared_connection& c, bool close) {
    boost::asio::async_write(c->socket, boost::asio::buffer(c->out),
                             [this, c, close](const boost::system::error_code& bad, std::size_t) {
                               if (bad || close) return gone(*c);
                               if (c->again.empty()) return read(c);
                               c->out = c->again;
                               write(c, false);
                             });
  }

  void gone(connection& c) {
    boost::system::error_code ignored;
    c.socket.shutdown(tcp::socket::shutdown_both, ignored);
    c.socket.close(ignored);
    {
      const std::lock_guard lock(mutex_);
      ++closed_;
    }
    changed_.notify_all();
  }

  answer how_;
  boost::asio::io_context io_{1};
  tcp::acceptor acceptor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> requests_;
  std::size_t accepted_ = 0;
  std::size_t closed_ = 0;
  std::thread thread_;
};

}  // namespace waggle::testing_host
