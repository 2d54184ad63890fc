# waggle_fuzzers(LIBRARY…): under the asan preset, each tests/fuzz/NAME_fuzz.cc becomes the libFuzzer program NAME_fuzz,
# linked with these libraries; the target `fuzzers` builds all of them. Without effect elsewhere.
# Call it from tests/fuzz/CMakeLists.txt or tests/CMakeLists.txt.
function(waggle_fuzzers)
  if(NOT WAGGLE_ASAN)
    return()
  endif()
  add_custom_target(fuzzers)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/*_fuzz.cc)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE ${ARGN})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_compile_options(${name} PRIVATE ${WAGGLE_NOT_HOT})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/fuzz)
    add_dependencies(fuzzers ${name})
  endforeach()
endfunction()
