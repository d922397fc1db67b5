# The library shows the functions of its header, and nothing else.
execute_process(COMMAND ${NM} -D --defined-only ${LIBRARY} OUTPUT_VARIABLE shown COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^ \n]+\n" shown "${shown}")
list(TRANSFORM shown STRIP)
list(SORT shown)

file(STRINGS ${HEADER} declared REGEX "^(int64_t|void) tcp_")
list(TRANSFORM declared REPLACE "^[a-z0-9_]+ (tcp_[a-z_]+).*$" "\\1")
list(SORT declared)

if(NOT shown STREQUAL declared)
  message(FATAL_ERROR "shown: ${shown}\ndeclared: ${declared}")
endif()
