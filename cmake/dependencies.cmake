# Everything comes from Debian's packages (tools/setup) except the engine, which tools/build_engine makes.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(simdjson REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(CURL REQUIRED)
# Debian's packages of these have no CMake files, or such that want more than is needed.
find_library(WAGGLE_RE2 re2 REQUIRED)
find_library(WAGGLE_ROCKSDB rocksdb REQUIRED)
find_library(WAGGLE_WSLAY wslay REQUIRED)
find_library(WAGGLE_NGHTTP2 nghttp2 REQUIRED)
find_library(WAGGLE_DATE date-tz REQUIRED)

execute_process(COMMAND ${CMAKE_SOURCE_DIR}/tools/build_engine
  OUTPUT_VARIABLE WAGGLE_ENGINE OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
add_library(waggle_engine STATIC IMPORTED)
set_target_properties(waggle_engine PROPERTIES
  IMPORTED_LOCATION ${WAGGLE_ENGINE}/lib/libwaggle_wasmtime.a
  INTERFACE_INCLUDE_DIRECTORIES ${WAGGLE_ENGINE}/include
  INTERFACE_LINK_LIBRARIES "gcc_s;util;rt;Threads::Threads;m;dl")
