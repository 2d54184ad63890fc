#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/service.h"
#include "gateway/connect.h"
#include "gateway/http_parser.h"
#include "gateway/http_settings.h"
#include "loop/clock.h"

namespace waggle {

/// What the sessions of one core share. Whoever makes it keeps it until the last session is gone.
struct http_shared {
  http_shared(const clock_source& clock, const service_directory& services, http_stats& counters)
      : time(clock), directory(services), stats(counters) {}

  const clock_source& time;
  const service_directory& directory;
  http_stats& stats;
  http_settings settings;
  operator_pages pages;
  std::uint64_t next_id = 1;
  bool loopback = true;   ///< the listener is on loopback: Host and Origin are looked at
  bool draining = false;  ///< every answer ends its connection

  /// The field Date's value, made anew once a second.
  std::string_view date();

 private:
  std::string date_;
  time_point date_until_{};
};

/// One connection's HTTP, without its socket: takes bytes, asks services, gives bytes. Requests are answered in order, one
/// at a time; what comes meanwhile is kept, up to the size of the input buffer. Used on one core.
///
/// The owner receives into `space`, tells `received`, then repeats `proceed` and sends `output` until neither gives
/// anything; and keeps the session until `asking` is false.
class http_session {
 public:
  /// What it waits for, to choose a time-out by.
  enum class waits : std::uint8_t {
    first,   ///< the first byte of the connection
    idle,    ///< the first byte of another request
    head,    ///< the rest of a head
    body,    ///< the rest of a body
    answer,  ///< a service
    send,    ///< the client, to take the output
    nothing  ///< it is over
  };
  using waker = void (*)(void* self);

  /// `on_answer`: a pending call has finished; there is output. Not called from within the session's own functions.
  http_session(http_shared& shared, void* self, waker on_answer);

  /// Where to receive. Empty: nothing is taken at present. Stays where it is until `received` or the next `space`.
  [[nodiscard]] std::span<char> space();
  void received(std::size_t n);
  /// The client sends nothing more. A pending call is told that its caller is gone (like Go's server, unlike a half-open
  /// use of TCP); its answer is still given out.
  void end_of_input();
  /// Looks at the input, until there is output, or a call is pending, or more input is needed.
  void proceed();

  /// To send, head and body.
  [[nodiscard]] std::array<std::string_view, 2> output() const;
  [[nodiscard]] bool has_output() const { return sent_ < head_.size() + body_size_; }
  void sent(std::size_t n);

  [[nodiscard]] waits waiting() const;
  /// The time for what it waits for is over. Gives output (408) or is over.
  void timed_out();
  /// The connection is lost: no output any more; a pending call is told.
  void abort();
  /// Nothing will come any more: close when the output is sent.
  [[nodiscard]] bool over() const { return over_; }
  [[nodiscard]] bool asking() const { return asking_; }
  /// How many requests have begun to be answered.
  [[nodiscard]] std::uint64_t requests() const { return requests_; }

 private:
  void on_head();
  bool skip();
  void on_request();
  void ask(const http_route& route);
  void prepare();
  static void answered(void* self, service_call& call) noexcept;
  void answer_call();
  void answer_page(page p);
  void refuse(const http_refusal& why);
  void refuse_bytes(http_parser::state why);
  void refuse_text(unsigned status, std::string_view text);
  void answer(unsigned status, std::string_view content_type, std::string body, const receipt* cost,
              std::string headers);
  void stop_call();
  [[nodiscard]] bool input_full() const { return end_ - begin_ >= max_input_; }

  http_shared& shared_;
  void* self_;
  waker on_answer_;
  http_parser parser_;
  service_call call_;

  std::unique_ptr<char[]> input_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t max_input_;

  std::string head_;
  std::string body_;
  std::size_t body_size_ = 0;  // of it, to be sent: nothing for HEAD
  std::size_t sent_ = 0;

  std::uint64_t requests_ = 0;
  std::uint64_t skip_ = 0;  // bytes of a body that is not looked at: its request was refused already
  bool asking_ = false;
  bool inside_ = false;  // in a function of ours that looks at the outcome itself
  bool gzip_ = false;    // the present caller takes gzip
  bool keep_ = true;
  bool ended_ = false;
  bool over_ = false;
};

}  // namespace waggle
