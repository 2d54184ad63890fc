#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/contract.h"

/// A contract as its callers' stubs need it, whatever their language (cpp_stubs.h, go_stubs.h).
namespace waggle::graphql {

/// What stands in a place, lists and nulls taken away.
enum class stub_form : std::uint8_t {
  boolean,
  int32,
  int64,   ///< Long
  real,    ///< Float
  digits,  ///< BigInt: a number or a string in an answer
  text,    ///< String, ID and the known scalars that are strings
  bytes,   ///< base64
  any,     ///< JSON, and scalars that waggle does not know
  enumeration,
  record
};

struct stub_type {
  stub_form form = stub_form::any;
  std::string_view named;      ///< the enum's or record's name in the contract
  std::string_view modifiers;  ///< as in `type_ref`, from the inside out: `[String!]!` is `![!`
};

/// A field or an argument.
struct stub_member {
  std::string_view name;
  std::string doc;
  stub_type type;
  bool optional = false;       ///< may be left out (of a payload) or null
  bool has_default = false;    ///< then leaving it out is not null
  bool empty_default = false;  ///< the default is an empty list: leaving it out and an empty list are the same
  /// Its record comes back to this one (or lies between such ones), so it cannot be complete where this one is defined.
  bool in_circle = false;

  [[nodiscard]] bool list() const { return type.modifiers.find('[') != std::string_view::npos; }
};

enum class stub_role : std::uint8_t { input, one_of, object, abstract };

/// An input type, an object type, an interface or a union.
struct stub_record {
  std::string_view name;
  std::string doc;
  stub_role role = stub_role::object;
  std::vector<stub_member> members;        ///< an interface's: what all have
  std::vector<std::string_view> possible;  ///< the object types of an interface or union, by name
};

struct stub_enum {
  std::string_view name;
  std::string doc;
  struct value {
    std::string_view name;
    std::string doc;
  };
  std::vector<value> values;
};

struct stub_method {
  std::string_view name;
  std::string doc;
  bool bare = false;  ///< the payload is the only argument's value itself
  std::vector<stub_member> required;
  std::vector<stub_member> optional;
  stub_type answer;
};

/// Views point into the contract.
struct stub_model {
  std::string_view service;
  std::string_view version;
  std::string_view doc;
  std::vector<stub_method> methods;  ///< without subscriptions; by name
  std::vector<stub_enum> enums;      ///< those that the methods use; by name
  /// The same. Each one comes after those that it contains, `in_circle` ones left out.
  std::vector<stub_record> records;
};

/// `c` was compiled from a text. Linear in it, but for the members of interfaces and unions.
[[nodiscard]] stub_model make_stub_model(const contract& c);

}  // namespace waggle::graphql
