#include "app/landing_page.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "app/curl_line.h"
#include "schema/describe/describe.h"
#include "schema/describe/example_operation.h"
#include "schema/language/print.h"

namespace waggle {
namespace {

using graphql::described_method;
using graphql::directive;

/// As a value in an address's query (RFC 3986 §3.4).
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~')
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

/// A description with Markdown's `code`, which is the mark that they have most.
std::string html_of_description(std::string_view text) {
  std::string out;
  for (;;) {
    const std::size_t begin = text.find('`');
    const std::size_t end = begin == std::string_view::npos ? begin : text.find('`', begin + 1);
    if (end == std::string_view::npos) return out + html_text(text);
    out += fmt::format("{}<code>{}</code>", html_text(text.substr(0, begin)),
                       html_text(text.substr(begin + 1, end - begin - 1)));
    text.remove_prefix(end + 1);
  }
}

const directive* find(const std::vector<directive>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, [](const directive& d) { return d.id.text; });
  return found == all.end() ? nullptr : &*found;
}

/// What `@auth` asks for, of the method or of the whole service; empty without one.
std::string who_may_call(const contract& c, const std::vector<directive>& of_method) {
  const directive* auth = find(of_method, "auth");
  if (c.parsed != nullptr)
    for (const graphql::definition* part : c.parsed->index.parts)
      if (auth == nullptr) auth = find(part->directives, "auth");
  if (auth == nullptr) return {};
  std::string scopes;
  if (const graphql::argument* given = auth->find("scopes")) {
    if (given->given.kind == graphql::value_kind::string) scopes = given->given.text;
    for (const graphql::value& v : given->given.items)
      scopes += fmt::format("{}{}", scopes.empty() ? "" : ", ", v.text);
  }
  return scopes.empty() ? "Callers must be known: any verified one may call it."
                        : "Callers must be known and have one of the scopes: " + scopes + ".";
}

class page_writer {
 public:
  explicit page_writer(const landing_settings& s) : settings_(s) {}

  void service(const contract& c) {
    const std::string name = html_text(c.name);
    add(R"(<section class="service" aria-labelledby="s-{0}" data-service="{0}"><div class="head"><h2 id="s-{0}">{0}</h2>)",
        name);
    if (!c.version.empty()) add(R"(<span class="tag">version {}</span>)", html_text(c.version));
    if (c.singleton) out_ += R"(<span class="tag">singleton</span>)";
    out_ += "</div>";
    description(c.description);
    figures();
    out_ += R"(<p class="links">Contract: )";
    const auto label = [](description_format f) {
      return f == description_format::graphql   ? "GraphQL"
             : f == description_format::openapi ? "OpenAPI"
                                                : "JSON Schema";
    };
    for (const format_row& row : description_formats)
      add(R"(<a href="/{}?format={}" aria-label="{} of {}">{}</a> )", name, row.name, label(row.format), name,
          label(row.format));
    if (settings_.graphiql)
      add(R"(<a href="/graphiql?service={0}" aria-label="Open in GraphiQL: {0}">Open in GraphiQL</a>)", name);
    out_ += "</p>";
    methods(c);
    out_ += "</section>\n";
  }

  std::string take() { return std::move(out_); }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  void description(std::string_view text) {
    if (!text.empty()) add(R"(<p class="about">{}</p>)", html_of_description(text));
  }

  /// Empty until the script has the first ones: their places do not move. Without scripts there are none (landing.css).
  void figures() {
    static constexpr std::pair<std::string_view, std::string_view> all[] = {
        {"requests", "requests"}, {"errors", "errors"},   {"p50", "p50"},
        {"p99", "p99"},           {"workers", "workers"}, {"queued", "queued"}};
    out_ += R"(<dl class="figures">)";
    for (const auto& [key, label] : all) add(R"(<div><dt>{}</dt><dd data-figure="{}">–</dd></div>)", label, key);
    out_ += "</dl>";
  }

  void methods(const contract& c) {
    const bool room = shown_ < shown_services::most_methods;
    for (const described_method& m :
         room&& c.parsed != nullptr ? graphql::methods_of(c) : std::vector<described_method>()) {
      if (m.about->internal) continue;
      if (++shown_ > shown_services::most_methods) break;
      method(c, m);
    }
    if (shown_ > shown_services::most_methods || !room)
      out_ += R"(<p class="about">There is no room here for all of its methods: they are in the contract.</p>)";
  }

  void method(const contract& c, const described_method& m) {
    const auto& directives = m.defined->directives;
    const std::string name = html_text(m.about->name);
    add(R"(<details class="method" data-method="{}"><summary><code>{}</code> <span class="tag">{}</span>)", name,
        html_text(m.about->signature), graphql::to_string(m.about->kind));
    if (m.about->idempotent) out_ += R"( <span class="tag">idempotent</span>)";
    const directive* const old = find(directives, "deprecated");
    if (old != nullptr) out_ += R"( <span class="tag warn">deprecated</span>)";
    out_ += R"(<span class="count" data-count></span></summary><div class="body">)";
    description(m.about->description);
    if (old != nullptr) {
      const graphql::argument* const why = old->find("reason");
      add(R"(<p class="about">Deprecated: {}</p>)",
          why != nullptr ? html_text(why->given.text) : "no longer supported");
    }
    if (const std::string who = who_may_call(c, directives); !who.empty()) description(who);
    const graphql::example_operation op = graphql::operation_for(c, m);
    const bool stream = m.about->kind == operation::subscription;
    const std::string sent =
        stream ? fmt::format(R"({{"query":{},"variables":{}}})", json_quote(op.text), op.variables) : m.about->example;
    code("curl", c.name + "." + m.about->name,
         fmt::format("curl {}{} {} \\\n  <span data-origin>{}://{}</span>/{}{}{}", credentials_option(*m.about),
                     stream ? "-N -H 'Accept: text/event-stream' --json" : "-H 'Content-Type: application/json' -d",
                     html_text(shell_quoted(sent)), settings_.scheme, html_text(settings_.address),
                     stream ? "graphql/" : "", html_text(c.name), stream ? "" : "/" + name));
    code("GraphQL", c.name + "." + m.about->name, html_text(op.text), "POST /graphql/" + c.name);
    if (op.variables != "{}") code("Variables", c.name + "." + m.about->name, html_text(op.variables));
    if (settings_.graphiql)
      add(R"(<p class="links"><a href="/graphiql?service={}&amp;query={}&amp;variables={}" aria-label="Try it in GraphiQL: {}">Try it in GraphiQL</a></p>)",
          html_text(c.name), percent_encoded(op.text), percent_encoded(op.variables), name);
    out_ += "</div></details>";
  }

  /// `html` is text already escaped. `of` tells a copy button from the others for who cannot see where it is.
  void code(std::string_view label, const std::string& of, const std::string& html, std::string_view where = {}) {
    add(R"(<div class="code"><h3>{0} <code>{3}</code></h3><pre data-copy="{0} for {1}"><code>{2}</code></pre></div>)",
        label, html_text(of), html, html_text(where));
  }

  const landing_settings& settings_;
  std::string out_;
  std::size_t shown_ = 0;
};

std::string services_part(const shown_services& all, const landing_settings& s) {
  if (all.count == 0)
    return R"(<section class="service" aria-labelledby="none"><h2 id="none">No service yet</h2>
<p class="about">This node serves nothing at present. Give it a folder with modules and their contracts:</p>
<div class="code"><h3>Serve a folder</h3><pre data-copy="command"><code>waggle serve FOLDER --dev</code></pre></div>
<p class="about">With --dev, files that are added to the folder later are served, too.</p></section>
)";
  page_writer to(s);
  for (const shown_service& one : all.first) to.service(*one.about);
  std::string out = to.take();
  if (all.count > all.first.size())
    out += fmt::format(R"(<p class="about">These are the first {} of {} services.</p>)", all.first.size(), all.count);
  return out;
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string landing_page(std::string_view frame, const shown_services& all, const landing_settings& s) {
  const std::pair<std::string_view, std::string> parts[] = {
      {"<!--version-->", WAGGLE_VERSION},
      {"<!--graphiql-->", s.graphiql ? R"(<a href="/graphiql">GraphiQL</a>)" : ""},
      {"<!--count-->", fmt::format("{} {}", all.count, all.count == 1 ? "service" : "services")},
      {"<!--services-->", services_part(all, s)}};
  std::string out;
  for (const auto& [mark, text] : parts) {  // in the template's order
    const std::size_t at = frame.find(mark);
    if (at == std::string_view::npos) continue;
    out += frame.substr(0, at);
    out += text;
    frame.remove_prefix(at + mark.size());
  }
  return out += frame;
}

}  // namespace waggle
