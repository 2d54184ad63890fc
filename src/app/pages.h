#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "app/shown_services.h"
#include "gateway/http_settings.h"
#include "loop/clock.h"

namespace waggle {

/// The pages for people: `/`, `/services.json`, `/graphiql` and their files (docs/pages.md).
class node_pages {
 public:
  /// The services that are served at this moment; `figures`: with them. Called on cores, does not block.
  using lister = std::function<shown_services(bool figures)>;

  /// All outlive it.
  node_pages(const configuration& c, const clock_source& clock, lister list);

  /// The page, or nothing. On the core `core`: what is made for one second is kept there.
  [[nodiscard]] std::optional<page> find(unsigned core, std::string_view path);

 private:
  page landing();
  page services(unsigned core);

  const configuration& config_;
  const clock_source& clock_;
  lister list_;
  bool graphiql_;
  struct kept_json {
    std::string text;
    time_point until{};
  };
  std::vector<kept_json> json_;  // by core
  std::mutex mutex_;             // of what follows
  std::vector<std::shared_ptr<const contract>> landing_of_;
  std::size_t landing_count_ = 0;
  std::shared_ptr<const std::string> landing_;  // packed; null: not made yet
};

}  // namespace waggle
