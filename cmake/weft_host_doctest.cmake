# doctest for a cross build, from the build machine: a header serves any target, but the directory that it lies in
# holds the machine's own C library, too, and must stay out of the compiler's sight.
find_path(WEFT_DOCTEST doctest/doctest.h NO_CMAKE_FIND_ROOT_PATH)
mark_as_advanced(WEFT_DOCTEST)
if(WEFT_DOCTEST)
  set(headers ${PROJECT_BINARY_DIR}/host_headers)
  file(MAKE_DIRECTORY ${headers})
  file(CREATE_LINK ${WEFT_DOCTEST}/doctest ${headers}/doctest SYMBOLIC)
  add_library(doctest::doctest INTERFACE IMPORTED GLOBAL)
  target_include_directories(doctest::doctest SYSTEM INTERFACE ${headers})
  set(doctest_FOUND TRUE)
endif()
