#pragma once
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nghttp2/nghttp2.h>

namespace waggle {

/// A client of HTTP/2 between two strings, by nghttp2; and frames by hand, for what it would not send.
class http2_client_for_tests {
 public:
  using fields = std::vector<std::pair<std::string, std::string>>;
  struct answer {
    std::string status;
    std::map<std::string, std::string> fields;
    std::string body;
    bool done = false;
    bool continued = false;     // 100
    std::uint32_t reset = ~0U;  // its code
  };

  /// `window`: of each stream, in bytes.
  explicit http2_client_for_tests(std::uint32_t window = 65'535) {
    nghttp2_session_callbacks* all = nullptr;
    nghttp2_session_callbacks_new(&all);
    nghttp2_session_callbacks_set_on_header_callback(all, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(all, on_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(all, on_frame);
    nghttp2_session_client_new(&session_, all, this);
    nghttp2_session_callbacks_del(all);
    const nghttp2_settings_entry setting = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &setting, 1);
  }
  ~http2_client_for_tests() { nghttp2_session_del(session_); }
  http2_client_for_tests(const http2_client_for_tests&) = delete;
  http2_client_for_tests& operator=(const http2_client_for_tests&) = delete;

  /// Takes the server's bytes and says what is to be sent.
  std::string exchange(std::string_view from_server) {
    nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(from_server.data()), from_server.size());
    std::string out;
    for (;;) {
      const std::uint8_t* data = nullptr;
      const ssize_t n = nghttp2_session_mem_send(session_, &data);
      if (n <= 0) return out;
      out.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(n));
    }
  }

  /// Without a length of its own: the body ends with the stream. `open`: it goes on for ever.
  std::int32_t request(std::string_view method, std::string_view path, std::string_view body = {},
                       const fields& more = {}, bool open = false) {
    fields all = {{":method", std::string(method)}, {":scheme", "https"}, {":path", std::string(path)}};
    if (std::ranges::none_of(more, [](const auto& f) { return f.first == ":authority"; }))
      all.emplace_back(":authority", "localhost");
    if (method == "POST") all.emplace_back("content-type", "application/json");
    all.insert(all.end(), more.begin(), more.end());
    std::ranges::stable_partition(all, [](const auto& f) { return f.first.starts_with(':'); });
    std::vector<nghttp2_nv> list;
    for (auto& [name, value] : all)
      list.push_back({reinterpret_cast<std::uint8_t*>(name.data()), reinterpret_cast<std::uint8_t*>(value.data()),
                      name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    auto& source = sources_.emplace_back(std::make_unique<upload>(upload{std::string(body), 0, open}));
    nghttp2_data_provider provider{{.ptr = source.get()}, read};
    return nghttp2_submit_request(session_, nullptr, list.data(), list.size(),
                                  body.empty() && !open ? nullptr : &provider, nullptr);
  }
  void reset(std::int32_t id) { nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL); }
  nghttp2_session* session() { return session_; }

  /// RFC 9113 §4.1
  static std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t id, std::string_view payload = {}) {
    std::string out;
    for (const int shift : {16, 8, 0}) out += static_cast<char>(payload.size() >> shift);
    out += static_cast<char>(type);
    out += static_cast<char>(flags);
    for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(id >> shift);
    out += payload;
    return out;
  }
  /// The least that opens a connection.
  static std::string hello() { return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(NGHTTP2_SETTINGS, 0, 0); }
  /// A request's fields, uncompressed (RFC 7541 §6.2.2).
  static std::string block(const fields& all) {
    std::string out;
    for (const auto& [name, value] : all) {
      out += '\0';
      for (const std::string* s : {&name, &value}) {
        if (s->size() < 127) {
          out += static_cast<char>(s->size());
        } else {
          out += '\x7f';
          std::size_t rest = s->size() - 127;
          for (; rest >= 128; rest /= 128) out += static_cast<char>(rest % 128 + 128);
          out += static_cast<char>(rest);
        }
        out += *s;
      }
    }
    return out;
  }
  static fields get(std::string_view path) {
    return {{":method", "GET"}, {":scheme", "https"}, {":path", std::string(path)}, {":authority", "localhost"}};
  }

  std::map<std::int32_t, answer> answers;
  bool goaway = false;
  std::uint32_t goaway_code = 0;

 private:
  struct upload {
    std::string body;
    std::size_t sent = 0;
    bool open = false;
  };
  static http2_client_for_tests& of(void* self) { return *static_cast<http2_client_for_tests*>(self); }
  static std::string text(const std::uint8_t* data, std::size_t n) { return {reinterpret_cast<const char*>(data), n}; }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_length,
                       const std::uint8_t* value, std::size_t value_length, std::uint8_t, void* self) {
    answer& a = of(self).answers[frame->hd.stream_id];
    const std::string key = text(name, name_length);
    if (key != ":status")
      a.fields[key] = text(value, value_length);
    else if (text(value, value_length) == "100")
      a.continued = true;
    else
      a.status = text(value, value_length);
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t n,
                     void* self) {
    of(self).answers[id].body += text(data, n);
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      of(self).goaway = true;
      of(self).goaway_code = frame->goaway.error_code;
    }
    if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
      of(self).answers[frame->hd.stream_id].done = true;
    return 0;
  }
  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* self) {
    of(self).answers[id].reset = code;
    return 0;
  }
  static ssize_t read(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t length, std::uint32_t* flags,
                      nghttp2_data_source* source, void*) {
    auto& from = *static_cast<upload*>(source->ptr);
    const std::size_t n = std::min(length, from.body.size() - from.sent);
    if (n == 0 && from.open) return NGHTTP2_ERR_DEFERRED;
    std::memcpy(to, from.body.data() + from.sent, n);
    from.sent += n;
    if (from.sent == from.body.size() && !from.open) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(n);
  }

  nghttp2_session* session_ = nullptr;
  std::vector<std::unique_ptr<upload>> sources_;
};

}  // namespace waggle
