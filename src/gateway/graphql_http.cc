#include "gateway/graphql_http.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/ascii.h"
#include "gateway/encoding.h"
#include "gateway/graphql_operation.h"
#include "gateway/graphql_source.h"
#include "gateway/subscription.h"

namespace waggle {
namespace {

/// What a response may be sent as (GraphQL over HTTP, "Media Types").
enum class media : std::uint8_t { json, graphql_json, events, none };
constexpr std::array<std::string_view, 3> media_types = {"application/json; charset=utf-8",
                                                         "application/graphql-response+json; charset=utf-8",
                                                         "text/event-stream; charset=utf-8"};
/// Of every answer: its form depends on Accept, and what it says on who asks, and when.
constexpr std::string_view always = "Vary: Accept\r\nCache-Control: no-store\r\n";

/// The weight of a media range (RFC 9110 §12.4.2), in thousandths.
unsigned weight(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view one = trim(take_until(parameters, ';'));
    if (!one.starts_with("q=") && !one.starts_with("Q=")) continue;
    std::string_view text = one.substr(2);
    if (text.starts_with('1')) return 1000;
    if (text.starts_with('0')) text.remove_prefix(1);
    if (!text.starts_with('.')) return 0;  // `.5` is sent, though it wants a digit before
    unsigned thousandths = 0;
    unsigned unit = 100;
    for (std::size_t i = 1; i < text.size() && i < 4 && text[i] >= '0' && text[i] <= '9'; ++i, unit /= 10)
      thousandths += unit * static_cast<unsigned>(text[i] - '0');
    return thousandths;
  }
  return 1000;
}

struct media_range {
  std::string type;  // in lower case, without parameters
  unsigned weight = 0;
};

/// How closely a range stands for a type (RFC 9110 §12.5.1): 3 as itself, 2 as `text/*`, 1 as `*/*`, 0 not at all.
unsigned closeness(std::string_view range, std::string_view type) {
  if (range == type) return 3;
  if (range == "*/*") return 1;
  return range.ends_with("/*") && type.starts_with(range.substr(0, range.size() - 1)) ? 2 : 0;
}

/// What the client takes.
struct choice {
  media best = media::none;
  bool events = false;  // they too
};

/// Of a type the range that stands for it most closely counts. Of equals the first that the client names; a range for several
/// names application/json, the others only where nobody else is named. A client that does not say gets application/json.
choice choose(std::string_view accept) {
  if (trim(accept).empty()) return {.best = media::json};
  std::vector<media_range> ranges;
  while (!accept.empty()) {
    std::string_view range = take_until(accept, ',');
    std::string type = to_lower(trim(take_until(range, ';')));
    ranges.push_back({std::move(type), weight(range)});
  }
  choice chosen;
  unsigned best_weight = 0;
  std::size_t best_place = 0;
  for (const media m : {media::json, media::graphql_json, media::events}) {
    std::string_view rest = media_types[static_cast<std::size_t>(m)];
    const std::string_view type = take_until(rest, ';');
    unsigned closest = 1;
    unsigned w = 0;
    for (const media_range& r : ranges) {
      const unsigned c = closeness(r.type, type);
      if (c > closest || (c == closest && r.weight > w)) closest = c, w = r.weight;
    }
    if (w == 0) continue;
    if (m == media::events) chosen.events = true;
    std::size_t place = 0;
    for (const unsigned names = m == media::json ? 1 : 3; place < ranges.size(); ++place)
      if (ranges[place].weight == w && closeness(ranges[place].type, type) >= names) break;
    if (w > best_weight || (w == best_weight && place < best_place))
      chosen.best = m, best_weight = w, best_place = place;
  }
  return chosen;
}

error wrong(error_code code, std::string message) {
  error e;
  e.code = code;
  e.whose = fault::caller;
  e.message = std::move(message);
  return e;
}

/// A query or mutation whose response is waited for.
class waiting_answer final : public request_handler {
 public:
  waiting_answer(std::shared_ptr<graphql_operation> op, media as, void* self, void (*reply)(void*, http_reply))
      : op_(std::move(op)), as_(as), self_(self), reply_(reply) {}

  void start() {
    op_->start(this, [](void* self, std::string json) {
      const auto& me = *static_cast<waiting_answer*>(self);
      me.reply_(me.self_, {.content_type = media_types[static_cast<std::size_t>(me.as_)],
                           .body = std::move(json),
                           .headers = std::string(always),
                           .cost = me.op_->cost()});
    });
  }
  void stop() override { op_->stop(); }

 private:
  std::shared_ptr<graphql_operation> op_;
  media as_;
  void* self_;
  void (*reply_)(void*, http_reply);
};

/// What has to be said of a request before its document is looked at; nothing where all is well.
std::optional<http_reply> refuse_head(const http_head& head, media as) {
  const auto refuse = [&](unsigned status, error why, std::string_view headers) {
    const media m = as == media::graphql_json ? as : media::json;
    return http_reply{.status = status,
                      .content_type = media_types[static_cast<std::size_t>(m)],
                      .body = graphql_error(why, false),
                      .headers = std::string(always).append(headers)};
  };
  if (head.verb != http_verb::post && head.verb != http_verb::get && head.verb != http_verb::head)
    return refuse(405, wrong(error_code::unimplemented, "GraphQL takes POST, and GET for queries"),
                  "Allow: GET, HEAD, POST\r\n");
  if (as == media::none)
    return refuse(406,
                  wrong(error_code::invalid_argument,
                        "the answer can be application/json, application/graphql-response+json or text/event-stream; "
                        "the field Accept allows none of these"),
                  {});
  if (head.verb == http_verb::post && !is_json_type(head.content_type))
    return refuse(415, wrong(error_code::invalid_argument, "send content-type: application/json"),
                  "Accept-Post: application/json\r\n");
  return std::nullopt;
}

}  // namespace

std::shared_ptr<request_handler> answer_graphql(http_shared& shared, const http_head& head, std::string body,
                                                std::shared_ptr<const graphql::endpoint> asked, request_context context,
                                                void* self, void (*reply)(void* self, http_reply reply)) {
  const choice taken = choose(head.accept);
  media as = taken.best;
  const bool debug = shared.settings.show_debug;
  if (auto refused = refuse_head(head, as)) {
    reply(self, *std::move(refused));
    return nullptr;
  }
  const auto refuse = [&](unsigned status, std::string json, std::string_view headers = {}) {
    const media m = as == media::graphql_json ? as : media::json;
    reply(self, {.status = status,
                 .content_type = media_types[static_cast<std::size_t>(m)],
                 .body = std::move(json),
                 .headers = std::string(always).append(headers)});
    return nullptr;
  };
  std::string_view url = head.target;
  take_until(url, '?');
  const bool by_url = head.verb != http_verb::post;
  const auto params = by_url ? read_graphql_url(url) : read_graphql_json(body);
  if (!params) return refuse(400, graphql_error(params.error(), debug));
  auto begun = begin_graphql(*shared.graphql, asked, *params, debug);
  // With application/json a client looks into the response, whatever the status (GraphQL over HTTP, "application/json").
  if (!begun) return refuse(as == media::graphql_json || as == media::events ? 400 : 200, begun.error().response);
  const operation kind = begun->execution.kind();
  // Clients that do not look into the document name all that they take, JSON before events.
  if (kind == operation::subscription && taken.events) as = media::events;
  if (by_url && kind == operation::mutation)
    return refuse(405, graphql_error(wrong(error_code::unimplemented, "a mutation takes POST"), debug),
                  "Allow: POST\r\n");
  if (kind == operation::subscription && as != media::events)
    return refuse(
        406,
        graphql_error(wrong(error_code::invalid_argument,
                            "a subscription is a stream: send accept: text/event-stream, or use graphql-transport-ws"),
                      debug));
  const std::string& cursor = head.last_event_id.empty() ? params->cursor : head.last_event_id;
  if (as == media::events && cursor.size() > longest_cursor)
    return refuse(
        400, graphql_error(wrong(error_code::invalid_argument,
                                 fmt::format("Last-Event-ID has {} bytes; at most {}", cursor.size(), longest_cursor)),
                           debug));
  const time_point latest = shared.time.now() + shared.graphql->settings.timeout;
  context.deadline = std::min(context.deadline.value_or(latest), latest);
  if (as == media::events) {
    reply(self, {.content_type = media_types[static_cast<std::size_t>(as)],
                 .body = {},
                 .headers = std::string(always) + "X-Accel-Buffering: no\r\n",
                 .stream = std::make_shared<graphql_events>(shared, *std::move(begun), std::move(context), cursor,
                                                            identify_again_by(shared, head))});
    return nullptr;
  }
  auto op = std::make_shared<graphql_operation>(shared, std::move(begun->execution), std::move(context));
  const auto handler = std::make_shared<waiting_answer>(std::move(op), as, self, reply);
  handler->start();
  return handler;
}

}  // namespace waggle
