#pragma once
#include <cstddef>
#include <utility>
#include <vector>

namespace waggle::graphql {

/// Where each object of a JSON text has its `__typename`, for answers in which it is not the first field: one pass over
/// the whole text, so that looking ahead at each level of nested objects does not add up.
class typename_index {
 public:
  /// The text ends with a NUL at `end`. Where it is not JSON, the rest is left out: whoever checks it will see.
  typename_index(const char* begin, const char* end);
  /// The place of the value of `__typename` of the object that begins here, or null.
  [[nodiscard]] const char* value_of(const char* object) const;

 private:
  std::vector<std::pair<const char*, const char*>> found_;  ///< object, value; by object
};

}  // namespace waggle::graphql
