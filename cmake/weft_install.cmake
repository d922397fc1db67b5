# Install rules: libraries, headers, the CMake package and the pkg-config file.
include(CMakePackageConfigHelpers)

get_property(modules GLOBAL PROPERTY weft_modules)
get_property(traps GLOBAL PROPERTY weft_traps)
set(targets ${modules} ${traps})
list(TRANSFORM targets PREPEND weft_)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weft)

install(TARGETS ${targets} weft EXPORT weft
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
  ARCHIVE COMPONENT development
  FILE_SET HEADERS COMPONENT development)
if(TARGET weft_c)
  install(TARGETS weft_c EXPORT weft_c
    RUNTIME COMPONENT c
    LIBRARY COMPONENT c NAMELINK_COMPONENT development
    ARCHIVE COMPONENT development
    FILE_SET HEADERS COMPONENT development)
  install(EXPORT weft_c NAMESPACE weft:: FILE weft_c_targets.cmake DESTINATION ${package_dir} COMPONENT development)
endif()
install(EXPORT weft NAMESPACE weft:: FILE weft_targets.cmake DESTINATION ${package_dir} COMPONENT development)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/weftConfig.cmake.in
  ${PROJECT_BINARY_DIR}/weftConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/weftConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/weftConfig.cmake
    ${PROJECT_BINARY_DIR}/weftConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT development)

# pkg-config lists a library before what it needs. A static weft hands its own needs on to every link; a shared
# one only where --static is asked for.
file(RELATIVE_PATH weft_prefix_from_pc
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" weft_prefix_from_pc "${weft_prefix_from_pc}")
set(weft_libraries "")
foreach(module IN ITEMS net io sync runtime)
  set(type INTERFACE_LIBRARY)
  if(TARGET weft_${module})
    get_target_property(type weft_${module} TYPE)
  endif()
  if(NOT type STREQUAL INTERFACE_LIBRARY)
    string(APPEND weft_libraries " -lweft_${module}")
  endif()
endforeach()
if(WIN32)
  set(private_libraries "-pthread")
  set(private_packages "")
else()
  set(private_libraries "-lboost_context -pthread")
  set(private_packages "")
  if(LINUX)
    set(private_packages "liburing")
  endif()
endif()
get_property(plain_libraries GLOBAL PROPERTY weft_plain_libraries)
foreach(library IN LISTS plain_libraries)
  if(NOT IS_ABSOLUTE ${library})
    string(PREPEND library -l)
  endif()
  string(APPEND private_libraries " ${library}")
endforeach()
if(BUILD_SHARED_LIBS)
  set(weft_pc_requires "Requires.private: ${private_packages}")
  set(weft_pc_libraries "Libs:  -L\${libdir}${weft_libraries}\nLibs.private: ${private_libraries}")
else()
  set(weft_pc_requires "Requires: ${private_packages}")
  set(weft_pc_libraries "Libs: -L\${libdir}${weft_libraries} ${private_libraries}")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/weft.pc.in ${PROJECT_BINARY_DIR}/weft.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/weft.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

if(TARGET weft_c)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/weft-c.pc.in ${PROJECT_BINARY_DIR}/weft-c.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/weft-c.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endif()
