#include "gateway/graphql_ws.h"

#include <deque>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/ascii.h"
#include "gateway/cors.h"
#include "gateway/encoding.h"
#include "gateway/graphql_source.h"
#include "gateway/origin.h"
#include "gateway/websocket.h"
#include "schema/execute/json_tape.h"

namespace waggle {
namespace {

using graphql::json_kind;
using graphql::json_tape;

constexpr std::string_view protocol = "graphql-transport-ws";
/// Of one connection.
constexpr std::size_t most_operations = 100;
/// So many bodies of the longest kind are kept of what has not ended, as of HTTP/2's streams.
constexpr std::size_t bodies = 4;
/// While more of finished queries and mutations waits to be sent, nothing is begun.
constexpr std::size_t most_held = std::size_t{1} << 20;
constexpr std::size_t longest_id = 128;
constexpr std::size_t deepest = 200;
/// So much is put together before it is sent.
constexpr std::size_t enough = std::size_t{64} << 10;
constexpr auto quiet = std::chrono::seconds(30);

/// The protocol's reasons to close.
enum : std::uint16_t {
  slow_message = 1008,
  bad_message = 4400,
  unauthorized = 4401,
  forbidden = 4403,
  late = 4408,
  id_in_use = 4409,
  init_twice = 4429,
  restarting = 1012,
};

http_reply refuse(unsigned status, error_code code, std::string message) {
  error e;
  e.code = code;
  e.whose = fault::caller;
  e.message = std::move(message);
  return {.status = status, .body = graphql_error(e, false), .headers = {}};
}

bool lists(std::string_view names, std::string_view wanted) {
  while (!names.empty())
    if (trim(take_until(names, ',')) == wanted) return true;
  return false;
}

/// Of a listener that is not on loopback: pages of foreign origins may open a WebSocket without asking first, so they are refused
/// here. On loopback it was looked at before.
bool may_open(const http_head& head, const http_shared& shared) {
  if (!head.has_origin || shared.loopback || origin_listed(head.origin, shared.settings.allowed_origins)) return true;
  return is_same_origin(head);
}

class graphql_ws final : public reply_stream {
 public:
  graphql_ws(http_shared& shared, std::string service, identify_again again, request_context context)
      : shared_(shared),
        service_(std::move(service)),
        again_(std::move(again)),
        context_(std::move(context)),
        socket_(shared.settings.body_limit, [this](std::string_view text) { on_message(text); }) {
    shared_.loop->start_after(timer_, shared_.settings.header_timeout);
  }

  /// Asked for more when what it gave before is sent.
  [[nodiscard]] std::string take() override;
  [[nodiscard]] bool ended() const override { return ended_; }
  void received(std::string_view bytes) override {
    heard_ = true;
    socket_.received(bytes);
    if (socket_.unfinished() && !message_.running()) shared_.loop->start_after(message_, shared_.settings.body_timeout);
  }
  void drain() override;
  void abort() override {
    timer_.stop();
    message_.stop();
    clear();
    ended_ = true;
  }

 private:
  struct operation {
    operation(graphql_ws& in, std::string name, std::size_t size, std::unique_ptr<graphql_source> from)
        : of(in), id(std::move(name)), asked(size), source(std::move(from)) {}
    graphql_ws& of;
    const std::string id;
    const std::size_t asked;  // bytes of the request
    const std::unique_ptr<graphql_source> source;
    bool ready = false;
    bool refused = false;  // `error` was said, which is the last word
  };
  using operations = std::map<std::string, std::unique_ptr<operation>, std::less<>>;

  void add(std::string id, std::size_t asked, std::unique_ptr<graphql_source> source);
  void mark(operation& o) {
    if (!std::exchange(o.ready, true)) ready_.push_back(&o);
  }
  void erase(operations::iterator at) {
    std::erase(ready_, at->second.get());
    operations_.erase(at);
  }
  void clear() {
    ready_.clear();
    operations_.clear();
  }
  /// Why no operation of so many bytes may be begun now.
  [[nodiscard]] std::optional<error> refuses(std::size_t asked) const;

  void on_message(std::string_view text);
  void on_init(const json_tape& json);
  void on_subscribe(const json_tape& json);
  void on_timer();
  /// What was given takes long to be sent. Meanwhile the client is not listened to.
  [[nodiscard]] bool blocked() const {
    return sending_ && shared_.time.now() >= sending_since_ + std::chrono::seconds(1);
  }
  /// What it has to say, one response at most; whether there was one.
  bool say(operation& o);
  /// The message `error`; `response` is `{"errors":[…]}`.
  void refuse_one(std::string_view id, std::string_view response);
  void close(std::uint16_t code, std::string_view reason) {
    clear();
    socket_.close(code, reason);
  }

  http_shared& shared_;
  const std::string service_;
  identify_again again_;
  request_context context_;
  websocket socket_;
  operations operations_;
  std::deque<operation*> ready_;  // those that may have something to say, in turn
  timer timer_{this, [](void* self) { static_cast<graphql_ws*>(self)->on_timer(); }};
  timer message_{this, [](void* self) {  // of a message that is not complete
                   auto& s = *static_cast<graphql_ws*>(self);
                   if (s.blocked())  // its end may be there, unread
                     return s.shared_.loop->start_after(s.message_, s.shared_.settings.body_timeout);
                   s.close(slow_message, "the message took too long");
                   s.wake();
                 }};
  bool draining_ = false;
  bool acknowledged_ = false;
  bool heard_ = false;
  bool sending_ = false;  // what `take` gave is on its way
  time_point sending_since_{};
  time_point sent_at_{};  // when the last of what took long had gone
  bool ended_ = false;
};

std::string graphql_ws::take() {
  if (ended_) return {};
  std::string out = socket_.take();
  // One response of each in turn: no operation keeps the others back.
  while (!ready_.empty() && out.size() < enough && !socket_.closing()) {
    operation& o = *ready_.front();
    ready_.pop_front();
    o.ready = false;
    if (say(o)) mark(o);
    if (o.source->ended()) {
      if (!o.refused) socket_.send(fmt::format(R"({{"id":{},"type":"complete"}})", json_quote(o.id)));
      erase(operations_.find(o.id));
    }
    out += socket_.take();
  }
  if (draining_ && operations_.empty() && !socket_.closing()) {
    socket_.close(restarting, "the node ends; come again");
    out += socket_.take();
  }
  if (socket_.ended()) abort();
  if (blocked()) sent_at_ = shared_.time.now();
  sending_ = !out.empty();
  if (sending_) sending_since_ = shared_.time.now();
  return out;
}

/// Subscriptions end here and go on elsewhere. What has an end of its own comes to it: a mutation would have been done, and nobody
/// told.
void graphql_ws::drain() {
  draining_ = true;
  for (auto at = operations_.begin(); at != operations_.end();) {
    const auto here = at++;
    if (here->second->source->is_subscription()) erase(here);
  }
}

bool graphql_ws::say(operation& o) {
  auto r = o.source->next();
  if (!r) return false;
  if (r->no_stream) {
    o.refused = true;
    refuse_one(o.id, r->json);
    return true;
  }
  if (!r->cursor.empty() && r->json.ends_with('}')) {
    r->json.pop_back();
    r->json += fmt::format(R"(,"extensions":{{"cursor":{}}}}})", json_quote(r->cursor));
  }
  socket_.send(fmt::format(R"({{"id":{},"type":"next","payload":{}}})", json_quote(o.id), r->json));
  return true;
}

void graphql_ws::refuse_one(std::string_view id, std::string_view response) {
  constexpr std::string_view before = R"({"errors":)";
  socket_.send(fmt::format(R"({{"id":{},"type":"error","payload":{}}})", json_quote(id),
                           response.substr(before.size(), response.size() - before.size() - 1)));
}

void graphql_ws::add(std::string id, std::size_t asked, std::unique_ptr<graphql_source> source) {
  auto made = std::make_unique<operation>(*this, std::move(id), asked, std::move(source));
  made->source->listen(made.get(), [](void* self) {
    auto& o = *static_cast<operation*>(self);
    o.of.mark(o);
    o.of.wake();
  });
  mark(*made);
  std::string key = made->id;
  operations_.emplace(std::move(key), std::move(made));
}

std::optional<error> graphql_ws::refuses(std::size_t asked) const {
  if (draining_) {
    error e;
    e.code = error_code::unavailable;
    e.whose = fault::host;
    e.message = "the node ends; come again";
    return e;
  }
  if (operations_.size() >= most_operations)
    return overloaded(failure_cause::none,
                      fmt::format("a connection has at most {} operations at a time", most_operations), duration(0));
  for (const auto& [id, o] : operations_) asked += o->asked;
  if (asked > bodies * shared_.settings.body_limit)
    return overloaded(failure_cause::none,
                      fmt::format("the operations of a connection have at most {} bytes together; wait until some end",
                                  bodies * shared_.settings.body_limit),
                      duration(0));
  std::size_t held = 0;
  for (const operation* o : ready_) held += o->source->held();
  if (held > most_held)
    return overloaded(
        failure_cause::none,
        fmt::format("{} bytes of responses wait on this connection; read them before asking for more", held),
        duration(0));
  return std::nullopt;
}

void graphql_ws::on_message(std::string_view text) {
  message_.stop();
  json_tape json;
  std::string decoded;
  const bool is_object = json.read(std::string(text), deepest) && json[0].kind == json_kind::object;
  const std::uint32_t type_at = is_object ? json.find(0, "type") : 0;
  if (type_at == 0 || json[type_at].kind != json_kind::string)
    return close(bad_message, "a message is a JSON object with a type");
  const std::string type(json.string(type_at, decoded));
  if (type == "connection_init") return on_init(json);
  if (type == "ping") return socket_.send(R"({"type":"pong"})");
  if (type == "pong") return;
  if (type == "subscribe") return on_subscribe(json);
  const std::uint32_t id = json.find(0, "id");
  if (type != "complete" || id == 0 || json[id].kind != json_kind::string)
    return close(bad_message, "unknown type of message, or one without its id");
  if (const auto at = operations_.find(json.string(id, decoded)); at != operations_.end()) erase(at);
}

void graphql_ws::on_init(const json_tape& json) {
  if (acknowledged_) return close(init_twice, "Too many initialisation requests");
  const std::uint32_t payload = json.find(0, "payload");
  if (payload != 0 && json[payload].kind != json_kind::object && json[payload].kind != json_kind::null)
    return close(bad_message, "the payload of connection_init is an object");
  if (payload != 0 && json[payload].kind == json_kind::object && shared_.identity != nullptr) {
    std::uint32_t said = json.find(payload, "authorization");
    if (said == 0) said = json.find(payload, "Authorization");
    if (said != 0 && json[said].kind == json_kind::string) {
      std::string decoded;
      // An empty text says nothing: whom the upgrade's fields show stays, and is judged anew each time.
      if (auto again = identify_again_by(shared_, std::string(json.string(said, decoded)))) {
        if (auto who = again(); !who) {
          http_stats::add(shared_.stats.bad_credentials);
          return close(forbidden, who.error().message);
        }
        again_ = std::move(again);
      }
    }
  }
  acknowledged_ = true;
  shared_.loop->start_after(timer_, quiet);
  socket_.send(R"({"type":"connection_ack"})");
}

void graphql_ws::on_subscribe(const json_tape& json) {
  if (!acknowledged_) return close(unauthorized, "Unauthorized");
  const std::uint32_t id_at = json.find(0, "id");
  const std::uint32_t payload = json.find(0, "payload");
  if (id_at == 0 || json[id_at].kind != json_kind::string || payload == 0 || json[payload].kind != json_kind::object)
    return close(bad_message, "subscribe has an id and a payload");
  std::string decoded;
  std::string id(json.string(id_at, decoded));
  if (id.empty() || id.size() > longest_id) return close(bad_message, "an id has 1 to 128 bytes");
  if (operations_.contains(id)) return close(id_in_use, fmt::format("Subscriber for {} already exists", id));
  const auto refuse_this = [&](std::string_view response) { refuse_one(id, response); };
  const std::size_t asked_bytes = json.raw(payload).size();
  if (const auto why = refuses(asked_bytes)) return refuse_this(graphql_error(*why, false));
  const bool debug = shared_.settings.show_debug;
  const auto params = read_graphql_json(json.raw(payload));
  if (!params) return refuse_this(graphql_error(params.error(), debug));
  const auto asked = shared_.graphql->find(service_);
  if (asked == nullptr) {
    error e;
    e.code = error_code::not_found;
    e.whose = fault::caller;
    e.message = "what was asked here is not on this node any more";
    return refuse_this(graphql_error(e, debug));
  }
  request_context context = context_;
  if (again_) {
    auto who = again_();
    if (!who) return close(forbidden, who.error().message);
    context.caller = *std::move(who);
  }
  auto begun = begin_graphql(*shared_.graphql, asked, *params, debug);
  if (!begun) return refuse_this(begun.error().response);
  context.deadline = shared_.time.now() + shared_.graphql->settings.timeout;
  auto source =
      std::make_unique<graphql_source>(shared_, *std::move(begun), std::move(context), params->cursor, again_);
  add(std::move(id), asked_bytes, std::move(source));
}

void graphql_ws::on_timer() {
  if (!acknowledged_) {
    close(late, "Connection initialisation timeout");
    return wake();
  }
  // Who takes nothing meets `http.write_timeout_ms`.
  if (!blocked() && !heard_ && shared_.time.now() >= sent_at_ + quiet / 2) {  // not even the answer to our ping
    abort();
    return wake();
  }
  shared_.loop->start_after(timer_, quiet);
  if (blocked()) return;
  heard_ = false;
  socket_.ping();
  wake();
}

}  // namespace

bool wants_websocket(const http_head& head) {
  return equal_ignoring_case(trim(head.upgrade), "websocket") && head.version == 11;
}

http_reply open_graphql_ws(http_shared& shared, const http_head& head, std::string_view service,
                           request_context context) {
  const auto accept = websocket_accept(head);
  if (!accept)
    return refuse(400, error_code::invalid_argument,
                  "this opens no WebSocket: RFC 6455 wants GET, Sec-WebSocket-Version 13 and a Sec-WebSocket-Key");
  if (!lists(head.websocket_protocols, protocol))
    return refuse(400, error_code::invalid_argument,
                  fmt::format("WebSockets here speak {}: ask for it in Sec-WebSocket-Protocol", protocol));
  if (!may_open(head, shared))
    return refuse(
        403, error_code::permission_denied,
        "pages of this origin may not open a WebSocket here; the operator can allow them (http.allowed_origins)");
  return {.status = 101,
          .content_type = "",
          .body = {},
          .headers = fmt::format("Upgrade: websocket\r\nSec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: {}\r\n",
                                 *accept, protocol),
          .stream = std::make_shared<graphql_ws>(shared, std::string(service), identify_again_by(shared, head),
                                                 std::move(context))};
}

}  // namespace waggle
