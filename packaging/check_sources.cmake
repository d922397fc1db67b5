# cmake -DSCRATCH=... -DOPTIONS=... -P check_sources.cmake: whether the parts of the tree that the Conan recipe takes along
# are enough to configure weft, and whether it has a component for each library that is installed.
cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH tree)
file(READ ${CMAKE_CURRENT_LIST_DIR}/conan/conanfile.py recipe)
string(REGEX MATCHALL "for part in \\([^)]*\\)" lists "${recipe}")
string(REGEX MATCHALL "\"[A-Za-z.]+\"" parts "${lists}")

file(REMOVE_RECURSE ${SCRATCH})
file(MAKE_DIRECTORY ${SCRATCH}/tree)
foreach(part IN LISTS parts)
  string(REPLACE "\"" "" part ${part})
  file(CREATE_LINK ${tree}/${part} ${SCRATCH}/tree/${part} SYMBOLIC)
endforeach()
execute_process(
  COMMAND ${CMAKE_COMMAND} -S ${SCRATCH}/tree -B ${SCRATCH}/build ${OPTIONS}
    -DWEFT_BUILD_TESTS=OFF -DWEFT_BUILD_BENCHMARKS=OFF -DWEFT_BUILD_EXAMPLES=OFF -DWEFT_BUILD_C=OFF -DWEFT_BUILD_DART=OFF
  COMMAND_ERROR_IS_FATAL ANY)

file(GLOB_RECURSE exports ${SCRATCH}/build/CMakeFiles/Export/weft_targets.cmake)
if(NOT exports)
  message(FATAL_ERROR "nothing was exported")
endif()
file(STRINGS ${exports} libraries REGEX "^add_library\\(weft::[a-z_]+ (STATIC|SHARED)")
foreach(line IN LISTS libraries)
  string(REGEX REPLACE "^add_library\\(weft::([a-z_]+) .*" "\\1" library ${line})
  if(NOT recipe MATCHES "\"${library}\"")
    message(FATAL_ERROR "the Conan recipe has no component for weft::${library}")
  endif()
endforeach()
