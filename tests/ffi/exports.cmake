# The library shows the functions of its headers, and nothing else.
execute_process(COMMAND ${NM} -D --defined-only ${LIBRARY} OUTPUT_VARIABLE shown COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^ \n]+\n" shown "${shown}")
list(TRANSFORM shown STRIP)
list(SORT shown)

set(declared "")
foreach(header IN ITEMS tcp.h weft_dart.h)
  file(STRINGS ${HEADERS}/${header} found REGEX "^(int64_t|void) (tcp|weft)_")
  list(APPEND declared ${found})
endforeach()
list(TRANSFORM declared REPLACE "^[a-z0-9_]+ ([a-z_]+).*$" "\\1")
list(SORT declared)

if(NOT shown STREQUAL declared)
  message(FATAL_ERROR "shown: ${shown}\ndeclared: ${declared}")
endif()
