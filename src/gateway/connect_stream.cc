#include "gateway/connect_stream.h"

#include <utility>

#include <fmt/format.h>

#include "gateway/connect.h"
#include "gateway/subscription.h"

namespace waggle {
namespace {

/// So much is put together before it is sent.
constexpr std::size_t enough = std::size_t{64} << 10;
/// simdjson reads past the payload's end.
constexpr std::size_t padding = 64;
constexpr std::size_t prefix = 5;  // flags, then the length, big-endian
constexpr char end_of_stream = 2;

void add_message(std::string& out, char flags, std::string_view json) {
  out += flags;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((json.size() >> shift) & 0xFF);
  out += json;
}

void add_end(std::string& out, const error* why, bool show_debug) {
  add_message(
      out, end_of_stream,
      why != nullptr ? fmt::format(R"({{"error":{}}})", connect_error_json(*why, show_debug)) : std::string("{}"));
}

/// The payload of the request's one message.
result<std::string> read_message(std::string_view body) {
  const auto wrong = [](std::string message) {
    return fail(error_code::invalid_argument, fault::caller, std::move(message));
  };
  if (body.size() < prefix) return wrong("the body holds no message: five bytes of prefix, then the payload");
  if (body[0] == 1)
    return fail(error_code::unimplemented, fault::caller, "messages of a stream are taken uncompressed only");
  if (body[0] != 0)
    return wrong("a message begins with five bytes, a 0 and its length in four; " +
                 std::string(body[0] == '{' ? "this is JSON without them" : "the first is another"));
  std::uint64_t length = 0;
  for (std::size_t i = 1; i < prefix; ++i) length = length << 8 | static_cast<unsigned char>(body[i]);
  if (length != body.size() - prefix)
    return wrong(fmt::format("the message's prefix says {} bytes, and {} follow", length, body.size() - prefix));
  return std::string(body.substr(prefix));
}

class connect_stream final : public reply_stream {
 public:
  explicit connect_stream(bool show_debug) : show_debug_(show_debug) {}
  ~connect_stream() override { abort(); }

  void begin(http_shared& shared, std::string service, service_request request, identify_again again) {
    source_ = std::make_shared<subscription>(*shared.loop, shared.directory, shared.next_id, std::move(service),
                                             std::move(request), std::move(again));
    source_->listen(this, [](void* self) { static_cast<connect_stream*>(self)->wake(); });
  }
  /// The caller's patience ends then.
  void end_at(core_loop& loop, time_point when) { loop.start(deadline_, when); }
  void end(const std::optional<error>& why) {
    add_end(ready_, why ? &*why : nullptr, show_debug_);
    ended_ = true;
    abort();
  }

  [[nodiscard]] std::string take() override {
    while (source_ != nullptr && ready_.size() < enough) {
      if (const auto item = source_->next())
        add_message(ready_, 0, item->json);
      else if (source_->ended())
        end(source_->why());
      else
        break;
    }
    return std::exchange(ready_, {});
  }
  [[nodiscard]] bool ended() const override { return ended_; }
  void drain() override {
    error e;
    e.code = error_code::unavailable;
    e.whose = fault::host;
    e.message = "the node ends; come again";
    if (!ended_) end(std::move(e));
  }
  void abort() override {
    deadline_.stop();
    if (source_ != nullptr) std::exchange(source_, nullptr)->stop();
  }

 private:
  void time_out() {
    error e;
    e.code = error_code::deadline_exceeded;
    e.whose = fault::caller;
    e.message = "the time that Connect-Timeout-Ms gives the stream is over";
    if (!ended_) end(std::move(e));
    wake();
  }

  std::shared_ptr<subscription> source_;
  std::string ready_;
  timer deadline_{this, [](void* self) { static_cast<connect_stream*>(self)->time_out(); }};
  bool show_debug_;
  bool ended_ = false;
};

constexpr std::string_view media_type = "application/connect+json";

}  // namespace

http_reply refuse_connect_stream(const error& why, bool show_debug) {
  http_reply reply = {.content_type = media_type, .body = {}, .headers = {}};
  add_end(reply.body, &why, show_debug);
  return reply;
}

http_reply answer_connect_stream(http_shared& shared, std::string service, service_request request,
                                 std::string_view body, identify_again again) {
  const auto stream = std::make_shared<connect_stream>(shared.settings.show_debug);
  if (auto payload = read_message(body); !payload) {
    stream->end(std::move(payload.error()));
  } else {
    request.input = *std::move(payload);
    request.input.reserve(request.input.size() + padding);
    request.stream_cursor = "";
    if (request.context.deadline) stream->end_at(*shared.loop, *request.context.deadline);
    stream->begin(shared, std::move(service), std::move(request), std::move(again));
  }
  return {.content_type = media_type, .body = {}, .headers = {}, .stream = stream};
}

}  // namespace waggle
