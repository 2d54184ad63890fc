#include <algorithm>
#include <optional>

#include "schema/language/text.h"
#include "schema/redact.h"
#include "schema/values/check_value.h"
#include "schema/values/json_cursor.h"
#include "schema/values/json_scan.h"
#include "schema/values/typename_index.h"

namespace waggle {
namespace {

using namespace graphql;

constexpr std::string_view redacted = "\"[redacted]\"";
constexpr std::string_view unfit = "\"[unfit]\"";

/// Copies a text that is known to be JSON, without what must not be shown. One pass; behind the limit it goes on only to
/// find what is to be hidden elsewhere.
class copy {
 public:
  copy(const type_tables& tables, const std::string& json, std::size_t most)
      : tables_(tables), begin_(json.c_str()), end_(begin_ + json.size()), at_(skip_space(begin_)), most_(most) {}

  shown_value run(value_place from) {
    if (from.sensitive)
      hide(redacted);
    else
      value(from.type);
    return std::move(out_);
  }
  /// There is nothing to hide.
  shown_value plain() {
    add({begin_, static_cast<std::size_t>(end_ - begin_)});
    return std::move(out_);
  }

 private:
  void add(std::string_view text) {
    if (out_.cut) return;
    const std::size_t room = most_ - out_.text.size();
    if (text.size() <= room) {
      out_.text += text;
      return;
    }
    std::size_t taken = room;
    while (taken > 0 && (static_cast<unsigned char>(text[taken]) & 0xC0) == 0x80) --taken;  // not within a character
    out_.text += text.substr(0, taken);
    out_.text += "…";
    out_.cut = true;
  }
  void keep() {
    const char* from = at_;
    at_ = end_of_value(at_);
    add({from, static_cast<std::size_t>(at_ - from)});
  }
  void hide(std::string_view instead) {
    const char* const end = end_of_value(at_);
    while (at_ < end) {
      const char* from = at_;
      if (*at_ == '"') {
        at_ = end_of_string(at_);
        const std::string_view inside(from + 1, static_cast<std::size_t>(at_ - from) - 2);
        if (*skip_space(at_) != ':') remember(inside);  // the names of fields are no secret
      } else if (is_digit(*at_) || *at_ == '-') {
        while (at_ < end && (is_digit(*at_) || std::string_view("+-.eE").contains(*at_))) ++at_;
        remember({from, static_cast<std::size_t>(at_ - from)});
      } else {
        ++at_;
      }
    }
    add(instead);
  }
  void remember(std::string_view inside) {
    std::string meant;
    append_unescaped(meant, inside);
    out_.hidden.add(meant);
  }

  /// Does what stands here look like a scalar of the type? What the type then says of it is no matter here.
  [[nodiscard]] bool is_scalar(const value_type& t) const {
    const bool number = is_digit(*at_) || *at_ == '-';
    switch (t.what) {
      case shape::string: return *at_ == '"';
      case shape::boolean: return *at_ == 't' || *at_ == 'f';
      case shape::integer:
      case shape::floating: return number;
      case shape::enumeration: return *at_ == '"' && is_value(tables_.enumerations[t.of]);
      default: return *at_ == '"' || number;
    }
  }
  [[nodiscard]] bool is_value(const enumeration& e) const {
    const std::string_view inside(at_ + 1, static_cast<std::size_t>(end_of_string(at_) - at_) - 2);
    std::string meant;
    append_unescaped(meant, inside);
    return e.values.find(meant) != name_table::npos;
  }

  void value(std::uint32_t type) {
    const value_type& t = tables_.types[type];
    if (*at_ == 'n') return keep();
    switch (t.what) {
      case shape::any: return keep();
      case shape::known:
        if (t.scalar == known_scalar::json || t.scalar == known_scalar::none) return keep();
        break;
      case shape::list: return list(t.of);
      case shape::record: return *at_ == '{' ? object(tables_.records[t.of]) : hide(unfit);
      case shape::abstract: return one_of_many(tables_.abstracts[t.of]);
      default: break;
    }
    if (is_scalar(t)) return keep();
    hide(unfit);
  }
  void list(std::uint32_t items) {
    if (*at_ != '[') return value(items);
    add("[");
    at_ = skip_space(at_ + 1);
    for (bool first = true; *at_ != ']'; first = false) {
      if (!first) add(",");
      value(items);
      next();
    }
    ++at_;
    add("]");
  }
  void object(const record& r) {
    add("{");
    at_ = skip_space(at_ + 1);
    for (bool first = true; *at_ != '}'; first = false) {
      const char* key = at_;
      at_ = end_of_string(at_);
      const std::string_view quoted(key, static_cast<std::size_t>(at_ - key));
      std::string name;
      append_unescaped(name, quoted.substr(1, quoted.size() - 2));
      at_ = skip_space(skip_space(at_) + 1);
      const std::size_t number = r.names.find(name);
      if (!first) add(",");
      add(number == name_table::npos ? unfit : quoted);
      add(":");
      if (number == name_table::npos)
        hide(unfit);
      else if (r.fields[number].sensitive)
        hide(redacted);
      else
        value(r.fields[number].type);
      next();
    }
    ++at_;
    add("}");
  }
  void one_of_many(const abstract& a) {
    if (*at_ != '{') return hide(unfit);
    if (!typenames_) typenames_.emplace(begin_, end_);
    const char* const given = typenames_->value_of(at_);
    if (given == nullptr || *given != '"') return hide(unfit);
    std::string name;
    append_unescaped(name, {given + 1, static_cast<std::size_t>(end_of_string(given) - given) - 2});
    const std::size_t number = a.types.find(name);
    if (number == name_table::npos) return hide(unfit);
    object(tables_.records[a.records[number]]);
  }
  void next() {
    at_ = skip_space(at_);
    if (*at_ == ',') at_ = skip_space(at_ + 1);
  }

  const type_tables& tables_;
  const char* begin_;
  const char* end_;
  const char* at_;
  std::size_t most_;
  std::optional<typename_index> typenames_;
  shown_value out_;
};

std::optional<shown_value> show(const method& m, value_place place, const std::string& json, bool fits,
                                std::size_t most_bytes) {
  static const type_tables anything{.types = {{}}, .texts = {"any value"}};
  const type_tables& tables = m.types ? *m.types : anything;
  if (fits && !place.sensitive && !tables.sensitive) return copy(tables, json, most_bytes).plain();
  if (!fits && find_json_problem(json, deepest_value)) return std::nullopt;
  std::string padded;
  padded.reserve(json.size() + text_padding);
  padded = json;
  return copy(tables, padded, most_bytes).run(place);
}

}  // namespace

bool has_sensitive(const method& m) {
  return m.payload.sensitive || m.answer.sensitive || (m.types && m.types->sensitive);
}

std::optional<shown_value> show_payload(const method& m, const std::string& json, bool fits, std::size_t most_bytes) {
  return show(m, m.payload, json, fits, most_bytes);
}

std::optional<shown_value> show_answer(const method& m, const std::string& json, bool fits, std::size_t most_bytes) {
  return show(m, m.answer, json, fits, most_bytes);
}

}  // namespace waggle
