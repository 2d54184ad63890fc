# Wasm guests for tests and examples, built from source. The target `guests` makes them all and publishes them to
#   build/guests/NAME.wasm, NAME.graphql       tests/guests
#   build/guests/hostile/NAME.wasm, .graphql   tests/guests/hostile, with manifest.json
#   build/examples/NAME.wasm, NAME.graphql     examples/NAME
# These folders are shared by all build trees, because what is in a guest does not depend on how the host is built. Each
# tree compiles into a folder of its own and then replaces, by rename, what differs: two trees may build at the same time.
if(CMAKE_SCRIPT_MODE_FILE) # cmake -DFROM=… -DTO=… -P guests.cmake
  file(GLOB_RECURSE files RELATIVE ${FROM} ${FROM}/*.wasm ${FROM}/*.graphql ${FROM}/*.gql ${FROM}/*.json)
  foreach(file IN LISTS files)
    if(EXISTS ${TO}/${file})
      file(SHA256 ${FROM}/${file} new)
      file(SHA256 ${TO}/${file} old)
      if(new STREQUAL old)
        continue()
      endif()
    endif()
    get_filename_component(folder ${TO}/${file} DIRECTORY)
    string(RANDOM LENGTH 12 unique)
    file(MAKE_DIRECTORY ${folder})
    file(COPY_FILE ${FROM}/${file} ${folder}/.${unique}.tmp)
    file(RENAME ${folder}/.${unique}.tmp ${TO}/${file})
  endforeach()
  return()
endif()

set(WAGGLE_GUESTS ${CMAKE_SOURCE_DIR}/build/guests)
set(WAGGLE_EXAMPLES ${CMAKE_SOURCE_DIR}/build/examples)
set(guest_source ${CMAKE_SOURCE_DIR}/tests/guests)
set(guest_out ${CMAKE_BINARY_DIR}/wasm/guests)
set(example_out ${CMAKE_BINARY_DIR}/wasm/examples)
set(guest_files "")

find_program(WAGGLE_WASM_CLANG NAMES clang-16 clang REQUIRED)
find_program(WAGGLE_WAT2WASM wat2wasm REQUIRED)
find_program(WAGGLE_PYTHON python3 REQUIRED)
find_program(WAGGLE_GO go)
set(guest_c_flags -O2 -Wall -Wextra -Werror)
set(bare_c_flags ${guest_c_flags} --target=wasm32 -mbulk-memory -nostdlib -Wl,--no-entry)
set(wasi_c_flags ${guest_c_flags} --target=wasm32-wasi -mexec-model=reactor)

# guest_copy(FROM TO): the schema beside its module
macro(guest_copy from to)
  add_custom_command(OUTPUT ${to} DEPENDS ${from} COMMAND ${CMAKE_COMMAND} -E copy ${from} ${to} VERBATIM)
  list(APPEND guest_files ${to})
endmacro()

# guest_c(SOURCE OUT FLAG...)
macro(guest_c source out)
  add_custom_command(OUTPUT ${out} DEPENDS ${source} ${guest_source}/guest.h
    COMMAND ${WAGGLE_WASM_CLANG} ${ARGN} -I${guest_source} -o ${out} ${source}
    COMMENT "Guest ${out}" VERBATIM)
  list(APPEND guest_files ${out})
endmacro()

file(MAKE_DIRECTORY ${guest_out}/hostile ${guest_out}/okra ${example_out})

foreach(name caller echo logger neighbour sleepy ticker)
  guest_c(${guest_source}/${name}.c ${guest_out}/${name}.wasm ${bare_c_flags})
  guest_copy(${guest_source}/${name}.graphql ${guest_out}/${name}.graphql)
endforeach()
guest_c(${guest_source}/wasi_probe.c ${guest_out}/wasi_probe.wasm ${wasi_c_flags})
guest_copy(${guest_source}/wasi_probe.graphql ${guest_out}/wasi_probe.graphql)

guest_c(${guest_source}/okra/notes.c ${guest_out}/okra/notes.wasm ${wasi_c_flags} -D_GNU_SOURCE)
guest_copy(${guest_source}/okra/notes.okra.gql ${guest_out}/okra/notes.okra.gql)

add_custom_command(OUTPUT ${guest_out}/hostile/manifest.json
  DEPENDS ${guest_source}/hostile/make_hostile ${guest_source}/hostile/hostile.graphql
  COMMAND ${WAGGLE_PYTHON} ${guest_source}/hostile/make_hostile ${guest_out}/hostile ${WAGGLE_WAT2WASM}
  COMMENT "Hostile guests" VERBATIM)
list(APPEND guest_files ${guest_out}/hostile/manifest.json)

# example(FOLDER KIT): examples/FOLDER, by its own `build` script. That of shop/orders is shop-orders.wasm.
macro(example folder kit)
  string(REPLACE / - name ${folder})
  set(source ${CMAKE_SOURCE_DIR}/examples/${folder})
  file(GLOB sources LIST_DIRECTORIES false CONFIGURE_DEPENDS ${source}/* ${source}/*/*
    ${CMAKE_SOURCE_DIR}/kits/${kit}/* ${CMAKE_SOURCE_DIR}/kits/${kit}/*/*)
  list(FILTER sources EXCLUDE REGEX "\\.wasm$")
  add_custom_command(OUTPUT ${example_out}/${name}.wasm DEPENDS ${sources}
    COMMAND ${source}/build ${example_out}/${name}.wasm
    COMMENT "Example ${name}" VERBATIM)
  list(APPEND guest_files ${example_out}/${name}.wasm)
  file(GLOB schema ${source}/*.graphql)
  guest_copy(${schema} ${example_out}/${name}.graphql)
endmacro()
example(greeter-cpp cpp)
example(shop/limiter cpp)
example(shop/mailer cpp)

set(go_version "")
if(WAGGLE_GO)
  execute_process(COMMAND ${WAGGLE_GO} env GOVERSION WORKING_DIRECTORY ${guest_source}/okra
    OUTPUT_VARIABLE go_version ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(REGEX REPLACE "^go" "" go_version "${go_version}")
endif()
if(go_version VERSION_GREATER_EQUAL 1.24)
  example(greeter-go go)
  example(shop/orders go)
  add_test(NAME kits_go COMMAND ${WAGGLE_GO} test ./... WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/kits/go)
  add_custom_command(OUTPUT ${guest_out}/okra/users.wasm DEPENDS ${guest_source}/okra/users.go ${guest_source}/okra/go.mod
    COMMAND ${CMAKE_COMMAND} -E env GOOS=wasip1 GOARCH=wasm
      ${WAGGLE_GO} build -buildmode=c-shared -trimpath -o ${guest_out}/okra/users.wasm .
    WORKING_DIRECTORY ${guest_source}/okra COMMENT "Guest ${guest_out}/okra/users.wasm" VERBATIM)
  list(APPEND guest_files ${guest_out}/okra/users.wasm)
  guest_copy(${guest_source}/okra/users.okra.gql ${guest_out}/okra/users.okra.gql)
else()
  if(NOT go_version)
    set(go_version none)
  endif()
  message(STATUS "Left out the guests in Go (examples/greeter-go, examples/shop/orders, tests/guests/okra/users): Go >= 1.24 is needed, found: ${go_version}")
endif()

set(kit ${CMAKE_SOURCE_DIR}/kits/cpp)
add_custom_command(OUTPUT ${guest_out}/kit_cpp.wasm DEPENDS ${guest_source}/kit_cpp.cc ${kit}/waggle.h
  COMMAND ${WAGGLE_WASM_CLANG} -x c++ -std=c++17 -fno-exceptions -Wshadow -isystem /usr/include/wasm32-wasi/c++/v1 ${wasi_c_flags} -I${kit}
    -o ${guest_out}/kit_cpp.wasm ${guest_source}/kit_cpp.cc -lc++ -lc++abi
  COMMENT "Guest ${guest_out}/kit_cpp.wasm" VERBATIM)
list(APPEND guest_files ${guest_out}/kit_cpp.wasm)
guest_copy(${guest_source}/kit_cpp.graphql ${guest_out}/kit_cpp.graphql)

set(as ${guest_source}/assemblyscript)
if(EXISTS ${as}/node_modules/.bin/asc)
  add_custom_command(OUTPUT ${guest_out}/shout.wasm DEPENDS ${as}/shout.ts ${as}/package-lock.json
    COMMAND ${as}/node_modules/.bin/asc shout.ts -O --use abort= --outFile ${guest_out}/shout.wasm
    WORKING_DIRECTORY ${as} COMMENT "Guest ${guest_out}/shout.wasm" VERBATIM)
  list(APPEND guest_files ${guest_out}/shout.wasm)
  guest_copy(${as}/shout.graphql ${guest_out}/shout.graphql)
else()
  message(STATUS "Left out the guest in AssemblyScript: `npm ci` in tests/guests/assemblyscript gets its compiler (100 MB)")
endif()

add_custom_target(guests ALL DEPENDS ${guest_files}
  COMMAND ${CMAKE_COMMAND} -DFROM=${CMAKE_BINARY_DIR}/wasm -DTO=${CMAKE_SOURCE_DIR}/build -P ${CMAKE_CURRENT_LIST_FILE}
  COMMENT "Publishing guests" VERBATIM)
