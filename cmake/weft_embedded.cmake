# weft_embedded(<target> MODULES <module>... SOURCES <source>... EXPORTS <pattern>...)
#
# A shared library, whatever the others are, that has modules inside and shows only the names that match: what other
# languages load. Its threads, and finalizers, may run until the process ends, so it cannot be unloaded. Static modules
# are compiled once more for it, as position-independent code; shared ones, and those of a build with sanitizers, whose
# speed does not matter, are that already, and so is all code on Windows. There the sources' own declarations say what
# is shown, and the C++ library and the compiler's go inside, too.
function(weft_embedded target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "MODULES;SOURCES;EXPORTS")
  add_library(${target} SHARED ${arg_SOURCES})
  foreach(module IN LISTS arg_MODULES)
    set(objects weft_${module})
    if(WEFT_SANITIZE)
      set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    elseif(NOT BUILD_SHARED_LIBS AND NOT WIN32)
      set(objects weft_${module}_embedded)
      weft_embedded_objects(${module})
    endif()
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/${module}/include)
  endforeach()
  get_property(plain_libraries GLOBAL PROPERTY weft_plain_libraries)
  target_link_libraries(${target} PRIVATE
    $<TARGET_NAME_IF_EXISTS:Boost::context> $<TARGET_NAME_IF_EXISTS:PkgConfig::liburing> Threads::Threads ${plain_libraries})
  if(WIN32)
    weft_windows_sources(${target})
    target_link_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-static>)
  else()
    weft_show_only(${target} ${arg_EXPORTS})
  endif()
  target_compile_features(${target} PRIVATE cxx_std_23)
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
endfunction()

function(weft_show_only target)
  set(names ${ARGN})
  if(APPLE) # where a library with variables of threads stays, unasked
    list(TRANSFORM names PREPEND "LINKER:-exported_symbol,_")
    target_link_options(${target} PRIVATE ${names})
    return()
  endif()
  set(script ${CMAKE_CURRENT_BINARY_DIR}/${target}.map)
  list(JOIN names "; " names)
  file(CONFIGURE OUTPUT ${script} CONTENT "{ global: @names@; local: *; };\n" @ONLY)
  target_link_options(${target} PRIVATE "LINKER:--version-script=${script}" LINKER:-z,nodelete)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${script})
endfunction()

# The module's objects as position-independent code, made for the first who asks: compiled as the shared module would
# be, to the letter, so that a compiler cache has them for that, too.
function(weft_embedded_objects module)
  set(target weft_${module}_embedded)
  if(TARGET ${target})
    return()
  endif()
  get_target_property(sources weft_${module} SOURCES)
  list(FILTER sources INCLUDE REGEX "[.]cpp$")
  list(TRANSFORM sources PREPEND ${PROJECT_SOURCE_DIR}/${module}/)
  add_library(${target} OBJECT ${sources})
  target_include_directories(${target} PRIVATE $<TARGET_PROPERTY:weft_${module},INCLUDE_DIRECTORIES>)
  target_compile_definitions(${target} PRIVATE $<TARGET_PROPERTY:weft_${module},COMPILE_DEFINITIONS>)
  # For what it says of its directory, a sysroot's: that the headers there are the system's.
  target_link_libraries(${target} PRIVATE $<TARGET_NAME_IF_EXISTS:PkgConfig::liburing>)
  target_compile_features(${target} PRIVATE cxx_std_23)
  set_target_properties(${target} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
endfunction()
