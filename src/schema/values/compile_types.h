#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/language/findings.h"
#include "schema/schema.h"
#include "schema/values/value_types.h"

namespace waggle::graphql {

/// Is there a @sensitive?
[[nodiscard]] bool is_sensitive(const std::vector<directive>& directives);

/// Makes the tables for the payloads and answers of a contract's methods. The schema is one without errors.
class type_compiler {
 public:
  /// Reports what is wrong with a @constraint anywhere in the document.
  type_compiler(const schema& s, const document& doc, findings& found);

  /// Any JSON value.
  static constexpr std::uint32_t anything = 0;
  /// The object of a method's arguments.
  std::uint32_t arguments_of(const field& method);
  /// The value of one argument.
  std::uint32_t input(const input_value& place);
  std::uint32_t output(const type_ref& type);
  /// What a subscription's method answers: `{"items":[…],"cursor":"…","afterMs":…,"done":…}` with items of `type`.
  std::uint32_t stream_of(const type_ref& type, bool sensitive);

  /// What was asked for, with all that it refers to. Reports defaults that break a constraint.
  type_tables finish();

 private:
  using own_check = std::shared_ptr<const constraint>;

  void note_unchecked(const definition& d);
  void read_constraints(const std::vector<input_value>& places);
  [[nodiscard]] applies_to applicable(const type_ref& type) const;

  std::uint32_t place(const type_ref& type, const own_check& own);
  value_type named(std::string_view name, const own_check& own);
  std::uint32_t add(const value_type& t, std::string text);
  std::uint32_t checks(const own_check& own, std::string_view scalar_name);
  std::uint32_t enumeration_of(const type_entry& entry);
  std::uint32_t abstract_of(std::string_view name);

  std::uint32_t record_of(std::string_view name);
  record make_inputs(std::uint32_t at, std::string_view name, const std::vector<const input_value*>& places);
  record make_record(std::uint32_t at, std::string_view name);
  void bound(const record& r, const definition* d);
  void fill_defaults();
  void index_implementations();

  const schema& schema_;
  findings& found_;
  pattern_set patterns_;
  type_tables tables_;
  std::map<std::string, std::uint32_t, std::less<>> places_;  ///< by printed type, those without a check
  std::map<std::string_view, std::uint32_t> records_;
  std::map<std::string_view, std::uint32_t> enumerations_;
  std::map<std::string_view, std::uint32_t> abstracts_;
  std::map<const input_value*, own_check> own_checks_;
  std::map<std::string_view, own_check> scalar_checks_;
  std::map<std::string_view, std::vector<std::string_view>> implementations_;  ///< of interfaces, by object types
  std::vector<std::pair<std::uint32_t, std::string_view>> open_;               ///< records still to be filled
  struct default_place {
    std::uint32_t record;
    std::size_t field;
    const input_value* from;
    std::string written;  ///< JSON, as it stands in the schema
  };
  void misfit(const default_place& d, std::uint32_t type, const std::string& json);

  std::vector<default_place> defaults_;
};

}  // namespace waggle::graphql
