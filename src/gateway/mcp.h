#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "gateway/http_exchange.h"
#include "gateway/mcp_messages.h"

namespace waggle {

/// One message of the Model Context Protocol (revisions 2025-03-26 to 2025-11-25, "Streamable HTTP") and what answers it. It
/// keeps nothing from one message to the next: no sessions. A tool is a method (schema/describe/tools.h), which is asked
/// through the directory like any other caller's. Used on one core.
class mcp_handler final : public request_handler, public std::enable_shared_from_this<mcp_handler> {
 public:
  using replier = void (*)(void* self, http_reply reply);

  /// `path`: `/mcp`, or `/mcp/{service}` for that one's tools only.
  mcp_handler(http_shared& shared, std::string_view path, void* self, replier reply);

  /// Once. The extra fields are moved out of the head.
  void begin(http_head& head, std::string body, std::shared_ptr<const caller> who = nullptr);
  void stop() override;

 private:
  void answer(const mcp_message& message);
  void list(const std::string& id, const mcp_params& params);
  void call(const std::string& id, const mcp_params& params);
  static void answered(void* self, service_call& call) noexcept;
  void finish_call();
  void tell(std::string json, unsigned status = 200);

  /// A tool and whose it is.
  struct found_tool {
    const tool* what = nullptr;
    service* whose = nullptr;
  };
  [[nodiscard]] found_tool find(std::string_view name) const;
  [[nodiscard]] const std::vector<tool>& tools_of(std::string_view service) const;
  [[nodiscard]] std::vector<std::string> services() const;
  [[nodiscard]] std::string instructions() const;

  http_shared& shared_;
  std::string only_;  ///< this service's tools; empty: those of all
  void* self_;
  replier reply_;
  service_call call_;
  std::string login_;                  ///< where a caller without credentials can get a token
  std::string id_;                     ///< of the message that the call answers
  tool asked_;                         ///< without its text: the contract may go while it is asked
  std::shared_ptr<mcp_handler> keep_;  ///< itself, while a service is asked
  bool stopped_ = false;
};

}  // namespace waggle
