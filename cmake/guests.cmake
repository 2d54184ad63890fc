# Wasm guests for tests and examples, built from source. WAGGLE_GUESTS is the folder they land in:
# shared by all build types, because what is in a guest does not depend on how the host is built.
set(WAGGLE_GUESTS ${CMAKE_SOURCE_DIR}/build/guests)
