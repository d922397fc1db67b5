# cmake -DNM=... -DLIBRARY=... -DHEADER=... -P symbols.cmake
# The library shows what its header declares, all of it and nothing else.
cmake_minimum_required(VERSION 3.25...3.31)
execute_process(COMMAND ${NM} -D --defined-only --format=posix ${LIBRARY}
  OUTPUT_VARIABLE listing COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" lines "${listing}")
set(shown "")
foreach(line IN LISTS lines)
  string(REGEX REPLACE "[ @].*$" "" name "${line}")
  list(APPEND shown ${name})
endforeach()

file(READ ${HEADER} header)
string(REGEX REPLACE "/[*]([^*]|[*][^/])*[*]/" "" header "${header}")  # comments name functions, too
string(REGEX MATCHALL "[ *]weft_[a-z_]+\\([^;]*\\) WEFT_C_NOEXCEPT" declarations "${header}")
set(declared "")
foreach(declaration IN LISTS declarations)
  string(REGEX REPLACE "^.(weft_[a-z_]+).*$" "\\1" name "${declaration}")
  list(APPEND declared ${name})
endforeach()

foreach(name IN LISTS shown)
  if(NOT name IN_LIST declared)
    message(SEND_ERROR "${name} is visible and in no header")
  endif()
endforeach()
foreach(name IN LISTS declared)
  if(NOT name IN_LIST shown)
    message(SEND_ERROR "${name} is declared and not there")
  endif()
endforeach()
list(LENGTH shown count)
message(STATUS "${count} functions")
