# The tree that the port lies in.
cmake_path(GET CURRENT_PORT_DIR PARENT_PATH ports)
cmake_path(GET ports PARENT_PATH packaging)
cmake_path(GET packaging PARENT_PATH SOURCE_PATH)

vcpkg_find_acquire_program(PKGCONFIG) # liburing is found by it
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    "-DPKG_CONFIG_EXECUTABLE=${PKGCONFIG}"
    -DWEFT_BUILD_TESTS=OFF
    -DWEFT_BUILD_BENCHMARKS=OFF
    -DWEFT_BUILD_EXAMPLES=OFF
    -DWEFT_BUILD_C=OFF
    -DWEFT_BUILD_DART=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME weft CONFIG_PATH lib/cmake/weft)
vcpkg_fixup_pkgconfig()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/weft")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
