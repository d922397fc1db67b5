# weft_quick_compilation(<target>): less optimised than the libraries, which takes two thirds of the time.
function(weft_quick_compilation target)
  if(WEFT_SANITIZE OR WEFT_TESTS_UNOPTIMISED)
    target_compile_options(${target} PRIVATE -O0)
  elseif(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
endfunction()

# weft_test(<name>
#   SOURCES <source>...
#   [LINK <target>...]        weft::weft unless told
#   [INTERNALS <module>...]   also sees the sources' own headers of these modules (static builds only)
#   [LTO]                     also built as <name>.lto, program and library optimised as one
#   [BACKENDS]                registered twice, the second time on the epoll backend
#   [SERIAL]                  runs alone, because it measures time
#   [LABELS <label>...] [ENV <name=value>...] [TIMEOUT <seconds>])
#
# Builds a doctest program and registers it with CTest as one test, so that a failure shows all it printed.
function(weft_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "BACKENDS;SERIAL;LTO" "TIMEOUT" "SOURCES;LINK;INTERNALS;LABELS;ENV")
  if(WIN32)
    set(arg_BACKENDS FALSE)  # there is but one
  endif()
  if(arg_INTERNALS AND BUILD_SHARED_LIBS)
    return()
  endif()
  if(NOT arg_LINK)
    set(arg_LINK weft::weft)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(WEFT_SANITIZE)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 4")
  endif()

  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE weft_test_main ${arg_LINK})
  # What a test's own code does is mostly waiting. Optimised are those that compute for long or are about optimised code,
  # and the contract's, unless instrumented: it is what each platform runs, with what users' code inlines from headers.
  set(quick "unit|fault|ffi")
  if(WEFT_SANITIZE OR WEFT_TESTS_UNOPTIMISED)
    set(quick "unit|fault|ffi|contract")
  endif()
  if(arg_LABELS MATCHES "^(${quick})$")
    weft_quick_compilation(${name})
    target_precompile_headers(${name} REUSE_FROM weft_test_headers_quick)
  else()
    target_precompile_headers(${name} REUSE_FROM weft_test_headers_optimised)
  endif()
  foreach(module IN LISTS arg_INTERNALS)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/${module}/src)
  endforeach()
  add_test(NAME ${name} COMMAND ${name})
  set(tests ${name})

  if(arg_BACKENDS)
    add_test(NAME ${name}.epoll COMMAND ${name})
    list(APPEND tests ${name}.epoll)
  endif()
  if(arg_LTO AND TARGET weft_lto)
    add_executable(${name}.lto ${arg_SOURCES})
    target_link_libraries(${name}.lto PRIVATE weft_test_main weft_lto)
    set_target_properties(${name}.lto PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
    add_test(NAME ${name}.lto COMMAND ${name}.lto)
    list(APPEND tests ${name}.lto)
  endif()

  if(CMAKE_CROSSCOMPILING_EMULATOR)
    list(APPEND arg_ENV WEFT_TEST_EMULATOR=${CMAKE_CROSSCOMPILING_EMULATOR})
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 4")
  endif()
  set_tests_properties(${tests} PROPERTIES
    LABELS "${arg_LABELS}" ENVIRONMENT "${arg_ENV}" TIMEOUT ${arg_TIMEOUT} RUN_SERIAL ${arg_SERIAL})
  if(weft_wine_environment)
    set_property(TEST ${tests} APPEND PROPERTY FIXTURES_REQUIRED wine)
    set_property(TEST ${tests} APPEND PROPERTY ENVIRONMENT "${weft_wine_environment}")
  endif()
  if(arg_BACKENDS)
    set_property(TEST ${name}.epoll APPEND PROPERTY LABELS epoll)
    set_property(TEST ${name}.epoll APPEND PROPERTY ENVIRONMENT WEFT_BACKEND=epoll)
  endif()
endfunction()
