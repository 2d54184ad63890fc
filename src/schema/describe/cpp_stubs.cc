#include "schema/describe/cpp_stubs.h"

#include <algorithm>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include "schema/describe/stub_model.h"
#include "schema/describe/stub_names.h"

namespace waggle::graphql {
namespace {

/// Keywords up to C++23; macros of the headers that stubs include, as far as a contract may come upon their names; what
/// stubs use by these names.
const name_set& reserved_names() {
  static const name_set all = {
      "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char",
      "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield", "compl", "concept", "const",
      "const_cast", "consteval", "constexpr", "constinit", "continue", "decltype", "default", "delete", "do", "double",
      "dynamic_cast", "else", "enum", "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if",
      "inline", "int", "long", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or",
      "or_eq", "private", "protected", "public", "register", "reinterpret_cast", "requires", "return", "short",
      "signed", "sizeof", "static", "static_assert", "static_cast", "struct", "switch", "template", "this",
      "thread_local", "throw", "true", "try", "typedef", "typeid", "typename", "typeof", "union", "unsigned", "using",
      "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
      // macros
      "ARG_MAX", "BIG_ENDIAN", "BUFSIZ", "BYTE_ORDER", "CHAR_BIT", "CHAR_MAX", "CHAR_MIN", "CLOCKS_PER_SEC",
      "CLOCK_MONOTONIC", "CLOCK_REALTIME", "CSIGNAL", "DOMAIN", "E2BIG", "EACCES", "EADDRINUSE", "EAGAIN", "EALREADY",
      "EBADF", "EBADMSG", "EBUSY", "ECANCELED", "ECHILD", "ECOMM", "ECONNABORTED", "ECONNREFUSED", "ECONNRESET",
      "EDEADLK", "EDOM", "EDQUOT", "EEXIST", "EFAULT", "EFBIG", "EHOSTUNREACH", "EILSEQ", "EINPROGRESS", "EINTR",
      "EINVAL", "EIO", "EISCONN", "EISDIR", "ELOOP", "EMFILE", "EMLINK", "EMSGSIZE", "ENAMETOOLONG", "ENETDOWN",
      "ENETUNREACH", "ENFILE", "ENOBUFS", "ENODATA", "ENODEV", "ENOENT", "ENOEXEC", "ENOLCK", "ENOLINK", "ENOMEM",
      "ENOSPC", "ENOSYS", "ENOTCONN", "ENOTDIR", "ENOTEMPTY", "ENOTSOCK", "ENOTSUP", "ENOTTY", "ENXIO", "EOF",
      "EOPNOTSUPP", "EOVERFLOW", "EPERM", "EPIPE", "EPROTO", "ERANGE", "EREMOTE", "ERESTART", "EROFS", "ESHUTDOWN",
      "ESPIPE", "ESRCH", "ESTALE", "ETIME", "ETIMEDOUT", "EUSERS", "EWOULDBLOCK", "EXDEV", "EXIT_FAILURE",
      "EXIT_SUCCESS", "FILENAME_MAX", "FOPEN_MAX", "F_LOCK", "F_OK", "F_TEST", "HUGE", "HUGE_VAL", "INFINITY",
      "INT16_MAX", "INT16_MIN", "INT32_MAX", "INT32_MIN", "INT64_MAX", "INT64_MIN", "INT8_MAX", "INT8_MIN", "INT_MAX",
      "INT_MIN", "LC_ALL", "LC_TIME", "LINE_MAX", "LITTLE_ENDIAN", "LONG_MAX", "LONG_MIN", "MAX_INPUT", "NAME_MAX",
      "NAN", "NDEBUG", "NULL", "NZERO", "OVERFLOW", "PAGESIZE", "PAGE_SIZE", "PATH_MAX", "PIPE_BUF", "RAND_MAX", "R_OK",
      "SEEK_CUR", "SEEK_END", "SEEK_SET", "SIZE_MAX", "TIME_UTC", "TMP_MAX", "UINT_MAX", "UNDERFLOW", "WEOF", "WEXITED",
      "WNOHANG", "W_OK", "X_OK", "alloca", "assert", "errno", "isascii", "linux", "offsetof", "sched_priority",
      "stderr", "stdin", "stdout", "unix",
      // ours
      "from_json", "service_name", "std", "to_json", "waggle"};
  return all;
}

/// What functions of stubs call their parameters.
bool is_local(std::string_view name) { return name == "in" || name == "options" || name == "out" || name == "v"; }

/// For namespaces, too: functions of C's library, and of waggle.h, by whose name there can be none.
bool is_namespace_taken(const std::string& segment) {
  static const name_set all = {"abort",   "abs",    "accept", "access", "atexit",   "bind",   "clock", "close",
                               "connect", "daemon", "div",    "exit",   "exp",      "fork",   "free",  "getenv",
                               "index",   "kill",   "labs",   "link",   "listen",   "log",    "main",  "malloc",
                               "open",    "pipe",   "pow",    "printf", "puts",     "qsort",  "raise", "rand",
                               "read",    "remove", "rename", "select", "send",     "signal", "sleep", "stat",
                               "sync",    "system", "tie",    "time",   "truncate", "wait",   "write"};
  return all.contains(segment) || reserved_names().contains(segment);
}

/// Names with a `_` in front belong to the compiler and its library.
std::string identifier(std::string_view name) { return (name.starts_with('_') ? "x" : "") + std::string(name); }

bool is_version(std::string_view segment) {
  return segment.size() > 1 && segment[0] == 'v' && segment[1] >= '0' && segment[1] <= '9';
}

/// `shop.v1.Orders` → shop, v1, orders; `waggle.state.v1.State` → waggle, state, v1.
std::vector<std::string> namespaces_of(std::string_view service) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= service.size();) {
    const std::size_t end = std::min(service.find('.', begin), service.size());
    std::string segment = identifier(service.substr(begin, end - begin));
    if (end == service.size()) segment = snake_case(segment);
    if (is_namespace_taken(segment) && !(out.empty() && segment == "waggle")) segment += "_service";
    out.push_back(std::move(segment));
    begin = end + 1;
  }
  const auto place = std::find_if(std::next(out.rbegin()), out.rend(), [](const auto& s) { return !is_version(s); });
  if (out.size() > 1 && place != out.rend() && *place == out.back()) out.pop_back();
  return out;
}

class cpp_writer {
 public:
  explicit cpp_writer(const stub_model& model) : model_(model) {
    for (const stub_method& m : model.methods) methods_[m.name] = names_.take(identifier(m.name));
    for (const stub_record& r : model.records)
      types_[r.name] = take_type(r.name, r.role <= stub_role::one_of ? "Input" : "Output");
    for (const stub_enum& e : model.enums) types_[e.name] = take_type(e.name, "Enum");
    for (const stub_method& m : model.methods)
      if (!m.optional.empty() && !m.bare) options_[m.name] = names_.take(identifier(m.name) + "_options");
    for (const auto& [type, name] : types_) beside_members_.insert(name);
    beside_members_.insert(reserved_names().begin(), reserved_names().end());
  }

  std::string write() {
    put("// {}{}{} for its callers. Made by `waggle describe --format cpp`; do not edit.\n// clang-format off\n#pragma "
        "once\n",
        model_.service, model_.version.empty() ? "" : " ", model_.version);
    put("#include <cstdint>\n#include <optional>\n#include <string>\n#include <vector>\n\n#include "
        "\"waggle/typed.h\"\n\n");
    comment(model_.doc, "");
    const auto namespaces = namespaces_of(model_.service);
    for (const std::string& n : namespaces) put("{}namespace {} {{\n", is_version(n) ? "inline " : "", n);
    put("\ninline constexpr const char* service_name = \"{}\";\n", model_.service);
    for (const stub_enum& e : model_.enums) enumeration(e);
    if (!model_.records.empty()) put("\n");
    for (const stub_record& r : model_.records) put("struct {};\n", types_[r.name]);
    for (const stub_record& r : model_.records) record(r);
    if (!model_.records.empty()) put("\n");
    for (const stub_record& r : model_.records) put("{};\n", conversion_head(r));
    for (const stub_record& r : model_.records) conversion(r);
    for (const stub_record& r : model_.records) views(r);
    for (const stub_method& m : model_.methods) method(m);
    put("\n");
    for (auto n = namespaces.rbegin(); n != namespaces.rend(); ++n) put("}}  // namespace {}\n", *n);
    return std::move(out_);
  }

 private:
  std::string take_type(std::string_view name, std::string_view suffix) {
    return names_.take(identifier(name) + std::string(is_local(name) ? suffix : ""), suffix);
  }

  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  void comment(std::string_view doc, std::string_view indent) {
    for (const std::string& line : comment_lines(doc)) put("{}///{}{}\n", indent, line.empty() ? "" : " ", line);
  }

  /// The type of a value that is there.
  std::string spell(const stub_type& type) {
    std::string out = base(type);
    const std::string_view m = type.modifiers;
    for (std::size_t i = 0; i < m.size(); ++i) {
      if (m[i] != '[') continue;
      const bool nullable = i == 0 || m[i - 1] != '!';
      const bool any = type.form == stub_form::any && m.find('[') == i;
      out = nullable && !any ? fmt::format("std::vector<std::optional<{}>>", out) : fmt::format("std::vector<{}>", out);
    }
    return out;
  }
  std::string base(const stub_type& type) {
    switch (type.form) {
      case stub_form::boolean: return "bool";
      case stub_form::int32: return "std::int32_t";
      case stub_form::int64: return "std::int64_t";
      case stub_form::real: return "double";
      case stub_form::any: return "waggle::json";
      case stub_form::enumeration:
      case stub_form::record: return types_[type.named];
      default: return "std::string";
    }
  }
  /// The type of a place: JSON says by itself that nothing is there, and so does a list where that is the same as an empty one.
  std::string spell(const stub_member& m) {
    std::string value = spell(m.type);
    if (m.in_circle && !m.list()) return fmt::format("waggle::box<{}>", value);
    if (m.in_circle) value.replace(0, std::string_view("std::vector").size(), "waggle::many");
    return m.optional && !lacks_by_itself(m) ? fmt::format("std::optional<{}>", value) : value;
  }
  static bool lacks_by_itself(const stub_member& m) {
    return m.empty_default || (m.type.form == stub_form::any && !m.list() && !m.has_default);
  }
  std::string spell_answer(const stub_type& type) {
    const bool plain = type.modifiers.ends_with('!') || (type.form == stub_form::any && type.modifiers.empty());
    return plain ? spell(type) : fmt::format("std::optional<{}>", spell(type));
  }

  void enumeration(const stub_enum& e) {
    const std::string& type = types_[e.name];
    name_scope scope(reserved_names());
    std::vector<std::string> values;
    for (const stub_enum::value& v : e.values) values.push_back(scope.take(identifier(v.name)));
    const std::string unknown = scope.take("unknown_");
    put("\n");
    comment(e.doc, "");
    put("enum class {} {{\n  /// one that these stubs do not know\n  {},\n", type, unknown);
    for (std::size_t i = 0; i < values.size(); ++i) {
      comment(e.values[i].doc, "  ");
      put("  {},\n", values[i]);
    }
    put("}};\n\ninline void to_json(waggle::json& out, const {}& v) {{\n  switch (v) {{\n", type);
    for (std::size_t i = 0; i < values.size(); ++i)
      put("    case {}::{}: out = \"{}\"; break;\n", type, values[i], e.values[i].name);
    put("    case {}::{}: break;\n  }}\n}}\n\n", type, unknown);
    put("inline void from_json(const waggle::json& in, {}& out) {{\n  const std::string& text = in.text();\n", type);
    put("  out = {}::{};\n", type, unknown);
    for (std::size_t i = 0; i < values.size(); ++i)
      put("  if (text == \"{}\") out = {}::{};\n", e.values[i].name, type, values[i]);
    put("}}\n");
  }

  void members(const std::vector<stub_member>& all, std::vector<std::string>& names, name_scope& scope) {
    for (const stub_member& m : all) {
      names.push_back(scope.take(identifier(m.name)));
      comment(m.doc, "  ");
      put("  {} {}{{}};\n", spell(m), names.back());
    }
  }

  void record(const stub_record& r) {
    put("\n");
    comment(r.doc, "");
    if (r.role == stub_role::one_of) put("/// Exactly one member is set.\n");
    put("struct {} {{\n", types_[r.name]);
    name_scope scope(beside_members_);
    if (r.role == stub_role::abstract) {
      const abstract_names& own = abstract_[r.name] = {scope.take("typename_"), scope.take("raw")};
      put("  /// its type's name in the contract\n  std::string {}{{}};\n  /// the whole of it\n  waggle::json "
          "{}{{}};\n",
          own.type, own.raw);
      for (const std::string_view type : r.possible) {
        auto& name = views_[{r.name, type}] = scope.take("as_" + types_[type]);
        put("  [[nodiscard]] std::optional<{}> {}() const;\n", types_[type], name);
      }
    }
    members(r.members, members_[r.name], scope);
    put("}};\n");
  }

  std::string conversion_head(const stub_record& r) {
    return r.role <= stub_role::one_of
               ? fmt::format("inline void to_json(waggle::json& out, const {}& v)", types_[r.name])
               : fmt::format("inline void from_json(const waggle::json& in, {}& out)", types_[r.name]);
  }

  void conversion(const stub_record& r) {
    put("\n{} {{\n", conversion_head(r));
    const std::vector<std::string>& names = members_[r.name];
    if (r.role <= stub_role::one_of) {
      put("  waggle::object members;\n");
      for (std::size_t i = 0; i < names.size(); ++i) add("members", "v." + names[i], r.members[i]);
      put("  out = std::move(members);\n");
    } else {
      if (r.role == stub_role::abstract)
        put("  out.{} = in[\"__typename\"].text();\n  out.{} = in;\n", abstract_[r.name].type, abstract_[r.name].raw);
      for (std::size_t i = 0; i < names.size(); ++i)
        put("  from_json(in[\"{}\"], out.{});\n", r.members[i].name, names[i]);
    }
    put("}}\n");
  }

  /// A member into an object that goes out.
  void add(std::string_view object, const std::string& from, const stub_member& m) {
    std::string_view lacks;
    if (m.optional && lacks_by_itself(m)) lacks = m.empty_default ? "empty" : "is_null";
    const std::string condition = lacks.empty() ? "" : fmt::format("if (!{}.{}()) ", from, lacks);
    put("  {}waggle::add({}, \"{}\", {});\n", condition, object, m.name, from);
  }

  void views(const stub_record& r) {
    for (const std::string_view type : r.possible)
      put("\ninline std::optional<{0}> {1}::{2}() const {{\n  std::optional<{0}> out;\n"
          "  if ({4} == \"{3}\") from_json({5}, out.emplace());\n  return out;\n}}\n",
          types_[type], types_[r.name], views_[{r.name, type}], type, abstract_[r.name].type, abstract_[r.name].raw);
  }

  std::string parameter(const stub_member& m, const std::string& name) {
    const std::string type = spell(m);
    const bool small =
        !m.optional && !m.list() && (m.type.form <= stub_form::real || m.type.form == stub_form::enumeration);
    return small ? fmt::format("{} {}", type, name) : fmt::format("const {}& {}", type, name);
  }

  void method(const stub_method& m) {
    const auto options = options_.find(m.name);
    if (options != options_.end()) {
      put("\n/// What `{}` may be given beside what it must.\nstruct {} {{\n", methods_[m.name], options->second);
      name_scope scope(beside_members_);
      members(m.optional, members_[options->second], scope);
      put("}};\n");
    }
    name_scope scope(beside_members_);
    for (const std::string_view local : {"in", "options"}) scope.take(std::string(local));
    std::vector<std::string> names;
    std::string parameters;
    for (const stub_member& p : m.required)
      parameters += (parameters.empty() ? "" : ", ") + parameter(p, names.emplace_back(scope.take(identifier(p.name))));
    if (m.bare && !m.optional.empty())
      parameters = parameter(m.optional[0], names.emplace_back(scope.take(identifier(m.optional[0].name)))) + " = {}";
    if (options != options_.end())
      parameters += fmt::format("{}const {}& options = {{}}", parameters.empty() ? "" : ", ", options->second);
    const std::string answer = fmt::format("waggle::answer<{}>", spell_answer(m.answer));
    put("\n");
    comment(m.doc, "");
    put("inline {} {}({}) {{\n", answer, methods_[m.name], parameters);
    if (m.bare && !names.empty()) {
      put("  waggle::json in;\n  to_json(in, {});\n", names[0]);
    } else {
      put("  waggle::object in;\n");
      for (std::size_t i = 0; i < names.size(); ++i) add("in", names[i], m.required[i]);
      if (options != options_.end())
        for (std::size_t i = 0; i < m.optional.size(); ++i)
          add("in", "options." + members_[options->second][i], m.optional[i]);
    }
    put("  return {}(waggle::call(service_name, \"{}\", std::move(in)));\n}}\n", answer, m.name);
  }

  const stub_model& model_;
  std::string out_;
  name_scope names_{reserved_names()};
  name_set beside_members_;  ///< what no member or parameter is called: it would hide them
  std::map<std::string_view, std::string> methods_;
  std::map<std::string_view, std::string> types_;
  std::map<std::string_view, std::string> options_;  ///< of a method
  std::map<std::string_view, std::vector<std::string>> members_;
  struct abstract_names {
    std::string type;
    std::string raw;
  };
  std::map<std::string_view, abstract_names> abstract_;
  std::map<std::pair<std::string_view, std::string_view>, std::string> views_;  ///< as_X of an abstract type
};

}  // namespace

std::string cpp_stubs(const contract& c) {
  const stub_model model = make_stub_model(c);
  return cpp_writer(model).write();
}

}  // namespace waggle::graphql
