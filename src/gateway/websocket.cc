#include "gateway/websocket.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include <openssl/evp.h>
#include <wslay/wslay.h>

#include "core/ascii.h"
#include "gateway/encoding.h"

namespace waggle {
namespace {

constexpr std::size_t longest_reason = 123;  // RFC 6455 §5.5

/// RFC 6455 §4.1: 16 bytes in base64.
bool is_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") && key.find_first_of(" ,\t") == std::string_view::npos;
}

}  // namespace

std::optional<std::string> websocket_accept(const http_head& head) {
  if (head.verb != http_verb::get || head.version != 11 || !equal_ignoring_case(trim(head.upgrade), "websocket") ||
      head.websocket_version != "13" || !is_key(head.websocket_key))
    return std::nullopt;
  const std::string text = head.websocket_key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  std::array<unsigned char, std::size_t{2} * EVP_MAX_MD_SIZE> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return std::string(encoded.begin(), encoded.begin() + length);
}

/// What wslay calls.
struct websocket::glue {
  static websocket& of(void* user) { return *static_cast<websocket*>(user); }

  static ssize_t give(wslay_event_context_ptr context, std::uint8_t* to, std::size_t size, int, void* user) {
    std::string_view& input = of(user).input_;
    if (input.empty()) {
      wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
      return -1;
    }
    const std::size_t n = std::min(size, input.size());
    std::memcpy(to, input.data(), n);
    input.remove_prefix(n);
    return static_cast<ssize_t>(n);
  }
  static ssize_t take(wslay_event_context_ptr, const std::uint8_t* bytes, std::size_t size, int, void* user) {
    of(user).output_.append(reinterpret_cast<const char*>(bytes), size);
    return static_cast<ssize_t>(size);
  }
  static void begin(wslay_event_context_ptr, const wslay_event_on_frame_recv_start_arg* f, void* user) {
    websocket& w = of(user);
    w.control_ = wslay_is_ctrl_frame(f->opcode);
    if (w.control_ || w.closing_) return;
    w.unfinished_ = true;
    if (f->payload_length > w.longest_ - w.text_.size()) w.close(WSLAY_CODE_MESSAGE_TOO_BIG, "");
  }
  static void chunk(wslay_event_context_ptr, const wslay_event_on_frame_recv_chunk_arg* c, void* user) {
    websocket& w = of(user);
    if (!w.control_ && !w.closing_) w.text_.append(reinterpret_cast<const char*>(c->data), c->data_length);
  }
  static void message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* m, void* user) {
    websocket& w = of(user);
    if (m->opcode == WSLAY_CONNECTION_CLOSE) {
      w.closing_ = true;  // wslay answers it
      return;
    }
    if (wslay_is_ctrl_frame(m->opcode)) return;
    w.unfinished_ = false;
    const std::string text = std::exchange(w.text_, {});
    if (w.closing_) return;
    if (m->opcode == WSLAY_TEXT_FRAME)
      w.on_text_(text);
    else if (m->opcode == WSLAY_BINARY_FRAME)
      w.close(WSLAY_CODE_UNSUPPORTED_DATA, "messages are text");
  }
};

websocket::websocket(std::size_t longest, receiver on_text) : longest_(longest), on_text_(std::move(on_text)) {
  static constexpr wslay_event_callbacks callbacks = {glue::give,  glue::take, nullptr,      glue::begin,
                                                      glue::chunk, nullptr,    glue::message};
  if (wslay_event_context_server_init(&context_, &callbacks, this) != 0) throw std::bad_alloc();
  wslay_event_config_set_no_buffering(context_, 1);
  wslay_event_config_set_max_recv_msg_length(context_, longest);  // of a frame; that of a message is looked at here
}

websocket::~websocket() { wslay_event_context_free(context_); }

void websocket::received(std::string_view bytes) {
  input_ = bytes;
  // What breaks the protocol is answered with a closing frame by wslay itself.
  if (wslay_event_recv(context_) != 0) broken_ = true;
  if (wslay_event_want_read(context_) == 0) closing_ = true;
  input_ = {};
}

void websocket::send(std::string_view text) {
  if (closing_) return;
  const wslay_event_msg m = {WSLAY_TEXT_FRAME, reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  if (wslay_event_queue_msg(context_, &m) != 0) broken_ = true;
}

void websocket::ping() {
  if (closing_) return;
  const wslay_event_msg m = {WSLAY_PING, nullptr, 0};
  if (wslay_event_queue_msg(context_, &m) != 0) broken_ = true;
}

void websocket::close(std::uint16_t code, std::string_view reason) {
  if (closing_) return;
  closing_ = true;
  if (reason.size() > longest_reason) {
    std::size_t end = longest_reason;  // not inside a character: reasons are UTF-8
    while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0U) == 0x80U) --end;
    reason = reason.substr(0, end);
  }
  if (wslay_event_queue_close(context_, code, reinterpret_cast<const std::uint8_t*>(reason.data()), reason.size()) != 0)
    broken_ = true;
}

std::string websocket::take() {
  if (wslay_event_send(context_) != 0) broken_ = true;
  if (closing_) written_ = true;
  return std::exchange(output_, {});
}

}  // namespace waggle
