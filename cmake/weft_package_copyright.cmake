# Run by cpack before it packs what was installed for it: each Debian package has its copyright file.
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} id)
  set(directory ${CPACK_TEMPORARY_DIRECTORY}/${component}${CPACK_PACKAGING_INSTALL_PREFIX}/share/doc/${CPACK_DEBIAN_${id}_PACKAGE_NAME})
  file(MAKE_DIRECTORY ${directory})
  configure_file(${CPACK_RESOURCE_FILE_LICENSE} ${directory}/copyright COPYONLY)
endforeach()
