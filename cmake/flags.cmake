add_library(waggle_flags INTERFACE)
# The sanitizers' builds: what is not hot compiles in half of the time so.
set(WAGGLE_NOT_HOT $<$<CONFIG:Debug>:-O0>)
target_compile_options(waggle_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  -Wno-missing-field-initializers) # designated initializers leave the rest at their defaults on purpose
if(NOT WAGGLE_TSAN) # Asio under TSan warns about fences
  target_compile_options(waggle_flags INTERFACE -Werror)
endif()
target_compile_definitions(waggle_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE WAGGLE_VERSION="${PROJECT_VERSION}")
target_link_libraries(waggle_flags INTERFACE Threads::Threads fmt::fmt spdlog::spdlog)

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12 hides std::expected from clang 16, which implements what it needs but announces less.
  target_compile_options(waggle_flags INTERFACE -D__cpp_concepts=202002L -Wno-macro-redefined -Wno-builtin-macro-redefined)
endif()
if(WAGGLE_ASAN)
  target_compile_definitions(waggle_flags INTERFACE WAGGLE_ASAN)
  # Fibers switch stacks behind the sanitizer's back.
  set(WAGGLE_TEST_ENVIRONMENT "ASAN_OPTIONS=detect_stack_use_after_return=0")
  target_compile_options(waggle_flags INTERFACE -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(waggle_flags INTERFACE -fsanitize=address,undefined)
endif()
if(WAGGLE_TSAN)
  # The engine is not instrumented.
  set(WAGGLE_TEST_ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")
  target_compile_options(waggle_flags INTERFACE -fsanitize=thread -Wno-tsan)
  target_link_options(waggle_flags INTERFACE -fsanitize=thread)
  target_compile_definitions(waggle_flags INTERFACE WAGGLE_TSAN)
endif()
