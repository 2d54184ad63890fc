#pragma once
#include <string>
#include <string_view>

#include "app/shown_services.h"

namespace waggle {

/// What of the node is on its landing page beside the services.
struct landing_settings {
  std::string_view scheme = "http";  ///< or `https`
  std::string address;               ///< `127.0.0.1:8080`; a browser puts in the one that it knows, with its scheme
  bool graphiql = false;             ///< there is one to link to
};

/// The page at `/`: what each service can do and how to call it, as HTML that is whole without JavaScript; figures come
/// in by it (web/landing). `frame` is `landing_template()`. Texts of contracts are shown as texts, whatever they hold.
[[nodiscard]] std::string landing_page(std::string_view frame, const shown_services& all, const landing_settings& s);

/// Text as it may stand in HTML, between tags or in an attribute with quotes.
[[nodiscard]] std::string html_text(std::string_view text);

}  // namespace waggle
