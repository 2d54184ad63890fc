#include "schema/language/print_document.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "schema/language/lexer.h"
#include "schema/language/print.h"

namespace waggle::graphql {
namespace {

constexpr std::size_t columns = 120;
constexpr std::string_view step = "  ";

std::string_view indent(std::size_t depth) {
  constexpr std::string_view spaces = "    ";
  return spaces.substr(0, depth * step.size());
}

/// The text as a block string, its lines indented; nothing where BlockStringValue would make another text of it.
std::string block_string(std::string_view text, std::string_view margin) {
  auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t'; };
  if (std::ranges::any_of(text, control)) return {};
  std::string out = "\"\"\"\n";
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (!line.empty()) out += margin;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line.substr(i).starts_with(R"(""")")) {
        out += R"(\""")";
        i += 2;
      } else {
        out += line[i];
      }
    }
    out += '\n';
    at = end + 1;
  }
  out += margin;
  out += R"(""")";
  return string_value({token_kind::block_string, 1, 0, out}) == text ? out : std::string();
}

class printer {
 public:
  void print_definition(const definition& d) {
    describe(d.description, 0);
    if (d.extension) out_ += "extend ";
    out_ += keyword(d.kind);
    if (d.kind == definition_kind::directive) {
      out_ += " @";
      out_ += d.id.text;
      print_arguments(d.inputs, 0, d.repeatable ? " repeatable on" : " on");
      if (d.repeatable) out_ += " repeatable";
      print_alternatives(d.names, " on");
      out_ += '\n';
      return;
    }
    if (d.kind != definition_kind::schema) {
      out_ += ' ';
      out_ += d.id.text;
    }
    const bool is_union = d.kind == definition_kind::union_type;
    if (!is_union)
      for (const name& n : d.names) {
        out_ += &n == &d.names.front() ? " implements " : " & ";
        out_ += n.text;
      }
    print_directives(d.directives);
    if (is_union) print_alternatives(d.names, " =");
    print_body(d);
    out_ += '\n';
  }

  std::string take() { return std::move(out_); }

 private:
  static std::string_view keyword(definition_kind kind) {
    switch (kind) {
      case definition_kind::schema: return "schema";
      case definition_kind::scalar: return "scalar";
      case definition_kind::object: return "type";
      case definition_kind::interface: return "interface";
      case definition_kind::union_type: return "union";
      case definition_kind::enumeration: return "enum";
      case definition_kind::input: return "input";
      case definition_kind::directive: return "directive";
      case definition_kind::service: return "service";
    }
    return {};
  }

  void describe(std::string_view text, std::size_t depth) {
    if (text.empty()) return;
    const std::string_view margin = indent(depth);
    std::string quoted = json_quote(text);
    if (quoted.size() != text.size() + 2 || margin.size() + quoted.size() > columns)
      if (std::string block = block_string(text, margin); !block.empty()) quoted = std::move(block);
    out_ += margin;
    out_ += quoted;
    out_ += '\n';
  }

  void print_directives(const std::vector<directive>& directives) {
    for (const directive& d : directives) {
      out_ += ' ';
      out_ += print(d);
    }
  }

  [[nodiscard]] std::size_t line_start() const { return out_.rfind('\n') + 1; }  // npos + 1 is 0

  /// ` = A | B`, or one a line where 120 columns are not enough.
  void print_alternatives(const std::vector<name>& names, std::string_view before) {
    if (names.empty()) return;
    out_ += before;
    std::size_t width = out_.size() - line_start() - 2;
    for (const name& n : names) width += 3 + n.text.size();
    for (const name& n : names) {
      out_ += width > columns ? "\n  | " : &n == &names.front() ? " " : " | ";
      out_ += n.text;
    }
  }

  void print_input(const input_value& v) {
    out_ += print(v);
    print_directives(v.directives);
  }

  /// `(a: Int, b: Int)`, behind what stands on this line already and before `tail`.
  void print_arguments(const std::vector<input_value>& arguments, std::size_t depth, std::string_view tail) {
    if (arguments.empty()) return;
    const std::size_t start = out_.size();
    const std::size_t from = line_start();
    if (std::ranges::all_of(arguments, [](const input_value& a) { return a.description.empty(); })) {
      for (const input_value& a : arguments) {
        out_ += &a == &arguments.front() ? "(" : ", ";
        print_input(a);
        if (out_.size() - from > columns) break;
      }
      if (out_.size() + 1 + tail.size() - from <= columns) {
        out_ += ')';
        return;
      }
      out_.resize(start);
    }
    out_ += "(\n";
    for (const input_value& a : arguments) print_line(a.description, depth + 1, [&] { print_input(a); });
    out_ += indent(depth);
    out_ += ')';
  }

  template <class Content>
  void print_line(std::string_view description, std::size_t depth, Content content) {
    describe(description, depth);
    out_ += indent(depth);
    content();
    out_ += '\n';
  }

  void print_field(const field& f) {
    std::string tail = ": " + print(f.type);
    for (const directive& d : f.directives) tail += " " + print(d);
    out_ += f.id.text;
    print_arguments(f.arguments, 1, tail);
    out_ += tail;
  }

  void print_body(const definition& d) {
    if (d.fields.empty() && d.values.empty() && d.inputs.empty() && d.roots.empty()) return;
    out_ += " {\n";
    for (const root_type& r : d.roots)
      print_line({}, 1, [&] { out_ += fmt::format("{}: {}", to_string(r.kind), r.type.text); });
    for (const field& f : d.fields) print_line(f.description, 1, [&] { print_field(f); });
    for (const input_value& v : d.inputs) print_line(v.description, 1, [&] { print_input(v); });
    for (const enum_value& v : d.values)
      print_line(v.description, 1, [&] {
        out_ += v.id.text;
        print_directives(v.directives);
      });
    out_ += '}';
  }

  std::string out_;
};

}  // namespace

std::string print_definition(const definition& d) {
  printer p;
  p.print_definition(d);
  return p.take();
}

std::string print_document(const document& doc) {
  std::string out;
  for (const directive& d : doc.okra) out += print(d) + "\n";
  for (const definition& d : doc.definitions) {
    if (!out.empty()) out += '\n';
    out += print_definition(d);
  }
  return out;
}

}  // namespace waggle::graphql
