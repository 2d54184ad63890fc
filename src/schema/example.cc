#include "schema/example.h"

#include <algorithm>

#include <fmt/format.h>

namespace waggle::graphql {
namespace {

constexpr unsigned max_depth = 8;
constexpr unsigned max_values = 100;  // a schema can ask for more values than there is memory

struct sample {
  std::string_view scalar;
  std::string_view json;
};
/// Scalars, by name: those of the specification and those that contracts share (scalars.graphql.org, okra).
constexpr sample samples[] = {
    {"Int", "1"},
    {"Float", "1.5"},
    {"Boolean", "true"},
    {"ID", R"("1")"},
    {"Date", R"("2026-01-31")"},
    {"Time", R"("12:00:00Z")"},
    {"DateTime", R"("2026-01-31T12:00:00Z")"},
    {"Duration", R"("PT1H")"},
    {"UUID", R"("123e4567-e89b-42d3-a456-426614174000")"},
    {"URL", R"("https://example.com/")"},
    {"Long", "1"},
    {"BigInt", "1"},
    {"Decimal", R"("1.5")"},
    {"Bytes", R"("dGV4dA==")"},
    {"Currency", R"("EUR")"},
    {"JSON", "{}"},
    {"Void", "null"},
};

/// The first part of a type for which `call` gives true. A type can have many, and each method may ask for it.
template <class Call>
void find_part(const type_entry& type, Call call) {
  if (call(*type.defined)) return;
  for (const definition* e : type.extensions)
    if (call(*e)) return;
}

class writer {
 public:
  explicit writer(const schema& s) : schema_(s) {}

  void object(const std::vector<const input_value*>& fields) {
    out_ += '{';
    for (const input_value* f : fields) {
      if (too_much()) return;
      if (out_.back() != '{') out_ += ',';
      fmt::format_to(std::back_inserter(out_), R"("{}":)", f->id.text);
      value(*f);
    }
    out_ += '}';
  }

  void value(const input_value& v) {
    ++values_;
    const auto lists = static_cast<std::size_t>(std::ranges::count(v.type.modifiers, '['));
    if (lists > max_depth) values_ = max_values + 1;
    if (too_much()) return;
    if (lists > 0 && depth_ == max_depth) {
      out_ += "[]";
      return;
    }
    out_.append(lists, '[');
    named(v.type.named.text, v.id.text);
    out_.append(lists, ']');
  }

  [[nodiscard]] bool too_much() const { return values_ > max_values; }
  std::string take() { return std::move(out_); }

 private:
  void named(std::string_view type, std::string_view name) {
    const auto entry = schema_.types.find(type);
    const definition* d = entry == schema_.types.end() ? nullptr : entry->second.defined;
    if (d != nullptr && d->kind == definition_kind::input) return input(entry->second);
    if (d != nullptr && d->kind == definition_kind::enumeration) return enumeration(entry->second);
    const auto* known = std::ranges::find(samples, type, &sample::scalar);
    if (known != std::end(samples))
      out_ += known->json;
    else
      out_ += name == "name" ? R"("World")" : R"("text")";
  }

  void enumeration(const type_entry& type) {
    const enum_value* first = nullptr;
    find_part(type, [&](const definition& part) {
      if (!part.values.empty()) first = &part.values.front();
      return first != nullptr;
    });
    out_ += first == nullptr ? "null" : fmt::format(R"("{}")", first->id.text);
  }

  void input(const type_entry& type) {
    if (++depth_ > max_depth) {
      out_ += "{}";  // fields that need themselves: nothing fits, and this is as far as one gets
    } else if (type.one_of) {
      std::vector<const input_value*> first;
      find_part(type, [&](const definition& part) {
        if (!part.inputs.empty()) first.push_back(&part.inputs.front());
        return !first.empty();
      });
      object(first);
    } else {
      object(type.inputs.required);
    }
    --depth_;
  }

  const schema& schema_;
  std::string out_;
  unsigned depth_ = 0;
  unsigned values_ = 0;
};

}  // namespace

std::vector<const input_value*> example_arguments(const field& f, bool bare) {
  if (bare && !f.arguments.empty()) return {&f.arguments.front()};
  input_index known;
  known.add(f.arguments);
  if (known.required.empty()) {
    const auto text = std::ranges::find_if(
        f.arguments, [](const input_value& v) { return v.type.named.text == "String" && !v.type.list(); });
    if (text != f.arguments.end()) known.required.push_back(&*text);
  }
  return std::move(known.required);
}

std::string example_payload(const schema& s, const field& f, bool bare) {
  writer to(s);
  const auto arguments = example_arguments(f, bare);
  if (bare && !f.arguments.empty())
    to.value(*arguments.front());
  else
    to.object(arguments);
  return to.too_much() ? "{}" : to.take();
}

}  // namespace waggle::graphql
