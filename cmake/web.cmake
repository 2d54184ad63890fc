# waggle_web(): the files of web/, packed by web/build, become part of waggle_app (src/app/web_files.h). GraphiQL's bundle
# is in build/web, for all build trees; where it could not be made, `complete` is missing, and the next build tries again.
function(waggle_web)
  set(web ${CMAKE_SOURCE_DIR}/web)
  set(out ${CMAKE_BINARY_DIR}/web)
  file(GLOB sources CONFIGURE_DEPENDS ${web}/graphiql/* ${web}/landing/*)
  add_custom_command(OUTPUT ${out}/web_files.cc ${out}/web_bytes.S ${out}/web_bytes.bin ${out}/complete
    DEPENDS ${sources} ${web}/build ${web}/build.mjs ${web}/package-lock.json
    COMMAND ${web}/build ${out} ${CMAKE_SOURCE_DIR}/build/web
    COMMENT "Pages" VERBATIM)
  add_library(waggle_web STATIC ${out}/web_bytes.S) # without the flags of C++
  set_source_files_properties(${out}/web_bytes.S PROPERTIES OBJECT_DEPENDS ${out}/web_bytes.bin)
  target_sources(waggle_app PRIVATE ${out}/web_files.cc)
  target_link_libraries(waggle_app PRIVATE waggle_web)
endfunction()
