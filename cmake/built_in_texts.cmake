# The node carries its own GraphQL files as text, so that each stands in the tree once.

# waggle_prelude(): src/schema/prelude.graphql becomes text in waggle_schema (src/schema/prelude.h).
function(waggle_prelude)
  set(file ${CMAKE_SOURCE_DIR}/src/schema/prelude.graphql)
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  set(out ${CMAKE_BINARY_DIR}/prelude_text.cc)
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT [[// Made by cmake/built_in_texts.cmake.
#include "schema/prelude.h"

namespace waggle::graphql {

std::string_view prelude_text() {
  return R"waggle(@text@)waggle";
}

}  // namespace waggle::graphql
]])
  target_sources(waggle_schema PRIVATE ${out})
endfunction()

# waggle_host_contracts(): the contracts of the built-in services, src/host/*.graphql, become text in waggle_host
# (src/host/contracts.h).
function(waggle_host_contracts)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/host/*.graphql)
  set(rows "")
  foreach(file IN LISTS files)
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} text)
    get_filename_component(name ${file} NAME)
    string(APPEND rows "    {\"${name}\", R\"waggle(${text})waggle\"},\n")
  endforeach()
  set(out ${CMAKE_BINARY_DIR}/host_contracts.cc)
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT [[// Made by cmake/built_in_texts.cmake.
#include "host/contracts.h"

namespace waggle {

std::span<const host_contract> host_contracts() {
  static constexpr host_contract all[] = {
@rows@  };
  return all;
}

}  // namespace waggle
]])
  target_sources(waggle_host PRIVATE ${out})
endfunction()
