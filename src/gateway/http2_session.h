#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/rate_bucket.h"
#include "gateway/byte_session.h"
#include "gateway/http_reply.h"
#include "gateway/http_shared.h"

struct nghttp2_session;

namespace waggle {

/// HTTP/2 (RFC 9113) on one connection: framing only, by libnghttp2; what is asked and answered is the exchange's, one for
/// each stream. Server push and extended CONNECT are not there.
///
/// What a client may cost: 100 streams at a time, those counted whose call has been told to stop and has not yet; a head up
/// to `header_limit`; a body up to `body_limit`, unfinished ones together four times that; resets and frames that ask for
/// nothing at a rate. A client beyond the last two gets GOAWAY, ENHANCE_YOUR_CALM.
class http2_session final : public byte_session {
 public:
  /// What a client's first bytes are (§3.4).
  static constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

  http2_session(http_shared& shared, void* self, waker on_more);
  ~http2_session() override;

  [[nodiscard]] std::span<char> space() override;
  void received(std::size_t n) override;
  /// The client is gone: pending calls are told.
  void end_of_input() override { abort(); }
  void proceed() override;
  [[nodiscard]] std::array<std::string_view, 2> output() const override;
  [[nodiscard]] bool has_output() const override { return sent_ < out_.size(); }
  void sent(std::size_t n) override;
  [[nodiscard]] waits waiting() const override;
  /// Of a stream that is late, or of the connection.
  void timed_out() override;
  /// GOAWAY; what runs is finished.
  void drain() override;
  void abort() override;
  [[nodiscard]] bool over() const override { return over_; }
  [[nodiscard]] bool asking() const override;
  [[nodiscard]] std::uint64_t requests() const override { return requests_; }

 private:
  class stream;
  struct callbacks;

  void feed();
  void settle();
  void fill();
  void say_end();
  void look_at(stream& s);
  void look_at_head(stream& s);
  void begin(stream& s);
  void answer(stream& s, http_reply reply);
  void refuse_text(stream& s, unsigned status, std::string_view text);
  void refuse_body(stream& s, std::string message);
  void drop_body(stream& s);
  void end_body(stream& s);
  void let_go(stream& s);
  void reset(stream& s, std::uint32_t code);
  void queue(stream& s);
  void woken();
  void look_at_clock(bool now);
  [[nodiscard]] bool takes_more(const stream& s) const;
  void count_reset();
  void count_idle_frame();
  void stop_all();
  void end();

  http_shared& shared_;
  void* self_;
  waker on_more_;
  nghttp2_session* session_ = nullptr;
  /// Those open, and those closed whose call still has to finish.
  std::unordered_map<std::int32_t, std::unique_ptr<stream>> streams_;
  std::vector<std::int32_t> queue_;  // streams to look at, outside of nghttp2's functions
  std::unique_ptr<char[]> input_;
  std::size_t input_size_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string out_;
  std::size_t sent_ = 0;
  std::string fields_;        // of an answer while it is made
  std::size_t buffered_ = 0;  // of bodies that are not complete
  std::int32_t head_ = 0;     // the stream whose head is under way
  std::uint64_t requests_ = 0;
  time_point looked_{};  // at the streams' times
  time_point framed_{};  // when something of an answer was, of whichever stream
  rate_bucket resets_;
  rate_bucket idle_frames_;
  bool filled_ = false;   // the first, small input
  bool busy_ = false;     // in a function of ours: nobody is woken
  bool noticed_ = false;  // the client knows that the node drains
  bool drained_ = false;
  bool goaway_ = false;  // no new streams
  bool over_ = false;
};

}  // namespace waggle
