# Settings for working on weft itself. A project that uses weft never gets here.
option(WEFT_WERROR "Treat warnings as errors" OFF)
set(WEFT_SANITIZE "" CACHE STRING "Sanitizers to build with: address;undefined or thread or undefined")
option(WEFT_TESTS_UNOPTIMISED "Compile the tests, not the libraries, without optimisation, which is quicker" OFF)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_EXTENSIONS OFF)

add_compile_options(-Wall -Wextra -Wconversion -Wshadow $<$<BOOL:${WEFT_WERROR}>:-Werror>)

if(WIN32 AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 takes atomics behind a pointer that a test knows to be null for an overflow; MinGW's are calls.
  add_compile_options(-Wno-stringop-overflow)
endif()

if(WEFT_SANITIZE)
  list(JOIN WEFT_SANITIZE "," sanitizers)
  add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${sanitizers})
  if("undefined" IN_LIST WEFT_SANITIZE)
    # This check opens a pipe to see whether memory can be read, and cries wolf in tests that run out of descriptors.
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()

# A shared module that misses a symbol (one without WEFT_API, say) fails where it is linked, not where it is used.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT WEFT_SANITIZE)
  string(APPEND CMAKE_SHARED_LINKER_FLAGS " -Wl,-z,defs")
endif()

# A compiler cache wants to be told that it may trust precompiled headers, and that messages in another language, which
# CTest asks for, make no other code: what the tests of consumers compile it has from the build itself.
find_program(CCACHE_PROGRAM ccache)
find_program(WEFT_ENV env)
mark_as_advanced(CCACHE_PROGRAM WEFT_ENV)
if(CCACHE_PROGRAM AND WEFT_ENV AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${WEFT_ENV} CCACHE_SLOPPINESS=locale,pch_defines,time_macros ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
