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
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT [[// Made by cmake/host_contracts.cmake.
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
