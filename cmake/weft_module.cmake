# weft_module(<name>
#   HEADERS <header>...            below include/, public and detail alike
#   [SOURCES <source>...]          without any the module is header-only
#   [ELSEWHERE <source>...]        of other platforms, not built here
#   [DEPENDS <target>...]          what its headers need: along the arrows only
#   [PRIVATE_DEPENDS <target>...]) what only its sources need
#
# Defines the library weft_<name> and its alias weft::<name>. A module sees its own include root and those of
# what it links, so an include against the arrows does not compile.
function(weft_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;SOURCES;ELSEWHERE;DEPENDS;PRIVATE_DEPENDS")
  set(target weft_${name})

  if(arg_SOURCES)
    set(scope PUBLIC)
    add_library(${target} ${arg_SOURCES})
    target_link_libraries(${target} PRIVATE ${arg_PRIVATE_DEPENDS})
    set_target_properties(${target} PROPERTIES
      VERSION ${PROJECT_VERSION}
      SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
      INSTALL_RPATH "$<IF:$<PLATFORM_ID:Darwin>,@loader_path,$ORIGIN>"
      DEFINE_SYMBOL ""
      CXX_EXTENSIONS OFF
      CXX_VISIBILITY_PRESET hidden
      VISIBILITY_INLINES_HIDDEN ON)
    if(APPLE)
      # Or <netinet/in.h> gives the options of IPv6 (RFC 3542) no names.
      target_compile_definitions(${target} PRIVATE __APPLE_USE_RFC_3542)
    endif()
    if(WIN32)
      weft_windows_sources(${target})
    endif()
  else()
    set(scope INTERFACE)
    add_library(${target} INTERFACE)
  endif()
  add_library(weft::${name} ALIAS ${target})

  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS include FILES ${arg_HEADERS})
  target_compile_features(${target} ${scope} cxx_std_23)
  target_link_libraries(${target} ${scope} ${arg_DEPENDS})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    VERIFY_INTERFACE_HEADER_SETS ${WEFT_BUILD_TESTS})
  set_property(GLOBAL APPEND PROPERTY weft_modules ${name})

  if(PROJECT_IS_TOP_LEVEL)
    file(GLOB_RECURSE unlisted RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} include/*.hpp src/*.cpp)
    list(REMOVE_ITEM unlisted ${arg_HEADERS} ${arg_SOURCES} ${arg_ELSEWHERE})
    if(unlisted)
      message(WARNING "not in the lists of ${name}/CMakeLists.txt: ${unlisted}")
    endif()
  endif()
endfunction()

# What sources need on Windows.
function(weft_windows_sources target)
  target_compile_definitions(${target} PRIVATE _WIN32_WINNT=0x0A00 WIN32_LEAN_AND_MEAN NOMINMAX)
  # POSIX's names for what Winsock has. Sources only: no public header includes a header of the system's.
  target_include_directories(${target} SYSTEM PRIVATE ${PROJECT_SOURCE_DIR}/io/windows)
  # GCC takes a thread's block of the system, at a small offset in a segment, for what a null pointer points at.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:--param=min-pagesize=0>)
endfunction()
