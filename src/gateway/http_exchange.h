#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/caller.h"
#include "gateway/connect.h"
#include "gateway/http_parser.h"
#include "gateway/http_reply.h"
#include "gateway/http_shared.h"

namespace waggle {

/// A request that one call of a service does not answer: GraphQL, MCP. It replies once, by what it was given when it began;
/// from then on, or from `stop` on, nobody knows it any more.
class request_handler {
 public:
  virtual ~request_handler() = default;
  /// The client is gone: it is not to reply.
  virtual void stop() = 0;
};

/// One request and its reply, whatever their framing: finds the route, asks the service, makes the reply. Used for one request
/// after the other, on one core.
class http_exchange {
 public:
  /// The reply is there. Not called from within the exchange's own functions.
  using waker = void (*)(void* self);

  http_exchange(http_shared& shared, void* self, waker on_reply);
  /// No call is pending; what a handler still does is stopped.
  ~http_exchange();
  http_exchange(const http_exchange&) = delete;
  http_exchange& operator=(const http_exchange&) = delete;

  /// The head is complete, the body is not: is the request refused all the same? Then the reply is there. `on_hold`: the client
  /// waits for our word that the body is wanted.
  [[nodiscard]] bool refuses(const http_head& head, bool on_hold);
  /// Where the body goes.
  [[nodiscard]] std::string& body() { return call_.request.input; }
  /// The request is complete. Either the reply is there when this returns, or `asking` is true until it is.
  void begin(http_head& head);
  /// Replies with an error, in the form that whoever sent this head expects.
  void refuse(const http_head& head, const http_refusal& why);

  [[nodiscard]] bool asking() const { return asking_; }
  /// To be moved from.
  [[nodiscard]] http_reply& reply() { return reply_; }
  /// The client is gone. A pending call is told, and finishes when it can.
  void stop();
  /// Ready for the next request.
  void reset();

 private:
  void follow(http_head& head, const http_route& route);
  void refuse(const http_refusal& why, std::optional<receipt> cost = std::nullopt);
  void refuse_at(const http_head& head, const http_route& route, error why);
  void ask(http_head& head, const http_route& route, std::shared_ptr<const caller> who);
  void ask_graphql(http_head& head, std::string_view service, std::shared_ptr<const caller> who);
  void ask_mcp(http_head& head, std::string_view path, std::shared_ptr<const caller> who);
  void ask_stream(http_head& head, const http_route& route, std::shared_ptr<const caller> who);
  [[nodiscard]] result<std::shared_ptr<const caller>> identify(const http_head& head) const;
  [[nodiscard]] std::optional<error> denied(const http_head& head, const http_route& route) const;
  [[nodiscard]] std::string fields_of(const error& e) const;
  void prepare();
  static void answered(void* self, service_call& call) noexcept;
  void answer_call();
  void give(http_reply reply);

  http_shared& shared_;
  void* self_;
  waker on_reply_;
  service_call call_;
  http_reply reply_;
  std::string cors_;                       // lines for a page of another origin
  error_form form_ = error_form::connect;  // of what the present caller is told when it fails
  std::shared_ptr<request_handler> handler_;
  bool asking_ = false;
  bool inside_ = false;  // in a function of ours that looks at the outcome itself
  std::string login_;    // of the challenge, should there be one: where the present caller can get a token
  bool gzip_ = false;    // the present caller takes gzip
  bool named_ = false;   // the present caller has said who it is
  bool alone_ = false;   // the answer is for the present caller, and no cache may give it to another
};

}  // namespace waggle
