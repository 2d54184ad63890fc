#include "schema/execute/compose.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "schema/execute/endpoint.h"
#include "schema/language/print_document.h"
#include "schema/schema.h"

namespace waggle::graphql {
namespace {

constexpr std::array<std::string_view, 3> default_roots = {"Query", "Mutation", "Subscription"};
constexpr std::string_view sensitive_directive = "sensitive";

bool kept(const directive& d) {
  constexpr std::string_view all[] = {"deprecated", "specifiedBy", "oneOf", sensitive_directive};
  return std::ranges::find(all, d.id.text) != std::end(all);
}

void filter(std::vector<directive>& directives) {
  std::erase_if(directives, [](const directive& d) { return !kept(d); });
}

bool is_specified_scalar(std::string_view name) {
  constexpr std::string_view all[] = {"Int", "Float", "String", "Boolean", "ID"};
  return std::ranges::find(all, name) != std::end(all);
}

/// Calls `use` with the names of all types that stand in `d`; with names that may be changed where `d` may.
template <class Definition, class Use>
void for_each_name(Definition& d, Use use) {
  for (auto& n : d.names) use(n.text);
  for (auto& v : d.inputs) use(v.type.named.text);
  for (auto& f : d.fields) {
    for (auto& v : f.arguments) use(v.type.named.text);
    use(f.type.named.text);
  }
}

/// A contract, and what of it clients can reach.
class source {
 public:
  explicit source(const contract& c) : contract_(c), index_(c.parsed->index) {
    for (std::size_t i = 0; i < 3; ++i) {
      const type_entry* const entry = index_.find_entry(index_.roots[i].text);
      if (index_.roots[i].text.empty() || entry == nullptr) continue;
      for (const definition* part : entry->parts())
        for (const field& f : part->fields)
          if (callable(f)) roots_[i].push_back(&f);
    }
    reach();
  }

  [[nodiscard]] const contract& of() const { return contract_; }
  [[nodiscard]] const schema& index() const { return index_; }
  [[nodiscard]] const std::vector<const field*>& roots(std::size_t kind) const { return roots_[kind]; }
  /// Those that the endpoint needs, roots only where a type refers to them; in the text's order.
  [[nodiscard]] const std::vector<std::string_view>& types() const { return types_; }

  /// The type with its extensions as one definition that has what clients see.
  [[nodiscard]] definition merged(std::string_view type_name, document& into) const {
    const type_entry& entry = *index_.find_entry(type_name);
    definition d = *entry.defined;
    for (const definition* e : entry.extensions) {
      append(d.directives, e->directives);
      append(d.names, e->names);
      append(d.fields, e->fields);
      append(d.values, e->values);
      append(d.inputs, e->inputs);
    }
    if (is_root(type_name) && std::erase_if(d.fields, [&](const field& f) { return !callable(f); }) > 0)
      d.names.clear();  // an interface may ask for a field that is gone
    filter(d.directives);
    for (field& f : d.fields) {
      filter(f.directives);
      for (input_value& v : f.arguments) filter(v.directives);
    }
    for (input_value& v : d.inputs) filter(v.directives);
    for (enum_value& v : d.values) filter(v.directives);
    if (d.kind == definition_kind::scalar) specify(d, entry, into);
    return d;
  }

  /// The object types of an interface, in order.
  [[nodiscard]] const std::set<std::string_view>& implementations(std::string_view interface) {
    if (!indexed_) {
      indexed_ = true;
      for (const auto& [type_name, entry] : index_.types) {
        if (entry.defined == nullptr || entry.defined->kind != definition_kind::object) continue;
        for (const definition* part : entry.parts())
          for (const name& n : part->names) implementations_[n.text].insert(type_name);
      }
    }
    return implementations_[interface];
  }

 private:
  template <class T>
  static void append(std::vector<T>& to, const std::vector<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
  }

  [[nodiscard]] bool is_root(std::string_view type_name) const {
    return std::ranges::find(index_.roots, type_name, &name::text) != index_.roots.end();
  }
  [[nodiscard]] bool callable(const field& f) const {
    const method* const m = contract_.find(f.id.text);
    return m != nullptr && !m->internal;
  }

  /// Where the contract's dialect knows a scalar by its name alone, the schema says what it means.
  void specify(definition& d, const type_entry& entry, document& into) const {
    if (std::ranges::find(d.directives, "specifiedBy", [](const directive& x) { return x.id.text; }) !=
        d.directives.end())
      return;
    const std::string_view url = specification_of(form_of_scalar(index_, entry));
    if (url.empty()) return;
    directive said;
    said.id.text = "specifiedBy";
    said.arguments.push_back({{"url", 0}, value{value_kind::string, into.own(std::string(url)), 0, {}, {}}});
    d.directives.push_back(std::move(said));
  }

  void reach() {
    std::unordered_set<std::string_view> reached;
    std::vector<std::string_view> open;
    const auto use = [&](std::string_view type_name) {
      if (!is_specified_scalar(type_name) && index_.find_type(type_name) != nullptr && reached.insert(type_name).second)
        open.push_back(type_name);
    };
    for (const auto& fields : roots_)
      for (const field* f : fields) {
        for (const input_value& v : f->arguments) use(v.type.named.text);
        use(f->type.named.text);
      }
    while (!open.empty()) {
      const std::string_view type_name = open.back();
      open.pop_back();
      document unused;
      const definition d = merged(type_name, unused);
      for_each_name(d, use);
      if (d.kind == definition_kind::interface)
        for (const std::string_view n : implementations(type_name)) use(n);
    }
    for (const definition& d : contract_.parsed->doc.definitions)
      if (!d.extension && reached.erase(d.id.text) > 0) types_.push_back(d.id.text);
    const std::set<std::string_view> implied(reached.begin(), reached.end());  // scalars of okra's dialect
    types_.insert(types_.end(), implied.begin(), implied.end());
  }

  const contract& contract_;
  const schema& index_;
  std::array<std::vector<const field*>, 3> roots_;
  std::vector<std::string_view> types_;
  bool indexed_ = false;
  std::map<std::string_view, std::set<std::string_view>> implementations_;
};

void strip_descriptions(definition& d) {
  d.description = {};
  for (field& f : d.fields) {
    f.description = {};
    for (input_value& v : f.arguments) v.description = {};
  }
  for (input_value& v : d.inputs) v.description = {};
  for (enum_value& v : d.values) v.description = {};
}

class composer {
 public:
  composer(std::span<const std::shared_ptr<const contract>> contracts, bool combined) : combined_(combined) {
    for (const auto& c : contracts) sources_.emplace_back(*c);
  }

  composition run() {
    for (std::size_t i = 0; i < 3; ++i) root_names_[i] = root_name(i);
    for (source& s : sources_)
      for (const std::string_view type_name : s.types()) owners_[type_name].push_back(&s);
    find_clashes();
    name_types();
    add_roots();
    for (std::size_t i = 0; i < sources_.size(); ++i) add_types(i);
    return std::move(out_);
  }

 private:
  /// One contract's own name for the root; `Query` and so on for several.
  std::string_view root_name(std::size_t kind) {
    std::string_view candidate = default_roots[kind];
    if (combined_ || sources_.size() != 1) return candidate;
    const source& s = sources_.front();
    if (const std::string_view own = s.index().roots[kind].text; !own.empty()) return own;
    return s.index().find_type(candidate) == nullptr
               ? candidate
               : free_name(std::string(candidate), [&](auto n) { return s.index().find_type(n) != nullptr; });
  }

  template <class Taken>
  std::string_view free_name(std::string wanted, Taken taken) {
    if (wanted.starts_with("__")) wanted.insert(0, "s");  // such names are introspection's
    while (taken(std::string_view(wanted))) wanted += '_';
    return out_.doc.own(std::move(wanted));
  }

  /// What the type is, apart from descriptions and from what the types are that it leads to.
  std::string own_form(source& s, std::string_view type_name) {
    definition d = s.merged(type_name, out_.doc);
    strip_descriptions(d);
    std::string text = print_definition(d);
    if (d.kind == definition_kind::interface)
      for (const std::string_view n : s.implementations(type_name)) text += fmt::format(" {}", n);
    return text;
  }

  void find_clashes() {
    if (sources_.size() == 1 && !combined_) return;
    std::unordered_map<std::string_view, std::vector<std::string_view>> users;  // of types that several contracts have
    std::vector<std::string_view> open;
    const auto clash = [&](std::string_view type_name) {
      if (clashing_.insert(type_name).second) open.push_back(type_name);
    };
    for (const auto& [type_name, owners] : owners_) {
      if (std::ranges::find(default_roots, type_name) != default_roots.end()) clash(type_name);
      if (owners.size() < 2) continue;
      const std::string first = own_form(*owners.front(), type_name);
      if (std::ranges::any_of(owners, [&](source* s) { return own_form(*s, type_name) != first; })) clash(type_name);
      definition d = owners.front()->merged(type_name, out_.doc);
      for_each_name(d, [&](std::string_view used) { users[used].push_back(type_name); });
      if (d.kind == definition_kind::interface)
        for (const std::string_view n : owners.front()->implementations(type_name)) users[n].push_back(type_name);
    }
    while (!open.empty()) {
      const std::string_view type_name = open.back();
      open.pop_back();
      for (const std::string_view user : users[type_name]) clash(user);
    }
  }

  [[nodiscard]] static std::string prefixed(const source& s, std::string_view id) {
    std::string made = s.of().name;
    std::ranges::replace(made, '.', '_');
    return fmt::format("{}_{}", made, id);
  }

  void name_types() {
    std::unordered_set<std::string_view> taken(root_names_.begin(), root_names_.end());
    for (const auto& [type_name, owners] : owners_) taken.insert(type_name);
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      for (const std::string_view type_name : sources_[i].types()) {
        std::string_view here = type_name;
        if (clashing_.contains(type_name)) {
          here = free_name(prefixed(sources_[i], type_name), [&](auto n) { return taken.contains(n); });
          taken.insert(here);
          names_[{i, type_name}] = here;
        }
        out_.types.push_back({i, type_name, here});
      }
    }
  }

  [[nodiscard]] std::string_view name_of(std::size_t source, std::string_view type_name) const {
    const auto at = names_.find({source, type_name});
    return at == names_.end() ? type_name : at->second;
  }

  /// `text`, and on the endpoint of all services what it is of.
  std::string_view description(std::string_view text, std::size_t source, std::string_view was, std::string_view is) {
    if (!combined_) return text;
    std::string said = fmt::format("Of the service {}", sources_[source].of().name);
    if (was != is) said += fmt::format(", which calls it {}", was);
    return out_.doc.own(text.empty() ? said + "." : fmt::format("{}\n\n{}.", text, said));
  }

  void place(std::size_t source, field& f) {
    for (input_value& v : f.arguments) v.type.named.text = name_of(source, v.type.named.text);
    f.type.named.text = name_of(source, f.type.named.text);
  }

  void add_roots() {
    definition schema;
    schema.kind = definition_kind::schema;
    if (!combined_ && sources_.size() == 1)
      for (const definition* part : sources_.front().index().parts)
        if (!part->description.empty()) schema.description = part->description;
    std::vector<definition> types;
    for (std::size_t kind = 0; kind < 3; ++kind) {
      definition root = root_of(kind);
      if (root.fields.empty() && kind == 0) root.fields.push_back(services());
      if (root.fields.empty()) continue;
      schema.roots.push_back({static_cast<operation>(kind), 0, {root_names_[kind], 0}});
      types.push_back(std::move(root));
    }
    out_.doc.definitions.push_back(std::move(schema));
    std::ranges::move(types, std::back_inserter(out_.doc.definitions));
  }

  definition root_of(std::size_t kind) {
    definition root;
    root.kind = definition_kind::object;
    const bool alone = !combined_ && sources_.size() == 1;
    if (alone && !sources_.front().index().roots[kind].text.empty())
      root = sources_.front().merged(sources_.front().index().roots[kind].text, out_.doc);
    root.id.text = root_names_[kind];
    root.fields.clear();
    std::unordered_map<std::string_view, std::size_t> times;
    for (const source& s : sources_)
      for (const field* f : s.roots(kind)) ++times[f->id.text];
    std::unordered_set<std::string_view> taken;
    for (const auto& [id, n] : times) taken.insert(id);
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      for (const field* f : sources_[i].roots(kind)) {
        field made = *f;
        if (times[f->id.text] > 1) {
          made.id.text = free_name(prefixed(sources_[i], f->id.text), [&](auto n) { return taken.contains(n); });
          taken.insert(made.id.text);
        }
        made.description = description(f->description, i, f->id.text, made.id.text);
        filter(made.directives);
        for (input_value& v : made.arguments) filter(v.directives);
        place(i, made);
        out_.roots.push_back({static_cast<operation>(kind), made.id.text, i, f->id.text});
        root.fields.push_back(std::move(made));
      }
    }
    return root;
  }

  static field services() {
    field f;
    f.id.text = endpoint::services_field;
    f.description = "The names of the services here. None of them has a query, and a GraphQL schema must have one.";
    f.type = {{"String", 0}, "![!"};
    return f;
  }

  void add_types(std::size_t i) {
    for (const std::string_view type_name : sources_[i].types()) {
      // A root is there already, with the same fields.
      if (std::ranges::find(root_names_, type_name) != root_names_.end() && !clashing_.contains(type_name)) continue;
      const auto& owners = owners_[type_name];
      const bool shared = owners.size() > 1 && !clashing_.contains(type_name);
      if (shared && owners.front() != &sources_[i]) continue;
      definition d = sources_[i].merged(type_name, out_.doc);
      d.id.text = name_of(i, type_name);
      if (!shared) d.description = description(d.description, i, type_name, d.id.text);
      if (d.kind == definition_kind::object || d.kind == definition_kind::interface ||
          d.kind == definition_kind::union_type)
        for (name& n : d.names) n.text = name_of(i, n.text);
      for (field& f : d.fields) place(i, f);
      for (input_value& v : d.inputs) v.type.named.text = name_of(i, v.type.named.text);
      out_.doc.definitions.push_back(std::move(d));
    }
  }

  bool combined_;
  std::vector<source> sources_;
  std::array<std::string_view, 3> root_names_;
  std::map<std::string_view, std::vector<source*>> owners_;
  std::unordered_set<std::string_view> clashing_;
  std::map<std::pair<std::size_t, std::string_view>, std::string_view> names_;
  composition out_;
};

template <class Visit>
void for_each_directives(document& doc, Visit visit) {
  for (definition& d : doc.definitions) {
    for (field& f : d.fields) {
      visit(f.directives);
      for (input_value& v : f.arguments) visit(v.directives);
    }
    for (input_value& v : d.inputs) visit(v.directives);
  }
}

bool is_sensitive_directive(const directive& d) { return d.id.text == sensitive_directive; }

}  // namespace

composition compose(std::span<const std::shared_ptr<const contract>> sources, bool combined) {
  composition made = composer(sources, combined).run();
  for_each_directives(made.doc, [&](std::vector<directive>& directives) {
    made.sensitive |= std::ranges::any_of(directives, is_sensitive_directive);
  });
  return made;
}

void drop_sensitive(document& doc) {
  for_each_directives(doc,
                      [](std::vector<directive>& directives) { std::erase_if(directives, is_sensitive_directive); });
}

}  // namespace waggle::graphql
