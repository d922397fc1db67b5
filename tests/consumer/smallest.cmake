# cmake -DSOURCE=... -DBINARY=... -DLIMIT=<bytes> -P smallest.cmake
#
# Builds the echo server as the preset `smallest` does, and checks that it starts and is no larger than the limit.
function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE failed OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  if(failed)
    message(FATAL_ERROR "${ARGN} failed:\n${output}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --preset smallest -B ${BINARY} -Wno-dev)
run(${CMAKE_COMMAND} --build ${BINARY} --target echo_server)

set(server ${BINARY}/examples/echo_server)
file(SIZE ${server} size)
message(STATUS "the echo server has ${size} bytes")
if(size GREATER LIMIT)
  message(FATAL_ERROR "... which are more than ${LIMIT}")
endif()

execute_process(COMMAND ${server} nonsense RESULT_VARIABLE failed ERROR_VARIABLE sentence)
if(NOT failed EQUAL 1 OR NOT sentence MATCHES "nonsense")
  message(FATAL_ERROR "asked for an address that is none it ended with ${failed} and said: ${sentence}")
endif()
